"""A snapshot in a file: opened read-only, checked for being the right one, read by all threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.errors import SourceUnavailable
from promptspec.sources.building import APPLICATION_ID, TABLES_VERSION
from promptspec.sources.find_index import COMPARED, FACT, FileIndex, Near
from promptspec.sources.find_index import TABLES as NEAR_TABLES
from promptspec.sources.finding import MOST_COMPARED, MOST_IN_MEMORY, Index, MemoryIndex, find
from promptspec.sources.large import LargeSearch
from promptspec.sources.layout import ContentHash, Layout, Restorer, Stored, in_batches, label_of
from promptspec.sources.memory import MemorySnapshot as MemorySnapshot
from promptspec.sources.port import Found, Row
from promptspec.sources.search import MOST_CANDIDATES, MOST_TEXT, SEARCH_WINDOW, fold, fold_query, nearest_keys

if TYPE_CHECKING:
    import sqlite3

_ROWS_AT_ONCE: Final = 1_000
_CACHE: Final = 16_384  # KiB of pages; the upper ones of all indexes stay, however many rows there are
_LAST: Final = "\U0010ffff"

# The same ranks as `search.rank`.
_SEARCH: Final = """
SELECT position, {key}, {label}, CASE
    WHEN folded = :text OR lower({key}) = :text THEN 0
    WHEN instr(folded, :text) = 1 THEN 1
    WHEN instr(folded, ' ' || :text) THEN 2
    WHEN instr(lower({key}), :text) = 1 THEN 3
    WHEN instr(folded, :text) OR instr(lower({key}), :text) THEN 4
