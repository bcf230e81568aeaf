"""Snapshots as anybody may have written them: they come with pull requests."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from promptspec.contract.types import Boolean, Date, Integer
from promptspec.sources.judging import judge_file
from promptspec.sources.pulled import NotPulled, open_pulled
from promptspec.sources.pulling import PullRefused
from sources.described import PRICE, column, line
from sources.origins import NOW, live, pulled, rows_in

SHOP = live("sources.shop_of_tests:listed", kind="python")


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    pulled(SHOP, tmp_path)
    return tmp_path / "films.sqlite"


def said(source: Any, path: Path) -> str:
    """Return what is wrong with the snapshot at *path*, or nothing."""
    try:
        with open(path, "rb") as file, open_pulled(source, file) as found:
            judged = judge_file(source, found.rows)
            if not judged.problem_count and judged.content_hash != found.content_hash:
                return "other rows"
            return "; ".join(map(str, judged.problems))
    except NotPulled as why:
        return str(why)


def changed(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_snapshot_is_what_was_pulled(snapshot: Path) -> None:
    assert said(SHOP, snapshot) == ""
    with open(snapshot, "rb") as file, open_pulled(SHOP, file) as found:
        assert found.pulled == NOW


def test_cells_of_all_kinds_come_back(tmp_path: Path) -> None:
    columns = (
        column("price", PRICE),
        column("since", Date()),
        column("seen", Boolean()),
        column("count", Integer(least=0, most=9)),
        column("note", line(9), optional=True),
    )
    source = live("sources.test_pulled:all_kinds", kind="python", columns=columns)
    pulled(source, tmp_path)
    assert rows_in(tmp_path) == [
        ("a", "Alien", Decimal("9.50"), date(2026, 1, 31), True, 4, None),
        ("b", "Brazil", Decimal("0.00"), date(2026, 2, 28), False, 0, "n"),
    ]
    assert said(source, tmp_path / "films.sqlite") == ""


def all_kinds() -> list[Any]:
    return [
        {"id": "a", "title": "Alien", "price": Decimal("9.50"), "since": date(2026, 1, 31), "seen": True, "count": 4},
        {"id": "b", "title": "Brazil", "price": Decimal("0.00"), "since": date(2026, 2, 28), "seen": False}
        | {"count": 0, "note": "n"},
    ]


@pytest.mark.parametrize(
    ("statements", "wrong"),
    [
        (("UPDATE entries SET c1 = 'Aliens' WHERE position = 1",), "other rows"),
        (("DELETE FROM entries WHERE position = 2",), "other rows"),
        (("DELETE FROM entries WHERE position = 1",), "row 1: the snapshot is damaged"),
        (("DELETE FROM entries",), "it has no rows"),
        (
            ("UPDATE entries SET c1 = printf('%030d', 1) WHERE position = 2",),
            "row 2: title: the cell is longer than 20",
        ),
        (("UPDATE entries SET c1 = 7.5 WHERE position = 2",), "row 2: title: the cell is no text"),
        (("UPDATE entries SET c1 = x'ff' WHERE position = 2",), "row 2: title: the cell is no text"),
        (("UPDATE entries SET c1 = CAST(x'ff' AS TEXT) WHERE position = 2",), "the snapshot is damaged"),
        (("UPDATE entries SET c1 = zeroblob(20000000) WHERE position = 2",), "the snapshot is damaged"),
        (("UPDATE entries SET c0 = 'a ' WHERE position = 2",), "row 2: id: the key `a ` has blanks around it"),
        (("DROP INDEX entry_by_key", "UPDATE entries SET c0 = 'a'"), "was pulled from another origin, or for other"),
        (("UPDATE facts SET value = 'x' WHERE name = 'origin'",), "was pulled from another origin"),
        (("UPDATE facts SET value = 'x' WHERE name = 'pulled'",), "is damaged"),
        (("UPDATE facts SET value = x'00'",), "was pulled from another origin"),
        (("DELETE FROM facts",), "was pulled from another origin"),
        (("UPDATE facts SET value = 'sha256:00' WHERE name = 'content_hash'",), "other rows"),
        (("CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM facts; END",), "was pulled from another"),
        (("ALTER TABLE entries RENAME TO e", "CREATE VIEW entries AS SELECT * FROM e"), "was pulled from another"),
        (("CREATE VIRTUAL TABLE v USING fts5(x)",), "was pulled from another"),
        (("PRAGMA user_version = 9",), "is no snapshot of this version"),
        (("PRAGMA application_id = 9",), "is no snapshot of this version"),
    ],
)
def test_what_was_changed_is_told(snapshot: Path, statements: tuple[str, ...], wrong: str) -> None:
    changed(snapshot, *statements)
    assert wrong in said(SHOP, snapshot)


def test_a_key_that_is_repeated_under_a_damaged_index_is_told(snapshot: Path) -> None:
    """The index says that there is no such row twice; the rows are judged, not the index."""
    changed(
        snapshot,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'UNIQUE ', '') WHERE name = 'entry_by_key'",
    )
    changed(snapshot, "UPDATE entries SET c0 = 'a'")
    changed(
        snapshot,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'CREATE INDEX entry_by_key', 'CREATE UNIQUE INDEX entry_by_key')",
    )
    assert "row 2: id: the key `a` stands in row 1 already" in said(SHOP, snapshot)


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 9000])
def test_a_file_that_is_cut_off_is_told(snapshot: Path, size: int) -> None:
    snapshot.write_bytes(snapshot.read_bytes()[:size])
    assert said(SHOP, snapshot) != ""


def test_bytes_that_were_turned_are_told_or_change_nothing(snapshot: Path) -> None:
    whole = snapshot.read_bytes()
    for at in range(0, len(whole), 211):
        snapshot.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        wrong = said(SHOP, snapshot)
        with open(snapshot, "rb") as file:
            if not wrong:
                with open_pulled(SHOP, file) as found:
                    judged = judge_file(SHOP, found.rows)
                assert judged.first_keys == ("a", "b")


@pytest.mark.parametrize(
    "other",
    [
        live("sources.shop_of_tests:generated", kind="python"),
        live("sources.shop_of_tests:listed", kind="sheet"),
        live("sources.shop_of_tests:listed", kind="python", label="id"),
        live("sources.shop_of_tests:listed", kind="python", headers=(("title", "name"),)),
        live("sources.shop_of_tests:listed", kind="python", columns=(column("year", Integer(least=0, most=9)),)),
    ],
)
def test_a_source_that_was_changed_since_must_be_pulled_again(snapshot: Path, other: Any) -> None:
    assert said(other, snapshot) == "was pulled from another origin, or for other columns"


def test_a_tighter_cap_is_judged_without_another_pull(snapshot: Path) -> None:
    tighter = replace(SHOP, columns=(SHOP.columns[0], replace(SHOP.columns[1], type=line(5))))
    assert "row 2: title: the cell is longer than 5 chars" in said(tighter, snapshot)


# Writing


def test_a_disk_that_is_full_leaves_the_snapshot_before_it(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("promptspec.sources.pulling.build_snapshot", full)
    with pytest.raises(OSError, match="No space left"):
        pulled(live("sources.shop_of_tests:generated", kind="python"), snapshot.parent)
    assert said(SHOP, snapshot) == ""
    assert list(snapshot.parent.iterdir()) == [snapshot]


def test_a_pull_that_is_killed_leaves_the_snapshot_before_it(snapshot: Path) -> None:
    """A real process, killed while it writes rows that never end."""
    script = (
        "import sys; from pathlib import Path; from sources.origins import live, pulled\n"
        "pulled(live('sources.shop_of_tests:endless', kind='python', time_ms=600_000), Path(sys.argv[1]))"
    )
    root = Path(__file__).resolve().parents[2]
    path = os.pathsep.join([str(root), str(root / "tests")])
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(snapshot.parent)], env={**os.environ, "PYTHONPATH": path}
    )
    try:
        _wait(lambda: any(snapshot.parent.glob(".*")), process)
        time.sleep(0.5)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    assert said(SHOP, snapshot) == ""
    # What it left behind is in nobody's way.
    pulled(SHOP, snapshot.parent)
    assert said(SHOP, snapshot) == ""


def _wait(is_so: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, "it ended by itself"
        try:
            if is_so():
                return
        except FileNotFoundError:
            pass
        time.sleep(0.05)
    raise AssertionError("it never came so far")


def test_nothing_is_written_of_rows_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(PullRefused):
        pulled(live("sources.shop_of_tests:repeated", kind="python"), tmp_path)
    assert list(tmp_path.iterdir()) == []
