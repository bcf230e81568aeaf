"""Labelled rows: files of them, what is right for each, how a reply is held against it, and what is kept."""

from __future__ import annotations

import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluate.test_scores import SETUP, judged, result
from promptspec import Session, SpecError, replies
from promptspec.check.labelled import MOST_ROWS, read_labelled
from promptspec.contract.types import Boolean, Date, Integer, ListOf, Words
from promptspec.errors import Unjudged, Violation
from promptspec.evaluate.judging import judge, same
from promptspec.evaluate.recording import Recorder, read_recording
from promptspec.evaluate.running import Rows, Unfit
from promptspec.live.exchanges import Exchange
from promptspec.loading import load

# Files


def test_rows_are_found_again_by_what_is_given_whatever_the_order_of_its_keys():
    one = read_labelled(b'{"given": {"a": 1, "b": {"c": 2, "d": 3}}, "returns": 1}', "x").rows[0]
    other = read_labelled(b'{"returns": 2, "given": {"b": {"d": 3, "c": 2}, "a": 1}}', "x").rows[0]
    assert one.key == other.key
    dated = read_labelled(b'{"given": {"a": 1}, "returns": 1, "on": "2026-01-31"}', "x").rows[0]
    assert dated.on == date(2026, 1, 31)


def test_a_file_has_at_most_so_many_rows():
    lines = [json.dumps({"given": {"n": n}, "returns": n}) for n in range(MOST_ROWS + 1)]
    found = read_labelled("\n".join(lines).encode(), "big.jsonl")
    assert found.problems == (f"`big.jsonl` has more rows; a file of labelled rows has 1 to {MOST_ROWS:,}",)
    assert read_labelled("\n".join(lines[:-1]).encode(), "big.jsonl").problems == ()


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_problems(data: bytes):
    found = read_labelled(data, "x")
    assert found.rows or found.problems


def test_a_recording_survives_broken_lines_and_a_cut_end(tmp_path: Path):
    path = tmp_path / "run.jsonl"
    recorder = Recorder(path, SETUP)
    exchange = Exchange(by="feature", request=b"{}", status=200, headers=(("date", "x"),), body=b"\xff", seconds=0.5)
    row = judged(1, "a", "b", groups={"vip": "true"}, exchanges=(exchange,))
    recorder.keep(row)
    recorder.end(result(row))
    assert read_recording(path).ended == ""
    whole = path.read_text()
    path.write_text(whole[: whole.rindex("{")] + '[]\n{"line": 1}\n{"ended": "no')
    found = read_recording(path)
    assert (found.setup, found.judged, found.ended) == (SETUP, (row,), "killed")
    assert found.notes == ("3 lines of run.jsonl cannot be read",)


def test_a_full_disk_ends_the_recording_and_not_the_run(tmp_path: Path):
    recorder = Recorder(tmp_path / "run.jsonl", SETUP)
    descriptor = os.open("/dev/full", os.O_WRONLY)
    os.dup2(descriptor, recorder._journal._file)
    os.close(descriptor)
    recorder.end(result(judged(1, "a", "a")))
    assert recorder.notes == ["the recording ends early: No space left on device"]


# Values


def test_values_are_compared_as_what_they_mean():
    words = Words(words=("a", "b"))
    assert same(ListOf(item=words, least=0, most=3, unique=True), ["a", "b"], ["b", "a"])
    assert not same(ListOf(item=words, least=0, most=3), ["a", "b"], ["b", "a"])
    assert not same(ListOf(item=words, least=0, most=3, unique=True), ["a"], None)
    assert same(Integer(least=0, most=9), 1, Decimal("1.0"))
    assert same(Date(least=None, most=None), date(2026, 1, 31), date(2026, 1, 31))
    assert not same(Boolean(), True, False)


# Rows of a feature

