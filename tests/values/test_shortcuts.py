"""The quick answers of the judges of text are those of the slow ones."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from promptspec.runtime.collections import items
from promptspec.runtime.context import Context
from promptspec.runtime.values import cleaned_text
from promptspec.values import cleaning, echo, sinks
from promptspec.values.cleaning import Kind, Unclean, clean

_PIECES = (
    " union select ", "pip install x", "import x as y", "\nfrom a import b", "yarn add x", "AKIAIOSFODNN7EXAMPLE",
    " or 1",
    "drop table ", "rm", "cat ", "AIza" + "b" * 35, "eicar",
    "www", "com", "xn", "http", "https", "javascript", "data", "mailto", "dot", "x1b", "lt", "url", "1", "127", "a",
    "Z",
    " ", "\n", ".", ". ", "..", ",", ";", "!", "?", "'", '"', ":", "/", "-", "(", "[", "]", "&", "<", "_", "\\", "\r",
    "é",
)  # fmt: skip
_TEXTS = st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)


def _automaton_finds(text: str) -> bool:
    return sinks._together().Match(text.encode()) != [0]


@given(_TEXTS)
@example("Go to www.example.com now.")
@example("a. com")
@example("a.. com.")
@example("a. .com")
@example("x.\ncom")
def test_prose_is_nothing_that_a_recogniser_matches(text):
    if sinks.is_prose(text.encode()):
        assert not _automaton_finds(text)
        assert sinks.find_sinks(text) == ()


def test_no_recogniser_matches_three_characters_of_prose():
    signs = "aZ9 \n,;!?'\"."
    for length in (1, 2, 3):
        for made in itertools.product(signs, repeat=length):
            text = "".join(made)
            assert not sinks.is_prose(text.encode()) or not _automaton_finds(text)


@pytest.mark.parametrize("text", ["", "Two travellers part as friends.", "Is it? Yes. It is!", 'He said: "no".'])
def test_an_ordinary_sentence_is_prose(text):
    assert sinks.is_prose(text.encode()) is (":" not in text)


_RUNS = st.lists(
    st.sampled_from([*"abcXYZ0189 ,:\n\t\x1c\x1f-_+/=.!", "0af3", "deadbeef", "QUJDREVG", "é", "\u2003", "ｆ", "٣"]),
    max_size=40,
).map("".join)


@given(_RUNS)
@example("de:ad, be:ef " * 3)
@example("a\x1cb" * 12)
@example("A" * 15)
@example("A" * 16)
def test_no_encoded_run_is_passed_over(text):
    if echo._BASE64.search(text) or echo._HEX.search(text):
        assert echo._may_hold_encoded(text)


@given(st.text(max_size=12) | st.text(st.sampled_from("aZ ~\n\t\x00\x7fé"), max_size=12), st.integers(0, 12))
def test_a_text_that_is_passed_unread_is_clean(text, most):
    for kind in ("text", "line"):
        assert _quick(text, kind, most) == _slow(text, kind, most)


def _quick(text: str, kind: Kind, most: int) -> str:
    try:
        return cleaned_text(text, kind, most, Context(direction="output", today=date(2026, 11, 24)))
    except PydanticCustomError as error:
        return "refused: " + error.type


def _slow(text: str, kind: Kind, most: int) -> str:
    try:
        return clean(text, kind=kind, direction="output", most=most).text
    except Unclean as unclean:
        return "refused: " + unclean.rule


def test_a_list_that_lies_about_its_length_is_counted():
    class Short(list[int]):
        def __len__(self) -> int:
            return 1

    with pytest.raises(PydanticCustomError):
        items(0, 2).bound(Short([1, 2, 3]))
    assert items(0, 3).bound(Short([1, 2, 3])) == [1, 2, 3]


_INVISIBLE_PIECES = st.sampled_from(
    [
        "a",
        "é",
        "\u200b",
        "\u202e",
        "\u200d",
        "\u200c",
        "\ufe0f",
        "\U000e0061",
        "\U000e007f",
        "👩",
        "🔬",
        "🏴",
        "❤",
        "1",
        "\u20e3",
        "न",
        "\u094d",
        "\u00ad",
        "\ufeff",
    ]
)


@given(st.lists(_INVISIBLE_PIECES, max_size=12).map("".join))
def test_what_shows_nothing_is_removed_alike_the_quick_way(text):
    assert cleaning.strip_invisible(text) == "".join(cleaning._kept(text))
