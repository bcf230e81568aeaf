"""`promptspec reports`: what callers said of replies, and what becomes of it."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from promptspec.cli.ending import FINE, OUTSIDE, REFUSED, USAGE, Stop, ending
from promptspec.cli.ledgers import (
    ByOption,
    ReasonOption,
    confirm,
    iso,
    ledger_environment,
    moment,
    now,
    open_ledger_there,
    who,
    why,
)
from promptspec.cli.options import Format, FormatOption, JsonOption

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.ledger.opening import Ledger
    from promptspec.ledger.outbox import State
    from promptspec.ledger.reports import Report

HELP: Final = "List what callers reported, show it, close it, make tests of it, and send what waits."

_Id = Annotated[str, typer.Argument(metavar="ID", help="The id of a report.", show_default=False)]
_STATES: Final = ("open", "closed", "all")


def list_reports(
    ctx: typer.Context,
    state: Annotated[str, typer.Option("--state", metavar="STATE", help="`open`, `closed` or `all`.")] = "open",
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many are listed.")] = 100,
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """List reports, the newest first, and whether they were sent."""
    desk: Desk = ctx.obj
    json = json or format is Format.JSON
    with ending(desk, json=json):
        from promptspec.cli.json_output import pretty
        from promptspec.diagnostics.foreign import escape
        from promptspec.ledger import outbox, reports

        if state not in _STATES:
            raise Stop(USAGE, "`--state` is `open`, `closed` or `all`")
        with open_ledger_there(desk).reading() as connection:
            found = reports.listed(connection, state=None if state == "all" else state, most=most)
            shown = [(each, outbox.state_of(connection, each.id)) for each in found]
            waiting = outbox.waiting(connection)
        if json:
            desk.say(pretty({"reports": [_data(*each) for each in shown], "waiting": waiting}))
            return
        for report, message in shown:
            desk.say(f"{report.id}  {moment(report.at)}  {report.state:6}  {escape(report.feature)}  {_sent(message)}")
        if not shown:
            desk.say("no reports")
        if waiting:
            desk.say(f"{waiting:,} not sent yet: `promptspec reports send` tries them now")


def show(
    ctx: typer.Context, id: _Id, by: ByOption = "", format: FormatOption = Format.TEXT, json: JsonOption = False
) -> None:
    """Show a report with the input and the reply that it is on, while they are kept. The trail says that you asked."""
    desk: Desk = ctx.obj
    json = json or format is Format.JSON
    with ending(desk, json=json):
        from promptspec.cli.json_output import pretty
        from promptspec.cli.showing import lines_of
        from promptspec.diagnostics.foreign import escape, escape_lines
        from promptspec.ledger import outbox, reports
        from promptspec.values.reading import read_json

        name, ledger = who(by), open_ledger_there(desk)
        with ledger.writing() as connection:
            report = _found(reports.find(connection, id))
            reports.see(connection, report, by=name, at=now())
            message = outbox.state_of(connection, id)
        text, given, reply = _texts(desk, ledger, report)
        if json:
            more = {"text": text, "input": None if given is None else read_json(given), "output": reply}
            desk.say(pretty(_data(report, message) | more))
            return
        desk.say(f"report   {report.id}  {report.state}, {_sent(message)}")
        desk.say(f"reply    {report.reply}")
        desk.say(f"feature  {escape(report.feature)}")
        desk.say(f"caller   {report.caller or 'anyone'}")
        desk.say(f"at       {moment(report.at)}")
        if report.closed_at is not None:
            desk.say(f"closed   {moment(report.closed_at)} by {escape(report.closed_by or '')}")
            if report.reason:
                desk.say(f"reason   {escape(report.reason)}")
        desk.say("")
        desk.say(escape_lines(text) if text is not None else "The text is not kept any more.")
        for title, value in (("input", None if given is None else read_json(given)), ("reply", reply)):
            desk.say("")
            desk.say(f"{title}:")
            if given is None:
                desk.say("  not kept any more")
            else:
                for line in lines_of(value):
                    desk.say(f"  {line}")


def close(
    ctx: typer.Context,
    id: _Id,
    reason: ReasonOption = "",
    by: ByOption = "",
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Close a report. Ends with 1 where it is closed already."""
    desk: Desk = ctx.obj
    json = json or format is Format.JSON
    with ending(desk, json=json):
        from promptspec.cli.json_output import pretty
        from promptspec.ledger import reports

        name, because = who(by), why(reason, needed=False)
        with open_ledger_there(desk).writing() as connection:
            report = _found(reports.find(connection, id))
            closed = reports.close(connection, report, by=name, reason=because, at=now())
        if json:
            desk.say(pretty({"closed": closed}))
        else:
            desk.say("closed" if closed else "it is closed already")
        raise typer.Exit(FINE if closed else REFUSED)


