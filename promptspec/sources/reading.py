"""Bytes of a csv or json file to raw rows, each with its place."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from promptspec.sources.json_path import WHOLE_LIST, parse_path, select
from promptspec.sources.problems import FileProblem, shown
from promptspec.values.reading import Unreadable, read_json

_BOM: Final = b"\xef\xbb\xbf"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the file: its place, and its cells by their names in the file.

    In a csv file each cell is a text; in a json file it is what `read_json` gives.
    """

    line: int | None
    place: str
    cells: Mapping[str, object]


class RaggedRow(FileProblem):
    """One csv row has more or fewer cells than the header; the rows after it can still be read."""


@dataclass(frozen=True, slots=True)
class CsvFile:
    """The names in the header of a csv file, and its rows, to be read once."""

    header: tuple[str, ...]
    rows: Iterator[RawRow | RaggedRow]


def read_csv(data: bytes) -> CsvFile:
    """Read a csv file: UTF-8, RFC 4180, header first, `\\n` or `\\r\\n`; blank lines are no rows.

    A row of another length than the header comes as a RaggedRow. Raises FileProblem with `not_utf8`, `nul`,
    `no_header`, `repeated_header` or `malformed_csv`, at once or where the rows cannot be read on; all name the line.
    """
    _check_encoding(data)
    lines = _csv_lines(data)
    for line, cells in lines:
        header = _check_header(tuple(cells), line)
        return CsvFile(header, _csv_rows(header, lines))
    raise FileProblem("no_header", "the file is empty; its first line must name the columns", line=1)


def _csv_lines(data: bytes) -> Iterator[tuple[int, list[str]]]:
    start = len(_BOM) if data.startswith(_BOM) else 0
    text = io.TextIOWrapper(io.BytesIO(memoryview(data)[start:]), encoding="utf-8", newline="")
    reader = csv.reader(text, strict=True)
    while True:
        # A quoted cell may span lines; a row is named by the line on which it starts.
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except UnicodeDecodeError:
            raise _not_utf8(data) from None
        except csv.Error as error:
            raise FileProblem("malformed_csv", _csv_reason(error), line=line) from None
        if cells:
            yield line, cells


def _csv_rows(header: tuple[str, ...], lines: Iterator[tuple[int, list[str]]]) -> Iterator[RawRow | RaggedRow]:
    for line, cells in lines:
        if len(cells) == len(header):
            yield RawRow(line, f"line {line}", dict(zip(header, cells, strict=True)))
        else:
            has = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            yield RaggedRow("ragged", f"the row has {has}, the header has {len(header)}", line=line)


def read_json_rows(data: bytes, path: str = "") -> Iterator[RawRow | FileProblem]:
    """Yield the objects that *path* selects, by default the items of a list.

    An item that is no object comes as a FileProblem. Raises FileProblem with `not_utf8`, `unreadable_json`,
    `select_syntax` or `nothing_selected`, where the file cannot be read on.
    """
    try:
        steps = parse_path(path or WHOLE_LIST)
    except ValueError as error:
        raise FileProblem("select_syntax", str(error)) from None
    _check_encoding(data)
    try:
        value = read_json(data.removeprefix(_BOM))
    except Unreadable as error:
        if not _is_utf8(data):
            raise _not_utf8(data) from None
        raise FileProblem("unreadable_json", str(error)) from None
    for place, item in select(value, steps):
        if isinstance(item, dict):
            yield RawRow(None, place, cast("dict[str, object]", item))
        elif isinstance(item, list) and None not in steps[-1:]:
            message = f"`{shown(place)}` is a list; add `[*]` to select its items"
            raise FileProblem("nothing_selected", message, place=place)
        else:
            yield FileProblem("not_an_object", "a row must be an object with the columns as its names", place=place)


def _check_encoding(data: bytes) -> None:
    if data.startswith(_UTF_16):
        raise FileProblem("not_utf8", "the file is UTF-16; save it as UTF-8", line=1)
    at = data.find(0)
    if at >= 0:
        line = data.count(b"\n", 0, at) + 1
        raise FileProblem("nul", "the file holds a NUL byte, so it is no text", line=line)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _not_utf8(data: bytes) -> FileProblem:
    # Only on the way to an error: the decoder inside the reader does not say where it stood.
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        return FileProblem("not_utf8", f"byte 0x{byte:02X} is no UTF-8; save the file as UTF-8", line=line)
    raise AssertionError("the data is UTF-8")


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
