"""What is nearest to a text: in memory and in a file alike, whatever the text says, in bounded time."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.errors import SourceUnavailable
from promptspec.sources import finding, snapshot
from promptspec.sources.building import build_snapshot, copy_snapshot
from promptspec.sources.find_index import Near
from promptspec.sources.finding import MOST_IN_MEMORY
from promptspec.sources.layout import Layout
from promptspec.sources.memory import MemorySnapshot
from promptspec.sources.nearness import MOST_NEAR, parts_of, words_of
from promptspec.sources.port import Row, Snapshot
from promptspec.sources.snapshot import FileSnapshot, open_snapshot, verify_snapshot

LAYOUT = Layout(names=("id", "title", "body"), kinds=("text", "text", "text"), key=0, label=1)
ROWS: tuple[Row, ...] = (
    ("late", "My parcel is late", "Deliveries take two to four working days."),
    ("broken", "My parcel arrived damaged", "Keep the box and take two photographs."),
    ("pay", "Ways to pay", "Cards, an invoice, or a transfer."),
    ("voucher", "My voucher does not work", "Check the date and the Größe of the order."),
    ("cafe", "The café at the corner", "Open until six."),
)
SEARCHED = (1, 2)


def keys(source: Snapshot, near: str, *, top: int = 5, above: float = 0.0, without: str = "") -> list[str]:
    found = source.nearest(near, searched=SEARCHED, top=top, above=above, keeps=lambda row: row[0] != without)
    return [str(each.row[0]) for each in found]


@pytest.fixture(scope="module")
def few() -> MemorySnapshot:
    return MemorySnapshot.of(LAYOUT, ROWS)


def many_rows(count: int) -> list[Row]:
    words = [f"w{number}ord" for number in range(400)]
    others = (
        (f"k{at}", f"{words[at % 400]} {words[at * 7 % 400]} thing", f"every entry says {words[at * 13 % 400]}")
        for at in range(count)
    )
    return [*ROWS, *others]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> FileSnapshot:
    path = tmp_path_factory.mktemp("find") / "large.sqlite"
    build_snapshot(LAYOUT, many_rows(2 * MOST_IN_MEMORY), path, near=Near(SEARCHED))
    return open_snapshot(path)


@pytest.mark.parametrize(
    ("near", "first"),
    [
        ("when does my late parcel come", "late"),
        ("it arrived DAMAGED", "broken"),
        ("can I pay by transfer?", "pay"),
        ("the vouchr is not workng", "voucher"),
        ("CAFE corner", "cafe"),
        ("grosse", "voucher"),
    ],
)
def test_the_entry_that_holds_most_of_the_rare_words_stands_first(
    few: MemorySnapshot, large: FileSnapshot, near: str, first: str
) -> None:
    assert keys(few, near)[0] == first
    assert keys(large, near)[0] == first


def test_a_question_asked_again_has_the_same_answer_however_little_is_remembered(
    large: FileSnapshot, tmp_path: Path
) -> None:
    asked = ["when does my late parcel come", "w1ord thing", "w399ord thing every entry", "the vouchr is not workng"]
    answers = [large.nearest(near, searched=SEARCHED, top=9, above=0.0, keeps=None) for near in asked]
    path = tmp_path / "again.sqlite"
    build_snapshot(LAYOUT, many_rows(2 * MOST_IN_MEMORY), path, near=Near(SEARCHED))
    again = open_snapshot(path)
    with patch("promptspec.sources.find_index._MOST_ENTRIES", 3), patch("promptspec.sources.find_index._MOST_WORDS", 1):
        for _ in range(2):
            assert [again.nearest(near, searched=SEARCHED, top=9, above=0.0, keeps=None) for near in asked] == answers


def test_words_have_no_case_and_no_accents() -> None:
    assert words_of("Größe, CAFÉ-2 und größe") == ["grosse", "cafe", "2", "und"]


def test_parts_stand_inside_of_one_word() -> None:
    assert parts_of(["ab", "cde"]) == ["_ab", "ab_", "_cd", "cde", "de_"]


def test_top_bounds_how_many_are_found(few: MemorySnapshot) -> None:
    assert len(keys(few, "my parcel is not the voucher", top=2)) == 2


def test_what_holds_nothing_of_a_text_is_not_found(few: MemorySnapshot) -> None:
    assert keys(few, "xyzzy") == []
    assert keys(few, "") == []


def test_above_drops_what_is_further_away(few: MemorySnapshot) -> None:
    found = few.nearest("my parcel is late", searched=SEARCHED, top=5, above=0.0, keeps=lambda _: True)
    assert found[0].nearness == 1.0
    assert 0 < found[1].nearness < 1
    assert keys(few, "my parcel is late", above=found[1].nearness) == [str(each.row[0]) for each in found[:2]]
    assert keys(few, "my parcel is late", above=1.0) == ["late"]


def test_what_is_not_kept_makes_room_for_the_next(few: MemorySnapshot, large: FileSnapshot) -> None:
    for source in (few, large):
        assert keys(source, "my parcel", top=1, without="late") == ["broken"]


def test_a_condition_that_few_entries_meet_finds_them_behind_many_others(large: FileSnapshot) -> None:
    found = large.nearest("w1ord thing", searched=SEARCHED, top=3, above=0.0, keeps=lambda row: row[0] == "k1601")
    assert [each.row[0] for each in found] == ["k1601"]


@given(near=st.text(max_size=80) | st.sampled_from(['"', "late*", "NEAR(a b)", "a AND", "col:late", "^late", "'; --"]))
def test_no_text_means_anything_to_the_index(large: FileSnapshot, near: str) -> None:
    assert len(keys(large, near)) <= 5


@given(near=st.lists(st.sampled_from(" ".join(map(str, ROWS)).split()), max_size=8).map(" ".join))
def test_a_file_finds_what_memory_finds(few: MemorySnapshot, small_file: FileSnapshot, near: str) -> None:
    assert keys(small_file, near) == keys(few, near)


@pytest.fixture(scope="module")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> FileSnapshot:
    path = tmp_path_factory.mktemp("find") / "small.sqlite"
    build_snapshot(LAYOUT, ROWS, path, near=Near(SEARCHED))
    return open_snapshot(path)


def test_the_index_of_a_file_finds_the_same_rows_as_memory_by_whole_words(tmp_path: Path) -> None:
    path = tmp_path / "indexed.sqlite"
    with (
        patch.object(finding, "MOST_IN_MEMORY", 0),
        patch.object(snapshot, "MOST_IN_MEMORY", 0),
        patch("promptspec.sources.find_index.MOST_IN_MEMORY", 0),
    ):
        build_snapshot(LAYOUT, ROWS, path, near=Near(SEARCHED))
        indexed = open_snapshot(path)
        for near in ("late parcel", "my parcel arrived", "two cards and a date", "transfer"):
            found = indexed.nearest(near, searched=SEARCHED, top=1, above=0.0, keeps=lambda _: True)
            expected = MemorySnapshot.of(LAYOUT, ROWS).nearest(
                near, searched=SEARCHED, top=1, above=0.0, keeps=lambda _: True
            )
            assert found == expected


def test_a_text_of_common_words_alone_finds_entries_that_hold_them(large: FileSnapshot) -> None:
    assert keys(large, "every entry says thing")


def test_a_long_text_is_looked_at_to_its_bound(few: MemorySnapshot) -> None:
    assert keys(few, "." * MOST_NEAR + "late parcel") == []


def test_a_long_text_takes_no_longer_than_a_bounded_one(large: FileSnapshot) -> None:
    near = " ".join(f"w{number}ord" for number in range(400)) * 500
    began = perf_counter()
    keys(large, near)
    assert perf_counter() - began < 2


def test_a_large_file_without_an_index_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.sqlite"
    build_snapshot(LAYOUT, many_rows(MOST_IN_MEMORY), path)
    with open_snapshot(path) as plain:
        assert not plain.can_find(SEARCHED)
        with pytest.raises(SourceUnavailable, match="no index for shortlists"):
            keys(plain, "late")


def test_a_file_with_an_index_is_sound_and_has_the_same_hash(tmp_path: Path) -> None:
    rows = many_rows(MOST_IN_MEMORY)
    plain = build_snapshot(LAYOUT, rows, tmp_path / "plain.sqlite")
    assert build_snapshot(LAYOUT, rows, tmp_path / "indexed.sqlite", near=Near(SEARCHED)) == plain
    assert verify_snapshot(tmp_path / "indexed.sqlite") == plain


def test_the_same_rows_make_the_same_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build_snapshot(LAYOUT, many_rows(MOST_IN_MEMORY), tmp_path / name, near=Near(SEARCHED))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_condition_of_equal_texts_finds_entries_that_hold_common_words_alone(tmp_path: Path) -> None:
    rows = [(f"k{at}", "every entry says thing", f"customer{at % 700}") for at in range(2 * MOST_IN_MEMORY)]
    path = tmp_path / "orders.sqlite"
    build_snapshot(LAYOUT, rows, path, near=Near((1,), (2,)))
    assert verify_snapshot(path)
    with open_snapshot(path) as orders:
        assert orders.can_find((1,), (2,))
        assert not orders.can_find((1,), (0,))

        def found(equal: list[tuple[int, str]]) -> list[object]:
            hits = orders.nearest(
                "thing", searched=(1,), top=5, above=0.0, keeps=lambda row: row[2] == "customer699", equal=equal
            )
            return [each.row[0] for each in hits]

        assert found([(2, "customer699")]) == ["k699", "k1399"]
        assert found([(2, "customer699\ud800")]) == []


def test_what_is_copied_is_what_would_be_built(tmp_path: Path) -> None:
    rows, near = many_rows(MOST_IN_MEMORY), Near(SEARCHED, (2,))
    build_snapshot(LAYOUT, rows, tmp_path / "plain.sqlite")
    copy_snapshot(tmp_path / "plain.sqlite", tmp_path / "copied.sqlite", near=near)
    assert verify_snapshot(tmp_path / "copied.sqlite") == verify_snapshot(tmp_path / "plain.sqlite")
    with open_snapshot(tmp_path / "copied.sqlite") as copied:
        assert copied.can_find(near.searched, near.compared)
        assert keys(copied, "when does my late parcel come")[0] == "late"


OWNED = Layout(names=("id", "owner", "title"), kinds=("text", "text", "text"), key=0, label=2)


@pytest.mark.parametrize("others", [30, 2 * MOST_IN_MEMORY])
def test_rows_that_are_not_kept_weigh_nothing(tmp_path: Path, others: int) -> None:
    mine: list[Row] = [(f"a{at}", "ann", f"budget plan {at}") for at in range(5)]
    theirs: list[Row] = [("e", "eve", "merger acme"), *((f"e{at}", "eve", f"plan misc {at}") for at in range(others))]
    build_snapshot(OWNED, [*theirs, *mine], tmp_path / "s.sqlite", near=Near((2,), (1,)))
    with open_snapshot(tmp_path / "s.sqlite") as both:
        for near in ("budget plan merger acme", "plan 3", "misc"):
            found = both.nearest(
                near, searched=(2,), top=9, above=0.0, keeps=lambda row: row[1] == "ann", equal=((1, "ann"),)
            )
            alone = MemorySnapshot.of(OWNED, mine).nearest(near, searched=(2,), top=9, above=0.0, keeps=None)
            assert found == alone
