"""Bits of a type against a count of its values, one by one, for types that are small enough."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations, product
from math import inf, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.samples import FILE, ORIGIN, module
from promptspec.audit.bits import Bits, alphabet, arrangements, bits_of, bits_of_field, bits_of_record, strings
from promptspec.contract import types as t

MODULE = module()


def words(count: int) -> t.Type:
    return t.Words(words=tuple(f"w{at}" for at in range(count)))


def whole(low: int, more: int) -> t.Type:
    return t.Integer(least=low, most=low + more)


def decimals(low: int, quarters: int, places: int) -> t.Type:
    return t.Number(least=Decimal(low), most=Decimal(low) + Decimal(quarters) / 4, places=places)


def days(more: int) -> t.Type:
    return t.Date(least=date(2026, 1, 31), most=date(2026, 1, 31) + timedelta(more))


def many(item: t.Type, least: int, more: int, unique: bool) -> t.Type:
    return t.ListOf(item=item, least=least, most=least + more, unique=unique)


SMALL: st.SearchStrategy[t.Type] = st.recursive(
    st.builds(words, st.integers(1, 4))
    | st.builds(whole, st.integers(-3, 3), st.integers(0, 3))
    | st.builds(decimals, st.integers(-2, 2), st.integers(0, 3), st.integers(0, 1))
    | st.just(t.Boolean())
    | st.just(t.Choice(name="Mood", file=FILE))
    | st.builds(days, st.integers(0, 4))
    | st.just(t.OneOfSource(source="plans", file=FILE)),
    lambda inner: st.builds(many, inner, st.integers(0, 2), st.integers(0, 1), st.booleans()),
    max_leaves=2,
)


def values(type: t.Type) -> Iterator[object]:
    """Yield every value of a small type, as slowly and as plainly as can be."""
    match type:
        case t.Words(words=words):
            yield from words
        case t.Choice():
            yield from (member.name for member in MODULE.enum(type).members)
        case t.Boolean():
            yield from (True, False)
        case t.Integer(least=least, most=most):
            yield from (number for number in range(-100, 100) if least <= number <= most)
        case t.Number(least=least, most=most, places=places):
            step = Decimal(1).scaleb(-places)
            yield from (n * step for n in range(-100, 100) if least <= n * step <= most)
        case t.Date(least=date() as least, most=date() as most):
            yield from (day for n in range(9) if (day := least + timedelta(n)) <= most)
        case t.OneOfSource():
            yield from (row.key for row in MODULE.source(type.source, type.file).rows)
        case t.ListOf(item=item, least=least, most=most, unique=unique):
            inner = list(values(item))
            for length in range(least, most + 1):
                yield from permutations(inner, length) if unique else product(inner, repeat=length)
        case _:
            raise AssertionError(type)


@given(type=SMALL)
def test_closed_types_have_the_bits_of_their_number_of_values(type: t.Type) -> None:
    every = set(values(type))
    found = bits_of(type, MODULE)
    assert found.exact
    assert found.log2 == pytest.approx(log2(len(every)) if every else -inf, abs=1e-6)


@given(types=st.lists(st.tuples(SMALL, st.booleans()), min_size=1, max_size=3))
def test_a_record_has_the_bits_of_all_its_fields(types: list[tuple[t.Type, bool]]) -> None:
    fields = tuple(
        t.Field(name=f"f{at}", type=type, optional=optional, origin=ORIGIN)
        for at, (type, optional) in enumerate(types)
        if any(values(type))
    )
    every = 1
    for field in fields:
        every *= len(set(values(field.type))) + field.optional
    found = bits_of_record(t.Record(name="R", fields=fields, origin=ORIGIN), MODULE)
    assert found.log2 == pytest.approx(log2(every), abs=1e-6)


@pytest.mark.parametrize(
    ("letters", "least", "most"), [(1, 0, 4), (2, 0, 3), (2, 2, 2), (3, 1, 4), (5, 0, 1), (3, 0, 0)]
)
def test_strings_over_an_alphabet_are_counted(letters: int, least: int, most: int) -> None:
    every = sum(1 for n in range(least, most + 1) for _ in product(range(letters), repeat=n))
    assert strings(letters, least, most).log2 == pytest.approx(log2(every))


@pytest.mark.parametrize(
    "source", ["[ab]", "[ab]{1,3}", "a?b?", "(a|b)*", "x", "[a-c]+", "a(b|c)?a", "(ab)+", "[^a-y]?", r"\d{2}", "a|a"]
)
def test_a_pattern_has_at_least_the_bits_of_the_texts_that_match(source: str) -> None:
    letters = "abcxyz019"
    type = t.Text(kind="line", cap=t.Cap(least=0, most=3), pattern=t.Pattern(source=source))
    every = sum(
        re.fullmatch(source, "".join(text)) is not None for n in range(4) for text in product(letters, repeat=n)
    )
    assert bits_of(type, MODULE).log2 >= log2(every)
    assert bits_of(type, MODULE).log2 <= strings(alphabet("line"), 0, 3).log2


def test_a_pattern_of_few_texts_has_few_bits() -> None:
    type = t.Text(kind="line", cap=t.Cap(least=0, most=40), pattern=t.Pattern(source=r"[A-Z]{3}-\d{4}"))
    assert bits_of(type, MODULE).log2 == pytest.approx(3 * log2(26) + 4 * log2(10))


def test_text_has_the_bits_of_its_alphabet() -> None:
    found = bits_of(t.Text(kind="text", cap=t.Cap(least=0, most=280)), MODULE)
    assert not found.exact
    assert found.log2 == pytest.approx(280 * log2(alphabet("text")), abs=0.01)
    assert alphabet("text") == alphabet("line") + 2


@pytest.mark.parametrize(
    ("cap", "chars"),
    [(t.Cap(least=0, most=10, unit="words"), 120), (t.Cap(least=0, most=10, unit="bytes"), 10)],
)
def test_other_units_have_no_more_bits_than_the_characters_that_they_allow(cap: t.Cap, chars: int) -> None:
    most = strings(alphabet("text"), 0, chars).log2 + 0.01
    assert 0 < bits_of(t.Text(kind="text", cap=cap), MODULE).log2 <= most


def test_tokens_say_less_than_their_bytes_could() -> None:
    found = bits_of(t.Text(kind="text", cap=t.Cap(least=0, most=10, unit="tokens")), MODULE).log2
    assert 10 * 17 < found < 10 * 16 * 8


def test_a_free_object_has_a_finite_number_of_bits() -> None:
    schema = (
        '{"type":"object","properties":{"a":{"type":"string","maxLength":3},"b":{"enum":[1,2]},'
        '"c":{"type":"array","maxItems":2,"items":{"type":"boolean"}},"d":{"type":["null","integer"]}},"required":["a"]}'
    )
    found = bits_of(t.JsonSchema(schema=schema, path="a.json"), MODULE)
    assert found.log2 >= strings(alphabet("text"), 0, 3).log2 + log2(3) + log2(8) + 54
    assert not found.exact


@pytest.mark.parametrize(
    "type",
    [
        t.DateTime(),
        t.Email(),
        t.Url(),
        t.Image(most=10),
        t.Date(most="today"),
        t.Turns(item=t.Text(kind="text", cap=t.Cap(least=0, most=5)), least=0, most=3),
        t.OneOfItems(field="xs", record="Passage", file=FILE, most=5),
        t.OneOfShortlist(shortlist="hits", source="plans", file=FILE, most=8),
    ],
)
def test_every_type_has_a_finite_bound(type: t.Type) -> None:
    found = bits_of(type, MODULE)
    assert 0 < found.log2 < 1e9
    assert not found.exact


def test_what_can_be_left_out_says_a_little_more() -> None:
    field = t.Field(name="a", type=t.Boolean(), optional=True, origin=ORIGIN)
    assert bits_of_field(field, MODULE).log2 == pytest.approx(log2(3))


def test_many_values_in_a_set_are_bounded_by_a_list() -> None:
    assert arrangements(Bits(60.0, True), 1, 5) == Bits(strings(2**60, 1, 5).log2, False)


def test_bits_are_written_for_people() -> None:
    assert str(Bits(2.0, True)) == "2.0"
    assert str(Bits(12_345.6, False)) == "at most 12,346"
