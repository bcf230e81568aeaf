"""`promptspec fmt`: specs in their canonical form."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from promptspec.cli.ending import REFUSED, ending
from promptspec.cli.options import Format, FormatOption, PathsArgument

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk

#: The formatter itself has a smaller limit, and words for it.
_MOST_BYTES: Final = 16 * 1024 * 1024
_STANDARD_INPUT: Final = Path("-")


def command(
    ctx: typer.Context,
    paths: PathsArgument = [Path()],  # noqa: B006  Typer copies it
    check: Annotated[bool, typer.Option("--check", help="Write nothing; list what differs and fail.")] = False,
    format: FormatOption = Format.TEXT,
) -> None:
    """Rewrite specs in their canonical form; - reads standard input and writes standard output."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json):
        from promptspec.cli.json_output import pretty
        from promptspec.diagnostics.foreign import escape

        if paths == [_STANDARD_INPUT]:
            raise typer.Exit(_format_input(ctx.obj, check=check, json=json))
        changed, broken = _format_files(ctx.obj, paths, check=check, json=json)
        if json and not broken:
            ctx.obj.say(pretty({"differs" if check else "rewritten": changed}))
        elif not json:
            for name in changed:
                ctx.obj.say(f"{'differs' if check else 'rewritten'}: {escape(name)}")
        if broken or (check and changed):
            raise typer.Exit(REFUSED)


def _format_input(desk: Desk, *, check: bool, json: bool) -> int:
    content = desk.read_input(most=_MOST_BYTES)
    formatted = _formatted(desk, content, "-", json=json)
    if formatted is None:
        return REFUSED
    if check:
        return REFUSED if formatted != content else 0
    desk.output.write(formatted.decode())
    return 0


def _format_files(desk: Desk, paths: list[Path], *, check: bool, json: bool) -> tuple[list[str], bool]:
    """Return the names of the specs that differ, rewritten unless *check*, and whether one cannot be read."""
    from promptspec.project import read_regular

    changed: list[str] = []
    broken = False
    for path in desk.compiler.spec_files(paths):
        content = read_regular(path.resolve(), path.as_posix(), most=_MOST_BYTES)
        formatted = _formatted(desk, content, path.as_posix(), json=json)
        if formatted is None:
            broken = True
        elif formatted != content:
            changed.append(path.as_posix())
            if not check:
                replace_file(path, formatted)
    return changed, broken


def _formatted(desk: Desk, content: bytes, file: str, *, json: bool) -> bytes | None:
    """Return the canonical form, or None where the spec cannot be read; then it is said why."""
    from promptspec.cli.reporting import write_problems
    from promptspec.diagnostics import Report
    from promptspec.text import Span, SpecText

    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        report = Report()
        report.add(
            "PS107", Span(file, 0, 0), "the file is not UTF-8", note=f"byte {error.start + 1:,} begins no character"
        )
        write_problems(desk, report.diagnostics, {file: SpecText(file, "")}, json=json)
        return None
    formatted, diagnostics, spec = desk.compiler.format(text, file)
    if formatted is None:
        write_problems(desk, diagnostics, {file: spec}, json=json)
        return None
    return formatted.encode()


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file's content at once: whoever reads it meets the old text or the new one. Its mode stays."""
    from tempfile import NamedTemporaryFile

    target = path.resolve()
    mode = target.stat().st_mode
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, mode & 0o7777)
            os.replace(file.name, target)
        except BaseException:
            os.unlink(file.name)
            raise
