"""`promptspec build`: Python modules from specs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptspec.cli.ending import REFUSED, ending
from promptspec.cli.options import Format, FormatOption, PathsArgument

if TYPE_CHECKING:
    from promptspec.api import Compilation


def command(
    ctx: typer.Context,
    paths: PathsArgument = [Path()],  # noqa: B006  Typer copies it
    *,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder of the modules.", show_default=False)],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail where a module is stale.")] = False,
    format: FormatOption = Format.TEXT,
) -> None:
    """Write a typed Python module for each spec."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json):
        from promptspec.cli.reporting import seen_from_here, write_problems

        kept = None if check else ctx.obj.compiler.kept(paths, out)
        if kept is not None:
            if json:
                from promptspec.cli.json_output import pretty

                ctx.obj.say(pretty({"written": []}))
            else:
                write_problems(ctx.obj, *seen_from_here(kept), json=False)
            return
        from promptspec.cli.progress import progress_of
        from promptspec.diagnostics.foreign import escape

        with progress_of(ctx.obj, paths, quiet=json) as progress:
            compilation = ctx.obj.compiler.compile(paths, trials=True, progress=progress)
        if compilation.has_errors():
            write_problems(ctx.obj, *seen_from_here(compilation), json=json)
            raise typer.Exit(REFUSED)
        if not json:
            write_problems(ctx.obj, *seen_from_here(compilation), json=False)
        compiler = ctx.obj.compiler
        files = compiler.stale(compilation, out) if check else compiler.build(compilation, out)
        names = [str(file) for file in files]
        if json:
            from promptspec.cli.json_output import pretty

            ctx.obj.say(pretty({"stale" if check else "written": names}))
        else:
            for name in names:
                ctx.obj.say(f"{'stale' if check else 'written'}: {escape(name)}")
            for line in _how_to_import(compilation, out) if names and not check else ():
                ctx.obj.say(line)
        if check and names:
            raise typer.Exit(REFUSED)


def _how_to_import(compilation: Compilation, out: Path) -> Iterator[str]:
    """Yield what tells how features are imported that have the name of a module, by the first of them."""
    from promptspec.codegen.package import hidden_features
    from promptspec.diagnostics.foreign import escape

    modules = [unit.module for unit in compilation.units if unit.module is not None]
    hidden = hidden_features(modules, compilation.modules)
    if hidden:
        module, function = hidden[0]
        package = escape(out.resolve().name)
        yield f"`{package}.{module}` is a module; its feature: `from {package}.{module} import {function}`"
