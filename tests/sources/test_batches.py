"""What is done for many rows at once comes out as it does for one after the other."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptspec.contract.types import Boolean, Cap, Field, Integer, Pattern, Text, Words
from promptspec.sources import lines, parts
from promptspec.sources.alike import Suspects, look
from promptspec.sources.building import build_snapshot
from promptspec.sources.cells import BadCell, cell_reader
from promptspec.sources.columns import column_reader, may_hold_sinks
from promptspec.sources.layout import ContentHash, Layout, in_batches
from promptspec.sources.load import Loaded, load_rows
from promptspec.sources.problems import FileProblem
from promptspec.sources.reading import Block, read_csv
from promptspec.sources.rows import RowJudge, are_closed_keys, is_closed_key
from promptspec.sources.search import SEARCH_WINDOW, fold, fold_all
from promptspec.values.cleaning import clean, stands_alone
from promptspec.values.sinks import find_sinks
from sources.described import PRICE, column, films, line

LAYOUT = Layout(names=("id", "title"), kinds=("text", "text"), key=0, label=1)
#: What a file may hold that is not as harmless as it looks.
HOSTILE = (
    *("", " ", "  ", "\u00a0", "\u3000", "\u200b", "\u00ad", "a\u200bb", " a", "a ", "\t", "a\tb", "a\rb"),
    *("\x7f", "\x1b["),
    *("e\u0301", "\u0301", "\u0301" * 31, "\u212b", "\ufb01", "\u1100\u1161", "\u11a8"),
    *("\U00016d67", "क्ष", "\u0378", "\ufdd0", "ß", "İ"),
    *("\u2028", "\x85", "👩\u200d👧", "\ufe0f", "а", "аmélie", "x" * 20, "x" * 21, "é" * 21, "日" * 20, "Ⅳ", "ſ"),
    *("-0", "0", "007", "+1", "9", "10", "-9", "9" * 15, "9" * 16, "1,2", "1.5", "٣", "1e3", "true", "TRUE", "no"),
    *("<b>x</b>", "www.a.example", "a. B.", "a.", "[x](y)", "x\ny", "],[", '"],["', "word", "Word", "]\n["),
)  # fmt: skip
TEXTS = st.sampled_from(HOSTILE) | st.text(max_size=6) | st.text("abé ", min_size=1, max_size=5)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False)
COLUMNS = (
    column("plain", line(20)),
    column("some", line(20, 1)),
    column("maybe", line(20, 1), optional=True),
    column("given", line(20), default="none", has_default=True),
    column("long", Text(kind="text", cap=Cap(least=0, most=20))),
    column("matched", line(20, pattern=Pattern(source="[a-z]*", ignore_case=False))),
    *(
        column(f"{unit}{least}", Text(kind="line", cap=Cap(least=least, most=9, unit=unit)))
        for unit in ("words", "bytes", "tokens")
        for least in (0, 1, 2)
    ),
    column("word", Words(words=("word", "true", "x"))),
    column("number", Integer(least=-9, most=10**15 - 2)),
    column("perhaps", Integer(least=-9, most=9), optional=True),
    column("price", PRICE),
    column("new", Boolean()),
)


def _outcome(read: Any, cells: Sequence[object]) -> object:
    try:
        return [repr(cell) for cell in read(cells)]
    except BadCell as error:
        return type(error)


@pytest.mark.parametrize("field", COLUMNS, ids=lambda field: field.name)
@pytest.mark.parametrize("written", ["csv", "json"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_column_is_read_as_its_cells_are(field: Field, written: Any, data: st.DataObject) -> None:
    cells: Any = TEXTS
    if written == "json":
        cells = TEXTS | st.none() | st.booleans() | st.integers() | NUMBERS | st.text("\ud800a", max_size=2)
    read = cell_reader(field, written=written, enums=())

    def one_by_one(some: Sequence[object]) -> object:
        return [read(cell) for cell in some]

    def is_sound(cell: object) -> bool:
        return isinstance(_outcome(one_by_one, [cell]), list)

    sound = st.lists(cells.filter(is_sound), max_size=6)
    found: list[object] = data.draw(sound if data.draw(st.booleans()) else st.lists(cells, max_size=6))
    if found:
        read_column = column_reader(field, read, written=written, enums=())
        assert _outcome(read_column, found) == _outcome(one_by_one, found)


@given(text=st.text(max_size=8) | st.lists(st.sampled_from(HOSTILE), max_size=4).map("".join))
def test_lines_of_characters_that_stand_alone_are_clean(text: str) -> None:
    alone = "".join(filter(stands_alone, text))
    assert clean(alone, kind="line", direction="output", most=1_000).text == alone


@given(keys=st.lists(st.text("aZ9._:-\n é", max_size=70) | st.sampled_from(("a" * 64, "a" * 65)), max_size=5))
def test_many_keys_are_closed_where_each_is(keys: list[str]) -> None:
    assert are_closed_keys(keys) == all(map(is_closed_key, keys))


@given(texts=st.lists(TEXTS, max_size=8))
def test_what_need_not_be_searched_holds_no_sinks(texts: list[str]) -> None:
    searched = may_hold_sinks(texts)
    assert not [text for text in texts if find_sinks(text) and text not in searched]


@given(texts=st.lists(TEXTS | st.text(max_size=12), max_size=8))
def test_many_texts_are_folded_as_each_is(texts: list[str]) -> None:
    assert fold_all(texts) == list(map(fold, texts))


@given(rows=st.lists(st.tuples(TEXTS, TEXTS | st.none() | st.integers()), min_size=1, max_size=8))
def test_many_rows_are_hashed_as_each_is(rows: list[tuple[str, str | int | None]]) -> None:
    one_by_one, together = ContentHash(LAYOUT), ContentHash(LAYOUT)
    for row in rows:
        one_by_one.add(row)
    for batch in in_batches(rows, 3):
        together.add_all(batch)
    assert together.digest() == one_by_one.digest()


@given(rows=st.lists(st.tuples(TEXTS, TEXTS | st.none()), max_size=8))
def test_suspects_are_found_among_many_as_among_few(rows: list[tuple[str, str | None]]) -> None:
    one_by_one, together = Suspects(), Suspects()
    places = [f"row {at}" for at in range(len(rows))]
    for row, place in zip(rows, places, strict=True):
        for name, cell in zip(LAYOUT.names, row, strict=True):
            if cell is not None:
                one_by_one.add(name, cell, place)
                assert cell.isascii() or place or look(cell)
    if rows:
        together.add_all(dict(zip(LAYOUT.names, zip(*rows, strict=True), strict=True)), places)
    assert {name: kept for name, kept in together.found.items() if kept} == {
        name: kept for name, kept in one_by_one.found.items() if kept
    }


# Blocks of csv


def _one_by_one(data: bytes) -> Iterator[tuple[int, list[str]] | str]:
    """What the manual says: a row after the other, each named by the line on which it starts."""
    numbers = iter(range(1, 1_000))
    reader = csv.reader((text for text in io.StringIO(data.decode().removeprefix("\ufeff"), newline="\n")), strict=True)
    while next(numbers):
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield f"malformed {start}"
            return
        if cells:
            yield start, cells


def _in_blocks(data: bytes) -> Iterator[tuple[int, list[str]] | str]:
    try:
        opened = read_csv(io.BytesIO(data))
        for block in opened.blocks:
            for start, cells in zip(block.lines, block.cells, strict=True):
                if cells:
                    yield start, cells
    except FileProblem as error:
        yield f"malformed {error.problem.line}"


CSV = st.lists(st.sampled_from(("a", ",", '"', "\n", "\r\n", "\r", "é", '"x\ny"', '""', "b,c\n", "\u2028", "\x0b")))


@settings(max_examples=400, deadline=None)
@given(data=CSV.map("".join), size=st.integers(1, 12))
def test_blocks_hold_the_rows_of_the_file(data: str, size: int) -> None:
    raw = ("id,title\n" + data).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK", size)
        assert list(_in_blocks(raw)) == list(_one_by_one(raw))[1:]


@settings(max_examples=200, deadline=None)
@given(
    data=st.lists(st.sampled_from((b"a", b"\n", b"\0", b"\xff", b"\xc3\xa9", b"\r", b"x" * 9))), size=st.integers(1, 9)
)
def test_lines_are_those_of_the_file_up_to_the_first_problem(data: list[bytes], size: int) -> None:
    raw = b"".join(data)
    found: list[str] = []
    problem = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK", size)
        patch.setattr(lines, "MOST_LINE", 20)
        try:
            for block in lines.read_blocks(io.BytesIO(raw)):
                found.extend(lines.lines_of(block))
        except FileProblem as error:
            problem = (error.problem.line, error.problem.rule)
    for number, text in enumerate(raw.splitlines(keepends=True) if b"\r" not in raw else io.BytesIO(raw), start=1):
        if len(text) > 20 or b"\0" in text or b"\xff" in text:
            rule = "long_line" if len(text) > 20 else "nul" if b"\0" in text else "not_utf8"
            assert (problem, len(found)) == ((number, rule), number - 1)
            return
        assert found[number - 1] == text.decode()
    assert problem is None


# Whole files

WIDE = (column("year", Integer(least=0, most=2_100), optional=True), column("seen", Boolean()))


def _loaded(data: bytes, *, one_by_one: bool, **options: Any) -> Loaded:
    def not_at_once(_self: RowJudge, _block: Block) -> None:
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK", 64)
        if one_by_one:
            patch.setattr(RowJudge, "judge_all", not_at_once)
        return load_rows(films(*WIDE, **options), data)


@settings(max_examples=250, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from([f"k{at}" for at in range(30)]), st.sampled_from(("Brazil", "Amélie", "Сталкер"))),
        min_size=3,
        max_size=30,
        unique_by=lambda row: row[0],
    ),
    at=st.integers(0, 29),
    where=st.integers(0, 4),
    cell=TEXTS,
    options=st.sampled_from(({}, {"trusted": True}, {"most": 7})),
)
def test_one_bad_cell_in_the_middle_is_told_as_ever(
    rows: list[tuple[str, str]], at: int, where: int, cell: str, options: dict[str, Any]
) -> None:
    written = [[key, title, "1979", "true"] for key, title in rows]
    bad = written[at % len(rows)]
    bad[where:] = [cell, *bad[where + 1 :]]
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([["id", "title", "year", "seen"], *written])
    data = file.getvalue().encode("utf-8", "replace")
    together, apart = (_loaded(data, one_by_one=one_by_one, **options) for one_by_one in (False, True))
    assert together == apart
    assert list(map(repr, together.rows)) == list(map(repr, apart.rows))


VALUES = TEXTS | st.none() | st.booleans() | st.integers(-3, 3_000) | st.just([]) | st.just({})


@pytest.mark.parametrize("kind", ["json", "jsonl"])
@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.sampled_from([f"k{at}" for at in range(30)]), min_size=3, max_size=30, unique=True),
    at=st.integers(0, 29),
    name=st.sampled_from(("id", "title", "year", "seen")),
    cell=VALUES | st.just(...),
    options=st.sampled_from(({}, {"trusted": True}, {"most": 7})),
)
def test_one_bad_value_in_the_middle_is_told_as_ever(
    kind: Any, rows: list[str], at: int, name: str, cell: object, options: dict[str, Any]
) -> None:
    written: list[dict[str, object]] = [{"id": key, "title": "Amélie", "year": None, "seen": True} for key in rows]
    bad = written[at % len(rows)]
    bad[name] = cell
    if cell is ...:
        del bad[name]
    text = json.dumps(written) if kind == "json" else "\n".join(map(json.dumps, written))
    together, apart = (
        _loaded(text.encode(), one_by_one=one_by_one, kind=kind, **options) for one_by_one in (False, True)
    )
    assert together == apart
    assert list(map(repr, together.rows)) == list(map(repr, apart.rows))


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_sound_blocks_are_judged_at_once(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    def refused(_self: object, _raw: object) -> None:
        raise AssertionError("a row was judged alone")

    monkeypatch.setattr(RowJudge, "judge", refused)
    data = "id,title,year,seen\n" + "".join(f'k{at},"Amélie, {at} का",19{at % 10}9,true\n\n' for at in range(5_000))
    if kind == "jsonl":
        row = '{"id": "k%d", "title": "Amélie, %d का", "year": 1979, "seen": true}\n\n'
        data = "".join(row % (at, at) for at in range(5_000))
    assert len(load_rows(films(*WIDE, kind=kind), data.encode()).rows) == 5_000


# The index of parts


def _rows(count: int) -> list[tuple[str, str]]:
    return [(f"k{at:05}", f"Amélie {at}") for at in range(count)]


def test_batches_are_indexed_as_they_come() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute(parts._TABLE)  # pyright: ignore[reportPrivateUsage]
    connection.create_function("next_batch", 0, lambda: None)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {parts._FILL}").fetchall()  # pyright: ignore[reportPrivateUsage]
    connection.close()
    assert not [step for *_, step in plan if "MATERIALIZE" in step]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        build_snapshot(LAYOUT, _rows(SEARCH_WINDOW + 3_000), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_rows_that_break_off_leave_no_thread_and_no_file(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[str, str]]:
        yield from _rows(SEARCH_WINDOW + 3_000)
        raise LookupError("the source is gone")

    with pytest.raises(LookupError):
        build_snapshot(LAYOUT, broken(), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []
    assert [each.name for each in threading.enumerate() if each.name == "promptspec-parts"] == []


@pytest.mark.parametrize("when", [0, 3, 10_000])
def test_what_goes_wrong_in_the_thread_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: int) -> None:
    taken = parts.Parts._next  # pyright: ignore[reportPrivateUsage]
    calls = 0

    def fail(self: parts.Parts) -> str | None:
        nonlocal calls
        calls += 1
        batch = taken(self)
        if calls > when or batch is None:
            raise MemoryError
        return batch

    monkeypatch.setattr(parts.Parts, "_next", fail)
    with pytest.raises(MemoryError):
        build_snapshot(LAYOUT, _rows(SEARCH_WINDOW + 60_000), tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_cells_of_other_kinds_are_stored_as_ever(tmp_path: Path) -> None:
    layout = Layout(names=("id", "price"), kinds=("text", "decimal"), key=0, label=1)
    rows = [("a", Decimal("1.50")), ("b", None)]
    total = ContentHash(layout)
    total.add(("a", "1.50"))
    total.add(("b", None))
    assert build_snapshot(layout, rows, tmp_path / "a") == total.digest()
