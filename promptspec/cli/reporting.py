"""Diagnostics on the screen, in the format that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from promptspec.cli.desk import Desk
from promptspec.cli.options import ReportFormat

if TYPE_CHECKING:
    from promptspec.api import Compilation
    from promptspec.diagnostics.model import Diagnostic
    from promptspec.keeping import Kept
    from promptspec.text import SpecText


def write_report(
    desk: Desk, diagnostics: Sequence[Diagnostic], texts: Mapping[str, SpecText], format: ReportFormat
) -> None:
    """Write the diagnostics to standard output."""
    desk.output.write(_report(desk, diagnostics, texts, format))


def write_problems(desk: Desk, diagnostics: Sequence[Diagnostic], texts: Mapping[str, SpecText], *, json: bool) -> None:
    """Write diagnostics that keep a command from its work: to standard error, or as an error object."""
    if not json:
        desk.output.flush()
        if not diagnostics:
            return
        from promptspec.diagnostics.terminal import render_terminal

        desk.errors.write(render_terminal(diagnostics, texts, colour=desk.colours(desk.errors), width=desk.width))
        return
    from promptspec.cli.json_output import pretty
    from promptspec.diagnostics.machine import diagnostic_objects

    told = {
        "code": "spec_error",
        "message": "the spec does not compile",
        "diagnostics": diagnostic_objects(diagnostics, texts),
    }
    desk.say(pretty({"error": told}))


def seen_from_here(compilation: Compilation | Kept) -> tuple[tuple[Diagnostic, ...], dict[str, SpecText]]:
    """Return the diagnostics and texts under the files' names as seen from the working folder.

    A compilation names files from the project's root; editors and CI open what they are told from where they run.
    """
    from dataclasses import replace

    from promptspec.text import SpecText

    names = {file: name_from_here(compilation, file) for file in compilation.texts}

    def moved(diagnostic: Diagnostic) -> Diagnostic:
        labels = tuple(
            replace(label, span=replace(label.span, file=names[label.span.file])) for label in diagnostic.labels
        )
        return replace(diagnostic, span=replace(diagnostic.span, file=names[diagnostic.span.file]), labels=labels)

    texts = {names[file]: SpecText(names[file], text.content) for file, text in compilation.texts.items()}
    return tuple(map(moved, compilation.diagnostics)), texts


def name_from_here(compilation: Compilation | Kept, file: str) -> str:
    """Return the name of a file of the project: relative to the working folder where it lies below it."""
    here, path = Path.cwd(), compilation.project.root / file
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _report(desk: Desk, diagnostics: Sequence[Diagnostic], texts: Mapping[str, SpecText], format: ReportFormat) -> str:
    match format:
        case ReportFormat.TEXT:
            from promptspec.diagnostics.terminal import render_terminal

            return render_terminal(diagnostics, texts, colour=desk.colours(desk.output), width=desk.width)
        case ReportFormat.JSON:
            from promptspec.diagnostics.machine import render_machine

            return render_machine(diagnostics, texts)
        case ReportFormat.SARIF:
            from promptspec import __version__
            from promptspec.diagnostics.sarif import render_sarif

            return render_sarif(diagnostics, texts, version=__version__)
        case ReportFormat.GITHUB:
            from promptspec.diagnostics.github import render_github

            return render_github(diagnostics, texts)
