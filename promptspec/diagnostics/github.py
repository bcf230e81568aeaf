"""Diagnostics as workflow commands, which GitHub shows beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from promptspec.diagnostics.foreign import escape
from promptspec.diagnostics.model import Diagnostic
from promptspec.diagnostics.places import place_of
from promptspec.text import SpecText


def render_github(diagnostics: Iterable[Diagnostic], texts: Mapping[str, SpecText]) -> str:
    """Return a line `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=PS301::message` a diagnostic.

    Columns are left out where a diagnostic spans several lines: GitHub refuses them there.
    """
    return "".join(f"{_command(diagnostic, texts)}\n" for diagnostic in diagnostics)


def _command(diagnostic: Diagnostic, texts: Mapping[str, SpecText]) -> str:
    place = place_of(diagnostic.span, texts)
    properties: dict[str, str | int] = {"file": place.file, "line": place.start.line}
    if place.start.line == place.end.line:
        properties |= {"col": place.start.column, "endLine": place.end.line, "endColumn": place.end.column}
    else:
        properties["endLine"] = place.end.line
    properties["title"] = diagnostic.code
    lines = [diagnostic.message]
    if diagnostic.note:
        lines.append(diagnostic.note)
    lines += [f"help: {line}" for line in diagnostic.help]
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    # The runner undoes `%0A` only after it has found where the command ends.
    return f"::{diagnostic.severity.value} {written}::{'%0A'.join(map(_message, lines))}"


def _message(text: str) -> str:
    """Return *text* as the data of a command: it holds no line break, and nothing that begins another command."""
    return escape(text).replace("%", "%25").replace("::", ":\\u{3A}").replace("##[", "#\\u{23}[")


def _property(text: str) -> str:
    encoded = escape(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return encoded.replace("##[", "#\\u{23}[")
