"""Laws of loading: any bytes are judged without an exception, and what is written is what is read."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promptspec.contract.types import Boolean, Integer
from promptspec.sources.json_path import parse_path
from promptspec.sources.load import load_rows
from promptspec.sources.memory import MemorySnapshot
from promptspec.values.cleaning import Unclean, clean
from sources.described import column, films

PIECES = st.sampled_from(
    (
        *(b"id", b"title", b",", b'"', b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\0", b"\xff", b"a", b" ", b"\xc3\xa9"),
        *(b"[", b"]", b"{", b"}", b":", b'"id"', b'"title"', b"null", b"1", b"1e400", b"\\ud800", b"true"),
        "\u200b".encode(),
    )
)


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl"])
@settings(max_examples=150, deadline=None)
@given(data=st.lists(PIECES, max_size=40).map(b"".join) | st.binary(max_size=60))
def test_any_bytes_are_judged(kind: Any, data: bytes) -> None:
    loaded = load_rows(films(column("year", Integer(least=-9, most=9), optional=True), kind=kind), data)
    assert len(loaded.problems) == min(loaded.problem_count, 20)
    assert len(set(loaded.keys)) == len(loaded.rows)
    for problem in loaded.problems:
        assert problem.rule
        assert str(problem).isprintable()
        assert len(str(problem)) < 400


@settings(max_examples=150, deadline=None)
@given(path=st.text(alphabet='$.[]*"\\aé_- u0', max_size=12))
def test_any_path_is_understood_or_refused(path: str) -> None:
    refused = None
    steps: tuple[str | None, ...] = ()
    try:
        steps = parse_path(path)
    except ValueError as error:
        refused = str(error)
    if refused is None:
        assert path.startswith("$")
        assert len(steps) <= len(path)
    else:
        assert refused.isprintable()


PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co", "Cf"]), max_size=15)


def _is_clean(text: str) -> bool:
    try:
        return clean(text, kind="line", direction="input", most=30).text == text
    except Unclean:
        return False


KEYS = PLAIN.filter(lambda text: bool(text) and text == text.strip() and _is_clean(text))
ROWS = st.lists(
    st.tuples(KEYS, PLAIN.filter(_is_clean), st.booleans()), min_size=1, max_size=8, unique_by=lambda row: row[0]
)
WIDE = films(column("new", Boolean()))


@settings(max_examples=80, deadline=None)
@given(rows=ROWS, dialect=st.sampled_from(["\n", "\r\n"]), bom=st.booleans())
@example(rows=[("a", 'x"y', True)], dialect="\n", bom=True)
def test_what_is_written_is_loaded_and_looked_up(rows: list[tuple[str, str, bool]], dialect: str, bom: bool) -> None:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=dialect, quoting=csv.QUOTE_ALL)
    writer.writerow(("id", "title", "new"))
    writer.writerows((key, title, str(new).lower()) for key, title, new in rows)
    loaded = load_rows(WIDE, (b"\xef\xbb\xbf" if bom else b"") + file.getvalue().encode())
    assert loaded.problems == ()
    assert loaded.rows == tuple(rows)
    snapshot = MemorySnapshot.of(loaded.layout, loaded.rows)
    assert all(snapshot.row(row[0]) == row for row in rows)
    as_json = [{"new": new, "title": title, "id": key} for key, title, new in rows]
    again = load_rows(films(*WIDE.columns[2:], kind="json"), json.dumps(as_json).encode())
    assert again.rows == loaded.rows
    assert again.content_hash == loaded.content_hash