PICK = """promptspec 1

source plans = rows {
    "free" "Free of charge",
    "pro" "Professional",
}

record Item {
    key id: line(1..9)
    name: line(1..20)
}

enum Size { small, large }

enum Tag { a, b, c }

feature pick {
    model "gpt-5.6-luna"
    input {
        note: text(1..200)
        items: list(1..4) of Item
        size: Size = small
    }
    output {
        plan: one of plans?
        item: one of items
        tags: set(..3) of Tag
        due: date
        score: decimal(0..1, 2)
        title: line(1..20)
    }
    evaluate "golden.jsonl" {
        plan at least 50%
    }
}
"""
GIVEN = {"note": "2026-01-31", "items": [{"id": "x", "name": "an X"}, {"id": "y", "name": "a Y"}]}
RETURNS = {"item": "y", "tags": ["b", "a"], "due": "2026-01-31", "score": 0.5, "title": "a title"}


def rows_of(folder: Path, *rows: object) -> Rows:
    path = folder / "golden.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    spec = folder / "pick.spec"
    spec.write_text(PICK)
    return Rows(load(spec).features["pick"], read_labelled(path.read_bytes(), "golden.jsonl").rows, ["plan"])


def test_labels_are_the_values_that_the_feature_itself_makes_of_them(tmp_path: Path):
    rows = rows_of(tmp_path, {"given": GIVEN, "returns": RETURNS})
    assert [field.name for field in rows.fields] == ["plan", "item", "tags", "due", "score"]
    (labelled,) = rows.all
    assert labelled.right["plan"] is None
    assert labelled.right["item"] == "y"
    assert labelled.right["due"] == date(2026, 1, 31)
    assert ("size", "small") in labelled.slices
    assert ("label of plan", "none") in labelled.slices


def test_each_field_is_judged_by_itself(tmp_path: Path):
    rows = rows_of(tmp_path, {"given": GIVEN, "returns": RETURNS})
    said = {**RETURNS, "item": "x", "tags": ["a", "b"], "plan": "pro", "score": Decimal("0.50"), "title": "another"}
    with rows.running.override(model=replies(said)):
        reply = rows.running.call_fields(GIVEN, caller=Session("u"))
    found = judge(rows.module, rows.feature, rows.fields, rows.all[0], reply=reply, error=None)
    assert found.right == {"plan": False, "item": False, "tags": True, "due": True, "score": True}
    assert (found.expected["plan"], found.said["plan"]) == ("null", '"pro"')


def test_a_reply_that_nobody_could_judge_is_a_row_that_was_not_run(tmp_path: Path):
    rows = rows_of(tmp_path, {"given": GIVEN, "returns": RETURNS})
    error = Unjudged([Violation(path="output", rule="tone_judge", message="could not be judged")], "no key")
    found = judge(rows.module, rows.feature, rows.fields, rows.all[0], reply=None, error=error)
    assert (found.outcome, found.why, found.right) == ("not run", "no key", {})


def test_a_row_that_does_not_fit_keeps_the_spec_from_being_loaded(tmp_path: Path):
    with pytest.raises(SpecError, match="PS607"):
        rows_of(tmp_path, {"given": GIVEN, "returns": {**RETURNS, "due": "soon"}})


def test_a_row_that_its_feature_refuses_is_told_by_its_line(tmp_path: Path):
    rows = rows_of(tmp_path, {"given": GIVEN, "returns": RETURNS})
    bad = read_labelled(json.dumps({"given": GIVEN, "returns": {**RETURNS, "item": "z"}}).encode(), "x").rows
    with pytest.raises(Unfit, match=r"line 1 is refused: `output\.item`"):
        Rows(rows.running, bad, ["plan"])


def test_a_changed_file_of_rows_changes_what_the_module_is_made_of(tmp_path: Path):
    first = dict(rows_of(tmp_path, {"given": GIVEN, "returns": RETURNS}).module.read)
    second = dict(rows_of(tmp_path, {"given": GIVEN, "returns": {**RETURNS, "plan": "pro"}}).module.read)
    assert first.keys() == second.keys() == {"golden.jsonl", "pick.spec"}
    assert first["golden.jsonl"] != second["golden.jsonl"]
    assert first["pick.spec"] == second["pick.spec"]
