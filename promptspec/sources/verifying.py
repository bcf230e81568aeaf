"""Whether the indexes of a snapshot's file find what its rows hold: a changed one could hide rows, or favour them.

SQLite compares its own indexes with the tables, and not those that FTS5 keeps, whose texts are not in the file.
"""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.sources.find_index import MOST_HOLDERS
from promptspec.sources.finding import searched_text
from promptspec.sources.layout import Layout, Restorer, in_batches, labels_of
from promptspec.sources.nearness import parts_of, words_of
from promptspec.sources.parts import read_again
from promptspec.sources.port import Row
from promptspec.sources.search import SEARCH_WINDOW, fold_all

if TYPE_CHECKING:
    import sqlite3

#: A prime beyond all that is multiplied: sums are kept below it.
_PRIME: Final = 2**61 - 1


def indexes_hold(path: Path, layout: Layout, *, searched: tuple[int, ...] | None) -> bool:
    """Say whether the folded labels and all indexes of the snapshot file *path* are those of its rows.

    *searched* are the cells that the index for shortlists is of; None where there is none. Raises sqlite3.Error.
    """
    import sqlite3

    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA trusted_schema = OFF")
        words = None if searched is None else _Words(connection, layout, searched)
        count = 0
        for batch in in_batches(_rows(connection, layout)):
            rows = [row for _, _, row in batch]
            if [folded for _, folded, _ in batch] != fold_all(labels_of(layout, rows)):
                return False
            count += len(batch)
            if words is not None:
                words.take([(position, row) for position, _, row in batch])
        if count > SEARCH_WINDOW and not read_again(path):
            return False
        return words is None or words.hold()


def _rows(connection: sqlite3.Connection, layout: Layout) -> Iterator[tuple[int, str, Row]]:
    restore = Restorer(layout)
    cells = ", ".join(f"c{at}" for at in range(len(layout.names)))
    # Only numbers of columns go into this text.
    for at, folded, *row in connection.execute(f"SELECT position, folded, {cells} FROM entries ORDER BY position"):  # noqa: S608  names of columns and marks of ours alone
        yield at, folded, restore(tuple(row))


class _Words:
    """The index of words: what it should hold, counted out while the rows pass, and what it holds.

    Which word stands in which row is summed up, with a random number for each word and each row that nobody who wrote
    the file can know. Sums that agree are of the same words in the same rows, but for one case in 2⁶⁰.
    """

    def __init__(self, connection: sqlite3.Connection, layout: Layout, searched: tuple[int, ...]) -> None:
        self._connection = connection
        self._searched = searched
        (count,) = connection.execute("SELECT coalesce(max(position), 0) FROM entries").fetchone()
        self._rows = _numbers(count + 1)
        self._total = 0
        self._words: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._parts: Counter[str] = Counter()

    def take(self, rows: Iterable[tuple[int, Row]]) -> None:
        """Count what the next rows hold."""
        known = self._words
        for position, row in rows:
            words = words_of(searched_text(row, self._searched))
            new = [word for word in words if word not in known]
            known.update(zip(new, _numbers(len(new)), strict=True))
            self._counts.update(words)
            self._parts.update(parts_of(words))
            self._total += self._rows[position] * sum(map(known.__getitem__, words))
        self._total %= _PRIME

    def hold(self) -> bool:
        """Say whether the tables are those of the rows that have passed."""
        terms = sorted(self._counts, key=str.encode)
        return (
            self._total == self._sum("near_words", self._words, self._rows)
            and self._counted(1) == self._parts
            and self._counted(0) == {term: count for term, count in self._counts.items() if count > MOST_HOLDERS}
            and list(self._connection.execute("SELECT id, term FROM near_terms ORDER BY id"))
            == list(enumerate(terms, 1))
            and self._alike_hold(terms)
        )

    def _counted(self, kind: int) -> dict[str, int]:
        return dict(self._connection.execute("SELECT term, entries FROM near_counts WHERE kind = ?", (kind,)))

    def _alike_hold(self, terms: list[str]) -> bool:
        places = _numbers(len(terms) + 1)
        listed = [parts_of([term]) for term in terms]
        parts = dict.fromkeys(part for each in listed for part in each)
        known = dict(zip(parts, _numbers(len(parts)), strict=True))
        total = sum(places[at] * sum(known[part] for part in each) % _PRIME for at, each in enumerate(listed, 1))
        return total % _PRIME == self._sum("near_alike", known, places)

    def _sum(self, table: str, terms: dict[str, int], places: array[int]) -> int | None:
        """Return the sum over all that *table* holds; None where it holds what no row does."""
        asked = f"CREATE VIRTUAL TABLE temp.held USING fts5vocab(main, {table}, instance)"
        self._connection.execute(asked)
        try:
            total, last, inner = 0, "", 0
            rows = cast("Iterable[tuple[str, int]]", self._connection.execute("SELECT term, doc FROM temp.held"))
            for term, at in rows:
                if term != last:
                    total, last, inner = (total + inner * terms.get(last, 0)) % _PRIME, term, 0
                    if term not in terms:
                        return None
                if not 1 <= at < len(places):
                    return None
                inner += places[at]
            return (total + inner * terms.get(last, 0)) % _PRIME
        finally:
            self._connection.execute("DROP TABLE temp.held")


def _numbers(count: int) -> array[int]:
    """Return *count* random whole numbers, of 60 bits each."""
    found: Any = array("Q", os.urandom(8 * count))
    for at, each in enumerate(found):
        found[at] = each >> 4
    return found
