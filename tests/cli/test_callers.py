"""`promptspec callers`: who a hash stands for, and who is suspended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from cli.terminal import Seen, promptspec
from promptspec.ledger import callers
from promptspec.ledger.callers import Identity
from promptspec.ledger.opening import LEDGER, open_ledger
from promptspec.ledger.tables import ENTRIES
from promptspec.safety.callers import ID_KEY, SignedIn, hashes_of

ADA = "ada\x1b[2J@example.org"
KEYS = {ID_KEY: "b:fedcba9876543210,a:0123456789abcdef"}
NEW, OLD = hashes_of(SignedIn(ADA), KEYS)


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    path = str(tmp_path / "ledger.db")
    opened = open_ledger(path)
    with opened.writing() as connection:
        callers.register(connection, Identity(kind="account", level="signed_in", id=ADA), [OLD], at=1_767_225_600_000)
    opened.close()
    return path


def run(ledger: str, *arguments: str, stdin: str = "", terminal: bool = False) -> Seen:
    environment = {LEDGER: ledger, **KEYS}
    return promptspec("callers", *arguments, environment=environment, stdin=stdin, terminal=terminal)


def trail(ledger: str) -> list[tuple[str, str]]:
    with open_ledger(ledger).reading() as connection:
        rows = connection.execute(select(ENTRIES.c.kind, ENTRIES.c.facts).order_by(ENTRIES.c.seq)).all()
    return [(row.kind, row.facts) for row in rows]


def test_find_says_who_a_hash_stands_for_and_shows_it_escaped(ledger: str) -> None:
    seen = run(ledger, "find", OLD, "--by", "eve")
    assert seen.code == 0
    assert "caller     account ada\\u{1B}[2J@example.org\n" in seen.out
    assert "since      2026-01-01 00:00:00 UTC\n" in seen.out
    assert "\x1b" not in seen.out
    assert trail(ledger)[-1] == ("caller_looked_up", '{"by":"eve"}')


def test_find_resolves_the_hash_under_each_key(ledger: str) -> None:
    found = json.loads(run(ledger, "find", NEW, "--json").out)
    assert found["id"] == ADA
    assert found["others"] == [OLD]
    assert found["suspended"] is False


def test_a_caller_is_suspended_by_each_hash_found_so_and_restored(ledger: str) -> None:
    seen = run(ledger, "suspend", NEW, "--by", "eve", "--reason", "spam\x1b[31m")
    assert seen.code == 0
    assert {line.split()[1] for line in seen.out.splitlines()} == {OLD, NEW}
    told = run(ledger, "find", OLD)
    assert "by eve" in told.out
    assert "reason     spam\\u{1B}[31m" in told.out
    assert run(ledger, "suspend", OLD, "--reason", "again").code == 0
    assert json.loads(run(ledger, "restore", OLD, "--json").out) == {"restored": [OLD, NEW]}
    assert run(ledger, "restore", OLD).code == 1
    assert json.loads(run(ledger, "find", NEW, "--json").out)["standing"]["reason"] == ""
    assert [kind for kind, _ in trail(ledger) if kind in ("caller_suspended", "caller_restored")] == [
        "caller_suspended",
        "caller_suspended",
        "caller_restored",
        "caller_restored",
    ]


def test_nobody_is_suspended_without_a_reason(ledger: str) -> None:
    seen = run(ledger, "suspend", NEW)
    assert seen.code == 2
    assert "--reason" in seen.err


def test_somebody_is_suspended_where_no_ledger_was_yet(tmp_path: Path) -> None:
    path = str(tmp_path / "new" / "ledger.db")
    assert run(path, "find", OLD).code == 3
    assert run(path, "restore", OLD).code == 3
    assert not (tmp_path / "new").exists()
    assert run(path, "suspend", OLD, "--reason", "a notice").code == 0
    assert run(path, "find", OLD).code == 0
    assert run(path, "find", NEW).code == 1


@pytest.mark.parametrize("hash", ["x", "k1.short", "k1." + "a" * 44, "../" + "a" * 43, "k1." + "a" * 42 + "\n"])
def test_what_is_no_hash_is_told_so(ledger: str, hash: str) -> None:
    for command in ("find", "suspend", "restore", "forget"):
        assert run(ledger, command, hash, *(["--reason", "x"] if command == "suspend" else [])).code == 2


def test_forgetting_asks_first(ledger: str) -> None:
    assert run(ledger, "forget", OLD).code == 2
    assert run(ledger, "forget", OLD, stdin="n\n", terminal=True).code == 130
    assert run(ledger, "find", OLD).code == 0
    run(ledger, "suspend", OLD, "--reason", "spam")
    assert run(ledger, "forget", OLD, stdin="y\n", terminal=True).code == 0
    told = run(ledger, "find", OLD)
    assert "nobody is kept under this hash" in told.out
    assert "suspended" in told.out
    assert run(ledger, "forget", OLD, "--yes").code == 1
    assert run(ledger, "find", "k1." + "z" * 43).code == 1
    for path in Path(ledger).parent.rglob("*"):
        assert path.is_dir() or b"@example.org" not in path.read_bytes()


def test_errors_are_objects_for_programs(tmp_path: Path) -> None:
    seen = run(str(tmp_path / "none.db"), "find", OLD, "--json")
    assert seen.code == 3
    assert json.loads(seen.out)["error"]["code"] == "ledger_unavailable"
