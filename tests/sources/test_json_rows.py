"""Rows of a json file, and the path that selects them."""

from __future__ import annotations

import pytest

from promptspec.contract.types import Boolean, Integer
from promptspec.sources.json_path import parse_path
from promptspec.sources.load import load_rows
from sources.described import PRICE, column, films, told

ROWS = (("a1", "Alien"), ("b2", "Brazil"))
LIST = b'[{"id": "a1", "title": "Alien", "more": [1]}, {"title": "Brazil", "id": "b2"}]'


@pytest.mark.parametrize(
    ("select", "data"),
    [
        ("", LIST),
        ("$[*]", LIST),
        ("$[*]", b"\xef\xbb\xbf" + LIST),
        ("$.items[*]", b'{"items": ' + LIST + b"}"),
        ('$["the items"].all[*]', b'{"the items": {"all": ' + LIST + b"}}"),
        ("$[*].film", b'[{"film": {"id": "a1", "title": "Alien"}}, {"film": {"id": "b2", "title": "Brazil"}}]'),
        ("$[*][*]", b"[" + LIST + b", []]"),
    ],
)
def test_a_path_selects_the_rows(select: str, data: bytes) -> None:
    loaded = load_rows(films(kind="json", select=select), data)
    assert loaded.problems == ()
    assert loaded.rows == ROWS


@pytest.mark.parametrize(
    ("select", "data", "rule", "place"),
    [
        ("", b"[{", "unreadable_json", ""),
        ("", b"", "unreadable_json", ""),
        ("", b'[{"id": 1, "id": 2}]', "unreadable_json", ""),
        ("", '[{"id": "é"}]'.encode("latin-1"), "not_utf8", "line 1"),
        ("", b'{"items": []}', "nothing_selected", "$"),
        ("$.itmes[*]", b'{"items": []}', "nothing_selected", "$"),
        ("$.items", b'{"items": []}', "nothing_selected", "$.items"),
        ("$.items[*].film", b'{"items": [1]}', "nothing_selected", "$.items[0]"),
        ("", b'["a"]', "not_an_object", "$[0]"),
        ("", b'[{"id": "a"}]', "missing_column", "$[0]"),
        ("", b'[{"id": null, "title": "A"}]', "empty_key", "$[0]"),
        ("", b'[{"id": 1.5, "title": "A"}]', "wrong_type", "$[0]"),
        ("", b'[{"id": "a", "title": 3}]', "wrong_type", "$[0]"),
        ("", b'[{"id": "a", "title": null}]', "empty", "$[0]"),
        ("", b'[{"id": "1", "title": "A"}, {"id": 1, "title": "B"}]', "repeated_key", "$[1]"),
    ],
)
def test_a_json_file_is_refused_with_its_place(select: str, data: bytes, rule: str, place: str) -> None:
    (problem,) = load_rows(films(kind="json", select=select), data).problems
    assert (problem.rule, problem.place) == (rule, place)
    assert problem.line == (1 if place == "line 1" else None)


@pytest.mark.parametrize(
    "path", ["items", "$items", "$..items", "$[0]", "$[1:2]", "$[?@.a]", "$.a[", '$["\\q"]', "$.*"]
)
def test_other_paths_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match="`"):
        parse_path(path)
    assert told(films(kind="json", select=path), LIST) == [(None, None, "select_syntax")]


def test_a_misspelt_name_in_a_path_names_the_one_that_is_near() -> None:
    (problem,) = load_rows(films(kind="json", select="$.itmes[*]"), b'{"items": []}').problems
    assert problem.message == "`$` has no `itmes`; did you mean `items`"


def test_numeric_ids_become_the_digits_that_they_are_written_with() -> None:
    assert load_rows(films(kind="json"), b'[{"id": 17, "title": "A"}]').keys == ("17",)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("4.0", None),
        ("4", None),
        ('"4"', "wrong_type"),
        ("true", "wrong_type"),
        ("4.5", "wrong_type"),
        ("1e300", "wrong_type"),
    ],
)
def test_a_whole_number_is_a_json_number(written: str, rule: str | None) -> None:
    described = films(column("n", Integer(least=0, most=9)), kind="json")
    loaded = load_rows(described, b'[{"id": "a", "title": "A", "n": %s}]' % written.encode())
    assert [problem.rule for problem in loaded.problems] == ([rule] if rule else [])
    assert [row[2] for row in loaded.rows] == ([] if rule else [4])


@pytest.mark.parametrize(
    ("written", "shown"), [("12.50", "12.50"), ("1e2", "100"), ("-0.0", "0.0"), ("0.1", "0.1"), ("7", "7")]
)
def test_decimals_are_exact(written: str, shown: str) -> None:
    described = films(column("price", PRICE), kind="json")
    loaded = load_rows(described, b'[{"id": "a", "title": "A", "price": %s}]' % written.encode())
    assert str(loaded.rows[0][2]) == shown


def test_a_json_boolean_is_no_text() -> None:
    described = films(column("new", Boolean(), optional=True), kind="json")
    assert load_rows(described, b'[{"id": "a", "title": "A", "new": true}]').rows == (("a", "A", True),)
    assert load_rows(described, b'[{"id": "a", "title": "A"}]').rows == (("a", "A", None),)
    assert told(described, b'[{"id": "a", "title": "A", "new": "true"}]') == [(None, "new", "wrong_type")]
