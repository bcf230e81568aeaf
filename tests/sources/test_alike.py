"""Keys and labels that a reader cannot tell apart."""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.sources import judging
from promptspec.sources.alike import look
from promptspec.sources.judging import judge_file
from sources.described import films


def pairs(*titles: str) -> list[tuple[str, str]]:
    data = "id,title\n" + "".join(f'k{at},"{title}"\n' for at, title in enumerate(titles))
    judged = judge_file(films(), io.BytesIO(data.encode()))
    assert judged.problem_count == 0
    return [(alike.text, alike.other_text) for alike in judged.alike]


@pytest.mark.parametrize(
    "titles",
    [
        ("Рro", "Pro"),
        ("Pro", "Рro"),
        ("a b", "a\u00a0b"),
        ("a  b", "a b"),
        ("well–known", "well-known"),
        ("it’s", "it's"),
        ("Ａlien", "Alien"),
        ("ﬁlm", "film"),
        ("Аlien", "Ａlien"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645"),
    ],
)
def test_what_looks_alike_is_told(titles: tuple[str, str]) -> None:
    assert [set(pair) for pair in pairs("Brazil", *titles)] == [set(titles)]


@pytest.mark.parametrize(
    "titles",
    [
        ("Amélie", "Amelie"),
        ("Pro", "pro"),
        ("Pro", "Pro"),
        ("Рro", "Рro"),
        ("Ёлка", "Елка"),
        ("A1", "Al"),
        ("日本", "日木"),
        ("größe", "grösse"),
        ("a–b", "a+b"),
    ],
)
def test_what_can_be_told_apart_is_no_reason_to_warn(titles: tuple[str, str]) -> None:
    assert pairs(*titles) == []


def test_keys_are_compared_too_and_both_lines_are_named() -> None:
    judged = judge_file(films(), io.BytesIO("id,title\nco,A\nх1,B\nсо,C\nx1,D\n".encode()))
    assert [str(alike) for alike in judged.alike] == [
        "line 3 and line 5: id: `х1` looks like `x1`, but holds U+0445 where that holds U+0078",
        "line 4 and line 2: id: `со` looks like `co`, but holds U+0441 where that holds U+0063",
    ]


def test_rows_of_large_files_are_compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(judging, "MOST_IN_MEMORY", 10)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    lines = [f"k{at},Film {at}" for at in range(100)]
    lines[50] = "k5O,Рro"
    lines[3] = "k3,Pro"
    lines[70] = "к69,Other"
    judged = judge_file(films(), io.BytesIO("\n".join(["id,title", *lines]).encode()))
    assert [(alike.place, alike.other_place, alike.column) for alike in judged.alike] == [
        ("line 52", "row 4", "title"),
        ("line 72", "row 70", "id"),
    ]


def test_at_most_twenty_pairs_are_told() -> None:
    assert len(pairs(*(title for at in range(60) for title in (f"Film {at}", f"Fіlm {at}")))) == 20


def test_a_source_of_another_script_costs_little() -> None:
    data = ("id,title\n" + "".join(f"k{at},Фильм номер {at}\n" for at in range(40_000))).encode()
    started = time.process_time()
    assert judge_file(films(), io.BytesIO(data)).alike == ()
    assert time.process_time() - started < 10


@given(text=st.text(max_size=20))
def test_a_look_looks_like_itself(text: str) -> None:
    assert look(look(text)) == look(text)
