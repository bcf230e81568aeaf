"""`promptspec explain`: the page of a diagnostic code."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from promptspec.cli.ending import USAGE, Stop, ending
from promptspec.cli.options import Format, FormatOption


def command(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="A code such as PS301.")],
    format: FormatOption = Format.TEXT,
) -> None:
    """Say what a diagnostic means, with an example, and what to do."""
    with ending(ctx.obj, json=format is Format.JSON):
        from promptspec.cli.json_output import pretty
        from promptspec.diagnostics import CATALOGUE, did_you_mean
        from promptspec.diagnostics.foreign import escape_lines
        from promptspec.diagnostics.pages import page

        wanted = re.sub(r"^(?:PS)?(\d{3})$", r"PS\1", code.upper(), flags=re.ASCII)
        if wanted not in CATALOGUE:
            raise Stop(USAGE, f"there is no code `{code}`", help="".join(did_you_mean(wanted, CATALOGUE)))
        text = page(wanted)
        if format is Format.JSON:
            entry = CATALOGUE[wanted]
            facts = {"code": entry.code, "title": entry.title, "severity": entry.severity.value, "page": text}
            ctx.obj.say(pretty(facts))
        elif ctx.obj.colours(ctx.obj.output):
            from rich.console import Console
            from rich.markdown import Markdown

            Console(file=ctx.obj.output, width=min(ctx.obj.width, 100), force_terminal=True).print(
                Markdown(escape_lines(text))
            )
        else:
            ctx.obj.output.write(escape_lines(text))
