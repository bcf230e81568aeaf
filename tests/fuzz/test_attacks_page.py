"""The reference lists every attack; `PROMPTSPEC_UPDATE=1` writes the page anew."""

from __future__ import annotations

import os

from docs.attacks import PAGE, attacks_page, code
from promptspec.fuzz.attacks.table import techniques


def test_the_page_about_attacks_is_that_of_the_code() -> None:
    page = attacks_page()
    if os.environ.get("PROMPTSPEC_UPDATE"):
        PAGE.write_text(page, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page


def test_each_technique_has_one_row() -> None:
    rows = [line.split(" ")[1].strip("`") for line in attacks_page().splitlines() if line.startswith("| `")]
    assert sorted(rows) == sorted(technique.name for technique in techniques())


def test_rows_of_the_page_have_all_columns() -> None:
    rows = [line.replace(r"\|", "") for line in attacks_page().splitlines() if line.startswith("| `")]
    assert {row.count("|") for row in rows} == {7}


def test_the_page_shows_nothing_that_cannot_be_seen() -> None:
    assert all(character == "\n" or character.isprintable() for character in attacks_page())


def test_examples_are_safe_in_a_table() -> None:
    assert code("a|b") == r"`a\|b`"
    assert code("``") == "``` `` ```"
    assert code("a\u200bb\nc\u00a0d") == r"`a\u{200b}b\u{a}c\u{a0}d`"
