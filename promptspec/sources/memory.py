"""A snapshot in memory: the rows of a `rows` source, or of a small file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import cast

from promptspec.sources.finding import MemoryIndex, find
from promptspec.sources.layout import Layout, content_hash, label_of
from promptspec.sources.port import Found, Row
from promptspec.sources.search import MOST_CANDIDATES, fold, fold_query, nearest_keys, rank


class MemorySnapshot:
    """Rows in a dict by their key; the same answers as a snapshot in a file."""

    def __init__(self, *, rows: Iterable[Row], key: int, label: int, content_hash: str) -> None:
        """Take checked *rows*, of which the cells *key* and *label* are key and label, and the hash that they have.

        Raises ValueError for a repeated key.
        """
        self._rows = tuple(rows)
        self._key = key
        self._label = label
        self._by_key = {cast("str", row[key]): row for row in self._rows}
        if len(self._by_key) != len(self._rows):
            raise ValueError("a key is repeated")
        self._hash = content_hash
        self._indexes: dict[tuple[int, ...], MemoryIndex] = {}
        self._folded: tuple[tuple[str, str, str], ...] | None = None

    @classmethod
    def of(cls, layout: Layout, rows: Iterable[Row]) -> MemorySnapshot:
        """Return the snapshot of *rows*, their hash computed."""
        kept = tuple(rows)
        return cls(rows=kept, key=layout.key, label=layout.label, content_hash=content_hash(layout, kept))

    def __repr__(self) -> str:
        return f"MemorySnapshot({len(self)} rows, {self._hash})"

    @property
    def content_hash(self) -> str:
        """`sha256:` and 64 hexadecimal digits over the columns and all cells, in the order of the file."""
        return self._hash

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, key: str) -> Row | None:
        """Return the row with exactly this key, or None."""
        return self._by_key.get(key)

    def rows(self) -> Iterator[Row]:
        """Yield all rows in the order of the file."""
        return iter(self._rows)

    def near(self, key: str, most: int = 3) -> tuple[str, ...]:
        """Return up to *most* keys, of the first 2,000, that are spelt like *key*."""
        return nearest_keys(key, islice(self._by_key, MOST_CANDIDATES), most)

    def search(self, text: str, most: int = 10) -> tuple[tuple[str, str], ...]:
        """Return up to *most* (key, label) whose label or key holds *text*, best first; case and accents folded."""
        query = fold_query(text)
        if self._folded is None:
            # Two threads may both do this; they do the same.
            self._folded = tuple(self._search_terms())
        hits: list[tuple[int, int]] = []
        for position, (key, _, folded) in enumerate(self._folded):
            found = rank(query, key, folded)
            if found is not None:
                hits.append((found, position))
        hits.sort()
        return tuple(self._folded[position][:2] for _, position in hits[:most])

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
        """Return the rows nearest to *near*; see `Snapshot`."""
        index = self._indexes.get(tuple(searched))
        if index is None:
            # Two threads may both do this; they do the same.
            index = self._indexes[tuple(searched)] = MemoryIndex.of(self._rows, searched)
        return find(index, near, top=top, above=above, keeps=keeps)

    def _search_terms(self) -> Iterator[tuple[str, str, str]]:
        for row in self._rows:
            shown = label_of(row, self._key, self._label)
            yield cast("str", row[self._key]), shown, fold(shown)
