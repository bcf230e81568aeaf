"""Rows of a jsonl file: one object a line, judged line by line."""

from __future__ import annotations

import io
import tracemalloc

import pytest

from promptspec.contract.types import Integer
from promptspec.sources.lines import BLOCK, MOST_LINE
from promptspec.sources.load import load_rows, stream_rows
from promptspec.sources.problems import Problems
from sources.described import column, films, told

ROWS = (("a1", "Alien"), ("b2", "Amélie"))
FILE = '{"id": "a1", "title": "Alien", "more": [1]}\n{"title": "Amélie", "id": "b2"}\n'.encode()


@pytest.mark.parametrize(
    "data",
    [FILE, FILE.rstrip(), FILE.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + FILE, FILE.replace(b"\n", b"\n \n\n")],
    ids=["lf", "no last break", "crlf", "bom", "blank lines"],
)
def test_a_jsonl_file_gives_its_rows(data: bytes) -> None:
    loaded = load_rows(films(kind="jsonl"), data)
    assert loaded.problems == ()
    assert loaded.rows == ROWS


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (b'{"id": "c3", "title"\n', (3, None, "unreadable_json")),
        (b'{"id": "c3", "title": "C"} {}\n', (3, None, "unreadable_json")),
        (b'{"id": "c3", "id": "d4", "title": "C"}\n', (3, None, "unreadable_json")),
        (b'{"id": NaN, "title": "C"}\n', (3, None, "unreadable_json")),
        (b'["c3", "C"]\n', (3, None, "not_an_object")),
        (b"[]\n", (3, None, "not_an_object")),
        (b'\n{"id": "c3"}\n', (4, "title", "missing_column")),
        (b'{"id": "", "title": "C"}\n', (3, "id", "empty_key")),
        (b'{"id": null, "title": "C"}\n', (3, "id", "empty_key")),
        (b'{"id": 1.5, "title": "C"}\n', (3, "id", "wrong_type")),
        (b'{"id": "a1", "title": "C"}\n', (3, "id", "repeated_key")),
        (b'{"id": "c3", "title": "' + b"x" * 2_000 + b'"}\n', (3, "title", "too_long")),
        ('{"id": "é"}\n'.encode("latin-1"), (3, None, "not_utf8")),
        (b'{"id": "c\0"}\n', (3, None, "nul")),
        (b'{"id": "c3", "title": "' + b"x" * MOST_LINE + b'"}\n', (3, None, "long_line")),
    ],
)
def test_a_broken_line_is_refused_by_its_number(more: bytes, expected: tuple[int, str | None, str]) -> None:
    assert told(films(kind="jsonl"), FILE + more) == [expected]


def test_reading_goes_on_after_a_broken_line() -> None:
    assert told(films(kind="jsonl"), FILE + b"{\n[]\n{}\n") == [
        (3, None, "unreadable_json"),
        (4, None, "not_an_object"),
        (5, "id", "missing_column"),
        (5, "title", "missing_column"),
    ]


@pytest.mark.parametrize(
    ("kind", "data"),
    [("jsonl", b""), ("jsonl", b"\n \n"), ("csv", b"id,title\n"), ("json", b"[]")],
)
def test_a_file_without_rows_is_refused(kind: str, data: bytes) -> None:
    assert told(films(kind=kind), data) == [(None, None, "no_rows")]


def test_a_jsonl_file_that_is_called_json_is_named() -> None:
    (problem,) = load_rows(films(kind="json"), FILE).problems
    assert problem.message == "something follows the value; a file of one object a line is `jsonl`"


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_cell_of_300_megabytes_is_refused_before_it_is_read(kind: str) -> None:
    start = b"id,title\na," if kind == "csv" else b'{"id": "a", "title": "'
    file = _Endless(start, 300 * 1024 * 1024)
    problems = Problems()
    tracemalloc.start()
    assert list(stream_rows(films(kind=kind), file, problems=problems)) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [problem.rule for problem in problems.kept] == ["long_line"]
    assert peak < 64 * 1024 * 1024


class _Endless(io.BytesIO):
    """A file whose last line goes on for *size* bytes, without having them."""

    def __init__(self, start: bytes, size: int) -> None:
        super().__init__(start)
        self.left = size

    def readline(self, size: int | None = -1, /) -> bytes:
        found = super().readline()
        assert size is not None
        assert size > 0
        if found.endswith(b"\n"):
            return found
        piece = min(size - len(found), self.left)
        self.left -= piece
        return found + b"x" * piece


def test_no_more_than_most_rows_are_read() -> None:
    def lines() -> bytes:
        return b"".join(b'{"id": "k%d", "title": "t"}\n' % at for at in range(10_000))

    file = io.BytesIO(lines())
    problems = Problems(file="films.jsonl")
    rows = list(stream_rows(films(kind="jsonl", most=10), file, problems=problems))
    assert len(rows) == 10
    assert [(problem.line, problem.rule) for problem in problems.kept] == [(11, "too_many_rows")]
    assert file.tell() < 2 * BLOCK


def test_numbers_of_jsonl_are_numbers() -> None:
    described = films(column("year", Integer(least=0, most=9_999)), kind="jsonl")
    assert load_rows(described, b'{"id": 7, "title": "A", "year": 1979}\n').rows == (("7", "A", 1979),)
    assert told(described, b'{"id": 7, "title": "A", "year": "1979"}\n') == [(1, "year", "wrong_type")]
