"""Cases come back from JSON as they were, and what is no case is refused with a sentence."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.fuzz.case_json import decode, encode, id_of
from promptspec.fuzz.cases import Case, Claim, Lie

TEXTS = st.text(st.characters() | st.sampled_from("\ud83d\ude00\ud800$"), max_size=8)
NAMES = TEXTS | st.sampled_from(["$decimal", "$float", "$object", "$text", "$integer", "", "a"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | TEXTS | st.just(10**2_000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
CASES = st.builds(
    Case,
    given=VALUES,
    claim=st.none() | st.builds(Claim, valid=st.booleans(), path=TEXTS, rules=st.lists(TEXTS, max_size=2).map(tuple)),
    lie=st.builds(
        Lie,
        liar=st.sampled_from(["honest", "verbatim"]),
        reply=VALUES,
        place=st.lists(st.integers(0, 9) | st.sampled_from(["a", "b"]), max_size=2).map(tuple),
        text=TEXTS,
    ),
    caller=TEXTS,
    seed=st.integers(),
    today=st.none() | st.dates(),
    phase=st.sampled_from(["examples", "boundaries", "search", "sequences"]),
    techniques=st.lists(st.sampled_from(["plain", "null"]), max_size=2).map(tuple),
)


@given(CASES)
def test_a_case_comes_back_as_it_was(case: Case) -> None:
    text = encode(case)
    assert text.isascii()
    assert "\n" not in text
    again = decode(text)
    assert repr(again) == repr(case)  # NaN is not equal to itself
    assert encode(again) == text


@given(CASES, st.text(max_size=9))
def test_what_is_no_case_is_refused_with_a_sentence(case: Case, extra: str) -> None:
    text = encode(case)
    for broken in (text[: len(text) // 2], text + extra + "}", extra):
        error = refusal(broken)
        assert error is None or (str(error) and not isinstance(error, json.JSONDecodeError))


def refusal(text: str) -> ValueError | None:
    try:
        decode(text)
    except ValueError as error:
        return error
    return None


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        "{}",
        '{"given":{},"more":1}',
        '{"given":{},"given":{}}',
        '{"given":NaN}',
        '{"given":{"$decimal":"x"}}',
        '{"given":{"$decimal":1}}',
        '{"given":{"$text":["a"]}}',
        '{"given":{"$text":[-1]}}',
        '{"given":{"$object":[["a"]]}}',
        '{"given":{"$object":[["a",1],["a",2]]}}',
        '{"given":{"$other":1}}',
        '{"given":{},"phase":"dream"}',
        '{"given":{},"claim":{"valid":1}}',
        '{"given":{},"claim":[]}',
        '{"given":{},"lie":{"place":[1.5]}}',
        '{"given":{},"lie":{"place":[true]}}',
        '{"given":{},"lie":1}',
        '{"given":{},"seed":"1"}',
        '{"given":{},"seed":true}',
        '{"given":{},"today":"31.1.2026"}',
        '{"given":{},"techniques":"plain"}',
        '{"given":' + "9" * 5_000 + "}",
        "[" * 100_000,
    ],
)
def test_each_broken_line_is_named(broken: str) -> None:
    with pytest.raises(ValueError, match=r"^[`a-z]"):
        decode(broken)


def test_numbers_longer_than_python_prints_come_back() -> None:
    case = Case(given=10**5_000)
    assert decode(encode(case)) == case


def test_what_no_json_can_hold_is_not_written() -> None:
    endless: list[object] = []
    endless.append(endless)
    for value in (b"bytes", {1: "a"}, endless, date(2026, 1, 31)):
        with pytest.raises(ValueError, match="a case"):
            encode(Case(given=value))


def test_numbers_from_other_tools_are_read_exactly() -> None:
    assert decode('{"given":{"price":1.10}}').given == {"price": Decimal("1.10")}


@given(CASES)
def test_a_failure_has_the_same_name_in_every_phase(case: Case) -> None:
    again = Case(given=case.given, lie=case.lie, caller=case.caller, seed=case.seed, today=case.today)
    assert id_of(case, "law", "feature") == id_of(again, "law", "feature")
    assert len(id_of(case, "law", "feature")) == 12
    assert id_of(case, "law", "feature") != id_of(case, "other", "feature")
