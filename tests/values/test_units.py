"""Rule 13: what a word, a byte and a token count, and which bound a text breaks."""

from __future__ import annotations

import time

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from promptspec.values.units import Unit, count, count_tokens_at_most, measure, raw_bound

UNITS: tuple[Unit, ...] = ("chars", "words", "bytes", "tokens")


@pytest.mark.parametrize(
    ("text", "chars", "words", "size", "tokens"),
    [("", 0, 0, 0, 0), ("don't stop", 10, 2, 10, 2), ("é 3.5", 5, 2, 6, 4), ("漢字", 2, 2, 6, 2), ("🇩🇪!", 3, 0, 9, 3)],
)
def test_each_unit_counts_its_own(text: str, chars: int, words: int, size: int, tokens: int) -> None:
    assert [count(text, unit) for unit in ("chars", "words", "bytes")] == [chars, words, size]
    assert abs(count(text, "tokens") - tokens) <= 2


@given(st.text(st.sampled_from("ab1_.',:; -\n\"")))
def test_words_of_ascii_are_those_of_uax_29(text: str) -> None:
    parts = regex.split(r"(?wV1)\b", text)
    assert count(text, "words") == sum(any(one.isalnum() for one in part) for part in parts)


@given(st.text(max_size=60), st.integers(0, 20), st.integers(0, 40), st.sampled_from(UNITS))
def test_measure_agrees_with_counting(text: str, least: int, most: int, unit: Unit) -> None:
    broken = measure(text, least=least, most=most, unit=unit)
    number = count(text, unit)
    if broken == "too_short":
        assert number < least
    elif broken == "too_long":
        assert number > most or len(text.encode()) > raw_bound(most, unit)
    else:
        assert least <= number <= most


@pytest.mark.parametrize("unit", UNITS)
def test_bounds_hold_exactly(unit: Unit) -> None:
    text = "one two three four"
    number = count(text, unit)
    assert measure(text, least=number, most=number, unit=unit) is None
    assert measure(text, least=number + 1, most=number + 1, unit=unit) == "too_short"
    assert measure(text, least=0, most=number - 1, unit=unit) == "too_long"


def test_words_have_at_most_twelve_characters_on_average() -> None:
    assert measure("a" * 24, least=0, most=2, unit="words") is None
    assert measure("a" * 25, least=0, most=2, unit="words") == "too_long"


def test_tokens_have_at_most_sixteen_bytes_on_average() -> None:
    assert count(" " * 64, "tokens") < 4
    assert measure(" " * 64, least=0, most=4, unit="tokens") is None
    assert measure(" " * 65, least=0, most=4, unit="tokens") == "too_long"


def test_a_lower_bound_is_not_met_by_blanks() -> None:
    assert measure(" \n ", least=1, most=9, unit="chars") == "blank"
    assert measure("\u3000", least=1, most=9, unit="bytes") == "blank"
    assert measure(" ", least=0, most=9, unit="chars") is None
    assert measure("", least=1, most=9, unit="chars") == "too_short"


def test_counting_stops_at_the_limit() -> None:
    assert count_tokens_at_most("hello world", 2)
    assert not count_tokens_at_most("hello world", 1)
    count("", "tokens")
    start = time.process_time()
    assert not count_tokens_at_most("a b " * 250_000, 50)
    assert time.process_time() - start < 1


def test_flags_are_counted_in_linear_time() -> None:
    start = time.process_time()
    assert count("🇩" * 100_000 + "x", "words") == 1
    assert time.process_time() - start < 2
