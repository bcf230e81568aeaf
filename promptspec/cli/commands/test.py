"""`promptspec test`: the tests that stand in specs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from promptspec.cli.ending import REFUSED, ending
from promptspec.cli.options import Format, FormatOption, PathsArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from promptspec.cli.desk import Desk
    from promptspec.trials import TestResult


def command(
    ctx: typer.Context,
    paths: PathsArgument = [Path()],  # noqa: B006  Typer copies it
    format: FormatOption = Format.TEXT,
) -> None:
    """Run the tests that stand in specs; no network is used."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json):
        from promptspec.cli.facts import attacks
        from promptspec.cli.progress import progress_of
        from promptspec.cli.reporting import name_from_here, seen_from_here, write_problems

        with progress_of(ctx.obj, paths, quiet=json) as progress:
            compilation = ctx.obj.compiler.compile(paths, trials=True, progress=progress)
        if compilation.has_errors():
            write_problems(ctx.obj, *seen_from_here(compilation), json=json)
            raise typer.Exit(REFUSED)
        results = [
            replace(result, file=name_from_here(compilation, result.file))
            for result in ctx.obj.compiler.run_tests(compilation)
        ]
        if json:
            _write_json(ctx.obj, results)
        else:
            _write_text(ctx.obj, results)
            if told := attacks(compilation):
                ctx.obj.say(told)
        if not all(result.passed for result in results):
            raise typer.Exit(REFUSED)


def _write_text(desk: Desk, results: Sequence[TestResult]) -> None:
    from promptspec.diagnostics.foreign import escape, shorten

    for result in results:
        word = (
            desk.paint("passed", "green", desk.output)
            if result.passed
            else desk.paint("FAILED", "bold red", desk.output)
        )
        where = f"{escape(result.file)}:{result.line}"
        desk.say(f'{word}  {where}  {escape(result.feature)}: {result.kind} "{shorten(result.title, 80)}"')
        if result.message and not result.passed:
            desk.say(f"        {shorten(result.message, 2_000)}")
    failed = sum(not result.passed for result in results)
    desk.say(f"{len(results) - failed} passed, {failed} failed" if results else "there is nothing to test")


def _write_json(desk: Desk, results: Sequence[TestResult]) -> None:
    from promptspec.cli.json_output import pretty

    names = ("title", "kind", "feature", "file", "line", "passed", "message")
    desk.say(pretty([{name: getattr(result, name) for name in names} for result in results]))
