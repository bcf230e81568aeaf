"""Rows of a query: one SELECT, in a transaction that may only read, within a time; needs the extra `sql`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from promptspec.contract.feature import Source
from promptspec.models.origins import is_loopback
from promptspec.sources.addresses import PostgreSQL, SQLite, is_one_query, read_database, why_not
from promptspec.sources.given import Given, as_written
from promptspec.sources.origins import MOST_CELL, OriginFailed, live_of, within
from promptspec.sources.problems import FileProblem, nearest, shown
from promptspec.sources.reading import RawRow

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Engine

#: Rows that a database hands over at once.
_BATCH: Final = 1_000
#: Steps of SQLite's machine between two looks at the clock.
_STEPS: Final = 10_000


def is_installed() -> bool:
    """Say whether SQLAlchemy is here."""
    return find_spec("sqlalchemy") is not None


def read_sql(source: Source, arguments: tuple[str, ...], *, root: Path | None) -> Given:
    """Return the rows of the query *arguments[1]* in the database *arguments[0]*, which is asked when they are taken.

    A relative path of SQLite is below *root* and stays there. Raises OriginFailed for what is no database that may be
    asked.
    """
    if not is_installed():
        raise OriginFailed("a source from `sql` needs SQLAlchemy: install `promptspec[sql]`")
    address, query = arguments
    live = live_of(source)
    if not is_one_query(query):
        raise OriginFailed("it is no single SELECT")
    database = read_database(address)
    seconds = live.time_ms / 1000
    match database:
        case None:
            raise OriginFailed("its address names no database: write `postgresql://host/name` or `sqlite:///path`")
        case SQLite():
            engine = partial(_sqlite, _file(database, root), seconds)
        case PostgreSQL():
            refused = why_not(database.origin, live.hosts)
            if refused is not None:
                raise OriginFailed(f"{refused}, in `hosts` of `[tool.promptspec]`")
            engine = partial(_postgresql, database, seconds)
    return Given(lambda: _numbered(within(seconds, lambda gone: _rows(source, engine, query))))


def _numbered(rows: Iterator[dict[str, object]]) -> Iterator[RawRow | FileProblem]:
    for number, cells in enumerate(rows, start=1):
        yield RawRow(None, f"row {number}", cells)


def _rows(source: Source, connect: Callable[[], Engine], query: str) -> Iterator[dict[str, object]]:
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        engine = connect()
        try:
            with engine.connect() as connection:
                asked = connection.execution_options(
                    stream_results=True, max_row_buffer=_BATCH, no_parameters=True, postgresql_readonly=True
                )
                with asked.exec_driver_sql(query) as found:
                    names = tuple(found.keys())
                    _check_names(source, names)
                    for batch in found.partitions(_BATCH):
                        for row in batch:
                            yield dict(zip(names, map(as_written, row), strict=True))
        finally:
            engine.dispose()
    except DBAPIError as error:
        cause = error.orig or error
        raise OriginFailed(f"the database said no ({type(cause).__name__})", foreign=str(cause)) from error
    except SQLAlchemyError as error:
        raise OriginFailed(f"the database could not be read ({type(error).__name__})", foreign=str(error)) from error


def _check_names(source: Source, names: tuple[str, ...]) -> None:
    headers = dict(source.headers)
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise FileProblem("repeated_header", f"the query gives two columns called `{shown(twice)}`")
    for column in source.columns:
        wanted = headers.get(column.name, column.name)
        if wanted not in names:
            raise FileProblem("missing_column", f"the query gives no `{shown(wanted)}`{nearest(wanted, names)}")


def _postgresql(database: PostgreSQL, seconds: float) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.engine import URL
    from sqlalchemy.pool import NullPool

    if find_spec("psycopg") is None:
        raise OriginFailed("PostgreSQL needs psycopg: install `promptspec[sql]`")
    host = database.origin.host.strip("[]")
    sslmode = database.sslmode or ("prefer" if is_loopback(database.origin.host) else "verify-full")
    url = URL.create(
        "postgresql+psycopg",
        username=None if database.user is None else unquote(database.user),
        password=None if database.password is None else unquote(database.password),
        host=host,
        port=database.origin.port,
        database=unquote(database.database),
    )
    milliseconds = max(int(seconds * 1000), 1)
    return create_engine(
        url,
        poolclass=NullPool,
        connect_args={
            # Of the session too, for what would begin a transaction of its own.
            "options": f"-c statement_timeout={milliseconds} -c default_transaction_read_only=on",
            "connect_timeout": max(int(seconds), 2),
            "application_name": "promptspec",
            "sslmode": sslmode,
            **({"sslrootcert": "system"} if sslmode.startswith("verify") and database.sslmode is None else {}),
        },
    )


def _file(database: SQLite, root: Path | None) -> Path:
    path = Path(database.path)
    if path.is_absolute():
        return path
    if root is None:
        raise OriginFailed("a relative path of SQLite is known to `promptspec source pull` alone")
    try:
        real = (root / path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise OriginFailed(f"there is no file `{shown(database.path)}`") from None
    if not real.is_relative_to(root.resolve()):
        raise OriginFailed(f"`{shown(database.path)}` lies outside the project")
    return real


def _sqlite(path: Path, seconds: float) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    return create_engine("sqlite://", creator=lambda: _open(path, time.monotonic() + seconds), poolclass=NullPool)


def _open(path: Path, deadline: float) -> sqlite3.Connection:
    import sqlite3

    if not path.is_file():
        raise OriginFailed(f"there is no file `{shown(path.name)}`")
    left = max(deadline - time.monotonic(), 0.1)
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=left, check_same_thread=False)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    # Within one function nobody looks at the time: `zeroblob` alone could take all memory.
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_CELL)
    connection.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
    allowed = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE))
    never = frozenset(("load_extension", "writefile", "readfile", "edit", "fts3_tokenizer"))

    def judge(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
        if action == sqlite3.SQLITE_TRANSACTION:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_PRAGMA:  # SQLAlchemy asks for it when it connects
            return sqlite3.SQLITE_OK if (first, second) == ("read_uncommitted", None) else sqlite3.SQLITE_DENY
        fine = action in allowed and not (action == sqlite3.SQLITE_FUNCTION and second in never)
        return sqlite3.SQLITE_OK if fine else sqlite3.SQLITE_DENY

    connection.set_authorizer(judge)
    return connection
