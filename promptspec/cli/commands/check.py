"""`promptspec check`: what is wrong with specs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptspec.cli.ending import FINE, REFUSED, ending
from promptspec.cli.options import PathsArgument, ReportFormat


def command(
    ctx: typer.Context,
    paths: PathsArgument = [Path()],  # noqa: B006  Typer copies it
    format: Annotated[ReportFormat, typer.Option("--format", help="How the problems are written.")] = ReportFormat.TEXT,
) -> None:
    """Say what is wrong with specs, where, and what to do about it."""
    with ending(ctx.obj, json=format is ReportFormat.JSON):
        from promptspec.cli.facts import attacks, facts
        from promptspec.cli.progress import progress_of
        from promptspec.cli.reporting import seen_from_here, write_report

        with progress_of(ctx.obj, paths, quiet=format is not ReportFormat.TEXT) as progress:
            compilation = ctx.obj.compiler.compile(paths, trials=True, progress=progress)
        write_report(ctx.obj, *seen_from_here(compilation), format)
        if format is ReportFormat.TEXT and not compilation.has_errors():
            for line in facts(compilation):
                ctx.obj.say(line)
            if told := attacks(compilation):
                ctx.obj.say(told)
        if format is ReportFormat.TEXT and not compilation.diagnostics:
            count = len(compilation.units)
            ctx.obj.say(f"{count} spec{'' if count == 1 else 's'}, no problems")
        raise typer.Exit(REFUSED if compilation.has_errors() else FINE)
