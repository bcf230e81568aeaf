"""Diagnostics as text for a person: what is wrong, the lines that it is about, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from promptspec.diagnostics.catalogue import Severity
from promptspec.diagnostics.excerpt import Ink, Mark, Piece, Row, draw_line
from promptspec.diagnostics.foreign import escape, shorten
from promptspec.diagnostics.model import Diagnostic
from promptspec.diagnostics.places import Place, place_of
from promptspec.text import Span, SpecText

#: Code points of a message or a help line, which may quote a spec.
_MOST_MESSAGE: Final = 2_000
_LEAST_WIDTH: Final = 20
#: Codes that point at something which must not be shown again: a log outlives the spec.
_SECRET: Final = frozenset({"PS805"})

_STYLES: Final[Mapping[Ink, str]] = {
    "plain": "",
    "frame": "blue bold",
    "error": "red bold",
    "warning": "yellow bold",
    "help": "cyan bold",
    "label": "blue",
    "strong": "bold",
}


def render_terminal(
    diagnostics: Iterable[Diagnostic], texts: Mapping[str, SpecText], *, colour: bool, width: int
) -> str:
    """Return the diagnostics as text that ends in a summary, or "" where there are none.

    *texts* holds the files by name; of one that it lacks, only the name is shown. Source lines longer than *width*
    cells are cut around what is marked. Nothing of a spec reaches the terminal unescaped.
    """
    found = list(diagnostics)
    if not found:
        return ""
    texts = _without_secrets(found, texts)
    rows: list[Row] = []
    for diagnostic in found:
        rows += [*_rows(diagnostic, texts, width), ()]
    rows.append((Piece(summary(found), "strong"),))
    written = _coloured if colour else _plain
    return "".join(written(row).rstrip() + "\n" for row in rows)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Return how many errors and warnings there are: `2 errors, 1 warning`."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    counts = ((severities.count(severity), severity.value) for severity in Severity)
    said = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count]
    return ", ".join(said) or "no problems"


def _plain(row: Row) -> str:
    return "".join(piece.text for piece in row)


def _coloured(row: Row) -> str:
    from rich.color import ColorSystem
    from rich.style import Style

    return "".join(
        Style.parse(_STYLES[piece.ink]).render(piece.text, color_system=ColorSystem.STANDARD)
        if _STYLES[piece.ink] and piece.text.strip()
        else piece.text
        for piece in row
    )


def _rows(diagnostic: Diagnostic, texts: Mapping[str, SpecText], width: int) -> Iterator[Row]:
    ink: Ink = "error" if diagnostic.severity is Severity.ERROR else "warning"
    yield (
        Piece(f"{diagnostic.severity.value}[{diagnostic.code}]", ink),
        Piece(f": {shorten(diagnostic.message, _MOST_MESSAGE)}", "strong"),
    )
    groups = _groups(diagnostic, texts, ink)
    margin = max((len(str(line)) for _, lines in groups for line in lines), default=1)
    for index, (place, lines) in enumerate(groups):
        arrow = "-->" if index == 0 else ":::"
        yield (
            Piece(f"{' ' * margin}{arrow} ", "frame"),
            Piece(f"{escape(place.file)}:{place.start.line}:{place.start.column}"),
        )
        if lines:
            yield from _excerpt(texts[place.file], lines, margin, width)
    if diagnostic.help and any(lines for _, lines in groups):
        yield (Piece(f"{' ' * margin} |", "frame"),)
    for line in diagnostic.help:
        yield (
            Piece(f"{' ' * margin} = ", "frame"),
            Piece("help", "help"),
            Piece(f": {shorten(line, _MOST_MESSAGE)}"),
        )


_Lines = dict[int, list[Mark]]


def _groups(diagnostic: Diagnostic, texts: Mapping[str, SpecText], ink: Ink) -> list[tuple[Place, _Lines]]:
    """Return the marks by file and line, the diagnostic's own file first; its labels follow in order."""
    places: dict[str, Place] = {}
    marks: dict[str, _Lines] = {}
    marked: list[tuple[Span, str, Ink]] = [(diagnostic.span, diagnostic.note, ink)]
    marked.extend((label.span, label.message, "label") for label in diagnostic.labels)
    for span, message, colour in marked:
        place = place_of(span, texts)
        places.setdefault(place.file, place)
        lines = marks.setdefault(place.file, {})
        text = texts.get(span.file)
        if text is not None:
            for line, mark in _marks(text, place, shorten(message, _MOST_MESSAGE), colour):
                lines.setdefault(line, []).append(mark)
    return [(place, dict(sorted(marks[file].items()))) for file, place in places.items()]


def _marks(text: SpecText, place: Place, message: str, ink: Ink) -> Iterator[tuple[int, Mark]]:
    """Yield the marks of one span: one, or one on its first line and one, which says what it is, on its last."""
    sign = "-" if ink == "label" else "^"
    start, end = place.start, place.end
    if start.line == end.line:
        yield start.line, Mark(start=start.column - 1, end=end.column - 1, message=message, sign=sign, ink=ink)
        return
    first, last = text.line(start.line), text.line(end.line)
    yield start.line, Mark(start=start.column - 1, end=len(first), message="", sign=sign, ink=ink)
    indent = len(last) - len(last.lstrip())
    yield (
        end.line,
        Mark(start=min(indent, end.column - 1), end=end.column - 1, message=message, sign=sign, ink=ink),
    )


def _excerpt(text: SpecText, lines: Mapping[int, Sequence[Mark]], margin: int, width: int) -> Iterator[Row]:
    gutter = Piece(f"{' ' * margin} |", "frame")
    room = max(width - margin - 3, _LEAST_WIDTH)
    yield (gutter,)
    before: int | None = None
    for number, marks in lines.items():
        if before is not None and number == before + 2:
            yield _source(before + 1, margin, draw_line(text.line(before + 1), (), width=room))
        elif before is not None and number > before + 2:
            yield (Piece("...", "frame"),)
        for shown, under in draw_line(text.line(number), marks, width=room):
            yield (Piece(f"{number:>{margin}} | ", "frame"), *shown)
            for row in under:
                yield (gutter, Piece(" "), *row)
        before = number


def _source(number: int, margin: int, drawn: Sequence[tuple[Row, tuple[Row, ...]]]) -> Row:
    """Return a line that stands between two marked ones; one that is too long to show is left out."""
    return (Piece(f"{number:>{margin}} | ", "frame"), *(drawn[0][0] if drawn else (Piece("…"),)))


def _without_secrets(diagnostics: Sequence[Diagnostic], texts: Mapping[str, SpecText]) -> Mapping[str, SpecText]:
    """Return the texts with stars where a credential stands."""
    hidden = dict(texts)
    for diagnostic in diagnostics:
        span = diagnostic.span
        if diagnostic.code in _SECRET and span.file in hidden:
            content = hidden[span.file].content
            stars = "".join(c if c == "\n" else "*" for c in content[span.start : span.end])
            hidden[span.file] = SpecText(span.file, content[: span.start] + stars + content[span.end :])
    return hidden
