"""`promptspec fmt`: specs in their canonical form."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from promptspec.cli.ending import REFUSED, ending
from promptspec.cli.options import Format, FormatOption, PathsArgument
from promptspec.diagnostics.model import Report
from promptspec.text import Span, SpecText

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
        from promptspec.cli.reporting import write_problems
        from promptspec.diagnostics.foreign import escape

        problems = Problems()
        if paths == [_STANDARD_INPUT]:
            changed = _format_input(ctx.obj, problems, check=check)
        else:
            changed = _format_files(ctx.obj, paths, problems, check=check)
        if problems.texts:
            write_problems(ctx.obj, problems.report.diagnostics, problems.texts, json=json)
        elif json and paths != [_STANDARD_INPUT]:
            ctx.obj.say(pretty({"differs" if check else "rewritten": changed}))
        if not json and paths != [_STANDARD_INPUT]:
            for name in changed:
                ctx.obj.say(f"{'differs' if check else 'rewritten'}: {escape(name)}")
        if problems.texts or (check and changed):
            raise typer.Exit(REFUSED)


@dataclass(frozen=True, slots=True)
class Problems:
    """What keeps specs from being formatted, and the texts of those specs."""

    report: Report = field(default_factory=Report)
    texts: dict[str, SpecText] = field(default_factory=dict[str, SpecText])


def _format_input(desk: Desk, problems: Problems, *, check: bool) -> list[str]:
    content = desk.read_input(most=_MOST_BYTES)
    formatted = _formatted(desk, content, "-", problems)
    if formatted is not None and not check:
        desk.output.write(formatted.decode())
    return [] if formatted in (None, content) else ["-"]


def _format_files(desk: Desk, paths: list[Path], problems: Problems, *, check: bool) -> list[str]:
    """Return the names of the specs that differ, rewritten unless *check*."""
    from promptspec.project import read_regular

    changed: list[str] = []
    for path in desk.compiler.spec_files(paths):
        name = path.as_posix()
        content = read_regular(path.resolve(), name, most=_MOST_BYTES)
        formatted = _formatted(desk, content, name, problems)
        if formatted is not None and formatted != content:
            changed.append(name)
            if not check:
                replace_file(path, formatted)
    return changed


def _formatted(desk: Desk, content: bytes, file: str, problems: Problems) -> bytes | None:
    """Return the canonical form, or None where the spec cannot be read, which goes to *problems*."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        note = f"byte {error.start + 1:,} begins no character"
        problems.report.add("PS107", Span(file, 0, 0), "the file is not UTF-8", note=note, help="save it as UTF-8")
        problems.texts[file] = SpecText(file, "")
        return None
    formatted, diagnostics, spec = desk.compiler.format(text, file)
    if formatted is None:
        problems.report.extend(diagnostics)
        problems.texts[file] = spec
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
