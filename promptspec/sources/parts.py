"""The index of the parts of labels: built by a thread, in a file of its own, while rows are read and written."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import TYPE_CHECKING, Final

from promptspec.sources.search import SEARCH_WINDOW

if TYPE_CHECKING:
    import sqlite3

# Where a search cannot look through all rows: which labels hold three characters in a row. It keeps neither texts nor
# places in them, so what it finds is looked at again.
_TABLE: Final = """
CREATE VIRTUAL TABLE trigrams USING
    fts5(folded, tokenize='trigram case_sensitive 1', detail='none', content='', columnsize=0)
"""
# One statement for all rows: SQLite lets go of Python's lock for as long as it runs, and takes it for a moment only,
# to ask for the next batch. FTS5 would write out what it has gathered with each further statement. CROSS JOIN has
# SQLite take the batches as they come, and not gather all of them first.
_FILL: Final = """
INSERT INTO trigrams (rowid, folded)
WITH RECURSIVE batches (before, labels) AS (
    SELECT 0, next_batch()
    UNION ALL
    SELECT before + json_array_length(labels), next_batch() FROM batches WHERE labels IS NOT NULL
)
SELECT before + key + 1, value FROM batches CROSS JOIN json_each(labels)
"""
# The tables in which FTS5 keeps an index are ordinary ones, and the same whichever file they are written in.
_COPY: Final = (
    "DELETE FROM main.trigrams_data",
    "INSERT INTO main.trigrams_data SELECT * FROM parts.trigrams_data ORDER BY id",
    "INSERT INTO main.trigrams_idx SELECT * FROM parts.trigrams_idx ORDER BY segid, term",
)
#: Bytes that FTS5 gathers before it writes them out, in place of one million: what it writes has to be merged.
_GATHERED: Final = 4_194_304
#: Batches that wait for the thread.
_MOST_WAITING: Final = 16


def read_again(path: Path) -> bool:
    """Say whether the index of the parts of labels in the snapshot file *path* is that of its folded labels.

    FTS5 compares both, once it is told that the labels are its content; for that it gets a copy of the index, since
    nothing is written to a snapshot.
    """
    import sqlite3

    connection = sqlite3.connect("", uri=True, isolation_level=None)
    try:
        connection.execute("ATTACH ? AS parts", (f"{path.resolve().as_uri()}?mode=ro&immutable=1",))
        connection.execute("CREATE TEMP VIEW labels AS SELECT position, folded FROM parts.entries")
        told = "content='labels', content_rowid='position'"
        connection.execute(_TABLE.replace("TABLE trigrams", "TABLE temp.trigrams").replace("content=''", told))
        connection.execute("BEGIN")
        for statement in _COPY:
            connection.execute(statement.replace("main.", "temp."))
        connection.execute("COMMIT")
        connection.execute("INSERT INTO temp.trigrams (trigrams, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:
            return False
        raise
    finally:
        connection.close()
    return True


class Parts:
    """Takes folded labels in the order of their rows; a source of few rows gets no index."""

    def __init__(self, path: Path) -> None:
        """Take the *path* of a file that is not there yet."""
        self._path = path
        self._first: list[Sequence[str]] = []
        self._count = 0
        self._batches: SimpleQueue[str | None] = SimpleQueue()
        self._room = Semaphore(_MOST_WAITING)
        self._thread: Thread | None = None
        self._error: BaseException | None = None
        self._is_abandoned = False

    def add(self, folded: Sequence[str]) -> None:
        """Take the folded labels of the next rows; may wait for the thread. Raises what went wrong in it."""
        self._count += len(folded)
        if self._thread is None:
            self._first.append(folded)
            if self._count <= SEARCH_WINDOW:
                return
            # Opened here, not by SQLite, so that it is new and no link.
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            self._thread = Thread(target=self._run, name="promptspec-parts")
            self._thread.start()
            for each in self._first:
                self._put(each)
            self._first = []
        else:
            self._put(folded)

    def copy_into(self, connection: sqlite3.Connection) -> None:
        """Wait for the thread and copy what it made into the database of *connection*, which is in no transaction."""
        if self._thread is None:
            return
        self._batches.put(None)
        self._thread.join()
        self._raise()
        connection.execute(_TABLE)
        connection.execute("ATTACH ? AS parts", (str(self._path),))
        connection.execute("BEGIN")
        for statement in _COPY:
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("DETACH parts")

    def close(self) -> None:
        """End the thread, wherever it is, and remove its file."""
        if self._thread is not None:
            self._is_abandoned = True
            self._batches.put(None)
            self._thread.join()
        self._path.unlink(missing_ok=True)

    def _put(self, folded: Sequence[str]) -> None:
        self._room.acquire()
        self._raise()
        self._batches.put(json.dumps(folded, ensure_ascii=False))

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._fill()
        except BaseException as error:  # noqa: BLE001  it is raised again in the thread that builds
            self._error = error
        # Whoever waits for room goes on, and finds the error if there is one.
        self._room.release(_MOST_WAITING)

    def _fill(self) -> None:
        import sqlite3

        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_TABLE)
            connection.execute("INSERT INTO trigrams (trigrams, rank) VALUES ('hashsize', ?)", (_GATHERED,))
            # Merged where sixteen pieces stand beside each other, and not a little with each.
            connection.execute("INSERT INTO trigrams (trigrams, rank) VALUES ('automerge', 0)")
            connection.create_function("next_batch", 0, self._next)
            connection.execute("BEGIN")
            connection.execute(_FILL)
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _next(self) -> str | None:
        batch = self._batches.get()
        self._room.release()
        if self._is_abandoned:
            raise RuntimeError("nobody waits for this index any more")
        return batch
