"""A source's file to checked rows, with everything that is wrong with it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final, cast

from promptspec.contract.feature import Source
from promptspec.contract.types import Enumeration, Text
from promptspec.sources.cells import BadCell, CellReader, Written, cell_reader, check_length, pattern_check
from promptspec.sources.layout import Layout, content_hash, layout_of
from promptspec.sources.port import Cell, Row
from promptspec.sources.problems import FileProblem, Problems, RowProblem, nearest, shown
from promptspec.sources.reading import RawRow, read_csv, read_json_rows, read_jsonl
from promptspec.values.cleaning import is_clean_key
from promptspec.values.reading import exact_integer
from promptspec.values.sinks import find_sinks

_CLOSED_KEY: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a file holds: the rows without a problem, and the problems.

    Where there are problems the file is no source: rows are missing, and the hash is of those that are left.
    *problems* are the first twenty of *problem_count*.
    """

    layout: Layout
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
    problem_count: int
    content_hash: str
    keys_are_closed: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in the order of the file."""
        return tuple(cast("str", row[self.layout.key]) for row in self.rows)


def is_closed_key(key: str) -> bool:
    """Tell whether *key* can be shown in a system message: `[A-Za-z0-9._:-]{1,64}` (rule 5)."""
    return _CLOSED_KEY.fullmatch(key) is not None


def load_rows(source: Source, data: bytes, *, file: str = "", enums: Sequence[Enumeration] = ()) -> Loaded:
    """Return the rows of *source*, whose file *file* holds *data*; `rows` sources need neither.

    *enums* are those that the columns name. Nothing is raised for what the file says: every problem is in the
    result. Raises ValueError for a source whose columns no file can fill.
    """
    problems = Problems(file=file)
    rows = tuple(stream_rows(source, io.BytesIO(data), problems=problems, enums=enums))
    layout = layout_of(source)
    return Loaded(
        layout=layout,
        rows=rows,
        problems=tuple(problems.kept),
        problem_count=problems.count,
        content_hash=content_hash(layout, rows),
        keys_are_closed=all(is_closed_key(cast("str", row[layout.key])) for row in rows),
    )


def stream_rows(
    source: Source,
    file: BinaryIO,
    *,
    problems: Problems,
    enums: Sequence[Enumeration] = (),
    most_keys: int | None = None,
    watched: frozenset[str] | None = None,
    seen: Callable[[Row, str], None] | None = None,
) -> Iterator[Row]:
    """Yield the rows of *source* one by one and put what is wrong into *problems*; keeps the keys, but no row.

    With *most_keys* only that many keys are kept: those that come after them may repeat each other. With *watched*
    only these are. *seen* is told each row and its place.
    """
    judge = _RowJudge(source, problems, enums, most_keys=most_keys, watched=watched)
    count = 0
    try:
        for count, raw in enumerate(_raw_rows(source, file), start=1):
            if count > source.most:
                line, place = (
                    (raw.line, raw.place) if isinstance(raw, RawRow) else (raw.problem.line, raw.problem.place)
                )
                problems.add(
                    RowProblem(
                        line=line,
                        place=place,
                        column=None,
                        rule="too_many_rows",
                        message=f"there are more than {source.most:,} rows; raise `most`, or shorten the file",
                    )
                )
                return
            if isinstance(raw, FileProblem):
                problems.add(raw.problem)
                continue
            row = judge.judge(raw)
            if row is not None:
                if seen is not None:
                    seen(row, raw.place)
                yield row
        if not count and source.kind != "rows":
            raise FileProblem("no_rows", "the file has no rows, so nothing could be chosen")
    except FileProblem as error:
        problems.add(error.problem)


def _raw_rows(source: Source, file: BinaryIO) -> Iterator[RawRow | FileProblem]:
    match source.kind:
        case "csv":
            opened = read_csv(file)
            _check_header(source, opened.header)
            yield from opened.rows
        case "json":
            yield from read_json_rows(file, source.select)
        case "jsonl":
            yield from read_jsonl(file)
        case "parquet":
            # Loaded here, because it takes 200 ms.
            from promptspec.sources.parquet import ParquetFile

            table = ParquetFile(file)
            _check_header(source, table.header, line=None)
            names = dict(source.headers)
            yield from table.rows(tuple(names.get(column.name, column.name) for column in source.columns))
        case "rows":
            for at, row in enumerate(source.rows, start=1):
                yield RawRow(None, f"row {at}", {source.label: row.label or row.key, source.key: row.key})


def _check_header(source: Source, header: tuple[str, ...], *, line: int | None = 1) -> None:
    names = dict(source.headers)
    absent = [name for column in source.columns if (name := names.get(column.name, column.name)) not in header]
    if not absent:
        return
    said = ", ".join(f"`{shown(name)}`" for name in absent)
    hint = nearest(absent[0], header) if len(absent) == 1 else ""
    raise FileProblem("missing_column", f"the header has no {said}{hint}", line=line)


class _RowJudge:
    """Judges raw rows one after the other; knows the keys that it has seen."""

    def __init__(
        self,
        source: Source,
        problems: Problems,
        enums: Sequence[Enumeration],
        *,
        most_keys: int | None,
        watched: frozenset[str] | None,
    ) -> None:
        written: Written = "csv" if source.kind == "csv" else "json"
        headers = dict(source.headers)
        self._problems = problems
        self._curated = source.trusted or source.kind == "rows"
        self._key = layout_of(source).key
        self._seen: dict[str, str] = {}
        self._most_keys = most_keys
        self._watched = watched
        self._columns: list[tuple[str, str, bool, CellReader]] = []
        for at, column in enumerate(source.columns):
            read = (
                _key_reader(cast("Text", column.type), written)
                if at == self._key
                else cell_reader(column, written=written, enums=enums)
            )
            may_be_absent = column.optional or column.has_default
            self._columns.append((column.name, headers.get(column.name, column.name), may_be_absent, read))

    def judge(self, raw: RawRow) -> Row | None:
        """Return the row, or None after its problems were noted."""
        cells: list[Cell] = []
        sound = True
        for name, header, may_be_absent, read in self._columns:
            try:
                if header not in raw.cells and not may_be_absent:
                    raise BadCell("missing_column", f"the row has no `{shown(header)}`{nearest(header, raw.cells)}")
                cell = read(raw.cells.get(header))
                if self._curated and isinstance(cell, str):
                    _check_sinks(cell)
            except BadCell as error:
                sound = False
                self._note(raw, name, error)
            else:
                cells.append(cell)
        if not sound:
            return None
        key = cast("str", cells[self._key])
        first = self._first_place(key, raw.place)
        if first is not None:
            repeated = BadCell("repeated_key", f"the key `{shown(key)}` stands in {first} already")
            self._note(raw, self._columns[self._key][0], repeated)
            return None
        return tuple(cells)

    def _first_place(self, key: str, place: str) -> str | None:
        """Return where *key* stood before, as far as it is known, and know it from now on."""
        first = self._seen.get(key)
        kept = self._watched is None or key in self._watched
        if first is None and kept and (self._most_keys is None or len(self._seen) < self._most_keys):
            self._seen[key] = place
        return first

    def _note(self, raw: RawRow, column: str, error: BadCell) -> None:
        self._problems.add(
            RowProblem(line=raw.line, place=raw.place, column=column, rule=error.rule, message=error.message)
        )


def _key_reader(type: Text, written: Written) -> CellReader:
    """Keys are matched byte by byte, so they are taken as they stand or refused: never cleaned (rule 12)."""
    check_pattern: Callable[[str], None] = pattern_check(type.pattern)

    def read(raw: object) -> Cell:
        key = raw
        if written == "json" and not isinstance(raw, str):
            # Numeric ids are common in json; they travel as the digits that they are written with.
            number = exact_integer(raw)
            key = str(number) if isinstance(raw, int) and number is not None else raw
        if key is None or key == "":
            raise BadCell("empty_key", "the key is empty")
        if not isinstance(key, str):
            raise BadCell("wrong_type", "the key is no text")
        if key != key.strip():
            raise BadCell("unclean_key", f"the key `{shown(key)}` has blanks around it; take them out of the file")
        if not is_clean_key(key):
            raise BadCell(
                "unclean_key",
                f"the key `{shown(key)}` holds characters that do not show or are not in Unicode's form NFC;"
                " correct them in the file",
            )
        check_length(key, type.cap)
        check_pattern(key)
        return key

    return read


def _check_sinks(text: str) -> None:
    found = find_sinks(text)
    if found:
        names = ", ".join(sorted(set(found)))
        raise BadCell("sink", f"`trust curated` allows plain text only; the cell holds {names}")
