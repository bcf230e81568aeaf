"""A source's snapshot: the rows of a dropdown at one moment, under a content hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol, TypeAlias

#: One cell of a row, by the type of its column; None where an optional cell is empty.
Cell: TypeAlias = str | int | Decimal | bool | date | datetime | None
#: The cells of one row, in the order of the source's columns.
Row: TypeAlias = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A row that is near a text, and how near: 0 to 1."""

    row: Row
    nearness: float


class Snapshot(Protocol):
    """Rows that do not change. Several threads may read one snapshot."""

    @property
    def content_hash(self) -> str:
        """`sha256:` and 64 hexadecimal digits over the columns and all cells, in the order of the file."""
        ...

    def __len__(self) -> int: ...

    def row(self, key: str) -> Row | None:
        """Return the row with exactly this key, or None."""
        ...

    def rows(self) -> Iterator[Row]:
        """Yield all rows in the order of the file."""
        ...

    def near(self, key: str, most: int = 3) -> tuple[str, ...]:
        """Return up to *most* keys that are spelt like *key*; for the developer's log, never for the end user."""
        ...

    def search(self, text: str, most: int = 10) -> tuple[tuple[str, str], ...]:
        """Return up to *most* (key, label) whose label or key holds *text*, best first; case and accents folded."""
        ...

    def nearest(
        self,
        near: str,
        *,
        searched: Sequence[int],
        top: int,
        above: float,
        keeps: Callable[[Row], bool] | None,
        equal: Sequence[tuple[int, str]] = (),
    ) -> tuple[Found, ...]:
        """Return the up to *top* rows that are nearest to *near* in their cells *searched*, best first.

        Only rows that *keeps* is true of and that are at least as near as *above* are among them. Where *equal* names
        cells, *keeps* is true only of rows that have these texts there.
        """
        ...
