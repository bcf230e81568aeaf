"""A JSON object that is still coming: what of it is complete, and what is never found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.values.json_pieces import Found, JsonPieces
from promptspec.values.reading import read_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=4)


@given(OBJECTS, st.booleans(), st.sampled_from([None, 1]), st.integers(1, 9))
def test_every_member_is_found_once_it_is_there(
    value: dict[str, Any], ascii: bool, indent: int | None, size: int
) -> None:
    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    lists = {name for name, item in value.items() if isinstance(item, list)}
    reader = JsonPieces(lists=lists)
    found = [each for at in range(0, len(text), size) for each in reader.feed(text[at : at + size])]
    wanted: list[Found] = []
    for name, item in value.items():
        if name in lists:
            wanted += [Found(name, index, each) for index, each in enumerate(item)]
        else:
            wanted.append(Found(name, None, item))
    assert found == wanted


@given(TEXTS, st.booleans())
def test_a_text_grows_to_what_the_strict_reader_reads(text: str, ascii: bool) -> None:
    raw = json.dumps({"answer": text}, ensure_ascii=ascii)
    reader = JsonPieces(text="answer")
    for character in raw:
        before = reader.text
        reader.feed(character)
        assert reader.text.startswith(before)
    assert {"answer": reader.text} == read_json(raw)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('x{"a": 1, "b": 2}', []),
        ('\ufeff{"a": 1, "b": 2}', []),
        ('[{"a": 1, "b": 2}]', []),
        ('{"a": 1 "b": 2}', ["a"]),
        ('{"a": 1, "a": 2, "b": 3}', ["a"]),
        ('{"a": NaN, "b": 2}', []),
        ('{"a": 01, "b": 2}', []),
        ('{"a": 1e999, "b": 2}', []),
        ('{"a": {"x": 1, "x": 2}, "b": 2}', []),
        ('{"a": "\\x", "b": 2}', []),
        ('{"a": "\\ud83d", "b": 2}', []),
        ('{"a": "\n", "b": 2}', []),
        ('{"a": [1}, "b": 2}', []),
        ('{"a": ' + "[" * 80 + "]" * 80 + ', "b": 2}', []),
        ('{"a": 1, b: 2}', ["a"]),
        ('{"a": 1} {"b": 2}', ["a"]),
        ('{"l": [1, 2 3], "b": 2}', ["l", "l"]),
        ('{"l": [1,], "b": 2}', ["l"]),
        ('{"l": [,1], "b": 2}', []),
    ],
)
def test_nothing_is_found_behind_what_cannot_stand_there(text: str, names: list[str]) -> None:
    assert [found.name for found in JsonPieces(lists=["l"]).feed(text)] == names


@pytest.mark.parametrize(
    ("text", "come"),
    [
        ('{"answer": "a\\', "a"),
        ('{"answer": "a\\u00', "a"),
        ('{"answer": "a\\ud83d', "a"),
        ('{"answer": "a\\ud83d\\ude0', "a"),
        ('{"answer": "a\\ud83d\\ude00', "a😀"),
        ('{"answer": "a\\ud83dx', "a"),
        ('{"answer": "a\\ud83d\\u0041b', "a"),
        ('{"answer": "a\\ude00b', "a"),
        ('{"answer": "a\\zb', "a"),
        ('{"answer": "a\\u12g4b', "a"),
        ('{"answer": "a\tb', "a"),
        ('{"answer": "a" "b', "a"),
        ('{"answer": "a", "answer": "b', "a"),
    ],
)
def test_half_an_escape_is_no_text(text: str, come: str) -> None:
    reader = JsonPieces(text="answer")
    for character in text:
        reader.feed(character)
    assert reader.text == come
