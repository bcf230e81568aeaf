"""A csv, json or jsonl file to raw rows, each with its place."""

from __future__ import annotations

import csv
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Final, TypeAlias, cast

from promptspec.sources.json_path import WHOLE_LIST, parse_path, select
from promptspec.sources.lines import BOM, check_encoding, lines_of, read_blocks
from promptspec.sources.problems import FileProblem, shown
from promptspec.values.reading import Unreadable, read_json

#: The largest json file, in bytes: it is read whole.
MOST_JSON: Final = 256 * 1024 * 1024
#: The largest file of the other kinds, in bytes: they are read row by row.
MOST_STREAMED: Final = 64 * 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the file: its place, and its cells by their names in the file.

    In a csv file each cell is a text; in a json or jsonl file it is what `read_json` gives.
    """

    line: int | None
    place: str
    cells: Mapping[str, object]


class RaggedRow(FileProblem):
    """One csv row has more or fewer cells than the header; the rows after it can still be read."""


@dataclass(frozen=True, slots=True)
class CsvBlock:
    """Rows of a csv file that stand one after the other: their cells, and the lines on which they start.

    Blank lines are among them, as rows without a cell.
    """

    header: tuple[str, ...]
    cells: Sequence[list[str]]
    lines: Sequence[int]

    def __len__(self) -> int:
        return len(self.cells)

    def columns(self, headers: Sequence[str], *, may_lack: Collection[str]) -> Sequence[Sequence[object]] | None:
        """Return the cells below each of *headers*, or None where a row is shorter or longer than others."""
        lengths = set(map(len, self.cells))
        if not lengths <= {0, len(self.header)}:
            return None
        raw = list(zip(*filter(None, self.cells), strict=True))
        return [raw[self.header.index(header)] for header in headers] if raw else [()] * len(headers)

    def places(self) -> list[str]:
        """Return the places of the rows that are no blank lines."""
        return [f"line {line}" for line, cells in zip(self.lines, self.cells, strict=True) if cells]

    def rows(self) -> Iterator[RawRow | RaggedRow]:
        """Yield the rows one by one; one of another length than the header comes as a RaggedRow."""
        header = self.header
        for line, cells in zip(self.lines, self.cells, strict=True):
            if len(cells) == len(header):
                yield RawRow(line, f"line {line}", dict(zip(header, cells, strict=True)))
            elif cells:
                has = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
                yield RaggedRow("ragged", f"the row has {has}, the header has {len(header)}", line=line)


@dataclass(frozen=True, slots=True)
class ObjectBlock:
    """Rows of another file that stand one after the other."""

    objects: Sequence[RawRow]

    def __len__(self) -> int:
        return len(self.objects)

    def columns(self, headers: Sequence[str], *, may_lack: Collection[str]) -> Sequence[Sequence[object]] | None:
        """Return the cells below each of *headers*, or None where a row lacks one that it may not lack."""
        try:
            return [
                [row.cells.get(header) if header in may_lack else row.cells[header] for row in self.objects]
                for header in headers
            ]
        except KeyError:
            return None

    def places(self) -> list[str]:
        """Return the places of the rows."""
        return [row.place for row in self.objects]

    def rows(self) -> Iterator[RawRow]:
        """Yield the rows one by one."""
        return iter(self.objects)


#: Rows that are judged together.
Block: TypeAlias = CsvBlock | ObjectBlock


def in_blocks(rows: Iterable[RawRow | FileProblem], most: int = 1_000) -> Iterator[ObjectBlock | FileProblem]:
    """Yield *rows* in blocks of up to *most*, and what is wrong between them where it stands."""
    gathered: list[RawRow] = []
    try:
        for row in rows:
            if isinstance(row, FileProblem) or len(gathered) == most:
                if gathered:
                    yield ObjectBlock(gathered)
                gathered = []
            if isinstance(row, FileProblem):
                yield row
            else:
                gathered.append(row)
    except FileProblem:
        if gathered:
            yield ObjectBlock(gathered)
        raise
    if gathered:
        yield ObjectBlock(gathered)


@dataclass(frozen=True, slots=True)
class CsvFile:
    """The names in the header of a csv file, and its rows, to be read once."""

    header: tuple[str, ...]
    blocks: Iterator[CsvBlock]

    def rows(self) -> Iterator[RawRow | RaggedRow]:
        """Yield the rows one by one."""
        for block in self.blocks:
            yield from block.rows()


def read_csv(file: BinaryIO) -> CsvFile:
    """Read a csv file: UTF-8, RFC 4180, header first, `\n` or `\r\n`; blank lines are no rows.

    Raises FileProblem with `not_utf8`, `nul`, `long_line`, `no_header`, `repeated_header` or `malformed_csv`, at once
    or where the rows cannot be read on; all name the line.
    """
    parts = _csv_parts(read_blocks(file))
    for lines, cells in parts:
        for at, names in enumerate(cells):
            if names:
                header = _check_header(tuple(names), lines[at])
                rest = (lines[at + 1 :], cells[at + 1 :])
                return CsvFile(header, (CsvBlock(header, cells, lines) for lines, cells in chain([rest], parts)))
    raise FileProblem("no_header", "the file is empty; its first line must name the columns", line=1)


#: Rows that stand one after the other, and the lines on which they start.
_Part: TypeAlias = tuple[Sequence[int], list[list[str]]]


def _csv_parts(blocks: Iterator[str]) -> Iterator[_Part]:
    """Yield the rows of *blocks*, a block at once wherever it ends with a row."""
    line = 1
    for block in blocks:
        try:
            cells = list(csv.reader(lines_of(block), strict=True))
        except csv.Error:
            line = yield from _csv_row_by_row(block, blocks, line)
            continue
        lines = block.count("\n") + (not block.endswith("\n"))
        # A quoted cell may span lines; a row is named by the line on which it starts.
        yield range(line, line + lines) if len(cells) == lines else _starts(cells, line), cells
        line += lines


def _csv_row_by_row(block: str, blocks: Iterator[str], line: int) -> Generator[_Part, None, int]:
    """Yield the rows that start in *block*, where one runs into the next of *blocks* or is no csv.

    Returns the line after them. Raises FileProblem with `malformed_csv`.
    """
    left = _Left(block, blocks)
    reader = csv.reader(left, strict=True)
    while left.has_more():
        start = line + reader.line_num
        try:
            cells = next(reader)
        except csv.Error as error:
            raise FileProblem("malformed_csv", _csv_reason(error), line=start) from None
        yield (start,), [cells]
    return line + reader.line_num


class _Left(Iterator[str]):
    """The lines of a block, and of those that follow where a row runs on into them."""

    def __init__(self, block: str, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self._lines = list(lines_of(block))
        self._at = 0

    def has_more(self) -> bool:
        """Say whether there is a line left of the last block that a line was taken of."""
        return self._at < len(self._lines)

    def __next__(self) -> str:
        while self._at == len(self._lines):
            self._lines, self._at = list(lines_of(next(self._blocks))), 0
        self._at += 1
        return self._lines[self._at - 1]


def _starts(cells: Iterable[list[str]], line: int) -> tuple[int, ...]:
    starts: list[int] = []
    for row in cells:
        starts.append(line)
        line += 1 + sum(cell.count("\n") for cell in row)
    return tuple(starts)


def read_json_rows(file: BinaryIO, path: str = "") -> Iterator[RawRow | FileProblem]:
    """Yield the objects that *path* selects, by default the items of a list.

    An item that is no object comes as a FileProblem. Raises FileProblem with `not_utf8`, `nul`, `too_large`,
    `unreadable_json`, `select_syntax` or `nothing_selected`, where the file cannot be read on.
    """
    try:
        steps = parse_path(path or WHOLE_LIST)
    except ValueError as error:
        raise FileProblem("select_syntax", str(error)) from None
    data = file.read(MOST_JSON + 1)
    if len(data) > MOST_JSON:
        message = f"a json file has at most {MOST_JSON:,} bytes; write one object a line, and `jsonl`"
        raise FileProblem("too_large", message)
    check_encoding(data)
    try:
        value = read_json(data.removeprefix(BOM))
    except Unreadable as error:
        raise FileProblem("unreadable_json", f"{error}{_hint(data, error)}") from None
    for place, item in select(value, steps):
        if isinstance(item, dict):
            yield RawRow(None, place, cast("dict[str, object]", item))
        elif isinstance(item, list) and None not in steps[-1:]:
            message = f"`{shown(place)}` is a list; add `[*]` to select its items"
            raise FileProblem("nothing_selected", message, place=place)
        else:
            yield FileProblem("not_an_object", "a row must be an object with the columns as its names", place=place)


def _hint(data: bytes, error: Unreadable) -> str:
    several = error.rule == "second_value" and data.lstrip().startswith(b"{")
    return "; a file of one object a line is `jsonl`" if several else ""


def read_jsonl(file: BinaryIO) -> Iterator[ObjectBlock | FileProblem]:
    """Yield the objects of a jsonl file: UTF-8, one object a line; blank lines are no rows.

    A line that is no object comes as a FileProblem. Raises FileProblem with `not_utf8`, `nul` or `long_line`;
    all name the line.
    """
    before = 0
    for text in read_blocks(file):
        lines = list(lines_of(text))
        yield from in_blocks(_objects(lines, before))
        before += len(lines)


def _objects(lines: Iterable[str], before: int) -> Iterator[RawRow | FileProblem]:
    for number, line in enumerate(lines, start=before + 1):
        if line.isspace():
            continue
        try:
            value = read_json(line)
        except Unreadable as error:
            yield FileProblem("unreadable_json", str(error), line=number)
            continue
        if isinstance(value, dict):
            yield RawRow(number, f"line {number}", cast("dict[str, object]", value))
        else:
            yield FileProblem("not_an_object", "a row must be an object with the columns as its names", line=number)


def _check_header(header: tuple[str, ...], line: int) -> tuple[str, ...]:
    first: dict[str, int] = {}
    for at, name in enumerate(header, start=1):
        if name in first:
            message = f"the header `{shown(name)}` stands twice: in columns {first[name]} and {at}"
            raise FileProblem("repeated_header", message, line=line)
        first[name] = at
    return header


def _csv_reason(error: csv.Error) -> str:
    reason = str(error)
    if "expected after" in reason:
        return 'text follows a closing quote; write a quote inside a quoted cell as `""`'
    if "unexpected end" in reason:
        return "a quoted cell is never closed"
    if "field larger" in reason:
        return f"a cell is longer than {csv.field_size_limit():,} characters"
    return f"the row is no csv: {reason}"
