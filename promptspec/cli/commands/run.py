"""`promptspec run`: one call of a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptspec.cli.ending import ending
from promptspec.cli.options import (
    CallerOption,
    FieldOption,
    Format,
    FormatOption,
    InputOption,
    JsonOption,
    TargetArgument,
)

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.runtime.held import Held
    from promptspec.runtime.replies import Reply


def command(
    ctx: typer.Context,
    target: TargetArgument,
    field: FieldOption = None,
    input: InputOption = None,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="A model to ask instead.")] = None,
    caller: CallerOption = None,
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Call a feature once; missing fields are asked for, and without a key the reply is rehearsed."""
    json = json or format is Format.JSON
    with ending(ctx.obj, json=json):
        from promptspec.cli.calling import read_call
        from promptspec.cli.models import check_judges, stage_for
        from promptspec.runtime.held import Held

        asked = read_call(ctx.obj, target=target, pairs=field or (), source=input, caller=caller, json=json)
        stage = stage_for(asked.feature.plan.models, ctx.obj.environment, model=model)
        if stage.asks:
            check_judges(asked.feature.plan, ctx.obj.environment)
        ledger = None
        if asked.feature.plan.keeping is not None:
            from promptspec.cli.ledgers import ledger_environment
            from promptspec.ledger.opening import ledger_of

            ledger = ledger_of(ledger_environment(ctx.obj.environment))
        with asked.feature.override(model=stage.model, world=stage.world, ledger=ledger):
            reply = asked.feature.call_fields(asked.fields, caller=asked.caller)
        if isinstance(reply, Held):
            _write_held(ctx.obj, reply, json=json)
            return
        if reply.rehearsed:
            why = f"{' and '.join(stage.missing)} is not set, so " if stage.missing else ""
            ctx.obj.warn(f"{why}the reply is rehearsed: no model was asked")
        if json:
            _write_json(ctx.obj, reply)
        else:
            _write_text(ctx.obj, reply)


def _write_held(desk: Desk, held: Held[Any], *, json: bool) -> None:
    from promptspec.cli.json_output import pretty

    ticket = held.ticket
    if json:
        until = None if ticket.until is None else ticket.until.isoformat(timespec="milliseconds")
        desk.say(pretty({"held": ticket.id, "until": until}))
        return
    desk.say(f"held: {ticket.id}")
    desk.warn(f"a person decides on the reply: `promptspec review show {ticket.id}`")


def _write_json(desk: Desk, reply: Reply[Any]) -> None:
    from promptspec.cli.json_output import pretty
    from promptspec.cli.showing import plain_data

    facts = {
        "value": plain_data(reply.value),
        "rehearsed": reply.rehearsed,
        "id": reply.id,
        "model": reply.model,
        "warnings": list(reply.warnings),
        "dropped": [{"path": item.path, "rule": item.rule} for item in reply.dropped],
        "attempts": [{"model": each.model, "outcome": each.outcome} for each in reply.attempts],
        "judgements": [
            {"rule": each.rule, "path": each.path, "probability": each.probability, "threshold": each.threshold}
            for each in reply.judgements
        ],
        "usage": {"input_tokens": reply.usage.input_tokens, "output_tokens": reply.usage.output_tokens},
    }
    desk.say(pretty(facts))


def _write_text(desk: Desk, reply: Reply[Any]) -> None:
    from promptspec.cli.showing import lines_of, plain_data
    from promptspec.diagnostics.foreign import escape

    dropped = [f"`{item.path}` was left out, as `{item.rule}` says" for item in reply.dropped]
    for warning in (*reply.warnings, *dropped):
        desk.warn(f"{desk.paint('warning', 'bold yellow', desk.errors)}: {escape(warning)}")
    for line in lines_of(plain_data(reply.value)):
        desk.say(line)
