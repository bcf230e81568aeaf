"""Who holds which words, and parts of words, in a large source: tables in the snapshot's file."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.sources.finding import MOST_IN_MEMORY, Entry, Holders, MemoryIndex, searched_text
from promptspec.sources.large import Ask
from promptspec.sources.layout import Layout, Restorer, Stored
from promptspec.sources.nearness import parts_of, words_of
from promptspec.sources.port import Row

if TYPE_CHECKING:
    import sqlite3

#: A word that more entries hold is common: its number stands in a table, and its holders are not gone through.
MOST_HOLDERS: Final = 500
#: Holders that are gone through for one text; those of the longest words come first.
_MOST_LOOKED_AT: Final = 8_000
#: Holders of the rarest common words that are looked at where a text has no rarer ones.
_MOST_COMMON: Final = 400
#: Common words that an entry must all hold to be looked at then.
_MOST_TOGETHER: Final = 3
#: Words of a text that no entry holds for which words like them are looked up, and of how many of these the holders.
_MOST_UNKNOWN: Final = 6
_MOST_ALIKE: Final = 4
#: Words that are looked at for one part of a word, and the share of its parts that a word like another has.
_MOST_WITH_PART: Final = 2_000
_ALIKE: Final = 0.5
_ROWS_AT_ONCE: Final = 1_000
#: Words whose holders are remembered, and entries: some megabytes at most, as a cache of pages would take.
_MOST_WORDS: Final = 1_000
_MOST_ENTRIES: Final = 2_000

#: The tables, in the order of their names, as SQLite lists them.
TABLES: Final = (
    "near_alike", "near_alike_config", "near_alike_data", "near_alike_idx",
    "near_counts", "near_terms",
    "near_words", "near_words_config", "near_words_data", "near_words_idx",
)  # fmt: skip

#: The fact that says which cells the tables are of. Other tables, or words made otherwise, have another name.
FACT: Final = "near-1"
#: The fact that says which cells have an index of their own.
COMPARED: Final = "near-by"

# Terms are made here, by the same functions as those of a text that is looked for, so that SQLite only splits at
# blanks: its `ascii` tokenizer takes all beyond ASCII for letters.
_TABLES: Final = """
CREATE VIRTUAL TABLE near_words USING fts5(terms, tokenize='ascii', detail='none', content='', columnsize=0);
CREATE VIRTUAL TABLE near_alike USING
    fts5(parts, tokenize="ascii tokenchars '_'", detail='none', content='', columnsize=0);
