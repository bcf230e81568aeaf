"""Rows to a snapshot file: one SQLite database, written beside its place and moved there when it is whole."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from promptspec.sources.layout import ContentHash, Layout, Stored, label_of, store_row
from promptspec.sources.port import Row
from promptspec.sources.search import SEARCH_WINDOW, fold

if TYPE_CHECKING:
    import sqlite3

#: "pspc" in ASCII, as SQLite's application id, and the version of the tables below as its user version.
APPLICATION_ID: Final = 0x70737063
TABLES_VERSION: Final = 2

# Cells have no affinity, so that SQLite keeps them as they are given. Positions are 1, 2, 3 … without a gap, which
# makes the largest one the number of rows.
_TABLES: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (position INTEGER PRIMARY KEY, folded, {cells});
"""
_INDEXES: Final = """
CREATE UNIQUE INDEX entry_by_key ON entries (c{key});
CREATE INDEX entry_by_label ON entries (folded);
"""

# Where a search cannot look through all rows: which labels hold three characters in a row. It keeps neither texts nor
# places in them, so what it finds is looked at again. Rows come in the order of their positions: FTS5 writes out what
# it has gathered whenever a position is not larger than the one before.
_TRIGRAMS: Final = """
CREATE VIRTUAL TABLE trigrams USING
    fts5(folded, tokenize='trigram case_sensitive 1', detail='none', content='', columnsize=0);
INSERT INTO trigrams (trigrams, rank) VALUES ('hashsize', 33554432);
INSERT INTO trigrams (rowid, folded) SELECT position, folded FROM entries ORDER BY position;
"""
#: KiB of pages that SQLite keeps while it builds.
_BUILD_CACHE: Final = 65_536


class RepeatedKey(ValueError):
    """Rows to be built have one key twice; *keys* are some of those."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        super().__init__("a key is repeated")
        self.keys = keys


class OtherContent(ValueError):
    """Rows to be built have another hash than the one that was expected."""


def build_snapshot(
    layout: Layout,
    rows: Iterable[Row],
    path: str | os.PathLike[str],
    *,
    content_hash: str | None = None,
    searchable: bool = True,
) -> str:
    """Write *rows*, read once and not kept, into the snapshot file *path*; return their content hash.

    Whoever opens *path* meanwhile, or after this fails or is killed, finds the file that was there before.
    Large sources get an index of the parts of labels, if they are to be *searchable*. Raises RepeatedKey, and
    OtherContent where the rows do not have the hash *content_hash*, both of them ValueErrors; and OSError where the
    file cannot be written.
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.urandom(8).hex()}.partial")
    # Opened here, not by SQLite, so that it is new, no link, and has the permissions of an ordinary file.
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        found = _write(layout, rows, partial, searchable)
        if found != content_hash is not None:
            raise OtherContent(f"the rows have the hash {found}, expected is {content_hash}")
        _settle(partial)
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _settle(target.parent)
    return found


def _write(layout: Layout, rows: Iterable[Row], path: Path, searchable: bool) -> str:
    import sqlite3

    total = ContentHash(layout)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        # The file is thrown away if anything fails, so SQLite need not be able to undo.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA cache_size = -{_BUILD_CACHE}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {TABLES_VERSION}")
        cells = ", ".join(f"c{at}" for at in range(len(layout.names)))
        _run(connection, _TABLES.format(cells=cells))
        connection.execute("BEGIN")
        marks = ", ".join("?" * (len(layout.names) + 2))
        count = _Count()
        # Only question marks go into this text, as many as there are columns; no names and no data.
        connection.executemany(f"INSERT INTO entries VALUES ({marks})", _entries(layout, rows, total, count))  # noqa: S608
        try:
            _run(connection, _INDEXES.format(key=layout.key))
        except sqlite3.IntegrityError:
            key = f"c{layout.key}"
            # Only the number of a column goes into this text.
            twice = f"SELECT {key} FROM entries GROUP BY {key} HAVING count(*) > 1 LIMIT 20"  # noqa: S608
            raise RepeatedKey(tuple(str(found[0]) for found in connection.execute(twice))) from None
        if searchable and count.rows > SEARCH_WINDOW:
            _run(connection, _TRIGRAMS)
        facts = {
            "layout": layout.to_json(),
            "content_hash": total.digest(),
            "rows": str(count.rows),
            "longest_key": str(count.longest_key),
        }
        connection.executemany("INSERT INTO facts VALUES (?, ?)", sorted(facts.items()))
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
    finally:
        connection.close()
    return total.digest()


class _Count:
    """What is counted while rows pass."""

    __slots__ = ("longest_key", "rows")

    def __init__(self) -> None:
        self.rows = 0
        self.longest_key = 0


def _entries(layout: Layout, rows: Iterable[Row], total: ContentHash, count: _Count) -> Iterator[tuple[Stored, ...]]:
    for position, row in enumerate(rows, start=1):
        stored = store_row(row)
        total.add(stored)
        key = cast("str", stored[layout.key])
        count.rows = position
        count.longest_key = max(count.longest_key, len(key))
        yield (position, fold(label_of(row, layout.key, layout.label)), *stored)


def _run(connection: sqlite3.Connection, statements: str) -> None:
    # Not executescript, which would commit first.
    for statement in statements.split(";"):
        if statement.strip():
            connection.execute(statement)


def _settle(path: Path) -> None:
    """Have the disk hold what was written, so that a crash of the machine leaves the old file or the new one."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        if os.name != "nt":
            raise
        # Windows opens no folders, and flushes a renamed file by itself.
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
