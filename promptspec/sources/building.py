"""Rows to a snapshot file: one SQLite database, written beside its place and moved there when it is whole."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from promptspec.sources.find_index import Near, add_index
from promptspec.sources.layout import ContentHash, Layout, Stored, Storer, in_batches, labels_of
from promptspec.sources.parts import Parts
from promptspec.sources.port import Row
from promptspec.sources.search import fold_all

if TYPE_CHECKING:
    import sqlite3

#: "pspc" in ASCII, as SQLite's application id, and the version of the tables below as its user version.
APPLICATION_ID: Final = 0x70737063
TABLES_VERSION: Final = 3

# Cells have no affinity, so that SQLite keeps them as they are given. Positions are 1, 2, 3 … without a gap, which
# makes the largest one the number of rows.
_TABLES: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (position INTEGER PRIMARY KEY, folded, {cells});
"""
# The second one holds all that a search shows of a row, so that it need not be looked up.
_INDEXES: Final = """
CREATE UNIQUE INDEX entry_by_key ON entries (c{key});
CREATE INDEX entry_by_label ON entries (folded, position, {shown});
"""

#: KiB of pages that SQLite keeps while it builds.
_BUILD_CACHE: Final = 65_536
_NO_FACTS: Final[Mapping[str, str]] = {}


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
    near: Near | None = None,
    facts: Mapping[str, str] = _NO_FACTS,
) -> str:
    """Write *rows*, read once and not kept, into the snapshot file *path*; return their content hash.

    Whoever opens *path* meanwhile, or after this fails or is killed, finds the file that was there before.
    Large sources get an index of the parts of labels, if they are to be *searchable*, and with *near* those that
    shortlists need. More *facts* may be kept beside the rows; the hash does not speak of them. Raises RepeatedKey, and
    OtherContent where the rows do not have the hash *content_hash*, both of them ValueErrors; and OSError where the
    file cannot be written.
    """
    with _beside(Path(path)) as partial:
        found = _write(layout, rows, partial, searchable, facts, near)
        if found != content_hash is not None:
            raise OtherContent(f"the rows have the hash {found}, expected is {content_hash}")
    return found


def copy_snapshot(made: Path, path: str | os.PathLike[str], *, near: Near | None = None) -> None:
    """Write what the snapshot file *made* holds into the file *path*, as `build_snapshot` does; raises OSError.

    *made* has none of what shortlists need.
    """
    with _beside(Path(path)) as partial:
        shutil.copyfile(made, partial)
        if near is not None:
            _add_near(partial, near)


def _add_near(path: Path, near: Near) -> None:
    import sqlite3

    connection = sqlite3.connect(path, isolation_level=None)
    try:
        _settle_pragmas(connection)
        connection.execute("BEGIN")
        (layout,) = connection.execute("SELECT value FROM facts WHERE name = 'layout'").fetchone()
        add_index(connection, Layout.from_json(layout), near)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _settle_pragmas(connection: sqlite3.Connection) -> None:
    # The file is thrown away if anything fails, so SQLite need not be able to undo.
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"PRAGMA cache_size = -{_BUILD_CACHE}")


@contextmanager
def _running_out_of_room(path: Path) -> Generator[None]:
    """Raise OSError where SQLite finds no room for *path*."""
    import sqlite3

    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


@contextmanager
def _beside(target: Path) -> Generator[Path]:
    """Hand out a new file beside *target*, to be written, and move it there if nothing goes wrong."""
    partial = target.with_name(f".{target.name}.{os.urandom(8).hex()}.partial")
    # Opened here, not by SQLite, so that it is new, no link, and has the permissions of an ordinary file.
    os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        with _running_out_of_room(partial):
            yield partial
        _settle(partial)
        os.replace(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _settle(target.parent)


def _write(
    layout: Layout, rows: Iterable[Row], path: Path, searchable: bool, more: Mapping[str, str], near: Near | None
) -> str:
    import sqlite3

    filling = _Filling(layout)
    parts = Parts(path.with_suffix(".parts")) if searchable else None
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        _settle_pragmas(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {TABLES_VERSION}")
        cells = ", ".join(f"c{at}" for at in range(len(layout.names)))
        _run(connection, _TABLES.format(cells=cells))
        connection.execute("BEGIN")
        marks = ", ".join("?" * (len(layout.names) + 2))
        for folded, entries in filling.entries(rows):
            if parts is not None:
                parts.add(folded)
            # Only question marks go into this text, as many as there are columns; no names and no data.
            connection.executemany(f"INSERT INTO entries VALUES ({marks})", entries)  # noqa: S608  names of columns and marks of ours alone
        try:
            _run(connection, _indexes(layout))
        except sqlite3.IntegrityError:
            key = f"c{layout.key}"
            # Only the number of a column goes into this text.
            twice = f"SELECT {key} FROM entries GROUP BY {key} HAVING count(*) > 1 LIMIT 20"  # noqa: S608  names of columns and marks of ours alone
            raise RepeatedKey(tuple(str(found[0]) for found in connection.execute(twice))) from None
        connection.executemany("INSERT INTO facts VALUES (?, ?)", sorted({**more, **filling.facts()}.items()))
        if near is not None:
            add_index(connection, layout, near)
        connection.execute("COMMIT")
        if parts is not None:
            parts.copy_into(connection)
    finally:
        connection.close()
        if parts is not None:
            parts.close()
    return filling.content_hash


def schema_of(layout: Layout) -> list[tuple[object, ...]]:
    """Return what SQLite tells of the tables and indexes of a snapshot that was built not to be searched."""
    import sqlite3

    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        _run(connection, _TABLES.format(cells=", ".join(f"c{at}" for at in range(len(layout.names)))))
        _run(connection, _indexes(layout))
        return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
    finally:
        connection.close()


def _indexes(layout: Layout) -> str:
    shown = ", ".join(f"c{at}" for at in dict.fromkeys((layout.key, layout.label)))
    return _INDEXES.format(key=layout.key, shown=shown)


class _Filling:
    """Rows on their way into the table, and what is counted while they pass."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._total = ContentHash(layout)
        self._rows = 0
        self._longest_key = 0

    def entries(self, rows: Iterable[Row]) -> Iterator[tuple[list[str], Iterator[tuple[Stored, ...]]]]:
        """Yield, a batch of rows at a time, their folded labels and what is inserted for them."""
        layout = self._layout
        store_all = Storer(layout)
        for batch in in_batches(rows):
            stored = store_all(batch)
            self._total.add_all(stored)
            columns = list(zip(*stored, strict=True))
            self._longest_key = max(self._longest_key, *map(len, cast("Sequence[str]", columns[layout.key])))
            folded = fold_all(labels_of(layout, batch))
            positions = range(self._rows + 1, self._rows + len(batch) + 1)
            self._rows += len(batch)
            yield folded, zip(positions, folded, *columns, strict=True)

    @property
    def content_hash(self) -> str:
        """The hash of the rows that have passed."""
        return self._total.digest()

    def facts(self) -> dict[str, str]:
        """Return what a snapshot says of itself."""
        return {
            "layout": self._layout.to_json(),
            "content_hash": self.content_hash,
            "rows": str(self._rows),
            "longest_key": str(self._longest_key),
        }


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
