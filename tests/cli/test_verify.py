"""`promptspec audit verify`: the trail of the ledger, as it was written and otherwise."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cli.terminal import Seen, promptspec
from promptspec.ledger.chain import Entry, append
from promptspec.ledger.opening import LEDGER, open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    path = str(tmp_path / "ledger.db")
    opened = open_ledger(path)
    with opened.writing() as connection:
        entries = [
            Entry(kind="call", subject=f"r{at}", feature="answer", caller=None, at=at, facts={"n": at})
            for at in range(5)
        ]
        append(connection, entries)
    opened.close()
    return path


def verify(ledger: str, *more: str) -> Seen:
    return promptspec("audit", "verify", *more, environment={LEDGER: ledger})


def tamper(ledger: str, statement: str) -> None:
    """Change the trail behind the back of the ledger: whoever can write the file can drop its triggers."""
    with closing(sqlite3.connect(ledger)) as connection:
        triggers = connection.execute("select name from sqlite_master where type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'drop trigger "{name}"')
        connection.execute(statement)
        connection.commit()


def test_a_trail_that_nobody_touched_is_sound_and_has_an_anchor(ledger: str) -> None:
    seen = verify(ledger)
    assert seen.code == 0
    first, last = seen.out.splitlines()
    assert first == "5 entries, each as it was written"
    assert last.startswith("anchor 5:")
    assert verify(ledger, "--anchor", last.removeprefix("anchor ")).code == 0


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("update promptspec_entries set subject = 'r9' where seq = 3", "broken at entry 3: the entry was changed"),
        ("delete from promptspec_entries where seq = 2", "broken at entry 2: entry 2 is missing"),
        ("update promptspec_entries set seq = 9 where seq = 4", "broken at entry 4: entry 4 is missing"),
    ],
)
def test_a_trail_that_was_changed_or_cut_is_found(ledger: str, statement: str, said: str) -> None:
    tamper(ledger, statement)
    seen = verify(ledger)
    assert (seen.code, seen.out) == (1, said + "\n")
    told = json.loads(verify(ledger, "--format", "json").out)
    assert told["broken"]["problem"] in said


def test_a_trail_that_lost_its_end_is_found_by_an_anchor(ledger: str) -> None:
    anchor = json.loads(verify(ledger, "--format", "json").out)["anchor"]
    tamper(ledger, "delete from promptspec_entries where seq = 5")
    assert verify(ledger).code == 0
    seen = verify(ledger, "--anchor", anchor)
    assert (seen.code, seen.out) == (1, "broken at entry 5: the trail ends before entry 5, which the anchor names\n")


def test_an_anchor_that_is_none_is_wrong_usage(ledger: str) -> None:
    assert verify(ledger, "--anchor", "5").code == 2


def test_without_a_ledger_there_is_nothing_to_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    seen = promptspec("audit", "verify")
    assert seen.code == 3
    assert "there is no ledger" in seen.err
    assert not (tmp_path / ".promptspec").exists()


def test_a_folder_that_is_called_so_is_audited_by_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "verify").mkdir()
    (tmp_path / "verify" / "a.spec").write_text(
        'promptspec 1\n\nfeature sort {\n    model "m"\n    input {\n        a: bool\n    }\n    output bool\n}\n'
    )
    assert "# sort" in promptspec("audit", "./verify").out
