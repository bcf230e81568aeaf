"""A snapshot whose indexes were changed is not the one that was built, whatever its rows say."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from promptspec.errors import SourceUnavailable
from promptspec.sources.building import build_snapshot
from promptspec.sources.find_index import MOST_HOLDERS, Near
from promptspec.sources.finding import MOST_IN_MEMORY
from promptspec.sources.layout import Layout
from promptspec.sources.search import SEARCH_WINDOW
from promptspec.sources.snapshot import verify_snapshot

LAYOUT = Layout(names=("id", "title"), kinds=("text", "text"), key=0, label=1)
WORDS = [f"wörd{at}" for at in range(400)]


def rows(count: int) -> list[tuple[str, str]]:
    drawn = random.Random(7)
    return [(f"k{at}", "Common " + " ".join(drawn.choices(WORDS, k=4))) for at in range(count)]


MANY = rows(SEARCH_WINDOW + 10)
SIXTH = MANY[5][1]
FOLDED = SIXTH.lower().replace("ö", "o")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "large.sqlite"
    build_snapshot(LAYOUT, MANY, path, near=Near((1,)))
    return path


def changed(path: Path, folder: Path, *statements: tuple[str, tuple[object, ...]]) -> Path:
    copy = folder / "changed.sqlite"
    copy.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        for statement, values in statements:
            connection.execute(statement, values)
    return copy


def test_what_was_built_is_what_its_rows_make(large: Path, tmp_path: Path) -> None:
    assert len(MANY) > MOST_HOLDERS  # a word of all rows is counted, too
    assert verify_snapshot(large).startswith("sha256:")
    for count in (3, MOST_IN_MEMORY, MOST_IN_MEMORY + 1, SEARCH_WINDOW):
        path = tmp_path / f"{count}.sqlite"
        build_snapshot(LAYOUT, rows(count), path, near=Near((0, 1), (1,)))
        verify_snapshot(path)
        build_snapshot(LAYOUT, rows(count), path)
        verify_snapshot(path)


TERMS = " ".join(dict.fromkeys(FOLDED.split()))


@pytest.mark.parametrize(
    "statement",
    [
        ("INSERT INTO near_words (near_words, rowid, terms) VALUES ('delete', 6, ?)", (TERMS,)),
        ("INSERT INTO near_words (rowid, terms) VALUES (6, 'word1 word2')", ()),
        ("INSERT INTO near_words (rowid, terms) VALUES (6, 'never')", ()),
        ("INSERT INTO near_words (rowid, terms) VALUES (99999, 'word1')", ()),
        ("INSERT INTO near_words (rowid, terms) VALUES (-1, 'word1')", ()),
        ("INSERT INTO near_alike (rowid, parts) VALUES (6, '_co')", ()),
        ("INSERT INTO near_alike (near_alike, rowid, parts) VALUES ('delete', 1, '_co')", ()),
        ("UPDATE near_counts SET entries = entries + 1 WHERE kind = 0", ()),
        ("UPDATE near_counts SET entries = 1 WHERE kind = 1 AND term = '_wo'", ()),
        ("INSERT INTO near_counts VALUES (0, 'word1', 100000)", ()),
        ("DELETE FROM near_counts WHERE kind = 1 AND term = '_wo'", ()),
        ("DELETE FROM near_terms WHERE id = 3", ()),
        ("UPDATE near_terms SET term = 'never' WHERE id = 3", ()),
        ("INSERT INTO trigrams (trigrams, rowid, folded) VALUES ('delete', 6, ?)", (FOLDED,)),
        ("INSERT INTO trigrams (rowid, folded) VALUES (6, 'something else')", ()),
        ("UPDATE entries SET folded = 'zzz' WHERE position = 6", ()),
    ],
    ids=lambda statement: statement[0],
)
def test_an_index_that_was_changed_is_seen(
    large: Path, tmp_path: Path, statement: tuple[str, tuple[object, ...]]
) -> None:
    with pytest.raises(SourceUnavailable, match="indexes of the snapshot"):
        verify_snapshot(changed(large, tmp_path, statement))


def test_two_rows_that_change_places_in_an_index_are_seen(large: Path, tmp_path: Path) -> None:
    other = MANY[6][1].lower().replace("ö", "o")
    there = " ".join(dict.fromkeys(other.split()))
    swapped = [
        ("INSERT INTO near_words (near_words, rowid, terms) VALUES ('delete', 6, ?)", (TERMS,)),
        ("INSERT INTO near_words (near_words, rowid, terms) VALUES ('delete', 7, ?)", (there,)),
        ("INSERT INTO near_words (rowid, terms) VALUES (6, ?)", (there,)),
        ("INSERT INTO near_words (rowid, terms) VALUES (7, ?)", (TERMS,)),
    ]
    with pytest.raises(SourceUnavailable, match="indexes of the snapshot"):
        verify_snapshot(changed(large, tmp_path, *swapped))


def test_what_is_written_anew_in_the_same_words_is_the_same(large: Path, tmp_path: Path) -> None:
    again = [
        ("INSERT INTO near_words (near_words, rowid, terms) VALUES ('delete', 6, ?)", (TERMS,)),
        ("INSERT INTO near_words (rowid, terms) VALUES (6, ?)", (TERMS,)),
        ("INSERT INTO trigrams (trigrams) VALUES ('optimize')", ()),
    ]
    verify_snapshot(changed(large, tmp_path, *again))
