"""Rehearsed replies fit their types, are the same everywhere, and follow the examples."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.samples import EVERYTHING, FILE, ONE_PASSAGE, ORIGIN, ROWS, feature, field, module, text
from promptspec.contract.feature import Example, Feature
from promptspec.contract.types import (
    Boolean,
    Choice,
    Constant,
    Date,
    Integer,
    JsonSchema,
    ListOf,
    Number,
    ObjectConstant,
    OneOfSource,
    Pattern,
    Type,
    Url,
)
from promptspec.fuzz.reference import judge_reply
from promptspec.models.rehearsal import MOST_BUILT, candidates
from promptspec.schema.closed import close_schema
from promptspec.schema.wire import encode_schema, output_schema
from promptspec.values.json_schema import SchemaJudge
from promptspec.values.reading import read_json
from promptspec.values.units import measure

TODAY = date(2026, 11, 23)
GIVEN = {
    "mood": "funny",
    "plan": "pro",
    "note": None,
    "passages": [{"id": "a", "body": "One."}, {"id": "b", "body": "Two."}],
    "history": [],
    "born": None,
}


def keys(type: OneOfSource) -> Iterator[str]:
    return iter(ROWS[type.source])


def replies(made: Feature, given: Mapping[str, object] = GIVEN) -> list[str]:
    return list(candidates(module(made), made, given, keys=keys, today=TODAY))


def answers(type: Type, **more: Any) -> list[Any]:
    made = feature(EVERYTHING.input.fields, (field("x", type, **more),))
    read: list[Any] = [read_json(text) for text in replies(made)]
    return [reply["x"] for reply in read]


def test_built_replies_fit_the_wire_schema_and_the_reference() -> None:
    made = dataclasses.replace(EVERYTHING, ensures=())
    judge = SchemaJudge(encode_schema(output_schema(module(made), made)).decode())
    for written in replies(made):
        reply: Any = read_json(written)
        assert judge.violations(reply) == ()
        # Words with full stops are not counted by the reference.
        assert measure(reply["why"], least=20, most=60, unit="words") is None
        plain = {**reply, "why": "word " * 20}
        assert judge_reply(module(made), made, GIVEN, plain, rows=ROWS, today=TODAY) == []


def test_there_are_fifty_and_they_differ() -> None:
    texts = replies(EVERYTHING)
    assert len(texts) == MOST_BUILT == 50
    assert len(set(texts)) > 40


def test_the_same_call_gives_the_same_replies_in_every_process() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from models.test_rehearsal import EVERYTHING, replies\n"
        "print(chr(10).join(replies(EVERYTHING)[:5]))"
    )
    tests = os.path.dirname(os.path.dirname(__file__))
    printed = {
        subprocess.run(
            [sys.executable, "-c", script, tests],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.path.dirname(tests)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert printed == {"\n".join(replies(EVERYTHING)[:5]) + "\n"}


def test_another_input_gives_another_reply() -> None:
    assert replies(EVERYTHING) != replies(EVERYTHING, {**GIVEN, "note": "Hello."})


@settings(max_examples=60)
@given(
    least=st.integers(0, 60),
    extra=st.integers(0, 200),
    unit=st.sampled_from(["chars", "words", "bytes"]),
    kind=st.sampled_from(["text", "line"]),
)
def test_prose_keeps_its_cap(least: int, extra: int, unit: Any, kind: str) -> None:
    cap = text(least, max(least + extra, 1), unit, kind=kind)
    for answer in answers(cap)[:10]:
        assert measure(answer, least=cap.cap.least, most=cap.cap.most, unit=unit) is None
        assert answer
        assert answer.isascii()
        assert "\n" not in answer


def test_tokens_are_counted() -> None:
    for answer in answers(text(10, 12, "tokens"))[:5]:
        assert measure(answer, least=10, most=12, unit="tokens") is None


def test_prose_speaks_of_its_field() -> None:
    assert any("x" in answer.split() for answer in answers(text(1, 280)))


def test_patterns_are_kept() -> None:
    code = text(1, 12, kind="line", pattern=Pattern(source=r"[A-Z]{3}-\d+"))
    assert all(answer[:3].isupper() and answer[3] == "-" and answer[4:].isdigit() for answer in answers(code))


def test_numbers_keep_bounds_and_places() -> None:
    for answer in answers(Number(least=Decimal("-1.25"), most=Decimal("1.10"), places=2)):
        assert Decimal("-1.25") <= answer <= Decimal("1.10")
        assert Decimal(answer).as_tuple().exponent >= -2  # pyright: ignore[reportOperatorIssue]
    assert {*answers(Integer(least=2**53, most=2**53))} == {2**53}


def test_days_keep_their_bounds() -> None:
    assert all(
        date(2026, 11, 20) <= date.fromisoformat(d) <= TODAY
        for d in answers(Date(least=date(2026, 11, 20), most="today"))
    )
    assert {*answers(Date(least="today", most="today"))} == {"2026-11-23"}


def test_positions_are_distinct_while_they_last() -> None:
    for answer in answers(ListOf(item=ONE_PASSAGE, least=2, most=4)):
        assert sorted(answer) == [1, 2]


def test_sometimes_there_is_none_but_not_at_first() -> None:
    found = answers(ONE_PASSAGE, optional=True)
    assert 0 in found
    assert found[0] != 0
    assert None in answers(Boolean(), optional=True)


def test_nothing_on_offer_is_none() -> None:
    made = feature(EVERYTHING.input.fields, (field("x", ONE_PASSAGE, optional=True),))
    assert {*replies(made, {**GIVEN, "passages": []})} == {'{"x":0}'}


def test_addresses_name_a_declared_host() -> None:
    assert {*answers(Url(hosts=("a.example.org",)))} == {"https://a.example.org/"}


def test_objects_of_a_schema_fit_it() -> None:
    schema = {
        "type": "object",
        "properties": {
            "no": {"type": "string", "pattern": r"^[A-Z]{2}\d+$"},
            "when": {"type": "string", "format": "date-time"},
            "total": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            "step": {"type": "number", "minimum": 0.5, "multipleOf": 0.25},
            "kind": {"enum": ["a", "b", None]},
            "few": {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 2},
            "alt": {"oneOf": [{"type": "integer", "maximum": -5}, {"type": "boolean"}]},
        },
        "required": ["no", "few"],
    }
    closed = close_schema(json.dumps(schema).encode(), text_cap=40, items_cap=3)
    assert closed.problems == ()
    judge = SchemaJudge(closed.schema)
    found = answers(JsonSchema(schema=closed.schema, path="a.json"))
    assert [judge.violations(value) for value in found] == [()] * 50


def example(returns: Constant, **given: Constant) -> Example:
    entries = ObjectConstant(entries=tuple(given.items()))
    return Example(title="t", given=entries, returns=returns, today=None, origin=ORIGIN)


def sorted_by(mood: str, note: str, *examples: Example) -> str:
    made = feature(
        (
            field("mood", Choice(name="Mood", file=FILE), default="funny", has_default=True),
            field("note", text(0, 50), optional=True),
        ),
        (field("answer", Integer(least=1, most=9)),),
        bare=True,
        examples=examples,
    )
    return next(islice(candidates(module(made), made, {"mood": mood, "note": note}, keys=keys, today=TODAY), 1))


def test_the_example_with_the_same_closed_input_answers() -> None:
    examples = (example(1, mood="sad", note="x"), example(2, note="y"), example(3, mood="funny", note="z"))
    assert sorted_by("sad", "?", *examples) == '{"answer":1}'
    assert sorted_by("funny", "?", *examples) == '{"answer":2}'


def test_the_example_with_the_very_same_input_answers_before_others() -> None:
    examples = (example(2, note="y"), example(3, mood="funny", note="z"))
    assert sorted_by("funny", "z", *examples) == '{"answer":3}'


def test_an_example_of_another_mood_does_not_answer() -> None:
    assert "".join(sorted_by("tense", "", example(1, mood="sad"))) != ""
    made = feature(EVERYTHING.input.fields[:1], EVERYTHING.output.fields[9:10], examples=(example(True, mood="sad"),))
    assert len(replies(made, {"mood": "tense"})) == MOST_BUILT


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_the_smallest_caps_are_kept(most: int) -> None:
    assert all(1 <= len(answer) <= most for answer in answers(text(1, most)))
