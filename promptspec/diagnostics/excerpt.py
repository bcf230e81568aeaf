"""A line of a spec with marks under it, laid out in the cells of a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from rich.cells import cell_len

from promptspec.diagnostics.foreign import escape, escape_character

Ink: TypeAlias = Literal["plain", "frame", "error", "warning", "help", "label", "strong"]
Row: TypeAlias = "tuple[Piece, ...]"

_CUT: Final = "…"
#: Cells of a line's own text that are shown before the first mark where a line must be cut.
_BEFORE: Final = 16
#: Characters on each side of a mark that are looked at, as a multiple of the width.
_NEAR: Final = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters in one colour. It holds nothing that a terminal would obey."""

    text: str
    ink: Ink = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An underline from column *start* up to *end* (from 0, in code points) and what is said of it."""

    start: int
    end: int
    message: str
    sign: Literal["^", "-"]
    ink: Ink


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stroke:
    """A mark in cells of the row that is shown."""

    start: int
    end: int
    mark: Mark


def draw_line(line: str, marks: Sequence[Mark], *, width: int) -> list[tuple[Row, tuple[Row, ...]]]:
    """Return the line as it is shown, and the rows under it: once, or once a group of marks that fit *width* cells.

    The line is cut where it is longer than *width*; what is said of a mark is never cut.
    """
    if len(line) <= _NEAR * width and (edges := _edges(line))[-1] <= width:
        return [_draw(line, edges, 0, len(line), marks)]
    drawn: list[tuple[Row, tuple[Row, ...]]] = []
    rest: list[Mark] = sorted(marks, key=lambda mark: (mark.start, mark.end))
    while rest:
        # Only what stands near the mark is measured: a line may have millions of characters, and a hundred marks.
        offset = max(rest[0].start - _NEAR * width, 0)
        near = line[offset : rest[0].start + _NEAR * width]
        moved = [(mark, replace(mark, start=mark.start - offset, end=mark.end - offset)) for mark in rest]
        edges = _edges(near)
        first, last = _window(edges, moved[0][1], width)
        inside = [pair for index, pair in enumerate(moved) if index == 0 or pair[1].end <= last]
        drawn.append(_draw(near, edges, first, last, [mark for _, mark in inside]))
        rest = [mark for mark in rest if not any(mark is taken for taken, _ in inside)]
    return drawn


def _edges(line: str) -> list[int]:
    """Return the cell at which each character begins, and the end of the last one."""
    edges = [0]
    for character in line:
        edges.append(edges[-1] + cell_len(_shown(character)))
    return edges


def _shown(character: str) -> str:
    return "    " if character == "\t" else escape_character(character)


def _window(edges: list[int], mark: Mark, width: int) -> tuple[int, int]:
    """Return the characters that are shown of a line that is too long: some before the mark, the rest after it."""
    room = max(width - 2 * len(_CUT), 1)
    start = min(mark.start, len(edges) - 1)
    first = start
    # A mark at the end of the line leaves more room before it.
    before = max(_BEFORE, room - (edges[-1] - edges[start]) - 1)
    while first > 0 and edges[start] - edges[first - 1] <= before:
        first -= 1
    last = first
    while last < len(edges) - 1 and edges[last + 1] - edges[first] <= room:
        last += 1
    return first, max(last, min(first + 1, len(edges) - 1))


def _draw(line: str, edges: list[int], first: int, last: int, marks: Sequence[Mark]) -> tuple[Row, tuple[Row, ...]]:
    text = "".join(map(_shown, line[first:last]))
    before = _CUT if first > 0 else ""
    shift = len(before) - edges[first]
    after = _CUT if last < len(line) else ""
    strokes = [_stroke(mark, edges, first, last, shift) for mark in marks]
    return (Piece(f"{before}{text}{after}".rstrip()),), _under(strokes)


def _stroke(mark: Mark, edges: list[int], first: int, last: int, shift: int) -> _Stroke:
    start = edges[min(max(mark.start, first), last)] + shift
    end = edges[min(max(mark.end, first), last)] + shift
    return _Stroke(start=start, end=max(end, start + 1), mark=mark)


def _under(strokes: Sequence[_Stroke]) -> tuple[Row, ...]:
    """Return the underlines, with what is said of the last mark behind them and of the others below."""
    order = sorted(strokes, key=lambda stroke: (stroke.start, stroke.mark.sign == "^"))
    signs: dict[int, tuple[str, Ink]] = {}
    for stroke in sorted(strokes, key=lambda stroke: stroke.mark.sign == "^"):
        for cell in range(stroke.start, stroke.end):
            signs[cell] = (stroke.mark.sign, stroke.mark.ink)
    row = _cells(signs)
    said = [stroke for stroke in order if stroke.mark.message]
    if said and said[-1].end >= max(stroke.end for stroke in strokes):
        last = said.pop()
        row = (*row, Piece(" " + escape(last.mark.message), last.mark.ink))
    rows = [row]
    if said:
        rows.append(_cells({stroke.start: ("|", stroke.mark.ink) for stroke in said}))
    while said:
        last = said.pop()
        bars: dict[int, tuple[str, Ink]] = {
            stroke.start: ("|", stroke.mark.ink) for stroke in said if stroke.start < last.start
        }
        lead = _cells(bars)
        gap = last.start - sum(cell_len(piece.text) for piece in lead)
        rows.append((*lead, Piece(" " * gap), Piece(escape(last.mark.message), last.mark.ink)))
    return tuple(rows)


def _cells(signs: dict[int, tuple[str, Ink]]) -> Row:
    """Return a row with one sign in each cell that is named, and spaces between them."""
    pieces: list[Piece] = []
    at = 0
    for cell in sorted(signs):
        sign, ink = signs[cell]
        if cell > at:
            pieces.append(Piece(" " * (cell - at)))
        if pieces and cell == at and pieces[-1].ink == ink:
            pieces[-1] = Piece(pieces[-1].text + sign, ink)
        else:
            pieces.append(Piece(sign, ink))
        at = cell + 1
    return tuple(pieces)
