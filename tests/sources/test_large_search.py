"""Search in large sources: all rows are found by parts of their labels, in time that hardly grows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from promptspec.sources.building import build_snapshot
from promptspec.sources.layout import Layout
from promptspec.sources.memory import MemorySnapshot
from promptspec.sources.search import SEARCH_WINDOW, fold, rank
from promptspec.sources.snapshot import FileSnapshot, open_snapshot, verify_snapshot

LAYOUT = Layout(names=("id", "title"), kinds=("text", "text"), key=0, label=1)
WORDS = (
    "Über",
    "Amélie",
    "gonda",
    "Venedig",
    'the "end"',
    "a*b",
    "long",
    "ΛΟΓΟΣ",
    "e\u0301tude",
    "x",
    "100%",
    "日本語",
)
ROWS = tuple(
    (f"K{at:06}", f"{WORDS[at % 12]} {WORDS[at // 12 % 12]} {WORDS[at // 144 % 12]} {at % 997}")
    for at in range(SEARCH_WINDOW + 5_000)
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "films.sqlite"
    build_snapshot(LAYOUT, ROWS, path)
    return path


@pytest.fixture
def large(path: Path) -> Iterator[FileSnapshot]:
    with open_snapshot(path) as opened:
        yield opened


@pytest.mark.parametrize(
    "text",
    [*("uber", "AMELIE", "onda", "venedig gonda", '"end"', "a*b", "λόγος", "etude", "00%", "日本語", "he \"e"),
     *("OR", "NOT gonda", "gonda*", "NEAR(a b)", "'", "x 99", "996")],
)  # fmt: skip
def test_what_memory_finds_is_found_and_ranked_alike(large: FileSnapshot, text: str) -> None:
    memory = MemorySnapshot.of(LAYOUT, ROWS)
    query = fold(text)
    best = memory.search(text, 10)
    found = large.search(text, 10)
    assert [rank(query, key, fold(label)) for key, label in found] == [
        rank(query, key, fold(label)) for key, label in best
    ]
    assert len(set(found)) == len(found)


def test_the_last_row_is_found_by_a_part_of_a_word(path: Path, tmp_path: Path) -> None:
    rows = [*ROWS, ("last", "Something Exquisite")]
    build_snapshot(LAYOUT, rows, tmp_path / "films.sqlite")
    with open_snapshot(tmp_path / "films.sqlite") as opened:
        for text in ("quisi", "EXQ", "something", "ing exq", "last", "Last"):
            assert opened.search(text) == (("last", "Something Exquisite"),), text


def test_keys_are_found_by_their_beginnings(large: FileSnapshot) -> None:
    assert [key for key, _ in large.search("k00012", 3)] == ["K000120", "K000121", "K000122"]
    assert large.search("K000120", 1) == (ROWS[120],)
    assert large.search("k000120", 1) == (ROWS[120],)


def test_labels_that_begin_so_stand_in_their_own_order(large: FileSnapshot) -> None:
    labels = [label for _, label in large.search("ame", 10)]
    assert labels == sorted(labels, key=fold)
    assert all(label.startswith("Amélie") for label in labels)


@pytest.mark.parametrize("text", ["", "a", "\ud800", "\0", "no such label", "q" * 500, '"""'])
def test_any_text_is_answered(large: FileSnapshot, text: str) -> None:
    assert len(large.search(text)) <= 10


def test_only_large_sources_have_an_index_of_parts(path: Path, tmp_path: Path) -> None:
    build_snapshot(LAYOUT, ROWS[:SEARCH_WINDOW], tmp_path / "small.sqlite")
    with open_snapshot(tmp_path / "small.sqlite") as small, open_snapshot(path) as large:
        question = "SELECT count(*) FROM sqlite_master WHERE name LIKE 'trigrams%'"
        assert (small._ask(question, ()), large._ask(question, ())) == ([(0,)], [(4,)])


def test_a_large_snapshot_is_the_same_bytes_each_time(path: Path, tmp_path: Path) -> None:
    build_snapshot(LAYOUT, iter(ROWS), tmp_path / "again.sqlite")
    assert (tmp_path / "again.sqlite").read_bytes() == path.read_bytes()
    verify_snapshot(path)
