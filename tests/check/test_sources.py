"""Sources as specs name them."""

from __future__ import annotations

from check.specs import checked, feature, said

FILMS = 'source films = jsonl("films.jsonl") {\n    key id\n    label title\n}\n' + feature(input="film: one of films")


def test_a_source_is_read_from_a_jsonl_file() -> None:
    assert checked(FILMS, films_jsonl='{"id": "a1", "title": "Alien"}\n').name == "sort"


def test_a_broken_line_names_the_file_and_the_line() -> None:
    assert said(FILMS, films_jsonl='{"id": "a1", "title": "Alien"}\n{"id": \n') == [
        "PS802 `films.jsonl`: line 2: this is not JSON"
    ]


def test_select_is_for_json_alone() -> None:
    text = FILMS.replace("key id", 'key id\n    select "$.items[*]"')
    assert said(text, films_jsonl='{"id": "a1", "title": "Alien"}\n') == ["PS803 `select` is for json"]
