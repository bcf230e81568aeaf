"""`promptspec render`: the messages that a call would send."""

from __future__ import annotations

import typer

from promptspec.cli.ending import ending
from promptspec.cli.options import (
    CallerOption,
    FieldOption,
    Format,
    FormatOption,
    InputOption,
    TargetArgument,
)


def command(
    ctx: typer.Context,
    target: TargetArgument,
    field: FieldOption = None,
    input: InputOption = None,
    caller: CallerOption = None,
    format: FormatOption = Format.TEXT,
) -> None:
    """Show the messages that a call would send; nothing is sent."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json):
        from promptspec.cli.calling import read_call
        from promptspec.cli.json_output import pretty
        from promptspec.diagnostics.foreign import escape_lines

        asked = read_call(ctx.obj, target=target, pairs=field or (), source=input, caller=caller, json=json)
        rendered = asked.feature.render_fields(asked.fields, caller=asked.caller)
        if json:
            messages = [{"role": message.role, "content": message.content} for message in rendered.messages]
            ctx.obj.say(pretty({"messages": messages}))
            return
        for index, message in enumerate(rendered.messages):
            if index:
                ctx.obj.say("")
            ctx.obj.say(ctx.obj.paint(f"── {message.role} ──", "bold", ctx.obj.output))
            ctx.obj.say(escape_lines(message.content))
