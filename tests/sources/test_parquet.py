"""Rows of a parquet file: read in batches, judged as rows of json are."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptspec.contract.types import Boolean, Date, DateTime, Integer
from promptspec.sources import parquet as reader
from promptspec.sources.judging import judge_file
from promptspec.sources.load import load_rows
from sources.described import PRICE, column, films, told

pa: Any = import_module("pyarrow")
pq: Any = import_module("pyarrow.parquet")

WIDE = films(
    column("year", Integer(least=0, most=9_999), optional=True),
    column("price", PRICE),
    column("new", Boolean()),
    column("released", Date()),
    column("seen", DateTime()),
    kind="parquet",
)
SEEN = dt.datetime(2020, 1, 2, 3, 4, tzinfo=dt.UTC)


def written(columns: dict[str, Any], **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def test_a_parquet_file_gives_its_rows_in_the_order_of_the_columns() -> None:
    data = written(
        {
            "title": ["Alien", "Amélie"],
            "id": [7, 8],
            "more": [[1], [2]],
            "year": [1979, None],
            "price": [1.5, 2.0],
            "new": [True, False],
            "released": [dt.date(1979, 5, 25)] * 2,
            "seen": [SEEN] * 2,
        }
    )
    loaded = load_rows(WIDE, data)
    assert loaded.problems == ()
    assert loaded.rows == (
        ("7", "Alien", 1979, Decimal("1.5"), True, dt.date(1979, 5, 25), SEEN),
        ("8", "Amélie", None, Decimal("2.0"), False, dt.date(1979, 5, 25), SEEN),
    )


def test_the_same_rows_have_the_hash_that_they_have_in_csv() -> None:
    data = written({"id": ["a", "b"], "title": ["A", "B"]})
    assert (
        load_rows(films(kind="parquet"), data).content_hash == load_rows(films(), b"id,title\na,A\nb,B\n").content_hash
    )


def test_rows_of_many_groups_and_batches_keep_their_order() -> None:
    count = 3 * reader._BATCH + 5
    keys = [f"k{at}" for at in range(count)]
    data = written({"id": keys, "title": ["t"] * count}, row_group_size=5_000)
    assert load_rows(films(kind="parquet"), data).keys == tuple(keys)
    assert len(judge_file(films(kind="parquet"), io.BytesIO(data)).keys) == count


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"id": ["a"]}, (None, None, "missing_column")),
        ({"id": ["a"], "titel": ["A"]}, (None, None, "missing_column")),
        ({"id": pa.array([], pa.string()), "title": pa.array([], pa.string())}, (None, None, "no_rows")),
        ({"id": [float("nan")], "title": ["A"]}, (None, "id", "wrong_type")),
        ({"id": [1.5], "title": ["A"]}, (None, "id", "wrong_type")),
        ({"id": [None], "title": ["A"]}, (None, "id", "empty_key")),
        ({"id": [""], "title": ["A"]}, (None, "id", "empty_key")),
        ({"id": [" a"], "title": ["A"]}, (None, "id", "unclean_key")),
        ({"id": ["a\0"], "title": ["A"]}, (None, "id", "unclean_key")),
        ({"id": [b"a"], "title": ["A"]}, (None, "id", "wrong_type")),
        ({"id": ["a"], "title": [["A"]]}, (None, "title", "wrong_type")),
        ({"id": ["a"], "title": ["A\x1b[31m"]}, (None, "title", "control")),
        ({"id": ["a"], "title": ["x" * 2_000]}, (None, "title", "too_long")),
        ({"id": ["a"], "title": [None]}, (None, "title", "empty")),
        ({"id": ["a", "a"], "title": ["A", "B"]}, (None, "id", "repeated_key")),
    ],
)
def test_a_parquet_file_is_refused(columns: dict[str, Any], expected: tuple[int | None, str | None, str]) -> None:
    assert told(films(kind="parquet"), written(columns)) == [expected]


def test_a_problem_names_its_row() -> None:
    data = written({"id": ["a", "b", "a"], "title": ["A"] * 3})
    (problem,) = load_rows(films(kind="parquet"), data).problems
    assert str(problem) == "row 3: id: the key `a` stands in row 1 already"


def test_numbers_that_are_not_finite_and_times_without_a_zone_are_refused() -> None:
    plain = {"id": ["a"], "title": ["A"], "year": [1], "new": [True], "released": [dt.date(2020, 1, 1)]}
    data = written({**plain, "price": [float("inf")], "seen": [SEEN.replace(tzinfo=None)]})
    found = told(WIDE, data)
    assert [name for _, name, _ in found] == ["price", "seen"]
    assert found[0][2] == "wrong_type"


def test_a_text_that_is_no_utf_8_is_refused() -> None:
    bad = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe")])
    data = written({"id": ["a"], "title": bad})
    assert told(films(kind="parquet"), data) == [(None, None, "not_utf8")]


def test_a_group_that_is_too_large_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_GROUP", 1_000)
    data = written({"id": ["a"], "title": ["x" * 100_000]}, compression="zstd")
    assert told(films(kind="parquet"), data) == [(None, None, "too_large")]


@pytest.mark.parametrize("data", [b"", b"PAR1", b"id,title\na,A\n", b"PAR1" + b"\xff" * 100 + b"PAR1"])
def test_another_file_is_refused(data: bytes) -> None:
    assert told(films(kind="parquet"), data) == [(None, None, "unreadable_parquet")]


@settings(max_examples=100, deadline=None)
@given(at=st.floats(0, 1), byte=st.integers(1, 255), cut=st.booleans())
def test_a_damaged_file_is_judged_without_an_exception(at: float, byte: int, cut: bool) -> None:
    data = bytearray(written({"id": ["a", "b"] * 50, "title": ["A"] * 100}))
    place = min(int(at * len(data)), len(data) - 1)
    data[place] ^= byte
    loaded = load_rows(films(kind="parquet"), bytes(data[:place]) if cut else bytes(data))
    assert loaded.problem_count > 0
