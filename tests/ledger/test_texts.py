"""Texts are kept as long as they are to be, bound to their owner, and sealed where they hold secrets."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from promptspec.errors import LedgerUnavailable
from promptspec.ledger.opening import Ledger
from promptspec.ledger.tables import TEXTS
from promptspec.ledger.texts import Kept, Seal, differs, keep, read, seal_of, sweep

SEAL = Seal(b"0123456789abcdef0123456789abcdef")
SECRET = "The passphrase is Mellon, \u0000 and ümläute."


def kept(name: str = "input", content: str = SECRET, until: int = 100) -> Kept:
    return Kept(name=name, content=content, until=until)


@pytest.mark.parametrize("seal", [None, SEAL])
def test_what_is_kept_can_be_read(ledger: Ledger, seal: Seal | None) -> None:
    with ledger.writing() as connection:
        hashes = keep(connection, "r_1", [kept(), kept("reply", "")], seal)
    with ledger.reading() as connection:
        assert read(connection, "r_1", seal) == {"input": SECRET, "reply": ""}
        assert read(connection, "r_2", seal) == {}
        assert differs(connection, "r_1", hashes, seal) is None


def test_nothing_sealed_stands_in_clear_and_no_other_key_opens_it(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        keep(connection, "r_1", [kept()], SEAL)
    with ledger.reading() as connection:
        content = connection.execute(select(TEXTS.c.content)).scalar_one()
        assert b"Mellon" not in bytes(content)
        with pytest.raises(LedgerUnavailable, match="are sealed: set `PROMPTSPEC_LEDGER_KEY`"):
            read(connection, "r_1", None)
        with pytest.raises(LedgerUnavailable, match="does not open with the key"):
            read(connection, "r_1", Seal(b"another key, which is long enough too"))


def test_a_sealed_text_that_was_moved_to_another_owner_does_not_open(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        keep(connection, "r_1", [kept()], SEAL)
        connection.execute(update(TEXTS).values(owner="r_2"))
    with ledger.reading() as connection, pytest.raises(LedgerUnavailable, match="does not open"):
        read(connection, "r_2", SEAL)


def test_a_text_that_was_changed_is_told_from_one_that_is_gone(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        hashes = keep(connection, "r_1", [kept(until=5), kept("reply", "yes")], None)
        sweep(connection, 5)
        assert differs(connection, "r_1", hashes, None) is None
        connection.execute(update(TEXTS).values(content=b"no"))
        assert differs(connection, "r_1", hashes, None) == "reply"


def test_texts_go_when_their_time_is_over(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        keep(connection, "r_1", [kept(until=100), kept("reply", until=101)], None)
        assert sweep(connection, 99) == 0
        assert sweep(connection, 100) == 1
        assert list(read(connection, "r_1", None)) == ["reply"]


def test_a_short_key_is_refused_and_no_key_is_no_seal() -> None:
    assert seal_of({}) is None
    assert seal_of({"PROMPTSPEC_LEDGER_KEY": "x" * 32}) is not None
    with pytest.raises(LedgerUnavailable, match="shorter than 32 characters"):
        seal_of({"PROMPTSPEC_LEDGER_KEY": "x" * 31})
