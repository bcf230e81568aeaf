"""`promptspec review`: the desk, where persons decide on replies that are held, and look at samples."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from promptspec.cli.ending import REFUSED, USAGE, Stop, ending
from promptspec.cli.ledgers import ByOption, iso, moment, open_ledger_there, who
from promptspec.cli.options import Format, FormatOption, JsonOption

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.ledger.tickets import Ticket
    from promptspec.runtime.reviewing import ReviewDesk, Shown

HELP: Final = "List replies that wait for a person, show them, and approve, edit or reject them."
#: The largest file with a value that is read, in bytes.
_MOST_VALUE: Final = 4 * 1024 * 1024

_Id = Annotated[str, typer.Argument(metavar="TICKET", help="The id of a ticket.", show_default=False)]


def list_(
    ctx: typer.Context,
    desk_name: Annotated[
        str | None, typer.Option("--desk", metavar="NAME", help="Only what this desk is asked for.")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="How many tickets are shown.")] = 100,
    by: ByOption = "",
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """List what waits for a person, the oldest first."""
    desk: Desk = ctx.obj
    json = json or format is Format.JSON
    with _at_desk(desk, by, json=json) as reviews:
        from promptspec.cli.json_output import pretty
        from promptspec.diagnostics.foreign import escape

        found = reviews.listed(desk=desk_name, most=most)
        if json:
            desk.say(pretty({"tickets": [_data(each) for each in found]}))
            return
        for each in found:
            until = f", until {moment(each.until)}" if each.until is not None else ""
            at = f" for {escape(each.desk)}" if each.desk else ""
            desk.say(f"{each.id}  {escape(each.feature)}{at}: {each.state} since {moment(each.at)}{until}")
        if not found:
            desk.say("nothing waits")


def show(
    ctx: typer.Context,
    ticket: _Id,
    prompt: Annotated[bool, typer.Option("--prompt", help="Show the messages that the model was sent too.")] = False,
    by: ByOption = "",
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Show a reply beside its input. The trail says that you saw it."""
    desk: Desk = ctx.obj
    json = json or format is Format.JSON
    with _at_desk(desk, by, json=json) as reviews:
        from promptspec.cli.json_output import pretty

        shown = reviews.show(ticket)
        if json:
            facts = _data(shown.ticket) | {"model": shown.model, "input": shown.given, "value": shown.value}
            facts |= {"edited": shown.edited} if shown.edited is not None else {}
            desk.say(pretty(facts | ({"prompt": shown.prompt} if prompt else {})))
        else:
            _say(desk, shown, prompt=prompt)


def approve(
    ctx: typer.Context, ticket: _Id, by: ByOption = "", format: FormatOption = Format.TEXT, json: JsonOption = False
) -> None:
    """Let a reply through as it is."""
    _decided(ctx.obj, by, json or format is Format.JSON, lambda reviews: reviews.approve(ticket))


def edit(
    ctx: typer.Context,
    ticket: _Id,
    value: Annotated[
        str | None,
        typer.Option("--value", metavar="FILE", help="The value as JSON; - is standard input. Else your editor opens."),
    ] = None,
    by: ByOption = "",
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Let another value through in place of a reply. It passes every check that the reply passed."""
    desk: Desk = ctx.obj
    json = json or format is Format.JSON

    def decide(reviews: ReviewDesk) -> Ticket:
        from promptspec.cli.calling import open_feature

        shown = reviews.show(ticket)
        feature: Any = open_feature(desk, _target(shown.ticket.feature), json=json)
        return reviews.edit(ticket, feature, _value(desk, value, shown))

    _decided(desk, by, json, decide)


def reject(
    ctx: typer.Context,
    ticket: _Id,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    by: ByOption = "",
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Keep a reply back for good."""
    _decided(ctx.obj, by, json or format is Format.JSON, lambda reviews: reviews.reject(ticket, reason=reason))


def close(
    ctx: typer.Context, ticket: _Id, by: ByOption = "", format: FormatOption = Format.TEXT, json: JsonOption = False
) -> None:
    """Take a sample off the desk."""
    _decided(ctx.obj, by, json or format is Format.JSON, lambda reviews: reviews.close(ticket))


COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "list": list_, "show": show, "approve": approve, "edit": edit, "reject": reject, "close": close,
}  # fmt: skip


@contextmanager
def _at_desk(desk: Desk, by: str, *, json: bool) -> Generator[ReviewDesk]:
    with ending(desk, json=json):
        from promptspec.runtime.host import HOST
        from promptspec.runtime.reviewing import DecisionRefused, ReviewDesk

        try:
            yield ReviewDesk(open_ledger_there(desk), HOST, by=who(by))
        except DecisionRefused as refused:
            raise Stop(REFUSED, str(refused)) from None


