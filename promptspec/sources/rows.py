"""Raw rows to rows: judged one by one, or many at once where nothing is wrong with any of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, cast

from promptspec.contract.feature import Source
from promptspec.contract.types import Enumeration, Text
from promptspec.sources.cells import BadCell, CellReader, Written, cell_reader, check_length, pattern_check
from promptspec.sources.columns import ColumnReader, column_reader, may_hold_sinks
from promptspec.sources.layout import layout_of
from promptspec.sources.port import Cell, Row
from promptspec.sources.problems import Problems, RowProblem, nearest, shown
from promptspec.sources.reading import Block, RawRow
from promptspec.values.cleaning import is_clean_key
from promptspec.values.reading import exact_integer
from promptspec.values.sinks import find_sinks

_CLOSED_KEY: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_CLOSED_KEYS: Final = re.compile(r"(?:[A-Za-z0-9._:-]{1,64}\n)*")


def is_closed_key(key: str) -> bool:
    """Tell whether *key* can be shown in a system message: `[A-Za-z0-9._:-]{1,64}` (rule 5)."""
    return _CLOSED_KEY.fullmatch(key) is not None


def are_closed_keys(keys: Sequence[str]) -> bool:
    """Tell whether each of *keys* can be shown in a system message."""
    lines = "\n".join((*keys, ""))
    return lines.count("\n") == len(keys) and _CLOSED_KEYS.fullmatch(lines) is not None


class RowJudge:
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
        self._readers: list[ColumnReader] = []
        self._headers = tuple(headers.get(column.name, column.name) for column in source.columns)
        self._may_lack: set[str] = set()
        for at, column in enumerate(source.columns):
            read = (
                _key_reader(cast("Text", column.type), written)
                if at == self._key
                else cell_reader(column, written=written, enums=enums)
            )
            may_be_absent = column.optional or column.has_default
            self._columns.append((column.name, self._headers[at], may_be_absent, read))
            self._readers.append(column_reader(column, read, written=written, enums=enums, is_key=at == self._key))

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

    def judge_all(self, block: Block) -> list[Row] | None:
        """Return the rows of *block*, or None where they have to be judged one by one: something is wrong with one."""
        raw = None if self._watched is not None else block.columns(self._headers, may_lack=self._may_lack)
        if raw is None or not raw[0]:
            return None if raw is None else []
        columns: list[Sequence[Cell]] = []
        try:
            for cells, read in zip(raw, self._readers, strict=True):
                column = read(cells)
                if self._curated:
                    for text in may_hold_sinks(column):
                        _check_sinks(text)
                columns.append(column)
        except BadCell:
            return None
        if not self._are_new(cast("Sequence[str]", columns[self._key]), block):
            return None
        return list(zip(*columns, strict=True))

    def _are_new(self, keys: Sequence[str], block: Block) -> bool:
        """Say whether none of *keys* stood before, as far as it is known, and know them from now on."""
        room = len(keys) if self._most_keys is None else max(self._most_keys - len(self._seen), 0)
        if not room and not self._seen:
            return True
        if len(set(keys)) < len(keys) or not self._seen.keys().isdisjoint(keys):
            return False
        if room:
            self._seen.update(islice(zip(keys, block.places(), strict=True), room))
        return True

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
