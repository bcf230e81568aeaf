"""Who calls: what must be known of them, and what leaves in place of their id."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.specs import loaded
from engines.raw_server import answering, chat_body, raw_server, response
from promptspec.errors import CallerRefused, ModelUnavailable
from promptspec.ports import World
from promptspec.runtime.host import HOST
from promptspec.safety.callers import ID_KEY, LEVELS, MOST_ID, Anyone, Session, SignedIn, Verified, admit, hash_of

KEY = {ID_KEY: "k1:0123456789abcdef"}
CALLERS = {"anyone": Anyone(), "session": Session("x"), "signed_in": SignedIn("x"), "verified": Verified("x")}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", LEVELS)
def test_a_level_admits_itself_and_what_is_known_better(level: str, kind: str) -> None:
    order = list(LEVELS)
    if order.index(kind) >= order.index(level):
        assert admit(CALLERS[kind], level) is CALLERS[kind]
    else:
        with pytest.raises(CallerRefused):
            admit(CALLERS[kind], level)


@pytest.mark.parametrize("level", [name for name in LEVELS if name != "anyone"])
def test_nobody_is_admitted_where_something_must_be_known(level: str) -> None:
    with pytest.raises(CallerRefused):
        admit(None, level)


def test_nobody_is_anyone() -> None:
    assert admit(None, "anyone") == Anyone()


@pytest.mark.parametrize("id", ["", "x" * (MOST_ID + 1), None, 7, b"x", ["x"]])
def test_an_id_that_is_no_short_string_is_refused(id: Any) -> None:
    with pytest.raises(CallerRefused):
        admit(SignedIn(id), "session")


@pytest.mark.parametrize("caller", ["x", 7, object(), SignedIn, {"id": "x"}])
def test_what_is_no_caller_is_refused(caller: Any) -> None:
    with pytest.raises(CallerRefused):
        admit(caller, "anyone")


def test_a_session_and_an_account_of_one_id_are_two() -> None:
    assert hash_of(Session("x"), KEY) != hash_of(SignedIn("x"), KEY)


def test_an_account_is_one_before_and_after_it_is_verified() -> None:
    assert hash_of(SignedIn("x"), KEY) == hash_of(Verified("x"), KEY)


@given(st.text(min_size=1, max_size=MOST_ID), st.text(min_size=1, max_size=MOST_ID))
def test_one_caller_has_one_hash_and_two_have_two(one: str, two: str) -> None:
    assert (hash_of(SignedIn(one), KEY) == hash_of(SignedIn(two), KEY)) == (one == two)


@given(st.text(min_size=1, max_size=MOST_ID))
def test_a_hash_has_at_most_64_plain_characters_and_not_the_id(id: str) -> None:
    found = hash_of(SignedIn(id), {ID_KEY: "abcdefgh12345678:" + "s" * 16})
    assert found is not None
    assert re.fullmatch(r"abcdefgh12345678\.[A-Za-z0-9_-]{43}", found)
    assert len(id) < 4 or id not in found


def test_the_hash_depends_on_the_key_and_names_it() -> None:
    found = {hash_of(SignedIn("x"), {ID_KEY: key}) for key in ("k1:" + "a" * 16, "k1:" + "b" * 16, "k2:" + "a" * 16)}
    assert len(found) == 3
    assert {str(each).split(".")[0] for each in found} == {"k1", "k2"}


@pytest.mark.parametrize("key", ["", "tiny", "k1:tiny", "bad id:" + "s" * 16, "é:" + "s" * 16, ":" + "s" * 16])
def test_without_a_usable_key_a_caller_is_refused_and_the_key_is_not_shown(key: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        hash_of(SignedIn("somebody"), {ID_KEY: key})
    assert not key or key not in str(caught.value)
    assert "somebody" not in str(caught.value)


def test_anyone_needs_no_key() -> None:
    assert hash_of(Anyone(), {}) is None


def test_a_caller_does_not_show_their_id() -> None:
    assert "somebody" not in repr(Verified("somebody"))


SPEC = """
model here = openai("tiny") {{
    server other
    base_url "{url}"
    key env("TEST_KEY")
}}
feature greet {{
    model here
    input {{ name: line(..20) }}
    output line(..20)
    caller {caller}
}}
"""


@pytest.mark.parametrize("level", LEVELS)
def test_only_the_hash_of_a_caller_is_in_what_is_sent(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    id = "raw-id-of-somebody"
    caller = LEVELS[level](id) if level != "anyone" else None  # pyright: ignore[reportCallIssue]
    (tmp_path / "pyproject.toml").write_text('[tool.promptspec]\nenv = ["TEST_KEY"]\nhosts = ["127.0.0.1"]\n')
    environment = {"TEST_KEY": "sk-secret", **({} if caller is None else KEY)}
    world = World(clock=HOST.clock, entropy=HOST.entropy, environment=environment)
    with raw_server(answering(response(chat_body('{"answer": "hello"}')))) as server:
        greet = loaded(tmp_path, SPEC.format(url=server.base_url, caller=level)).greet
        with greet.override(world=world):
            reply = greet.call_fields({"name": "Ada"}, caller=caller)
    (sent,) = server.requests
    assert id.encode() not in sent
    assert b"0123456789abcdef" not in sent
    assert sent.count(b"sk-secret") == 1
    assert (str(caller and hash_of(caller, KEY)).encode() in sent) is (caller is not None)
    assert reply.value == "hello"
