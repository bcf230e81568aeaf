"""The trail shows whatever was changed, cut, put in another order, or written anew."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from promptspec.errors import LedgerUnavailable
from promptspec.ledger.chain import Anchor, Entry, Verdict, append, verify
from promptspec.ledger.opening import Ledger
from promptspec.ledger.tables import ENTRIES


def fill(ledger: Ledger, count: int, *, kind: str = "call") -> None:
    with ledger.writing() as connection:
        for at in range(count):
            append(
                connection,
                [Entry(kind=kind, subject=f"r_{at}", feature="suggest", caller=None, at=at, facts={"at": at, "ü": 1})],
            )


def verdict(ledger: Ledger, anchor: Anchor | None = None) -> Verdict:
    with ledger.reading() as connection:
        return verify(connection, anchor)


def unlock(ledger: Ledger) -> None:
    """Do what somebody does who has the database in their hands."""
    with ledger.writing() as connection:
        if connection.dialect.name == "sqlite":
            for event in ("update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER promptspec_entries_no_{event}")
        else:
            connection.exec_driver_sql("DROP TRIGGER promptspec_entries_append_only ON promptspec_entries")


def test_an_empty_trail_and_a_whole_one_are_sound(ledger: Ledger) -> None:
    assert verdict(ledger) == Verdict(entries=0, anchor=None)
    fill(ledger, 5)
    found = verdict(ledger)
    assert found.entries == 5
    assert found.anchor is not None
    assert verdict(ledger, Anchor.parse(str(found.anchor))) == found


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", 7), ("kind", "other"), ("subject", "r_9"), ("feature", "x"), ("caller", "k"), ("facts", "{}"),
        ("before", "1" * 64), ("hash", "1" * 64),
    ],
)  # fmt: skip
def test_a_changed_entry_is_found(ledger: Ledger, column: str, value: object) -> None:
    fill(ledger, 5)
    unlock(ledger)
    with ledger.writing() as connection:
        connection.execute(update(ENTRIES).where(ENTRIES.c.seq == 3).values({column: value}))
    broken = verdict(ledger).broken
    assert broken is not None
    assert broken.seq == 3


def test_a_missing_entry_is_found(ledger: Ledger) -> None:
    fill(ledger, 6)
    unlock(ledger)
    with ledger.writing() as connection:
        connection.execute(delete(ENTRIES).where(ENTRIES.c.seq.in_([2, 3])))
    broken = verdict(ledger).broken
    assert broken is not None
    assert broken.problem == "entries 2 to 3 are missing"


def test_entries_in_another_order_are_found(ledger: Ledger) -> None:
    fill(ledger, 4)
    unlock(ledger)
    with ledger.writing() as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(update(ENTRIES).where(ENTRIES.c.seq == old).values(seq=new))
    broken = verdict(ledger).broken
    assert broken is not None
    assert broken.seq == 2


def test_a_trail_that_was_cut_is_found_by_an_anchor_alone(ledger: Ledger) -> None:
    fill(ledger, 6)
    anchor = verdict(ledger).anchor
    unlock(ledger)
    with ledger.writing() as connection:
        connection.execute(delete(ENTRIES).where(ENTRIES.c.seq > 4))
    assert verdict(ledger).broken is None
    broken = verdict(ledger, anchor).broken
    assert broken is not None
    assert broken.problem == "the trail ends before entry 6, which the anchor names"


def test_a_trail_that_was_written_anew_is_found_by_an_anchor_alone(ledger: Ledger) -> None:
    fill(ledger, 3)
    anchor = verdict(ledger).anchor
    unlock(ledger)
    with ledger.writing() as connection:
        connection.execute(delete(ENTRIES))
    fill(ledger, 5, kind="forged")
    assert verdict(ledger).broken is None
    broken = verdict(ledger, anchor).broken
    assert broken is not None
    assert (broken.seq, broken.problem) == (3, "the entry is another one than the anchor names")


@pytest.mark.parametrize("statement", [update(ENTRIES).values(at=0), delete(ENTRIES)])
def test_the_database_itself_refuses_to_change_the_trail(ledger: Ledger, statement: object) -> None:
    fill(ledger, 2)
    with pytest.raises(LedgerUnavailable), ledger.writing() as connection:
        connection.execute(statement)  # type: ignore[call-overload]
    with ledger.reading() as connection:
        assert connection.execute(select(ENTRIES.c.at).order_by(ENTRIES.c.seq)).scalars().all() == [0, 1]


@pytest.mark.parametrize("text", ["", "3", "3:abc", "x:" + "0" * 64, "-1:" + "0" * 64])
def test_what_is_no_anchor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an anchor is a number"):
        Anchor.parse(text)