def _decided(desk: Desk, by: str, json: bool, decide: Callable[[ReviewDesk], Ticket]) -> None:
    with _at_desk(desk, by, json=json) as reviews:
        from promptspec.cli.json_output import pretty

        ticket = decide(reviews)
        if ticket.callback:
            _tell(desk)
        desk.say(pretty(_data(ticket)) if json else f"{ticket.id} is {ticket.state}")


def _tell(desk: Desk) -> None:
    """Tell of the decision now; where nobody takes it, it waits in the outbox."""
    from promptspec.runtime.host import HOST
    from promptspec.safety.forwarding import Forwarder

    outcome = Forwarder(open_ledger_there(desk), HOST).send()
    for problem in outcome.problems.values():
        desk.warn(f"the decision is recorded, and is told later: {problem}; `promptspec reports send` tries again")


def _target(feature: str) -> str:
    """Return what the command line calls a feature of the ledger: its spec lies below the root of this folder."""
    from promptspec.project import find_project

    file, _, name = feature.rpartition(":")
    return f"{find_project(Path.cwd()).root / file}:{name}"


def _value(desk: Desk, source: str | None, shown: Shown) -> object:
    from promptspec.cli.json_output import pretty
    from promptspec.values.reading import Unreadable, read_json

    if source == "-":
        raw = desk.read_input(most=_MOST_VALUE)
    elif source is not None:
        with Path(source).open("rb") as file:
            raw = file.read(_MOST_VALUE + 1)
    elif desk.may_ask:
        raw = _edited(desk, (pretty(shown.value) + "\n").encode())
    else:
        raise Stop(USAGE, "say what the value is to be: `--value FILE`")
    if len(raw) > _MOST_VALUE:
        raise Stop(USAGE, f"the value is larger than {_MOST_VALUE:,} bytes")
    try:
        return read_json(raw)
    except Unreadable as unreadable:
        raise Stop(USAGE, f"the value is no JSON: {unreadable.message}") from None


def _edited(desk: Desk, before: bytes) -> bytes:
    """Return what the person makes of *before* in their editor."""
    import shlex
    import subprocess
    from tempfile import TemporaryDirectory

    editor = desk.environment.get("VISUAL") or desk.environment.get("EDITOR") or "vi"
    with TemporaryDirectory(prefix="promptspec-") as folder:
        path = Path(folder) / "value.json"
        path.write_bytes(before)
        ended = subprocess.run([*shlex.split(editor), str(path)], check=False)  # noqa: S603  the person's own editor
        after = path.read_bytes()
    if ended.returncode != 0 or after == before:
        raise Stop(USAGE, "the value was not changed")
    return after


def _data(ticket: Ticket) -> dict[str, object]:
    return {
        "ticket": ticket.id,
        "kind": ticket.kind,
        "feature": ticket.feature,
        "desk": ticket.desk,
        "state": ticket.state,
        "why": ticket.why,
        "reply": ticket.reply,
        "caller": ticket.caller,
        "since": iso(ticket.at),
        "until": iso(ticket.until),
        "decided": iso(ticket.decided_at),
        "by": ticket.decided_by,
        "reason": ticket.reason,
        "delivered": iso(ticket.delivered_at),
    }


def _say(desk: Desk, shown: Shown, *, prompt: bool) -> None:
    from promptspec.cli.showing import lines_of
    from promptspec.diagnostics.foreign import escape, escape_lines

    ticket = shown.ticket
    desk.say(f"{ticket.id}  {escape(ticket.feature)}: {ticket.state} since {moment(ticket.at)}")
    if ticket.kind == "review":
        desk.say(f"because of {escape(ticket.why)}")
    if ticket.decided_at is not None:
        why = f": {escape(ticket.reason)}" if ticket.reason else ""
        desk.say(f"{ticket.state} by {escape(ticket.decided_by or 'nobody')} at {moment(ticket.decided_at)}{why}")
    if shown.given is None:
        desk.say("its texts are not kept any more")
        return
    parts = {"input": shown.given, "reply": shown.value} | ({"edited": shown.edited} if shown.edited else {})
    for name, part in parts.items():
        desk.say(desk.paint(name, "bold", desk.output))
        for line in lines_of(part):
            desk.say("  " + line)
    if prompt and shown.prompt is not None:
        desk.say(desk.paint("prompt", "bold", desk.output))
        desk.say(escape_lines(shown.prompt))
