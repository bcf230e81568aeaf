"""A source's file to what a checker wants to know of it: problems, hash, keys. Rows are read once and not kept."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Final, cast

from promptspec.contract.feature import Source
from promptspec.contract.types import Enumeration
from promptspec.sources.alike import Alike, Suspects
from promptspec.sources.building import RepeatedKey, build_snapshot, copy_snapshot
from promptspec.sources.find_index import Near
from promptspec.sources.given import Given
from promptspec.sources.layout import Layout, content_hash, layout_of
from promptspec.sources.load import stream_rows
from promptspec.sources.port import Row
from promptspec.sources.problems import Problems, RowProblem
from promptspec.sources.rows import are_closed_keys
from promptspec.sources.snapshot import open_snapshot

#: Rows that are judged in memory; beyond them a file on disk tells which keys are repeated.
MOST_IN_MEMORY: Final = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a file holds: the keys of the rows without a problem, and the problems.

    Where there are problems the file is no source. *problems* are the first twenty of *problem_count*; *first_keys*
    are keys in the order of the file, up to MOST_IN_MEMORY. *alike* are rows that nobody can tell apart.
    """

    problems: tuple[RowProblem, ...]
    problem_count: int
    content_hash: str
    keys: Collection[str]
    first_keys: tuple[str, ...]
    keys_are_closed: bool
    alike: tuple[Alike, ...]


def judge_file(source: Source, file: BinaryIO | Given, *, name: str = "", enums: Sequence[Enumeration] = ()) -> Judged:
    """Judge *file*, which can be sought in and is called *name*, as the rows of *source*.

    As `load_rows`, in memory that does not grow with the file; where it is large, in a folder for temporary files.
    """
    layout = layout_of(source)
    problems = Problems(file=name)
    watch = _Watch(layout)
    rows = stream_rows(source, file, problems=problems, enums=enums, most_keys=MOST_IN_MEMORY, seen=watch.see)
    first = list(islice(rows, MOST_IN_MEMORY))
    first_keys = tuple(cast("str", row[layout.key]) for row in first)
    keys: Collection[str] = frozenset(first_keys)
    alike: tuple[Alike, ...] = ()
    if len(first) < MOST_IN_MEMORY:
        found = content_hash(layout, first)
        alike = watch.suspects.compared(_InRows(layout, first, watch.places))
    else:
        try:
            keys = KeysInFile(layout, chain(first, rows))
            found = keys.content_hash
            alike = watch.suspects.compared(keys.that_look_like)
        except RepeatedKey as repeated:
            found = ""
            if not isinstance(file, Given):
                file.seek(0)
            again = _Repetitions(problems)
            for _ in stream_rows(source, file, problems=again, enums=enums, watched=frozenset(repeated.keys)):
                pass
    return Judged(
        problems=tuple(problems.kept),
        problem_count=problems.count,
        content_hash=found,
        keys=keys,
        first_keys=first_keys,
        keys_are_closed=watch.keys_are_closed,
        alike=alike,
    )


class _Watch:
    """Looks at the keys and labels of rows that pass."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._columns = tuple(dict.fromkeys((layout.key, layout.label)))
        self.keys_are_closed = True
        self.suspects = Suspects()
        self.places: list[str] = []

    def see(self, rows: Sequence[Row], places: Sequence[str]) -> None:
        columns = list(zip(*rows, strict=True))
        if self.keys_are_closed and not are_closed_keys(cast("Sequence[str]", columns[self._layout.key])):
            self.keys_are_closed = False
        self.places += places[: MOST_IN_MEMORY - len(self.places)]
        self.suspects.add_all({self._layout.names[at]: columns[at] for at in self._columns}, places)


class _InRows:
    """Looks texts up among rows in memory."""

    def __init__(self, layout: Layout, rows: Sequence[Row], places: Sequence[str]) -> None:
        self._layout = layout
        self._rows = rows
        self._places = places
        self._by_text: dict[str, dict[str, str]] = {}

    def __call__(self, column: str, text: str) -> list[tuple[str, str]]:
        if column not in self._by_text:
            at = self._layout.names.index(column)
            self._by_text[column] = {
                str(row[at]): place for row, place in zip(reversed(self._rows), reversed(self._places), strict=True)
            }
        place = self._by_text[column].get(text)
        return [] if place is None else [(text, place)]


class _Repetitions(Problems):
    """Hands on what is wrong with keys that repeat each other, and nothing that was told before."""

    def __init__(self, told: Problems) -> None:
        super().__init__(file=told.file)
        self._told = told

    def add(self, problem: RowProblem) -> None:
        if problem.rule == "repeated_key" and problem not in self._told.kept:
            self._told.add(problem)


class KeysInFile(Collection[str]):
    """The keys of many rows, looked up in their snapshot: a temporary file, which goes with this object."""

    def __init__(self, layout: Layout, rows: Iterator[Row]) -> None:
        """Write *rows*. Raises RepeatedKey, and OSError where there is no room."""
        folder = tempfile.mkdtemp(prefix="promptspec-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._path = Path(folder) / "rows.sqlite"
        self.content_hash = build_snapshot(layout, rows, self._path)
        self._snapshot = open_snapshot(self._path, content_hash=self.content_hash)
        self._layout = layout
        weakref.finalize(self, self._snapshot.close)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._snapshot.row(key) is not None

    def __len__(self) -> int:
        return len(self._snapshot)

    def __iter__(self) -> Iterator[str]:
        at = self._snapshot.layout.key
        return (cast("str", row[at]) for row in self._snapshot.rows())

    def copy_to(self, path: Path, *, near: Near | None = None) -> None:
        """Write the snapshot of the rows, just as `build_snapshot` does, into the file *path*; raises OSError."""
        copy_snapshot(self._path, path, near=near)

    def near(self, key: str) -> tuple[str, ...]:
        """Return keys that are spelt like *key*."""
        return self._snapshot.near(key)

    def that_look_like(self, column: str, text: str) -> list[tuple[str, str]]:
        """Return *text* and the row in which it stands in *column*, the key or the label; nothing where it does not."""
        position = self._snapshot.position(text, in_key=column == self._layout.names[self._layout.key])
        return [] if position is None else [(text, f"row {position:,}")]
