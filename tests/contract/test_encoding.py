"""A contract comes back from its text as it was."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.samples import EVERYTHING, ORIGIN, PRINTED, feature, field, module
from promptspec.contract import expressions, types
from promptspec.contract.encoding import decode, encode
from promptspec.contract.feature import Message, Module

CONSTANTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.dates()
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.lists(st.tuples(st.text(), inner), max_size=3).map(lambda e: types.ObjectConstant(entries=tuple(e)))
    ),
    max_leaves=8,
)
EXPRESSIONS = st.recursive(
    st.builds(expressions.Constant, value=st.text() | st.integers() | st.booleans() | st.none() | st.dates())
    | st.builds(expressions.Reference),
    lambda inner: (
        st.builds(expressions.Compare, left=inner, right=inner)
        | st.builds(expressions.Logic, items=st.lists(inner, max_size=3).map(tuple))
        | st.builds(expressions.Quantified, over=inner, body=inner)
    ),
    max_leaves=8,
)


def strictly(value: object) -> object:
    """What equality hides: True is not 1, and Decimal(1) is neither."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), [strictly(getattr(value, f.name)) for f in dataclasses.fields(value)]
    if isinstance(value, tuple):
        return [strictly(item) for item in value]
    return type(value), str(value)


@given(default=CONSTANTS, condition=EXPRESSIONS, most=st.integers(1, 9))
def test_decoding_undoes_encoding(default: Any, condition: Any, most: int) -> None:
    source = types.OneOfSource(source="plans", file="films.spec", where=condition)
    written = module(
        feature((field("a", types.ListOf(item=source, least=0, most=most), default=default, has_default=True),))
    )
    read = decode(encode(written))
    assert read == written
    assert strictly(read) == strictly(written)


def test_every_part_of_a_large_contract_comes_back() -> None:
    written = module(
        dataclasses.replace(EVERYTHING, messages=(Message(role="user", parts=(PRINTED,), origin=ORIGIN),)), EVERYTHING
    )
    assert strictly(decode(encode(written))) == strictly(written)
    assert encode(decode(encode(written))) == encode(written)


def test_defaults_are_left_out_and_what_only_equals_them_is_not() -> None:
    text = encode(module(feature((field("a", types.Boolean(), default=0, has_default=True),))))
    assert '"optional"' not in text
    assert '"default":0' in text


def test_text_beyond_ascii_is_escaped() -> None:
    text = encode(module(file="\u202e.spec"))
    assert text.isascii()
    assert decode(text).file == "\u202e.spec"


@pytest.mark.parametrize(
    "change",
    [
        {"$": "Popen"},
        {"$": "Module", "unknown": 1},
        {"$": "date", "value": "yesterday"},
        {"$": "decimal", "value": "NaN"},
        {"$": "decimal", "value": "many"},
        {"$": "trust", "value": "total"},
        {"value": 1},
        {"$": ["Module"]},
        1.5,
    ],
)
def test_what_is_not_of_a_contract_is_refused(change: Any) -> None:
    plain = json.loads(encode(module()))
    with pytest.raises(ValueError):  # noqa: PT011
        decode(json.dumps({**plain, "hosts": [change]}))


@pytest.mark.parametrize("text", ["", "null", "[]", '{"$":"Boolean"}', '{"$":"Module"}', '{"$":"Module","$":"Module"}'])
def test_what_is_not_a_module_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        decode(text)


def test_deep_nesting_is_refused_as_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"deeply|key|contract"):
        decode("[" * 100_000)


def test_only_finite_numbers_are_written() -> None:
    with pytest.raises(TypeError):
        encode(module(feature((field("a", types.Boolean(), default=Decimal("NaN"), has_default=True),))))


def test_a_module_is_a_module() -> None:
    assert isinstance(decode(encode(module())), Module)
    assert date(2026, 1, 31) == EVERYTHING.examples[0].today
