"""A suspended caller is refused by every feature, before anything else happens."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codegen.specs import loaded
from engines.raw_server import answering, chat_body, raw_server, response
from promptspec.errors import CallerRefused, LedgerUnavailable, ModelUnavailable, Suspended
from promptspec.ledger import callers
from promptspec.ledger.callers import Identity
from promptspec.ledger.opening import LEDGER, open_ledger
from promptspec.ports import World
from promptspec.runtime.host import HOST
from promptspec.safety.callers import ID_KEY, Anyone, Session, SignedIn, Verified, hash_of, hashes_of
from promptspec.safety.suspension import find_by_other_keys, hashes_by_each_key, refuse_suspended

OLD_KEY = "2026a:0123456789abcdef"
BOTH = "2026b:fedcba9876543210,2026a:0123456789abcdef"
ADA = SignedIn("ada@example.org")


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    today = HOST.clock.today
    now = HOST.clock.now


def suspend(ledger: str, hash: str | None) -> None:
    assert hash is not None
    with open_ledger(ledger).writing() as connection:
        callers.suspend(connection, [hash], at=1, by="eve", reason="spam")


def restore(ledger: str, hash: str | None) -> None:
    assert hash is not None
    with open_ledger(ledger).writing() as connection:
        callers.restore(connection, [hash], at=1, by="eve", reason="")


# Keys


def test_the_first_key_signs_and_the_others_still_find() -> None:
    old, both = {ID_KEY: OLD_KEY}, {ID_KEY: BOTH}
    first, second = hashes_of(ADA, both)
    assert first == hash_of(ADA, both)
    assert first.startswith("2026b.")
    assert second == hash_of(ADA, old)
    assert hashes_of(Verified(ADA.id), both) == (first, second)
    assert hashes_of(Anyone(), both) == ()


@pytest.mark.parametrize("value", ["0123456789abcdef", "0123456789,abcdef,ghi", "k1:0123456789abcdef"])
def test_one_key_is_one_key(value: str) -> None:
    (only,) = hashes_of(ADA, {ID_KEY: value})
    assert only.startswith("k1.")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "missing or shorter"),
        ("k1:short", "missing or shorter"),
        ("a:0123456789abcdef,b:short", "missing or shorter"),
        ("a:0123456789abcdef,0123456789abcdef", "is `keyid:secret`"),
        ("a:0123456789abcdef,", "is `keyid:secret`"),
        ("a:0123456789abcdef,a:fedcba9876543210", "two keys in `PROMPTSPEC_ID_KEY` have one id"),
        ("a b:0123456789abcdef", "1 to 16 ASCII letters or digits"),
        (":0123456789abcdef", "1 to 16 ASCII letters or digits"),
    ],
)
def test_a_wrong_key_is_told_without_a_word_of_it(value: str, said: str) -> None:
    with pytest.raises(ModelUnavailable, match=said) as raised:
        hashes_of(ADA, {ID_KEY: value})
    assert "0123456789abcdef" not in str(raised.value)


# Refusing


def test_who_was_suspended_under_an_old_key_stays_so(tmp_path: Path) -> None:
    ledger = str(tmp_path / "ledger.db")
    suspend(ledger, hash_of(ADA, {ID_KEY: OLD_KEY}))
    environment = {ID_KEY: BOTH, LEDGER: ledger}
    with pytest.raises(Suspended):
        refuse_suspended(hashes_of(ADA, environment), environment, HOST.clock)
    refuse_suspended(hashes_of(Session(ADA.id), environment), environment, HOST.clock)


def test_what_was_read_counts_for_a_second(tmp_path: Path) -> None:
    ledger, clock = str(tmp_path / "ledger.db"), Clock()
    environment = {ID_KEY: OLD_KEY, LEDGER: ledger}
    hashes = hashes_of(ADA, environment)
    refuse_suspended(hashes, environment, clock)
    suspend(ledger, hashes[0])
    clock.seconds = 0.999
    refuse_suspended(hashes, environment, clock)
    clock.seconds = 1.0
    with pytest.raises(Suspended):
        refuse_suspended(hashes, environment, clock)
    restore(ledger, hashes[0])
    with pytest.raises(Suspended):
        refuse_suspended(hashes, environment, clock)
    clock.seconds = 2.0
    refuse_suspended(hashes, environment, clock)
    refuse_suspended(hashes, environment, Clock())  # another clock knows nothing of what this one saw


def test_nothing_is_made_where_no_ledger_is(tmp_path: Path) -> None:
    ledger = tmp_path / "not" / "yet" / "ledger.db"
    environment = {ID_KEY: OLD_KEY, LEDGER: str(ledger)}
    refuse_suspended(hashes_of(ADA, environment), environment, HOST.clock)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("named", ["FOLDER", "FOLDER/file/ledger.db", "postgresql://127.0.0.1:1/x", "mysql://x/y"])
def test_a_ledger_that_cannot_be_read_refuses(tmp_path: Path, named: str) -> None:
    (tmp_path / "file").write_text("")
    environment = {ID_KEY: OLD_KEY, LEDGER: named.replace("FOLDER", str(tmp_path))}
    with pytest.raises(LedgerUnavailable):
        refuse_suspended(hashes_of(ADA, environment), environment, HOST.clock)


def test_a_file_that_is_no_ledger_refuses(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("this is no database, and long enough to be seen as none" * 20)
    environment = {ID_KEY: OLD_KEY, LEDGER: str(path)}
    with pytest.raises(LedgerUnavailable):
        refuse_suspended(hashes_of(ADA, environment), environment, HOST.clock)


# Through a feature


SPEC = """
    model local = openai("m") {
        base_url "URL"
    }

    feature ask {
        model local
        caller session

        input { question: text(..200) }
        output text(..200)
    }
