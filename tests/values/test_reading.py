"""Rule 14: one reader, strict, exact, bounded."""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.values.reading import JsonValue, Unreadable, exact_integer, read_json

CHARACTERS = st.characters(exclude_categories=["Cs"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(CHARACTERS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(CHARACTERS), inner, max_size=4),
)


def rule(data: bytes | str, most_bytes: int | None = None) -> str | None:
    try:
        read_json(data, most_bytes=most_bytes)
    except Unreadable as unreadable:
        return unreadable.rule
    return None


@given(DOCUMENTS, st.booleans())
def test_what_json_writes_is_read_exactly(value: JsonValue, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert read_json(text) == read_json(text.encode()) == json.loads(text, parse_float=Decimal)


@given(st.binary(max_size=40) | st.text(st.sampled_from('{}[]",:0.1eE-+tnN \\ud8')).map(str.encode))
def test_whatever_is_read_json_reads_alike(data: bytes) -> None:
    if rule(data) is None:
        assert read_json(data) == json.loads(data, parse_float=Decimal)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf1", "byte_order_mark"),
        (b'"\xff"', "encoding"),
        (b'"\xed\xa0\x80"', "encoding"),
        ('"\ud800"', "surrogate"),
        (rb'"\ud800"', "surrogate"),
        (rb'"\udc00x"', "surrogate"),
        (rb'"\ud800\ud800"', "surrogate"),
        (b'{"a":1,"a":2}', "repeated_key"),
        (rb'{"a":1,"\u0061":2}', "repeated_key"),
        (b'[{"b":{"a":1,"a":1}}]', "repeated_key"),
        (b"1 2", "second_value"),
        (b'{"a":1} and more', "second_value"),
        (b"NaN", "syntax"),
        (b"[Infinity]", "syntax"),
        (b"-Infinity", "syntax"),
        (b"1e400", "number"),
        (b"-1E+0400", "number"),
        (b"1e-400", "number"),
        (b"123e399", "number"),
        (b"1e99999999999999999999", "number"),
        (b"1" * 401, "number"),
        (b"0." + b"1" * 400, "number"),
        (b"[" * 65 + b"]" * 65, "depth"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "depth"),
        (b"[" * 10_000, "depth"),
        (b'{"a":1,}', "syntax"),
        (b"{'a':1}", "syntax"),
        (b"01", "syntax"),
        (b"+1", "syntax"),
        (b'"\n"', "syntax"),
        (b"// c\n1", "syntax"),
        (b"tru", "syntax"),
    ],
)
def test_what_is_not_one_plain_document_is_refused(data: bytes | str, name: str) -> None:
    assert rule(data) == name


@pytest.mark.parametrize(
    "data",
    [
        *(
            b"[" * 64 + b"]" * 64,
            b"1" * 400,
            b"1e399",
            b'"1e400"',
            b'["' + b"1" * 500 + b'"]',
            b'"' + b"[{" * 100 + b'"',
        ),
        *(b"[" + b"[]," * 100 + b"[]]", rb'"\ud83d\ude00"', rb'"\\ud800"', rb'"a\"[[[["'),
    ],
)
def test_what_only_looks_too_much_is_read(data: bytes) -> None:
    assert read_json(data) == json.loads(data, parse_float=Decimal)


def test_numbers_are_exact() -> None:
    assert read_json(b"[0.1, 9007199254740993, 1e2]") == [Decimal("0.1"), 9007199254740993, Decimal("1e2")]


def test_size_is_judged_first() -> None:
    assert rule(b"[" * 100, most_bytes=99) == "too_large"
    assert rule("é" * 60, most_bytes=100) == "too_large"
    assert rule(b"[1]", most_bytes=3) is None


@pytest.mark.parametrize(
    ("value", "integer"),
    [
        (4, 4),
        (Decimal("4.0"), 4),
        (Decimal("4e2"), 400),
        (Decimal("-0"), 0),
        (2**53, 2**53),
        (-(2**53), -(2**53)),
        (2**53 + 1, None),
        (Decimal(2**53 + 1), None),
        (Decimal("1e399"), None),
        (Decimal("4.5"), None),
        (Decimal("NaN"), None),
        (Decimal("Infinity"), None),
        (True, None),
        ("4", None),
        (4.0, None),
        (None, None),
    ],
)
def test_integers_are_integral_numbers_that_every_reader_keeps(value: object, integer: int | None) -> None:
    found = exact_integer(value)
    assert found == integer
    assert type(found) is type(integer)


def test_messages_hold_nothing_of_the_document() -> None:
    with pytest.raises(Unreadable) as refused:
        read_json(b'{"secret":1,"secret":2}')
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("data", [b"[" * 10**6, b'"' * 10**6, b"\\" * 10**6, b'["' * 500_000, b"1e999," * 160_000])
def test_a_hostile_megabyte_takes_little_time(data: bytes) -> None:
    start = time.process_time()
    assert rule(data) is not None
    assert time.process_time() - start < 1