CREATE TABLE near_terms (id INTEGER PRIMARY KEY, term TEXT);
CREATE TABLE near_counts (kind INTEGER, term TEXT, entries INTEGER, PRIMARY KEY (kind, term)) WITHOUT ROWID;
INSERT INTO near_words (near_words, rank) VALUES ('hashsize', 33554432)
"""


@dataclass(frozen=True, slots=True)
class Near:
    """What shortlists look at: the cells that are *searched*, and those that conditions say are equal to a text."""

    searched: tuple[int, ...]
    compared: tuple[int, ...] = ()


def add_index(connection: sqlite3.Connection, layout: Layout, near: Near) -> None:
    """Write what shortlists need into the open database of a snapshot.

    Few rows need no tables; what is said of them is read where a refresh brings more.
    """
    told = ((FACT, near.searched), (COMPARED, near.compared))
    connection.executemany("INSERT INTO facts VALUES (?, ?)", [(name, " ".join(map(str, at))) for name, at in told])
    (count,) = connection.execute("SELECT coalesce(max(position), 0) FROM entries").fetchone()
    if count <= MOST_IN_MEMORY:
        return
    rows = _all_rows(connection, len(layout.names), Restorer(layout))
    _add_words(connection, rows, near.searched)
    for at in near.compared:
        connection.execute(f"CREATE INDEX near_by_c{at} ON entries (c{at})")


def _add_words(connection: sqlite3.Connection, rows: Iterable[tuple[int, Row]], searched: Sequence[int]) -> None:
    """Write the index of *rows*, which stand in the order of their positions.

    It tells which entries hold a word, how many hold a part of one, and which words have a part.
    """
    for statement in _TABLES.split(";"):
        connection.execute(statement)
    ordered = iter(rows)
    parts: Counter[str] = Counter()
    while batch := list(islice(ordered, _ROWS_AT_ONCE)):
        listed = [(position, words_of(searched_text(row, searched))) for position, row in batch]
        for _, words in listed:
            parts.update(parts_of(words))
        connection.executemany(
            "INSERT INTO near_words (rowid, terms) VALUES (?, ?)",
            ((position, " ".join(words)) for position, words in listed),
        )
    connection.executemany("INSERT INTO near_counts VALUES (1, ?, ?)", sorted(parts.items()))
    connection.execute("CREATE VIRTUAL TABLE temp.counted USING fts5vocab(main, near_words, row)")
    connection.execute("INSERT INTO near_counts SELECT 0, term, doc FROM temp.counted WHERE doc > ?", (MOST_HOLDERS,))
    connection.execute("INSERT INTO near_terms (term) SELECT term FROM temp.counted ORDER BY term")
    connection.execute("DROP TABLE temp.counted")
    terms = connection.execute("SELECT id, term FROM near_terms ORDER BY id")
    connection.executemany(
        "INSERT INTO near_alike (rowid, parts) VALUES (?, ?)",
        ((at, " ".join(parts_of([term]))) for at, term in terms.fetchall()),
    )


class FileIndex:
    """Who holds what in the rows of a snapshot's file."""

    def __init__(
        self,
        ask: Ask,
        *,
        count: int,
        columns: int,
        searched: Sequence[int],
        restore: Callable[[tuple[Stored, ...]], Row],
    ) -> None:
        """Take what asks the database, how many rows it has and of how many *columns*, and which are *searched*."""
        self._ask = ask
        self._count = count
        self._searched = tuple(searched)
        self._restore = restore
        self._cells = ", ".join(f"c{at}" for at in range(columns))
        #: Who matches, as it was last asked for: nothing in the file changes.
        self._matching = lru_cache(_MOST_WORDS)(self._ask_matching)
        #: Entries that were read lately.
        self._known: dict[int, Entry] = {}

    def __len__(self) -> int:
        return self._count

    def holders(self, terms: Sequence[str], *, parts: bool) -> Mapping[str, Holders]:
        """Return who holds each of *terms*; the holders of common words only where there are no others.

        Of parts of words there are only the numbers.
        """
        known = self._counts(terms, parts=parts)
        if parts:
            return {term: Holders(known.get(term, 0), ()) for term in terms}
        found = {term: Holders(count, ()) for term, count in known.items()}
        left = _MOST_LOOKED_AT
        for term in sorted((term for term in terms if term not in known), key=lambda term: -len(term)):
            positions = self._matching(f'"{term}"', MOST_HOLDERS)
            found[term] = Holders(len(positions), positions if left > 0 else ())
            left -= len(positions)
        if left == _MOST_LOOKED_AT:
            self._add_common(found, known)
        return found

    def _add_common(self, found: dict[str, Holders], common: Mapping[str, int]) -> None:
        """Add the holders of common words, of as many of the rarest as one entry holds."""
        rarest = sorted(common, key=lambda term: (common[term], term))[:_MOST_TOGETHER]
        for together in range(len(rarest), 0, -1):
            positions = self._matching(" AND ".join(f'"{term}"' for term in rarest[:together]), _MOST_COMMON)
            if positions:
                found[rarest[0]] = Holders(common[rarest[0]], positions)
                return

    def resembling(self, words: Sequence[str]) -> Iterator[int]:
        """Yield the positions of entries that hold words like *words*, which no entry holds."""
        unknown = [word for word in words if len(word) > 2][:_MOST_UNKNOWN]
        yield from dict.fromkeys(
            position
            for word in unknown
            for alike in self._alike(word)
            for position in self._matching(f'"{alike}"', MOST_HOLDERS)
        )

    def _alike(self, word: str) -> list[str]:
        """Return the words of the source that share most parts with *word*."""
        shared: Counter[int] = Counter()
        parts = parts_of([word])
        for part in parts:
            # A part holds letters, digits and `_` alone, so that nothing in it means anything to FTS5.
            asked = "SELECT rowid FROM near_alike WHERE near_alike MATCH ? LIMIT ?"
            found = cast("list[tuple[int]]", self._ask(asked, (f'"{part}"', _MOST_WITH_PART)))
            shared.update([at for (at,) in found])
        best = sorted(
            (at for at, count in shared.items() if count >= _ALIKE * len(parts)), key=lambda at: (-shared[at], at)
        )
        named = [self._ask("SELECT term FROM near_terms WHERE id = ?", (at,)) for at in best[:_MOST_ALIKE]]
        return [str(rows[0][0]) for rows in named]

    def _counts(self, terms: Sequence[str], *, parts: bool) -> dict[str, int]:
        marks = ", ".join("?" * len(terms))
        # Only question marks go into this text, as many as there are terms.
        asked = f"SELECT term, entries FROM near_counts WHERE kind = ? AND term IN ({marks})"  # noqa: S608  names of columns and marks of ours alone
        return {str(term): cast("int", count) for term, count in self._ask(asked, (int(parts), *terms))}

    def _ask_matching(self, match: str, most: int) -> array[int]:
        # A word holds letters and digits alone, so that nothing in it means anything to FTS5.
        asked = "SELECT rowid FROM near_words WHERE near_words MATCH ? LIMIT ?"
        found = cast("list[tuple[int]]", self._ask(asked, (match, most)))
        return array("q", [position for (position,) in found])

    def entries(self, positions: Sequence[int]) -> Mapping[int, Entry]:
        """Return the entries at *positions*."""
        known = self._known
        found = {position: known[position] for position in positions if position in known}
        new = [position for position in positions if position not in found]
        if new:
            read = self._read(new)
            found |= read
            if len(known) + len(read) > _MOST_ENTRIES:
                known = self._known = {}
            known.update(read)  # two threads may both do this; they do the same
        return found

    def _read(self, positions: Sequence[int]) -> dict[int, Entry]:
        marks = ", ".join("?" * len(positions))
        # Only numbers of columns and question marks go into this text.
        asked = f"SELECT position, {self._cells} FROM entries WHERE position IN ({marks})"  # noqa: S608  names of columns and marks of ours alone
        rows = self._ask(asked, tuple(positions))
        return {cast("int", at): Entry(self._restore(tuple(cells)), self._searched) for at, *cells in rows}

    def among(self, positions: Sequence[int]) -> MemoryIndex:
        """Return the index of the few entries at *positions*, as if there were no others."""
        entries = self.entries(positions)
        return MemoryIndex({position: entries[position] for position in positions})


def _all_rows(
    connection: sqlite3.Connection, columns: int, restore: Callable[[tuple[Any, ...]], Row]
) -> Iterator[tuple[int, Row]]:
    """Yield the (position, row) of all entries of the open database."""
    cells = ", ".join(f"c{at}" for at in range(columns))
    # Only numbers of columns go into this text.
    for at, *row in connection.execute(f"SELECT position, {cells} FROM entries ORDER BY position"):  # noqa: S608  names of columns and marks of ours alone
        yield at, restore(tuple(row))