END AS fit FROM entries WHERE fit IS NOT NULL ORDER BY fit, position LIMIT :most
"""


def open_snapshot(path: str | os.PathLike[str], *, content_hash: str | None = None) -> FileSnapshot:
    """Open the snapshot file *path*; with *content_hash*, only if it is the snapshot of that hash.

    Checked on opening, in time that does not grow with the file: it is a SQLite database of ours, as long as its
    header says; the hash written in it is *content_hash*; it has as many rows as are written in it. That the rows
    still have that hash is checked by `verify_snapshot`, which reads them all. Raises SourceUnavailable.
    """
    return FileSnapshot(Path(path), content_hash)


def verify_snapshot(path: str | os.PathLike[str]) -> str:
    """Read all rows of the snapshot file *path* and return their hash; raises SourceUnavailable if it is another
    than the one written in the file, or if the file's indexes would find other rows.
    """
    with open_snapshot(path) as snapshot:
        if not snapshot.is_sound():
            raise SourceUnavailable(f"{path}: the tables or indexes of the snapshot are not as they were built")
        total = ContentHash(snapshot.layout)
        for batch in in_batches(snapshot.stored_rows()):
            total.add_all(batch)
        found = total.digest()
        if found != snapshot.content_hash:
            raise SourceUnavailable(f"{path}: the rows have the hash {found}, the file says {snapshot.content_hash}")
        if not _indexes_hold(snapshot):
            raise SourceUnavailable(f"{path}: the indexes of the snapshot are not those of its rows")
        return found


def _indexes_hold(snapshot: FileSnapshot) -> bool:
    import sqlite3

    from promptspec.sources.verifying import indexes_hold

    near = snapshot.looked_at
    try:
        return indexes_hold(
            snapshot.path,
            snapshot.layout,
            searched=near.searched if near is not None and len(snapshot) > MOST_IN_MEMORY else None,
        )
    except (sqlite3.Error, ValueError, TypeError, IndexError):
        return False


class FileSnapshot:
    """The rows of one snapshot file, through one connection that threads take turns with.

    One connection, because a second one could meet a newer file under the same name. In a child process the file
    is opened anew, and refused if it is another one.
    """

    def __init__(self, path: Path, content_hash: str | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._connection: sqlite3.Connection | None = self._connect()
        self._failure = _failure()  # kept, because an import for each question takes a tenth of its time
        facts = self._check(content_hash)
        self._hash = facts["content_hash"]
        self._count = int(facts["rows"])
        self._longest_key = int(facts["longest_key"])
        self._layout = Layout.from_json(facts["layout"])
        self._searched = searched_of(facts)
        self._compared = compared_in(facts)
        self._indexes: dict[tuple[int, ...], Index] = {}
        self._restore = Restorer(self._layout)
        self._pulled = facts.get("pulled", "")
        cells = ", ".join(f"c{at}" for at in range(len(self._layout.names)))
        key = f"c{self._layout.key}"
        # Only numbers of columns go into these texts, no names and no data.
        self._by_key = f"SELECT {cells} FROM entries WHERE {key} = ?"  # noqa: S608  names of columns and marks of ours alone
        self._by_position = f"SELECT {cells} FROM entries WHERE position > ? ORDER BY position LIMIT ?"  # noqa: S608  names of columns and marks of ours alone
        self._between = f"SELECT {key} FROM entries WHERE {key} >= ? AND {key} < ? LIMIT ?"  # noqa: S608  names of columns and marks of ours alone
        self._search = _SEARCH.format(key=key, label=f"c{self._layout.label}")
        self._large = LargeSearch(self._ask, key=self._layout.key, label=self._layout.label)
        kinds = (self._layout.kinds[self._layout.key], self._layout.kinds[self._layout.label])
        self._restore_shown = Restorer(Layout(names=("key", "label"), kinds=kinds, key=0, label=1))

    def __repr__(self) -> str:
        return f"FileSnapshot({self._path.name}, {self._count} rows, {self._hash})"

    def __enter__(self) -> FileSnapshot:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_connection", None) is not None:
            self.close()

    def close(self) -> None:
        """Close the file; what is asked after that raises SourceUnavailable."""
        with self._lock:
            self._drop()

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def layout(self) -> Layout:
        """The columns."""
        return self._layout

    @property
    def pulled(self) -> str:
        """When the rows were pulled from their origin, as `pulled.time_text` writes it; empty for those of a file."""
        return self._pulled

    @property
    def content_hash(self) -> str:
        """`sha256:` and 64 hexadecimal digits over the columns and all cells, in the order of the file."""
        return self._hash

    def __len__(self) -> int:
        return self._count

    def row(self, key: str) -> Row | None:
        """Return the row with exactly this key, or None."""
        if len(key) > self._longest_key or not _is_encodable(key):
            return None
        found = self._ask(self._by_key, (key,))
        return self._restore(found[0]) if found else None

    def position(self, text: str, *, in_key: bool) -> int | None:
        """Return which row, from 1, is the first with exactly this key, or this label; or None."""
        if not _is_encodable(text):
            return None
        key, label = f"c{self._layout.key}", f"c{self._layout.label}"
        # Only numbers of columns go into these texts.
        if in_key:
            found = self._ask(f"SELECT position FROM entries WHERE {key} = ?", (text,))  # noqa: S608  names of columns and marks of ours alone
        else:
            statement = f"SELECT position FROM entries WHERE folded = ? AND {label} = ? LIMIT 1"  # noqa: S608  names of columns and marks of ours alone
            found = self._ask(statement, (fold(text), text))
        return cast("int", found[0][0]) if found else None

    def rows(self) -> Iterator[Row]:
        """Yield all rows in the order of the file; others may ask between two of them."""
        yield from map(self._restore, self.stored_rows())

    def stored_rows(self) -> Iterator[tuple[Stored, ...]]:
        """Yield all rows as they are stored."""
        for position in range(0, self._count, _ROWS_AT_ONCE):
            yield from self._ask(self._by_position, (position, _ROWS_AT_ONCE))

    def is_sound(self) -> bool:
        """Say whether there are just the tables and indexes of a snapshot, and the indexes agree with the tables."""
        tables = self._ask("SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name", ())
        wanted = [("table", "entries"), ("index", "entry_by_key"), ("index", "entry_by_label"), ("table", "facts")]
        if self._count > SEARCH_WINDOW:
            wanted += [("table", f"trigrams{part}") for part in ("", "_config", "_data", "_idx")]
        if self._searched is not None and self._count > MOST_IN_MEMORY:
            wanted += [("table", name) for name in NEAR_TABLES]
            wanted += [("index", f"near_by_c{at}") for at in self._compared]
            wanted.sort(key=lambda each: each[1])
        return tables == wanted and self._ask("PRAGMA integrity_check(1)", ()) == [("ok",)]

    def near(self, key: str, most: int = 3) -> tuple[str, ...]:
        """Return up to *most* keys that are spelt like *key*, among at most 2,000 that begin like it."""
        if not _is_encodable(key):
            return ()
        candidates: dict[str, None] = {}
        sizes = (0,) if self._count <= MOST_CANDIDATES else (8, 6, 4, 3, 2, 1)
        for size in sizes:
            for start in dict.fromkeys((key[:size], key[:size].lower(), key[:size].upper())):
                left = MOST_CANDIDATES - len(candidates)
                if left > 0:
                    candidates.update(
                        (str(found[0]), None) for found in self._ask(self._between, (start, start + _LAST, left))
                    )
        return nearest_keys(key, candidates, most)

    def search(self, text: str, most: int = 10) -> tuple[tuple[str, str], ...]:
        """Return up to *most* (key, label) whose label or key holds *text*, best first; case and accents folded.

        In a source of more than 5,000 rows, parts of words have three characters or more, and keys are found by
        their beginnings.
        """
        query = fold_query(text)
        if not _is_encodable(query):
            return ()
        if self._count > SEARCH_WINDOW:
            typed = text[:MOST_TEXT].strip()
            hits = self._large.find(query, typed if _is_encodable(typed) else query, most)
        else:
            hits = self._ask(self._search, {"text": query, "most": most})
        return tuple([(str(key), self._shown(key, label)) for _, key, label, *_ in hits])

    @property
    def looked_at(self) -> Near | None:
        """What shortlists look at; None where the file was made for none."""
        return None if self._searched is None else Near(self._searched, self._compared)

    def can_find(self, searched: Sequence[int], compared: Sequence[int] = ()) -> bool:
        """Say whether `nearest` can look through the cells *searched*: in a large source it takes an index.

        With *compared* there must be indexes of these cells too.
        """
        indexed = self._searched == tuple(searched) and set(compared) <= set(self._compared)
        return self._count <= MOST_IN_MEMORY or indexed

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
        """Return the rows nearest to *near*; see `Snapshot`. Raises SourceUnavailable where there is no index."""
        cells = tuple(searched)
        index = self._indexes.get(cells)
        if index is None:
            # Two threads may both do this; they do the same.
            index = self._indexes[cells] = self._index(cells)
        only = self._only(equal) if self._count > MOST_IN_MEMORY else None
        return find(index, near if _is_encodable(near) else "", top=top, above=above, keeps=keeps, only=only)

    def _only(self, equal: Sequence[tuple[int, str]]) -> tuple[int, ...] | None:
        """Return the positions of all rows that have these texts in their cells, if they are few; else None."""
        known = [(at, text) for at, text in equal if at in self._compared]
        if not known or not all(_is_encodable(text) for _, text in known):
            return None
        # Only numbers of columns go into this text.
        asked = f"SELECT position FROM entries WHERE {' AND '.join(f'c{at} = ?' for at, _ in known)} LIMIT ?"  # noqa: S608  names of columns and marks of ours alone
        found = self._ask(asked, (*(text for _, text in known), MOST_COMPARED + 1))
        return tuple(cast("int", row[0]) for row in found) if len(found) <= MOST_COMPARED else None

    def _index(self, searched: tuple[int, ...]) -> Index:
        if self._count <= MOST_IN_MEMORY:
            return MemoryIndex.of(tuple(self.rows()), searched)
        if self._searched != searched:
            raise SourceUnavailable(f"{self._path}: the snapshot has no index for shortlists; build again")
        columns = len(self._layout.names)
        return FileIndex(self._ask, count=self._count, columns=columns, searched=searched, restore=self._restore)

    def _shown(self, key: Stored, label: Stored) -> str:
        """Return what people see of the row with the stored cells *key* and *label*."""
        if isinstance(label, str):
            return label
        return label_of(self._restore_shown((key, label)), 0, 1)

    def _ask(self, statement: str, values: Any) -> list[tuple[Stored, ...]]:
        if self._process != os.getpid():
            self._reopen()
        with self._lock:
            if self._connection is None:
                raise SourceUnavailable(f"{self._path}: the snapshot is closed")
            try:
                return self._connection.execute(statement, values).fetchall()
            except self._failure as error:
                raise self._damaged(error) from error

    def _connect(self) -> sqlite3.Connection:
        import sqlite3

        try:
            # Immutable: SQLite takes no locks and looks for no journal, for nobody ever writes to this file.
            address = f"{self._path.resolve().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise SourceUnavailable(f"{self._path}: the snapshot cannot be opened") from error
        return connection

    def _check(self, content_hash: str | None) -> dict[str, str]:
        import sqlite3

        connection = cast("sqlite3.Connection", self._connection)
        try:
            size = os.stat(self._path).st_size

            def number(pragma: str) -> int:
                return int(connection.execute(f"PRAGMA {pragma}").fetchone()[0])

            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute(f"PRAGMA cache_size = -{_CACHE}")
            if (number("application_id"), number("user_version")) != (APPLICATION_ID, TABLES_VERSION):
                raise SourceUnavailable(f"{self._path}: the file is no snapshot of this version")
            if number("page_count") * number("page_size") != size:
                raise SourceUnavailable(f"{self._path}: the snapshot is cut off or has grown")
            facts = dict(cast("list[tuple[str, str]]", connection.execute("SELECT name, value FROM facts").fetchall()))
            last = int(connection.execute("SELECT coalesce(max(position), 0) FROM entries").fetchone()[0])
            if facts["content_hash"] != content_hash is not None:
                raise SourceUnavailable(
                    f"{self._path}: the snapshot has the hash {facts['content_hash']}, expected is {content_hash}"
                )
            if last != int(facts["rows"]):
                raise SourceUnavailable(f"{self._path}: the snapshot has {last} rows, it says {facts['rows']}")
            Layout.from_json(facts["layout"])
            int(facts["longest_key"])
            searched_of(facts)
            compared_in(facts)
        except SourceUnavailable:
            self._drop()
            raise
        except (OSError, sqlite3.Error, KeyError, TypeError, ValueError) as error:
            self._drop()
            raise self._damaged(error) from error
        return facts

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _reopen(self) -> None:
        # A forked child shares the parent's place in the file, and perhaps a lock that nobody will release: it gets
        # its own of both. What it inherited is never closed, for the parent's thread may have been using it.
        _INHERITED.append(self._connection)
        self._lock = threading.Lock()
        self._connection = self._connect()
        self._check(self._hash)
        self._process = os.getpid()

    def _damaged(self, error: Exception) -> SourceUnavailable:
        return SourceUnavailable(f"{self._path}: the snapshot is damaged ({error.__class__.__name__})")


def _failure() -> type[Exception]:
    import sqlite3

    return sqlite3.Error


def searched_of(facts: Mapping[str, str]) -> tuple[int, ...] | None:
    """Return which cells the index for shortlists is of; None where there is none. Raises ValueError, TypeError."""
    written = facts.get(FACT)
    return None if written is None else tuple(map(int, written.split()))


def compared_in(facts: Mapping[str, str]) -> tuple[int, ...]:
    """Return which cells have an index for the conditions of shortlists. Raises ValueError."""
    return tuple(map(int, facts.get(COMPARED, "").split()))


#: Connections that a child process inherited.
_INHERITED: Final[list[object]] = []


def _is_encodable(text: str) -> bool:
    """Tell whether SQLite can look for *text*: it holds no half of a surrogate pair and no NUL."""
    if text.isascii():
        return "\0" not in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
