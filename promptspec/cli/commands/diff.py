"""`promptspec diff`: what changed between two versions of specs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptspec.cli.ending import FINE, REFUSED, ending
from promptspec.cli.options import Format, FormatOption

if TYPE_CHECKING:
    from promptspec.audit.versions import Version
    from promptspec.cli.desk import Desk

#: What compiles all the same: a policy is compared where nothing applies it.
_UNAPPLIED = "PS908"


class FailOn(StrEnum):
    """Which changes fail."""

    NOTHING = "nothing"
    LOOSER = "looser"
    MAJOR = "major"


def command(
    ctx: typer.Context,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="A spec, or a folder of specs.", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Its newer version.", show_default=False)],
    *,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="End with 1 where something is looser, or breaks callers.")
    ] = FailOn.NOTHING,
    format: FormatOption = Format.TEXT,
) -> None:
    """Say of each rule whether it became stricter or looser, with a value that shows it, and how the version rises."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json):
        from promptspec.audit.difference_telling import difference_lines, difference_object
        from promptspec.audit.versions import difference
        from promptspec.cli.json_output import pretty

        found = difference(_version(ctx.obj, old, json=json), _version(ctx.obj, new, json=json))
        if json:
            ctx.obj.say(pretty(difference_object(found)))
        else:
            for line in difference_lines(found):
                ctx.obj.say(line)
        fails = (fail_on is FailOn.LOOSER and found.loosens) or (fail_on is FailOn.MAJOR and found.rise == "major")
        raise typer.Exit(REFUSED if fails else FINE)


def _version(desk: Desk, path: Path, *, json: bool) -> Version:
    """Return what stands at *path*. Ends with 1 where it does not compile."""
    from dataclasses import replace

    from promptspec.api import declared_policies
    from promptspec.audit.versions import Version
    from promptspec.cli.reporting import seen_from_here, write_problems

    compilation = desk.compiler.compile([path], trials=False)
    errors = tuple(d for d in compilation.diagnostics if d.severity.value == "error" and d.code != _UNAPPLIED)
    if errors:
        write_problems(desk, *seen_from_here(replace(compilation, diagnostics=errors)), json=json)
        raise typer.Exit(REFUSED)
    return Version(
        modules=tuple(
            unit.module for unit in compilation.units if unit.module is not None and unit.file in compilation.named
        ),
        settings=compilation.project.settings,
        policies=declared_policies(compilation),
    )
