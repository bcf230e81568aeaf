"""The generated model, the JSON Schema and the reference accept the same inputs and the same replies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from codegen.specs import write_spec
from promptspec.fuzz import reference
from promptspec.loading import load
from promptspec.runtime.context import Context
from promptspec.runtime.feature import Feature
from promptspec.schema.wire import encode_schema, output_schema
from promptspec.values.json_schema import SchemaJudge
from promptspec.values.reading import read_json

SPEC = """
enum Mood { calm, wild }
record Line {
    key sku: line(1..4, matching /[a-z]+/)
    n: int(-2..2)
    gift: bool?
}
feature f {
    model "m"
    input {
        lines: list(1..2) of Line
        mood: Mood = calm
        word: "x" | "y"
        price: decimal(0..9, 1)
        day: date?
        tags: set(..2) of line(..3)
    }
    output {
        pick: one of lines
        mood: Mood
        word: "x" | "y"
        n: int(-2..2)
        price: decimal(0..9, 1)
        sure: bool
        word_or_none: "p" | "q"?
        tags: list(..2) of line(..3)
        inner: { a: bool  b: int(0..1)? }
    }
}
"""
TODAY = date(2026, 1, 31)


@dataclass
class Judged:
    """The three judges."""

    feature: Feature[Any]
    schema: SchemaJudge


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        spec = SPEC.replace(
            "inner: { a: bool  b: int(0..1)? }", "inner: {\n            a: bool\n            b: int(0..1)?\n        }"
        )
        feature = load(write_spec(tmp_path_factory.mktemp("p"), spec)).f
    schema = output_schema(feature.module_contract, feature.contract)
    return Judged(feature, SchemaJudge(encode_schema(schema).decode()))


NUMBERS = st.sampled_from(
    ["0", "1", "2", "-2", "3", "1.0", "0.5", "0.55", "9", "9.1", "-1", "1e0", "true", '"1"', "null"]
)
WORDS = st.sampled_from(["calm", "wild", "Calm", "x", "y", "", "ab", "abc", "abcd", "p", "a1"]).map(json.dumps)
ANY = (
    NUMBERS
    | WORDS
    | st.sampled_from(["[]", "{}", '["ab"]', '["ab","ab"]', '["a","b","c"]', "[1]", '{"a":true}', '{"a":false,"b":1}'])
)


def objects(good: dict[str, str]) -> st.SearchStrategy[str]:
    """Return JSON objects that are good but for some fields, some of which are left out or added."""
    changes = st.dictionaries(st.sampled_from([*good, "extra"]), ANY | st.just(""), max_size=2)

    def text(change: dict[str, str]) -> str:
        fields = {name: value for name, value in (good | change).items() if value}
        return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items()) + "}"

    return changes.map(text)


LINES = '[{"sku":"ab","n":1},{"sku":"c","n":-2,"gift":null}]'
INPUT = {"lines": LINES, "mood": '"wild"', "word": '"x"', "price": "0.5", "day": '"2026-01-31"', "tags": '["a","b"]'}
REPLY = {
    "pick": "1", "mood": '"calm"', "word": '"y"', "n": "2", "price": "0.5", "sure": "true", "word_or_none": "null",
    "tags": '["ab"]', "inner": '{"a":true,"b":null}',
}  # fmt: skip


def model_accepts(model: Any, value: object, context: Context) -> bool:
    try:
        model.model_validate(value, context=context)
    except ValidationError:
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(text=objects(INPUT))
def test_inputs_are_judged_alike_by_the_model_and_the_reference(judged: Judged, text: str) -> None:
    feature, value = judged.feature, read_json(text)
    accepted = model_accepts(feature.plan.input, value, Context(direction="input", today=TODAY))
    broken = reference.judge_input(feature.module_contract, feature.contract, value, rows={}, today=TODAY)
    assert accepted == (not broken), (text, broken)


@settings(max_examples=300, deadline=None)
@given(text=objects(REPLY))
def test_replies_are_judged_alike_by_all_three(judged: Judged, text: str) -> None:
    feature, value = judged.feature, read_json(text)
    given_value = read_json("{" + ",".join(f'"{name}":{item}' for name, item in INPUT.items()) + "}")
    given_input: Any = feature.plan.input.model_validate(given_value, context=Context(direction="input", today=TODAY))
    context = Context(direction="output", today=TODAY, lists={"lines": given_input.lines})
    accepted = model_accepts(feature.plan.output, value, context)
    broken = reference.judge_reply(feature.module_contract, feature.contract, given_value, value, rows={}, today=TODAY)
    assert accepted == (not broken), (text, broken)
    if accepted:
        assert isinstance(value, dict)
        # On the wire every field is there; one that may be left out is null.
        whole: dict[str, Any] = {"word_or_none": None, **value}
        whole["inner"] = {"b": None, **whole["inner"]}
        assert judged.schema.violations(whole) == (), text
