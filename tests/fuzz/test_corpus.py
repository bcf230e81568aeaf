"""Cases out and in: what is written can be read, and what cannot be read is counted and named."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.broken_runtime import tiny_subject
from fuzz.samples import subjects
from promptspec.fuzz.case_json import encode
from promptspec.fuzz.cases import Case, Lie
from promptspec.fuzz.corpus import Export, read_corpus
from promptspec.fuzz.strategies import cases


def line_of(case: Case) -> str:
    return json.dumps({"feature": "tiny", "case": json.loads(encode(case))})


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_is_exported_is_read_again(data: st.DataObject) -> None:
    subject = subjects()["suggest_films"]
    drawn = data.draw(st.lists(cases(subject), min_size=1, max_size=3))
    out = io.StringIO()
    export = Export(out)
    for case in drawn:
        export.hear(case, subject)
    corpus = read_corpus(out.getvalue().split("\n"))
    assert corpus.notes == ()
    assert corpus.cases == tuple(("suggest_films", case) for case in drawn)
    assert [case.given for case in corpus.cases_of(subject)] == [case.given for case in drawn]
    assert {case.phase for case in corpus.cases_of(subject)} == {"examples"}


def test_a_text_goes_into_each_text_of_each_feature(tmp_path: Path) -> None:
    corpus = read_corpus(['{"name": "ours", "text": "PWNED"}', '{"text": "second"}'])
    (one, two) = corpus.cases_of(tiny_subject(tmp_path))
    assert (one.given, one.techniques, one.claim) == ({"note": "PWNED"}, ("corpus: ours",), None)
    assert (two.given, two.techniques) == ({"note": "second"}, ("corpus: line 2",))
    assert one.lie == Lie(reply={"answer": "yes"})
    places = {repr(case.given).count("PWNED") for case in corpus.cases_of(subjects()["reply_in_chat"])}
    assert places == {0, 1}


BROKEN = [
    "{",
    "7",
    "[]",
    "null",
    '"text"',
    "{}",
    '{"text": 7}',
    '{"feature": "tiny"}',
    '{"feature": 7, "case": {"given": {}}}',
    '{"feature": "tiny", "case": 7}',
    '{"feature": "tiny", "case": {"given": {}, "seed": "x"}}',
    '{"feature": "tiny", "case": {"given": {}, "phase": "never"}}',
    '{"feature": "tiny", "case": {"given": {}, "lie": {"liar": "nobody"}}}',
    '{"feature": "tiny", "case": {"given": {}, "lie": {"liar": "leaky", "form": "nothing"}}}',
    '{"feature": "tiny", "case": {"given": {"$decimal": "x"}}}',
    "[" * 100_000,
    '{"text": "' + "x" * (4 * 1024 * 1024) + '"}',
    "\ufffd\ufffd\0\0",
]


@pytest.mark.parametrize("line", BROKEN, ids=lambda line: line[:40])
def test_a_broken_line_is_counted_and_named_and_the_rest_is_used(line: str) -> None:
    corpus = read_corpus(['{"text": "fine"}', "", line, '{"text": "also fine"}'])
    assert [text for _, text in corpus.texts] == ["fine", "also fine"]
    assert corpus.notes == ("the corpus has 1 line that cannot be read (3); the rest was used",)


def test_of_many_broken_lines_the_first_are_named() -> None:
    assert read_corpus(["{"] * 7).notes == (
        "the corpus has 7 lines that cannot be read (1, 2, 3, 4, 5, …); the rest was used",
    )
    assert read_corpus([]).notes == ()


def test_a_disk_that_is_full_stops_the_export_and_nothing_else(tmp_path: Path) -> None:
    subject = tiny_subject(tmp_path)
    with open("/dev/full", "w", buffering=1) as full:
        export = Export(full)
        for _ in range(3):
            export.hear(Case(given={"note": "a"}), subject)
        export.close()
    assert export.error is not None
    assert export.error.strerror == "No space left on device"


def test_a_whole_case_keeps_all_that_it_says() -> None:
    case: Any = Case(given={"note": "a"}, lie=Lie(liar="raw", form="reset"), seed=9, caller="b", techniques=("c",))
    assert read_corpus([line_of(case)]).cases == (("tiny", case),)
