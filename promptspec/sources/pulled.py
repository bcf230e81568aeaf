"""A snapshot that was pulled, as anybody may have written it: opened so that nothing in it runs, its rows raw again.

It lies beside the spec, so it may come with a pull request. What it says of itself proves nothing: its rows are judged
as those of any file.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from promptspec.contract.feature import Source
from promptspec.sources.building import APPLICATION_ID, TABLES_VERSION, schema_of
from promptspec.sources.given import Given
from promptspec.sources.layout import Layout, layout_of
from promptspec.sources.origins import MOST_CELL, origin_hash
from promptspec.sources.problems import FileProblem
from promptspec.sources.reading import RawRow

if TYPE_CHECKING:
    import sqlite3

_ROWS_AT_ONCE: Final = 1_000
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_DECIMAL: Final = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?")


class NotPulled(Exception):
    """A file is no snapshot of the source as it is declared; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """An open snapshot: what it says that its hash is, when it was pulled, and its rows."""

    content_hash: str
    pulled: datetime
    rows: Given


def time_text(moment: datetime) -> str:
    """Return *moment* as snapshots keep it: UTC, to the second."""
    return moment.astimezone(UTC).strftime(_TIME)


def read_time(text: str) -> datetime:
    """Return the moment that `time_text` wrote. Raises ValueError."""
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


@contextmanager
def open_pulled(source: Source, file: BinaryIO) -> Generator[Pulled]:
    """Open a copy of *file* as the snapshot of *source*. Raises NotPulled.

    A copy, so that what is judged is what was opened, whoever changes the file meanwhile.
    """
    import sqlite3

    layout = layout_of(source)
    with tempfile.TemporaryDirectory(prefix="promptspec-") as folder:
        path = Path(folder) / "pulled.sqlite"
        with open(path, "wb") as copy:
            shutil.copyfileobj(file, copy, 1024 * 1024)
        try:
            connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
        except sqlite3.Error as error:
            raise NotPulled("is damaged") from error
        try:
            facts = _facts(connection, layout)
            if facts.get("origin") != origin_hash(source):
                raise NotPulled("was pulled from another origin, or for other columns")
            if facts.get("layout") != layout.to_json():
                raise NotPulled("is damaged")
            try:
                pulled = read_time(facts.get("pulled", ""))
            except ValueError:
                raise NotPulled("is damaged") from None
            yield Pulled(
                content_hash=facts.get("content_hash", ""),
                pulled=pulled,
                rows=Given(lambda: _rows(connection, source, layout)),
            )
        finally:
            connection.close()


def _facts(connection: sqlite3.Connection, layout: Layout) -> dict[str, str]:
    import sqlite3

    # https://www.sqlite.org/security.html: what to set before a database of unknown origin is read.
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_CELL)
    try:
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0", "query_only = ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        numbers = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
        if numbers != [APPLICATION_ID, TABLES_VERSION]:
            raise NotPulled("is no snapshot of this version")
        found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name LIMIT 20")
        if found.fetchall() != schema_of(layout):
            raise NotPulled("was pulled from another origin, or for other columns")
        facts = connection.execute("SELECT name, value FROM facts LIMIT 20").fetchall()
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise NotPulled("is damaged") from error
    return {name: value for name, value in facts if isinstance(name, str) and isinstance(value, str)}


def _rows(connection: sqlite3.Connection, source: Source, layout: Layout) -> Iterator[RawRow | FileProblem]:
    import sqlite3

    headers = dict(source.headers)
    names = [headers.get(name, name) for name in layout.names]
    cells = ", ".join(f"c{at}" for at in range(len(names)))
    position = 0
    try:
        # Only numbers of columns go into this text.
        found = connection.execute(f"SELECT position, {cells} FROM entries ORDER BY position")  # noqa: S608  names of columns and marks of ours alone
        while batch := found.fetchmany(_ROWS_AT_ONCE):
            for number, *stored in batch:
                position += 1
                if number != position:
                    raise FileProblem("damaged", "the snapshot is damaged", place=f"row {position}")
                written = map(_as_written, stored, layout.kinds)
                yield RawRow(None, f"row {position}", dict(zip(names, written, strict=True)))
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise FileProblem("damaged", "the snapshot is damaged", place=f"after row {position}") from error


def _as_written(cell: object, kind: str) -> object:
    """Return a stored cell as json would hold it; what no cell of its kind is stored as is left to be refused."""
    if kind == "decimal" and isinstance(cell, str) and _DECIMAL.fullmatch(cell):
        return Decimal(cell)
    if kind == "bool" and isinstance(cell, int) and cell in (0, 1):
        return bool(cell)
    if kind == "decimal" and isinstance(cell, int):
        return float("nan")  # it is stored as a text
    return cell
