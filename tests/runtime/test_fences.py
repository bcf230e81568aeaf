"""Fences: taking them out of a message gives back exactly the values that were put in."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from promptspec.runtime.drafts import Draft
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
