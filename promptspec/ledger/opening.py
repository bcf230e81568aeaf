"""Opens the ledger that is named, lays its tables out, and lets one write at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.errors import LedgerUnavailable

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection, Engine

#: Names the ledger: the path of a SQLite file, or `postgresql+psycopg://…`.
LEDGER: Final = "PROMPTSPEC_LEDGER"
#: Where the key comes from that texts are sealed with: 32 characters or more.
SEAL_KEY: Final = "PROMPTSPEC_LEDGER_KEY"
#: A ledger that is gone with the process: for tests and rehearsals.
IN_MEMORY: Final = ":memory:"
#: The versions of the tables, oldest first: names of migrations.
REVISIONS: Final = ("0001",)

#: Seconds that one writer waits for another, and that a server may take to answer.
_PATIENCE: Final = 5
#: Serialises all writers of a PostgreSQL ledger: any number that others hardly use.
_LOCK: Final = 0x70726F6D70747370
_INSTALL: Final = "the ledger needs SQLAlchemy and Alembic: install `promptspec[ledger]`"


def is_installed() -> bool:
    """Say whether what the ledger needs is here."""
    return all(find_spec(each) for each in ("sqlalchemy", "alembic"))


class Ledger:
    """One ledger, shared by threads, and by processes where it is a file or a server."""

    def __init__(self, engine: Engine, *, is_shared: bool) -> None:
        self._engine = engine
        self._is_file = engine.dialect.name == "sqlite"
        #: Whether others may have it too; one in memory is this process' own, and never waited for.
        self.is_shared = is_shared
        self._turn = threading.RLock()
        self._swept = 0

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that no other writer runs beside. It is committed at the end, or nothing of it is kept.

        Raises LedgerUnavailable where the ledger cannot be written.
        """
        with self._in_turn(), _telling(), self._engine.connect() as plain:
            connection = plain.execution_options(promptspec_writes=True)
            with connection.begin():
                if not self._is_file:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that sees one state of the ledger. Raises LedgerUnavailable where it cannot be read."""
        if self.is_shared:
            with _telling(), self._engine.connect() as connection, connection.begin():
                yield connection
        else:
            with self._in_turn(), _telling(), self._engine.connect() as connection, connection.begin():
                yield connection

    def scrub(self) -> None:
        """Empty the log of a SQLite file, in which pages stand as they were before something was deleted.

        Raises LedgerUnavailable where others keep the log in use.
        """
        if not self._is_file:
            return
        import sqlite3

        with self._in_turn(), _telling(), self._engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise LedgerUnavailable("others read the ledger, whose log is emptied once they are done")

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        # SQLite has those who wait sleep and try again; threads of one process had better queue.
        if self._is_file and not self._turn.acquire(timeout=_PATIENCE):
            raise LedgerUnavailable("another thread holds the ledger")
        try:
            yield
        finally:
            if self._is_file:
                self._turn.release()

    def is_due(self, at: int, *, every: int) -> bool:
        """Say whether this process has not cleaned up for *every* milliseconds at the moment *at*, and begin anew."""
        if at - self._swept < every:
            return False
        self._swept = at
        return True

    def clear(self) -> None:
        """Make a ledger in memory as it was when it was opened. Raises ValueError for any other."""
        if self.is_shared:
            raise ValueError("only a ledger in memory is cleared")
        with self._in_turn(), self._engine.connect() as connection:
            _blank(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


@contextmanager
def _telling() -> Iterator[None]:
    """Turn what a database says into LedgerUnavailable, without a word of what was to be written."""
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        yield
    except DBAPIError as error:
        raise LedgerUnavailable(_reason(error.orig)) from None
    except SQLAlchemyError as error:
        raise LedgerUnavailable(type(error).__name__) from None


def _reason(error: BaseException | None) -> str:
    """Return what is wrong, in the database's own fixed words."""
    import sqlite3

    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", None) or type(error).__name__
        return _SQLITE.get(name, f"SQLite says {name}")
    state = getattr(error, "sqlstate", None)
    return f"the database says {type(error).__name__}" + (f" {state}" if state else "")


_SQLITE: Final = {
    "SQLITE_FULL": "the disk is full",
    "SQLITE_BUSY": "another process holds the ledger",
    "SQLITE_CANTOPEN": "its file cannot be opened",
    "SQLITE_READONLY": "its file cannot be written",
    "SQLITE_NOTADB": "its file is no ledger",
    "SQLITE_CORRUPT": "its file is damaged",
    "SQLITE_IOERR_WRITE": "its file cannot be written",
}


# Opening


_OPEN: Final[dict[tuple[int, str], Ledger]] = {}
_OPENING: Final = threading.Lock()


def ledger_of(environment: Mapping[str, str]) -> Ledger:
    """Return the ledger that *environment* names; one object a process. Raises LedgerUnavailable."""
    named = environment.get(LEDGER, "")
    if not named:
        raise LedgerUnavailable(
            f"no ledger is named: set `{LEDGER}` to the path of a file, or to postgresql+psycopg://…"
        )
    # A child of this process has connections of its own.
    key = (os.getpid(), named)
    with _OPENING:
        found = _OPEN.get(key)
        if found is None:
            found = _OPEN[key] = open_ledger(named)
        return found


