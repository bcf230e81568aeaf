"""Spans to lines and columns, whatever they point at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from promptspec.text import Position, Span, SpecText


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a span stands; lines and columns count from 1, columns in code points, and the end is exclusive."""

    file: str
    start: Position
    end: Position


def place_of(span: Span, texts: Mapping[str, SpecText]) -> Place:
    """Return the place of *span*. A file whose text is not at hand has one place, its very beginning.

    Offsets beyond the text count as its end: a diagnostic may speak of what is missing there.
    """
    text = texts.get(span.file)
    if text is None:
        return Place(file=span.file, start=Position(1, 1), end=Position(1, 1))
    length = len(text.content)
    start = min(max(span.start, 0), length)
    end = min(max(span.end, start), length)
    return Place(file=span.file, start=text.position(start), end=_end(text, start, end))


def _end(text: SpecText, start: int, end: int) -> Position:
    """Return the place of *end*; a span that takes a line break with it ends behind the last character before."""
    position = text.position(end)
    if end > start and position.column == 1:
        return text.position(end - 1)
    return position
