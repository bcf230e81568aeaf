"""Fences: taking them out of a message gives back exactly the values that were put in."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.fuzz.fences import unmarked
from promptspec.runtime.drafts import Draft, FenceMode, marked
from promptspec.runtime.host import HOST

# Pieces that look like our own marks, and any text.
HOSTILE = st.sampled_from(("[[note ", "[[/note ", "]]", "\n", "The tag of this message is ", "0" * 24, "{{ note }}"))
TEXTS = st.lists(HOSTILE | st.text(max_size=20), max_size=6).map("".join)
PATHS = st.sampled_from(("note", "notes[2]", "film.title"))


@given(st.lists(st.tuples(PATHS, TEXTS), min_size=1, max_size=5), TEXTS)
def test_open_values_are_recovered_from_a_message(values: list[tuple[str, str]], between: str):
    draft = Draft(fence="tags")
    draft.begin("user")
    for path, value in values:
        draft.text(between)
        draft.fence(path, value)
    tag = draft.draw_tag(HOST.entropy)
    (message,) = draft.messages(tag)
    first, _, rest = message.content.partition("\n")
    assert first == f"The tag of this message is {tag}."
    found = re.findall(rf"\[\[(?!/)([^\s]+) {tag}\]\](.*?)\[\[/\1 {tag}\]\]", rest, re.DOTALL)
    assert found == values


def test_a_tag_that_stands_in_a_value_is_drawn_again():
    class Twice:
        def __init__(self) -> None:
            self.tags = ["a" * 24, "b" * 24]

        def token(self, bits: int) -> str:
            return self.tags.pop(0)

    draft = Draft(fence="tags")
    draft.begin("user")
    draft.fence("note", "guessed: " + "A" * 24)
    assert draft.draw_tag(Twice()) == "b" * 24


@given(st.lists(st.tuples(PATHS, TEXTS), min_size=1, max_size=5), TEXTS)
def test_marked_values_are_recovered_from_a_message(values: list[tuple[str, str]], between: str):
    draft = Draft(fence="datamark")
    draft.begin("user")
    for path, value in values:
        draft.text(between)
        draft.fence(path, value)
    tag, mark = draft.draw_tag(HOST.entropy), draft.draw_mark(HOST.entropy)
    (message,) = draft.messages(tag, mark)
    first, _, rest = message.content.partition("\n")
    assert first == f"The tag of this message is {tag}. The mark between words is {mark}."
    found = re.findall(rf"\[\[(?!/)([^\s]+) {tag}\]\](.*?)\[\[/\1 {tag}\]\]", rest, re.DOTALL)
    assert [(path, value.replace(mark, "")) for path, value in found] == values
    assert unmarked(found[0][1], mark) == values[0][1]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ""),
        ("word", "word"),
        (" word", " ^word"),
        ("two words", "two ^words"),
        ("two  words ", "two  ^words "),
        ("a\tb\nc\u3000d", "a\t^b\n^c\u3000^d"),
        ('["a\\nb", "c d"]', '["a\\n^b", ^"c ^d"]'),
    ],
)
def test_a_mark_stands_before_each_word_after_another(text: str, wanted: str):
    assert marked(text, "^") == wanted


def test_a_list_is_marked_in_its_json():
    draft = Draft(fence="datamark")
    draft.begin("user")
    draft.fence("notes", ("a b", "c\nd"))
    (message,) = draft.messages("0" * 24, "^1a2b3c4d")
    assert '["a ^1a2b3c4db", ^1a2b3c4d"c\\n^1a2b3c4dd"]' in message.content


def test_a_mark_that_stands_in_a_value_is_drawn_again():
    class Twice:
        def __init__(self) -> None:
            self.marks = ["a1" * 4, "b2" * 4]

        def token(self, bits: int) -> str:
            return self.marks.pop(0)

    draft = Draft(fence="datamark")
    draft.begin("user")
    draft.fence("note", "guessed: A1a1A1a1")
    assert draft.draw_mark(Twice()) == "^" + "b2" * 4


@pytest.mark.parametrize("fence", ["tags", "json"])
def test_there_is_no_mark_elsewhere(fence: FenceMode):
    draft = Draft(fence=fence)
    draft.begin("user")
    draft.fence("note", "two words")
    assert draft.draw_mark(HOST.entropy) == ""
