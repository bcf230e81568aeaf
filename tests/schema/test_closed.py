"""An existing schema has one closed form, or its problems are told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from promptspec.schema.closed import Closed, close_schema
from promptspec.schema.embedded import wire_form
from promptspec.schema.profiles import misfits


def close(schema: object, *, text: int | None = None, items: int | None = None) -> Closed:
    return close_schema(json.dumps(schema).encode(), text_cap=text, items_cap=items)


def of(schema: object, **caps: int) -> Any:
    """The closed form of a property with *schema*."""
    closed = close({"type": "object", "properties": {"x": schema}}, **caps)
    assert closed.problems == ()
    return json.loads(closed.schema)["properties"]["x"]


def problems(schema: object) -> list[tuple[str, str]]:
    closed = close({"type": "object", "properties": {"x": schema}})
    assert closed.schema == ""
    return [(problem.pointer.removeprefix("/properties/x"), problem.message) for problem in closed.problems]


@pytest.mark.parametrize(
    ("schema", "closed"),
    [
        ({"type": "string", "maxLength": 5, "title": "T"}, {"type": "string", "maxLength": 5}),
        ({"const": "a"}, {"type": "string", "enum": ["a"]}),
        (
            {"enum": ["a", "a", 1, None]},
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "integer", "enum": [1]}, {"type": "null"}]},
        ),
        ({"type": "string", "enum": ["a", 1]}, {"type": "string", "enum": ["a"]}),
        ({"type": ["integer", "null"], "minimum": 0}, {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]}),
        ({"type": ["integer", "number"]}, {"type": "number"}),
        ({"type": "string", "format": "date"}, {"type": "string", "maxLength": 10, "format": "date"}),
        ({"allOf": [{"type": "boolean"}]}, {"type": "boolean"}),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, {"anyOf": [{"type": "boolean"}, {"type": "null"}]}),
        (
            {"properties": {"y": {"type": "null"}}, "required": ["y"]},
            {
                "type": "object",
                "properties": {"y": {"type": "null"}},
                "required": ["y"],
                "additionalProperties": False,
            },
        ),
        (
            {"type": "boolean", "x-ours": 1, "description": "D", "default": True},
            {"description": "D", "type": "boolean"},
        ),
        ({"const": True}, {"type": "boolean", "enum": [True]}),
    ],
)
def test_the_closed_form_of(schema: object, closed: object) -> None:
    assert of(schema) == closed


def test_caps_are_given_where_a_bound_is_missing() -> None:
    closed = of({"type": "array", "items": {"type": "string"}}, text=9, items=3)
    assert closed == {"type": "array", "items": {"type": "string", "maxLength": 9}, "minItems": 0, "maxItems": 3}


def test_a_declared_bound_wins_over_a_cap() -> None:
    assert of({"type": "string", "maxLength": 5}, text=9)["maxLength"] == 5


@pytest.mark.parametrize(
    ("schema", "pointer", "part"),
    [
        ({"type": "string"}, "", "`maxLength`"),
        ({"type": "array", "items": {"type": "null"}}, "", "`maxItems`"),
        ({"type": "array", "maxItems": 1}, "", "`items`"),
        ({"type": "object"}, "", "`properties`"),
        ({"type": "object", "properties": {}, "additionalProperties": True}, "", "does not name"),
        ({"type": "object", "properties": {}, "additionalProperties": {"type": "null"}}, "", "does not name"),
        ({"type": "object", "properties": {}, "required": ["z"]}, "/required", "not among"),
        ({}, "", "`type`"),
        (True, "", "`true`"),
        (7, "", "object"),
        ({"type": "strin"}, "/type", "not a type"),
        ({"not": {}, "type": "null"}, "/not", "`not`"),
        ({"type": "null", "maxlength": 1}, "", "`maxlength` is not of JSON Schema"),
        ({"type": "string", "maxLength": 1, "pattern": "(?=a)"}, "/pattern", "look-ahead"),
        ({"type": "string", "maxLength": 1, "pattern": 1}, "/pattern", "string"),
        ({"type": "string", "maxLength": -1}, "/maxLength", "whole number"),
        ({"type": "string", "minLength": 3, "maxLength": 1}, "", "that long"),
        ({"type": "string", "format": "regex"}, "/format", "cannot be checked"),
        ({"type": "number", "exclusiveMinimum": True}, "/exclusiveMinimum", "number"),
        ({"type": "number", "multipleOf": 0}, "/multipleOf", "above 0"),
        ({"enum": []}, "/enum", "list"),
        ({"enum": [[1]]}, "", "arrays in an enum"),
        ({"enum": ["a"], "type": "integer"}, "", "`type`"),
        ({"enum": ["a\u200bb"]}, "", "do not show"),
        ({"allOf": [{"type": "null"}, {"type": "null"}]}, "/allOf", "write it as one"),
        ({"anyOf": []}, "/anyOf", "list of schemas"),
        ({"anyOf": [{"type": "null"}], "type": "null"}, "/type", "beside"),
        ({"$ref": "other.json"}, "/$ref", "same file"),
        ({"$ref": "#/$defs/none"}, "/$ref", "nowhere"),
        ({"$ref": "#name"}, "/$ref", "path"),
        ({"$ref": "#/properties/x"}, "/$ref", "circle"),
        ({"$ref": 1}, "/$ref", "string"),
        ({"$dynamicRef": "#a"}, "/$dynamicRef", "not supported"),
        ({"$id": "https://example.org/x", "type": "null"}, "/$id", "at the top"),
        ({"type": "null", "description": "a\u202eb"}, "/description", "show nothing"),
    ],
)
def test_a_problem_is_told_where_it_stands(schema: object, pointer: str, part: str) -> None:
    found = problems(schema)
    assert any(where == pointer and part in message for where, message in found), found
    for _, message in found:
        assert message == message[0].lower() + message[1:]
        assert "\n" not in message


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"\xff", b'{"a":1,"a":2}', b"[" * 1000, b'{"type":"string","maxLength":1}']
)
def test_what_is_no_schema_of_an_object_is_a_problem(text: bytes) -> None:
    assert close_schema(text, text_cap=9, items_cap=9).problems


@pytest.mark.parametrize(
    "dialect",
    [
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-06/schema#",
        "https://json-schema.org/draft/2020-12/schema",
    ],
)
def test_three_dialects_are_read(dialect: str) -> None:
    assert (
        close({"$schema": dialect, "$id": "https://example.org/a", "type": "object", "properties": {}}).problems == ()
    )


def test_other_dialects_are_a_problem() -> None:
    closed = close({"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "properties": {}})
    assert [problem.pointer for problem in closed.problems] == ["/$schema"]


def test_references_are_written_out() -> None:
    closed = close(
        {
            "type": "object",
            "properties": {"a": {"$ref": "#/definitions/a~1b%25"}, "c": {"$ref": "#/properties/a"}},
            "definitions": {"a/b%": {"type": "null", "description": "N"}},
        }
    )
    wanted = {"description": "N", "type": "null"}
    assert json.loads(closed.schema)["properties"] == {"a": wanted, "c": wanted}
    assert closed.descriptions == ("N",)


def test_a_reference_may_be_described_where_it_stands() -> None:
    closed = close(
        {
            "type": "object",
            "properties": {"a": {"$ref": "#/$defs/n", "description": "Here."}},
            "$defs": {"n": {"type": "null", "description": "There."}},
        }
    )
    assert json.loads(closed.schema)["properties"]["a"]["description"] == "Here."


def test_references_that_double_are_stopped() -> None:
    doubled = {str(i): {"anyOf": [{"$ref": f"#/$defs/{i + 1}"}] * 2} for i in range(40)}
    closed = close(
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/0"}}, "$defs": {**doubled, "40": {"type": "null"}}}
    )
    assert [problem.message for problem in closed.problems] == [
        "with its references written out, the schema is too large"
    ]


def test_a_long_chain_of_references_is_stopped() -> None:
    chain = {str(i): {"$ref": f"#/$defs/{i + 1}"} for i in range(5_000)}
    assert close({"type": "object", "properties": {"a": {"$ref": "#/$defs/0"}}, "$defs": chain}).problems


def levels(count: int) -> Any:
    schema: Any = {"type": "null"}
    for _ in range(count):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def test_eight_levels_and_no_more() -> None:
    assert close(levels(8)).problems == ()
    assert "8 levels" in close(levels(9)).problems[0].message


def test_five_thousand_fields_and_no_more() -> None:
    assert close({"type": "object", "properties": {str(i): {"type": "null"} for i in range(5_000)}}).problems == ()
    assert close({"type": "object", "properties": {str(i): {"type": "null"} for i in range(5_001)}}).problems


def test_numbers_stay_exact() -> None:
    text = b'{"type":"object","properties":{"x":{"type":"number","multipleOf":0.10,"maximum":1234567890123456789.01}}}'
    assert '"maximum":1234567890123456789.01' in close_schema(text, text_cap=None, items_cap=None).schema


LEAVES: list[Any] = [
    {"type": "string", "maxLength": 9},
    {"type": "string", "minLength": 2},
    {"type": ["integer", "null"], "minimum": 3},
    {"enum": ["a", 2, None]},
    {"type": "string", "pattern": r"^\d+$"},
    {"type": "boolean"},
]


def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def one(fields: dict[str, Any], asked: int) -> Any:
        return {"type": "object", "properties": fields, "required": list(fields)[:asked]}

    objects = st.builds(one, st.dictionaries(st.sampled_from("abc"), inner, max_size=3), st.integers(0, 2))
    arrays = st.fixed_dictionaries({"type": st.just("array"), "items": inner, "uniqueItems": st.just(True)})
    return objects | arrays | st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=2, max_size=2)})


SCHEMAS = st.recursive(st.sampled_from(LEAVES), larger, max_leaves=6)


@given(st.dictionaries(st.sampled_from("xyz"), SCHEMAS, min_size=1))
def test_a_closed_form_is_its_own_closed_form_and_travels_strictly(fields: dict[str, Any]) -> None:
    closed = close({"type": "object", "properties": fields}, text=50, items=5)
    assert closed.problems == ()
    again = close_schema(closed.schema.encode(), text_cap=None, items_cap=None)
    assert again == closed
    Draft202012Validator.check_schema(json.loads(closed.schema))
    assert misfits(wire_form(closed.schema)) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from(["string", "#", "object", "array", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "items",
                    "enum",
                    "const",
                    "anyOf",
                    "allOf",
                    "$ref",
                    "required",
                    "maxLength",
                    "minimum",
                    "pattern",
                    "format",
                    "uniqueItems",
                    "additionalProperties",
                    "description",
                    "$defs",
                    "maxItems",
                    "$schema",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_document_raises(document: object) -> None:
    closed = close(document, text=5, items=5)
    assert bool(closed.schema) is not bool(closed.problems)
