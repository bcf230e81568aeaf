"""A ledger is made once, by whoever comes first, and what cannot be one is refused in clear words."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from traceback import format_exception

import pytest
from sqlalchemy import func, select

from promptspec.errors import LedgerUnavailable
from promptspec.ledger.chain import Entry, append, verify
from promptspec.ledger.opening import (
    IN_MEMORY,
    REVISIONS,
    VERSION_TABLE,
    Ledger,
    alembic_config,
    ledger_of,
    open_ledger,
)
from promptspec.ledger.tables import ENTRIES, METADATA


def entry(number: int = 1) -> Entry:
    return Entry(kind="call", subject=f"r_{number}", feature="suggest", caller="k1.x", at=number, facts={"n": number})


def add(ledger: Ledger, *numbers: int) -> None:
    with ledger.writing() as connection:
        append(connection, [entry(number) for number in numbers])


def size(ledger: Ledger) -> int:
    with ledger.reading() as connection:
        return connection.execute(select(func.count()).select_from(ENTRIES)).scalar_one()


def test_what_was_written_is_there_when_it_is_opened_again(address: str) -> None:
    first = open_ledger(address)
    add(first, 1, 2)
    first.close()
    again = open_ledger(address)
    assert size(again) == 2
    again.close()


def test_migrations_make_the_tables_that_the_code_knows(ledger: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with ledger.reading() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, METADATA) == []
    revisions = [each.revision for each in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
    assert tuple(reversed(revisions)) == REVISIONS


def _open_and_write(address: str, number: int, go: Callable[[], object]) -> None:
    go()
    ledger = open_ledger(address)
    for at in range(10):
        add(ledger, 100 * number + at)
    ledger.close()


def test_processes_that_open_it_at_once_make_it_once_and_write_one_trail(address: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(3)
    processes = [spawn.Process(target=_open_and_write, args=(address, number, gate.wait)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    ledger = open_ledger(address)
    with ledger.reading() as connection:
        found = verify(connection)
    assert (found.entries, found.broken) == (30, None)
    ledger.close()


def test_a_transaction_that_fails_leaves_nothing(ledger: Ledger) -> None:
    def fail() -> None:
        with ledger.writing() as connection:
            append(connection, [entry()])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert size(ledger) == 0


def test_a_ledger_of_a_newer_version_is_refused(address: str) -> None:
    ledger = open_ledger(address)
    with ledger.writing() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    ledger.close()
    with pytest.raises(LedgerUnavailable, match="newer version of promptspec: upgrade"):
        open_ledger(address)


def test_nothing_but_the_owner_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.db"
    ledger = open_ledger(str(path))
    add(ledger, 1)
    modes = {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    ledger.close()


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("", "no ledger is named: set `PROMPTSPEC_LEDGER`"),
        ("mysql://a/b", "neither a path nor postgresql"),
        ("postgresql+psycopg://u:hunter2@127.0.0.1:1/x", "the database says OperationalError"),
        ("postgresql+psycopg://u:hunter2@[::1", "no address of a database"),
        ("/proc/none/ledger.db", "its file cannot be opened: No such file or directory"),
    ],
)
def test_what_cannot_be_opened_is_refused_without_its_secrets(named: str, said: str) -> None:
    with pytest.raises(LedgerUnavailable) as caught:
        ledger_of({"PROMPTSPEC_LEDGER": named})
    assert said in caught.value.detail
    assert "hunter2" not in "".join(format_exception(caught.value))


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("These are my notes, and nothing else. " * 40)
    with pytest.raises(LedgerUnavailable, match="its file is no ledger"):
        open_ledger(str(path))
    assert path.read_text().startswith("These are my notes")


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    ledger = open_ledger(str(tmp_path / "ledger.db"))
    add(ledger, 1)
    with ledger.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with ledger.writing() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    long = Entry(kind="call", subject="r", feature="f" * 500, caller=None, at=1, facts={"n": "x" * 100_000})
    with pytest.raises(LedgerUnavailable, match="the disk is full"), ledger.writing() as connection:
        append(connection, [long])
    with ledger.reading() as connection:
        found = verify(connection)
    assert (found.entries, found.broken) == (1, None)
    ledger.close()


def test_a_writer_that_does_not_end_is_not_waited_for_forever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptspec.ledger.opening._PATIENCE", 0.2)
    path = tmp_path / "ledger.db"
    ledger = open_ledger(str(path))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable, match="another process holds the ledger"):
            add(ledger, 1)
        other.execute("ROLLBACK")
    add(ledger, 1)
    ledger.close()


def test_one_process_opens_a_ledger_once() -> None:
    environment = {"PROMPTSPEC_LEDGER": IN_MEMORY}
    assert ledger_of(environment) is ledger_of(environment)


def _die_between(address: str) -> None:
    ledger = open_ledger(address)
    add(ledger, 1)
    with ledger.writing() as connection:
        append(connection, [entry(2)])
        os.kill(os.getpid(), 9)


def test_a_killed_writer_loses_nothing_that_it_committed(address: str) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_die_between, args=(address,))
    process.start()
    process.join(60)
    assert process.exitcode == -9
    ledger = open_ledger(address)
    add(ledger, 3)
    with ledger.reading() as connection:
        found = verify(connection)
        subjects = connection.execute(select(ENTRIES.c.subject).order_by(ENTRIES.c.seq)).scalars().all()
    assert (found.broken, subjects) == (None, ["r_1", "r_3"])
    ledger.close()


def test_a_ledger_in_memory_is_laid_out_once_and_each_is_its_own() -> None:
    one, two = open_ledger(":memory:"), open_ledger(":memory:")
    with one.writing() as connection:
        append(connection, [Entry(kind="call", subject="r_1", feature="f", caller=None, at=1, facts={})])
    with one.reading() as first, two.reading() as second:
        assert verify(first).entries == 1
        assert verify(second).entries == 0
    with pytest.raises(LedgerUnavailable), one.writing() as connection:
        connection.exec_driver_sql("DELETE FROM promptspec_entries")
    one.close()
    two.close()