"""


@pytest.mark.parametrize("call", ["call_fields", "acall_fields", "stream_fields", "astream_fields"])
def test_a_suspended_caller_reaches_no_model_however_they_call(tmp_path: Path, call: str) -> None:
    ledger = str(tmp_path / "ledger.db")
    with raw_server(answering(response(chat_body('{"answer": "Hello"}')))) as server:
        (tmp_path / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["127.0.0.1"]\n')
        feature: Any = loaded(tmp_path, SPEC.replace("URL", server.base_url)).ask
        world = replace(HOST, environment={ID_KEY: OLD_KEY, LEDGER: ledger})
        suspend(ledger, hash_of(ADA, world.environment))

        def ask() -> object:
            # Not even what is wrong with the input is told.
            made = getattr(feature, call)({"question": "x" * 900}, caller=ADA)
            return asyncio.run(made) if call == "acall_fields" else made

        with feature.override(world=world), pytest.raises(Suspended) as raised:
            ask()
        assert isinstance(raised.value, CallerRefused)
        assert raised.value.user_message == "This account cannot use this feature."
        assert ADA.id not in str(raised.value)
        assert not server.requests
        with feature.override(world=world):
            assert feature.call_fields({"question": "Hi?"}, caller=SignedIn("bob")).value == "Hello"


def test_a_stand_in_refuses_them_too_where_a_key_says_who_they_are(tmp_path: Path) -> None:
    ledger = str(tmp_path / "ledger.db")
    (tmp_path / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["example.org"]\n')
    feature: Any = loaded(tmp_path, SPEC.replace("URL", "https://example.org/v1")).ask
    world: World = replace(HOST, environment={ID_KEY: OLD_KEY, LEDGER: ledger})
    suspend(ledger, hash_of(ADA, world.environment))
    from promptspec import replies

    with feature.override(model=replies("Hello"), world=world), pytest.raises(Suspended):
        feature(question="Hi?", caller=ADA)
    keyless = replace(HOST, environment={LEDGER: ledger})
    with feature.override(model=replies("Hello"), world=keyless):
        assert feature(question="Hi?", caller=ADA) == "Hello"


# Who a hash stands for, by another key


def test_a_hash_under_any_key_leads_to_a_caller_who_was_registered_under_one(tmp_path: Path) -> None:
    old, both = {ID_KEY: OLD_KEY}, {ID_KEY: BOTH}
    new = hashes_of(ADA, both)[0]
    before = hashes_of(ADA, old)[0]
    ledger = open_ledger(str(tmp_path / "ledger.db"))
    ada = Identity(kind="account", level="signed_in", id=ADA.id)
    with ledger.writing() as connection:
        callers.register(connection, ada, hashes_of(ADA, old), at=1)
        known = callers.find(connection, new)
        assert known.identity is None
        assert find_by_other_keys(connection, known, old).identity is None
        found = find_by_other_keys(connection, known, both)
        assert found.identity == ada
        assert found.others == (before,)
        assert set(hashes_by_each_key(connection, new, both)) == {new, before}
        assert set(hashes_by_each_key(connection, before, both)) == {new, before}
        assert hashes_by_each_key(connection, before, {}) == (before,)
    ledger.close()
