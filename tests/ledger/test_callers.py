"""Who a hash stands for, who is suspended, and what is left of who was forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from promptspec.ledger import callers
from promptspec.ledger.callers import Identity
from promptspec.ledger.chain import verify
from promptspec.ledger.opening import Ledger, open_ledger
from promptspec.ledger.tables import CALLERS, ENTRIES

ADA = Identity(kind="account", level="verified", id="ada@example.org")
OLD, NEW, NEWEST = "2026a." + "a" * 43, "2026b." + "b" * 43, "2026c." + "c" * 43
OTHER = "2026a." + "o" * 43


def kinds(ledger: Ledger) -> list[str]:
    with ledger.reading() as connection:
        assert verify(connection).broken is None
        return list(connection.execute(select(ENTRIES.c.kind).order_by(ENTRIES.c.seq)).scalars())


def register(ledger: Ledger, *hashes: str, who: Identity = ADA) -> bool:
    with ledger.writing() as connection:
        return callers.register(connection, who, hashes, at=1)


def suspended(ledger: Ledger, *hashes: str) -> bool:
    with ledger.reading() as connection:
        return callers.is_suspended(connection, hashes)


def test_a_hash_leads_to_its_caller_once_registered(ledger: Ledger) -> None:
    assert register(ledger, OLD)
    assert not register(ledger, OLD)
    with ledger.reading() as connection:
        known = callers.find(connection, OLD)
    assert known.identity == ADA
    assert known.since == 1
    assert known.standing is None
    assert kinds(ledger) == ["caller_registered"]


def test_all_hashes_of_a_caller_are_suspended_and_restored_together(ledger: Ledger) -> None:
    register(ledger, OLD)
    register(ledger, NEW, OLD)
    register(ledger, OTHER, who=Identity(kind="session", level="session", id=ADA.id))
    with ledger.writing() as connection:
        changed = callers.suspend(connection, [NEW], at=5, by="eve", reason="spam")
        assert set(changed) == {OLD, NEW}
        assert callers.suspend(connection, [OLD], at=6, by="eve", reason="spam") == ()
    assert suspended(ledger, OLD)
    assert suspended(ledger, NEW)
    assert not suspended(ledger, OTHER)
    with ledger.writing() as connection:
        assert set(callers.restore(connection, [OLD], at=7, by="bob", reason="a mistake")) == {OLD, NEW}
        assert callers.restore(connection, [OLD], at=8, by="bob", reason="") == ()
        standing = callers.find(connection, NEW).standing
    assert not suspended(ledger, OLD, NEW)
    assert standing == callers.Standing(is_suspended=False, at=7, by="bob", reason="a mistake")
    assert kinds(ledger)[3:] == ["caller_suspended"] * 2 + ["caller_restored"] * 2


@pytest.mark.parametrize("overlap", [(OLD,), ()])
def test_a_new_hash_of_somebody_suspended_is_suspended_too(ledger: Ledger, overlap: tuple[str, ...]) -> None:
    register(ledger, OLD)
    with ledger.writing() as connection:
        callers.suspend(connection, [OLD], at=5, by="eve", reason="spam")
    register(ledger, NEW, *overlap)
    assert suspended(ledger, NEW)
    with ledger.reading() as connection:
        standing = callers.find(connection, NEW).standing
    assert standing == callers.Standing(is_suspended=True, at=5, by="eve", reason="spam")


def test_a_hash_of_nobody_known_is_suspended_and_passes_it_on(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        assert callers.suspend(connection, [OLD], at=5, by="eve", reason="") == (OLD,)
    register(ledger, NEW, OLD)
    assert suspended(ledger, NEW)


def test_a_new_hash_of_somebody_restored_is_not_suspended(ledger: Ledger) -> None:
    register(ledger, OLD)
    with ledger.writing() as connection:
        callers.suspend(connection, [OLD], at=5, by="eve", reason="")
        callers.restore(connection, [OLD], at=6, by="eve", reason="")
    register(ledger, NEW, OLD)
    assert not suspended(ledger, NEW)


def test_who_is_forgotten_stays_suspended_and_is_nowhere(address: str, tmp_path: Path) -> None:
    ledger = open_ledger(address)
    register(ledger, OLD)
    register(ledger, NEW, OLD)
    with ledger.writing() as connection:
        callers.suspend(connection, [OLD], at=5, by="eve", reason="")
        assert set(callers.forget(connection, NEW, at=6, by="eve")) == {OLD, NEW}
        assert callers.forget(connection, NEW, at=6, by="eve") == ()
    ledger.scrub()
    assert suspended(ledger, OLD)
    assert suspended(ledger, NEW)
    with ledger.reading() as connection:
        assert callers.find(connection, NEW).identity is None
        assert connection.execute(select(CALLERS)).all() == []
    assert kinds(ledger)[-2:] == ["caller_forgotten"] * 2
    ledger.close()
    for path in tmp_path.iterdir():
        assert ADA.id.encode() not in path.read_bytes()


@settings(max_examples=30)
@given(st.text(st.characters(), min_size=1, max_size=256))
def test_any_id_comes_back_as_it_was(id: str) -> None:
    ledger = open_ledger(":memory:")
    register(ledger, OLD, who=Identity(kind="session", level="session", id=id))
    with ledger.reading() as connection:
        known = callers.find(connection, OLD).identity
        assert known is not None
        assert known.id == id
        assert list(callers.identities(connection)) == [known]
    ledger.close()


@pytest.mark.parametrize("id", ["\0", "\ud800", "\U0001f600" * 256, "'; DROP TABLE x; --"])
def test_ids_that_databases_dislike_are_kept(ledger: Ledger, id: str) -> None:
    register(ledger, OLD, who=Identity(kind="account", level="signed_in", id=id))
    with ledger.reading() as connection:
        known = callers.find(connection, OLD).identity
    assert known is not None
    assert known.id == id
