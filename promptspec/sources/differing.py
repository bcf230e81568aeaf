"""What changed between two snapshots: rows that came, went, or hold other cells under the same key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from promptspec.sources.port import Cell, Row, Snapshot

#: Rows of each kind that are shown; the others are counted.
MOST_SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A snapshot, with the names of its columns and which of them is the key."""

    snapshot: Snapshot
    names: tuple[str, ...]
    key: int

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return the cells of *row* by the names of their columns."""
        return dict(zip(self.names, row, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A row that is on both sides, with the columns in which it differs, before and after."""

    key: str
    cells: tuple[tuple[str, Cell, Cell], ...]


@dataclass(slots=True, kw_only=True)
class Difference:
    """How many rows were added, removed and changed, and the first ten of each.

    A column that only one side has is told by its name, and its cells are not compared.
    """

    added: int = 0
    removed: int = 0
    changed: int = 0
    first_added: list[dict[str, Cell]] = field(default_factory=list[dict[str, Cell]])
    first_removed: list[dict[str, Cell]] = field(default_factory=list[dict[str, Cell]])
    first_changed: list[Change] = field(default_factory=list[Change])
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Say whether both sides hold the same rows and columns; their order does not count."""
        return not (self.added or self.removed or self.changed or self.columns_added or self.columns_removed)


def difference(old: Side, new: Side) -> Difference:
    """Return what changed from *old* to *new*; each is read once, and neither is kept."""
    found = Difference(
        columns_added=tuple(name for name in new.names if name not in old.names),
        columns_removed=tuple(name for name in old.names if name not in new.names),
    )
    for row in old.snapshot.rows():
        key = str(row[old.key])
        other = new.snapshot.row(key)
        if other is None:
            found.removed += 1
            if found.removed <= MOST_SHOWN:
                found.first_removed.append(old.cells(row))
            continue
        before, after = old.cells(row), new.cells(other)
        cells = tuple((name, before[name], after[name]) for name in old.names if name in after)
        changes = tuple(each for each in cells if each[1] != each[2])
        if changes:
            found.changed += 1
            if found.changed <= MOST_SHOWN:
                found.first_changed.append(Change(key=key, cells=changes))
    for row in new.snapshot.rows():
        if old.snapshot.row(str(row[new.key])) is None:
            found.added += 1
            if found.added <= MOST_SHOWN:
                found.first_added.append(new.cells(row))
    return found