def ledger_if_there(environment: Mapping[str, str]) -> Ledger | None:
    """Return the ledger that *environment* names, None where it is a file that nobody has made yet.

    Raises LedgerUnavailable as `ledger_of` does.
    """
    named = environment.get(LEDGER, "")
    if (os.getpid(), named) not in _OPEN and not _is_there(named):
        return None
    return ledger_of(environment)


def _is_there(named: str) -> bool:
    path = named.removeprefix("sqlite:///")
    if not named or "://" in path or path == IN_MEMORY or named.startswith("postgresql"):
        return True  # whether it can be reached is seen where it is opened
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        return True
    return True


def open_ledger(named: str) -> Ledger:
    """Return the ledger called *named*, with its tables as this version has them.

    Raises LedgerUnavailable where it cannot be opened, is no ledger, or was written by a newer version.
    """
    if not is_installed():
        raise LedgerUnavailable(_INSTALL)
    ledger = _postgresql(named) if named.startswith(("postgresql:", "postgresql+")) else _sqlite(named)
    try:
        if not ledger.is_shared and _BLANK:
            ledger.clear()
        else:
            _lay_out(ledger)
    except BaseException:  # whatever it is, no connection stays open, and it rises on
        ledger.close()
        raise
    return ledger


def _sqlite(named: str) -> Ledger:
    from sqlalchemy import URL, create_engine, event
    from sqlalchemy.pool import StaticPool

    path = named.removeprefix("sqlite:///")
    if "://" in path:
        raise LedgerUnavailable(f"`{LEDGER}` is neither a path nor postgresql+psycopg://…")
    in_memory = path == IN_MEMORY
    if not in_memory:
        _make_private(Path(path))
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=path),
        hide_parameters=True,
        connect_args={"timeout": _PATIENCE, "check_same_thread": False},
        **({"poolclass": StaticPool} if in_memory else {}),
    )

    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # transactions begin below, and nowhere by themselves
        connection.execute("PRAGMA journal_mode = WAL")
        # What was committed is on the disk: a reply is never delivered before its entry is.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA trusted_schema = OFF")
        # What was deleted is gone from the file too.
        connection.execute("PRAGMA secure_delete = ON")

    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("promptspec_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return Ledger(engine, is_shared=not in_memory)


def _make_private(path: Path) -> None:
    """Make the file that is not there, and its folder, for nobody else to read."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        return
    raise LedgerUnavailable(f"its file cannot be opened: {problem}")


def _postgresql(named: str) -> Ledger:
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import SQLAlchemyError

    failure: LedgerUnavailable | None = None
    engine: Engine | None = None
    try:
        url = make_url(named).set(drivername="postgresql+psycopg")
        milliseconds = _PATIENCE * 1_000
        engine = create_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={
                "connect_timeout": _PATIENCE,
                "application_name": "promptspec",
                "options": f"-c lock_timeout={milliseconds} -c statement_timeout={2 * milliseconds}",
            },
        )
    except ModuleNotFoundError:
        failure = LedgerUnavailable("a ledger on PostgreSQL needs psycopg: install `promptspec[sql]`")
    except (SQLAlchemyError, ValueError):
        failure = LedgerUnavailable(f"`{LEDGER}` is no address of a database")
    # Raised out here: the address, which may hold a password, would hang on the exception as its context.
    if engine is None:
        raise failure or LedgerUnavailable("no engine")
    return Ledger(engine, is_shared=True)


def _lay_out(ledger: Ledger) -> None:
    """Make the tables, or bring those of an older version up to this one."""
    with ledger.reading() as connection:
        version = _version(connection)
    if version == REVISIONS[-1]:
        return
    with ledger.writing() as connection:
        version = _version(connection)  # another process may have been faster
        if version == REVISIONS[-1]:
            return
        if version is not None and version not in REVISIONS:
            raise LedgerUnavailable("it was written by a newer version of promptspec: upgrade this one")
        _migrate(connection)
    if not ledger.is_shared:
        with ledger.reading() as connection:
            database = cast("sqlite3.Connection", connection.connection.driver_connection)
        _BLANK[:] = [database.serialize()]


#: A ledger in memory with its tables and nothing in them: laying them out takes a thousand times as long as a copy.
_BLANK: Final[list[bytes]] = []


def _blank(connection: Connection) -> None:
    database = cast("sqlite3.Connection", connection.connection.driver_connection)
    connection.rollback()
    database.deserialize(_BLANK[0])


def _version(connection: Connection) -> str | None:
    from sqlalchemy import inspect

    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()  # noqa: S608  a constant
    return None if found is None else str(found)


#: Where Alembic writes which version the tables are of: they may share a database with an application's own.
VERSION_TABLE: Final = "promptspec_ledger_version"


def _migrate(connection: Connection) -> None:
    from alembic import command

    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def alembic_config() -> Any:
    """Return the configuration of Alembic, which knows the migrations of this package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config