def to_test(
    ctx: typer.Context,
    id: _Id,
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="The spec of the feature.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The new file: the spec, with a test more.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it may be written.")] = False,
    by: ByOption = "",
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Write a spec anew, with a test more: the input and the reply that were reported, which must be refused."""
    desk: Desk = ctx.obj
    json = json or format is Format.JSON
    with ending(desk, json=json):
        from promptspec.cli.calling import open_feature
        from promptspec.cli.json_output import pretty
        from promptspec.diagnostics.foreign import escape, escape_lines
        from promptspec.ledger import replies, reports

        name, ledger = who(by), open_ledger_there(desk)
        with ledger.reading() as connection:
            report = _found(reports.find(connection, id))
            made = replies.find(connection, report.reply)
        at = report.at if made is None else made.at
        wanted = report.feature.rpartition(":")[2]
        feature: Any = open_feature(desk, f"{spec}:{wanted}", json=json)
        if feature.told_as != report.feature:
            raise Stop(REFUSED, f"the report is on `{report.feature}`, and the spec has `{feature.told_as}`")
        _, given, reply = _texts(desk, ledger, report)
        if given is None:
            raise Stop(REFUSED, "the input and the reply are not kept any more")
        written, block = _with_test(Path(spec), feature, report, given, reply, at=at)
        if not json:
            desk.say(escape_lines(block))
        confirm(desk, f"Write what a caller and a model wrote to `{escape(str(out))}`?", yes=yes)
        _write_new(out, written)
        _compile_or_take_back(desk, out, json=json)
        with ledger.writing() as connection:
            reports.see(connection, report, by=name, at=now())
        if json:
            desk.say(pretty({"written": str(out)}))
        else:
            desk.say(f"written: {escape(str(out))}; `promptspec test {escape(str(out))}` fails until a rule refuses it")


def send(ctx: typer.Context, format: FormatOption = Format.TEXT, json: JsonOption = False) -> None:
    """Send what waits, now. Ends with 3 where something was not taken; it is tried again."""
    desk: Desk = ctx.obj
    json = json or format is Format.JSON
    with ending(desk, json=json):
        from dataclasses import replace

        from promptspec.cli.json_output import pretty
        from promptspec.diagnostics.foreign import escape
        from promptspec.ledger import outbox
        from promptspec.runtime.host import HOST
        from promptspec.safety.forwarding import Forwarder

        ledger = open_ledger_there(desk)
        world = replace(HOST, environment=ledger_environment(desk.environment))
        outcome = Forwarder(ledger, world).send(at_once=True)
        with ledger.reading() as connection:
            waiting = outbox.waiting(connection)
        if json:
            desk.say(pretty({"sent": outcome.sent, "waiting": waiting, "problems": outcome.problems}))
        else:
            for id, problem in outcome.problems.items():
                desk.warn(f"{id}: {escape(problem)}")
            desk.say(f"{outcome.sent:,} sent, {waiting:,} not yet")
        raise typer.Exit(OUTSIDE if outcome.problems else FINE)


#: The commands of the group, in the order in which they are listed.
COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "list": list_reports,
    "show": show,
    "close": close,
    "to-test": to_test,
    "send": send,
}


def _found(report: Report | None) -> Report:
    if report is None:
        raise Stop(REFUSED, "there is no such report")
    return report


def _sent(message: State | None) -> str:
    from promptspec.diagnostics.foreign import escape

    if message is None or message.state == "sent":
        return "sent"
    tried = f"tried {message.attempts:,} time{'' if message.attempts == 1 else 's'}"
    return f"not sent yet, {tried}" + (f": {escape(message.problem)}" if message.problem else "")


def _data(report: Report, message: State | None) -> dict[str, Any]:
    return {
        "id": report.id,
        "reply": report.reply,
        "feature": report.feature,
        "caller": report.caller,
        "at": iso(report.at),
        "state": report.state,
        "closed_at": iso(report.closed_at),
        "closed_by": report.closed_by,
        "reason": report.reason,
        "sent": message is None or message.state == "sent",
        "attempts": 0 if message is None else message.attempts,
        "problem": "" if message is None else message.problem,
    }


def _texts(desk: Desk, ledger: Ledger, report: Report) -> tuple[str | None, str | None, Any]:
    """Return the text of *report*, the input as JSON, and the value of the reply; None for what is not kept."""
    from promptspec.ledger import reports, texts
    from promptspec.values.reading import read_json

    seal = texts.seal_of(desk.environment)
    with ledger.reading() as connection:
        text = texts.read(connection, report.id, seal).get(reports.TEXT)
        kept = texts.read(connection, report.reply, seal)
    if not {"input", "reply"} <= kept.keys():
        return text, None, None
    return text, kept["input"], read_json(json_module.loads(kept["reply"])["value"])


def _with_test(path: Path, feature: Any, report: Report, given: str, reply: Any, *, at: int) -> tuple[str, str]:
    """Return the spec at *path* with a test of a reply made *at* that moment, and that test alone, both printed."""
    from datetime import UTC, datetime

    from promptspec.cli.reported import test_clause, with_test
    from promptspec.diagnostics import Report as Problems
    from promptspec.project import MOST_SPEC, read_regular
    from promptspec.syntax.parser import parse
    from promptspec.syntax.print_file import print_clause, print_file
    from promptspec.text import SpecText
    from promptspec.values.reading import read_json

    text = SpecText(path.as_posix(), read_regular(path.resolve(), str(path), most=MOST_SPEC).decode())
    tree = parse(text, Problems())
    assert tree is not None, "the spec was compiled a moment ago"
    clause = test_clause(
        feature.contract,
        feature.module_contract,
        title=f"reported: {report.id}",
        given=read_json(given),
        reply=reply,
        on=datetime.fromtimestamp(at / 1000, UTC).date(),
    )
    return print_file(with_test(tree, feature.contract.name, clause)), print_clause(clause)


def _compile_or_take_back(desk: Desk, out: Path, *, json: bool) -> None:
    """Delete the new spec where it does not compile: an image, say, stands in no spec, which names its file."""
    from promptspec.cli.reporting import seen_from_here, write_problems

    compilation = desk.compiler.compile([out], trials=False)
    if compilation.has_errors():
        problems = seen_from_here(compilation)
        out.unlink()
        write_problems(desk, *problems, json=json)
        raise typer.Exit(REFUSED)


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        raise Stop(USAGE, f"`{path}` is there already", help="name a new file with `--out`") from None
