"""Spec text: where things stand in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open run of code points `start:end` of the file named *file*."""

    file: str
    start: int
    end: int

    def within(self, outer: Span) -> bool:
        """Say whether this stretch begins inside *outer*."""
        return self.file == outer.file and outer.start <= self.start < outer.end

    def to(self, other: Span) -> Span:
        """Return the span from the start of this one to the end of *other*, in the same file."""
        return Span(self.file, min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Position:
    """A 1-based line and column; columns count code points."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class SpecText:
    """The text of one spec file, under the name that messages call it by."""

    file: str
    content: str
    _line_starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = [0]
        find = self.content.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        object.__setattr__(self, "_line_starts", tuple(starts))

    def position(self, offset: int) -> Position:
        """Return the 1-based line and column of *offset*."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """Return line *number* (1-based) without its line break."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] - 1 if number < len(self._line_starts) else len(self.content)
        return self.content[start:end].removesuffix("\r")

    def line_start(self, number: int) -> int:
        """Return the offset at which line *number* (1-based) begins."""
        return self._line_starts[number - 1]
