"""The schemas of replies and inputs say what the spec says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contract.samples import EVERYTHING, FILE, ONE_PASSAGE, feature, field, module, text
from promptspec.contract.types import (
    Boolean,
    Choice,
    Date,
    Email,
    Group,
    Integer,
    JsonSchema,
    ListOf,
    Number,
    OneOfSource,
    Pattern,
    Type,
    Url,
    Words,
)
from promptspec.schema.profiles import misfits
from promptspec.schema.wire import encode_schema, input_schema, output_schema


def of(type: Type, **more: Any) -> dict[str, Any]:
    made = feature((), (field("x", type, **more),))
    return output_schema(module(made), made)["properties"]["x"]


@pytest.mark.parametrize(
    ("type", "schema"),
    [
        (text(2, 9), {"type": "string", "minLength": 2, "maxLength": 9}),
        (text(0, 9), {"type": "string", "maxLength": 9}),
        (
            text(5, 60, "words"),
            {"description": "5 to 60 words", "type": "string", "minLength": 5, "maxLength": 720},
        ),
        (text(5, 9, "bytes"), {"description": "5 to 9 bytes", "type": "string", "minLength": 2, "maxLength": 9}),
        (text(0, 9, "tokens"), {"description": "at most 9 tokens", "type": "string", "maxLength": 144}),
        (
            text(0, 9, pattern=Pattern(source=r"\d+")),
            {"type": "string", "maxLength": 9, "pattern": "^(?:[0-9]+)$"},
        ),
        (Words(words=("a", "b")), {"type": "string", "enum": ["a", "b"]}),
        (
            Choice(name="Mood", file=FILE),
            {"description": "sad: Sad or bittersweet", "type": "string", "enum": ["funny", "sad", "tense"]},
        ),
        (
            OneOfSource(source="plans", file=FILE),
            {"description": "free: Free\npro: Professional", "type": "string", "enum": ["free", "pro"]},
        ),
        (Integer(least=1, most=5), {"type": "integer", "minimum": 1, "maximum": 5}),
        (Boolean(), {"type": "boolean"}),
        (Date(most="today"), {"description": "until today", "type": "string", "format": "date"}),
        (Email(), {"type": "string", "format": "email", "maxLength": 254}),
        (
            Url(hosts=("a.example.org", "b.example.org")),
            {
                "type": "string",
                "maxLength": 2048,
                "pattern": r"^https://(?:a\.example\.org|b\.example\.org)(?:[/?#]|$)",
            },
        ),
        (
            ListOf(item=Boolean(), least=1, most=3, unique=True),
            {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 3},
        ),
    ],
)
def test_a_type_travels_as(type: Type, schema: dict[str, Any]) -> None:
    assert of(type) == schema


def test_decimal_steps_are_exact_in_the_text() -> None:
    made = feature((), (field("x", Number(least=Decimal("0.1"), most=Decimal("9.9"), places=8)),))
    text = encode_schema(output_schema(module(made), made))
    assert b'"minimum":0.1,"maximum":9.9,"multipleOf":0.00000001' in text


def test_an_entry_is_a_position_and_none_is_0() -> None:
    assert (of(ONE_PASSAGE)["minimum"], of(ONE_PASSAGE)["maximum"]) == (1, 5)
    optional = of(ONE_PASSAGE, optional=True)
    assert (optional["minimum"], optional["maximum"], optional["type"]) == (0, 5, "integer")


def test_optional_means_or_null() -> None:
    assert of(Integer(least=1, most=5), optional=True)["type"] == ["integer", "null"]
    assert of(Words(words=("a",)), optional=True) == {"type": ["string", "null"], "enum": ["a", None]}
    lists = of(ListOf(item=Boolean(), least=0, most=1), optional=True, doc="Which.")
    assert lists["description"] == "Which."
    assert lists["anyOf"][1] == {"type": "null"}


def test_fields_stand_in_the_order_of_the_spec_and_are_all_required() -> None:
    schema = output_schema(module(EVERYTHING), EVERYTHING)
    names = [field.name for field in EVERYTHING.output.fields]
    assert list(schema["properties"]) == schema["required"] == names
    assert schema["additionalProperties"] is False


def test_documentation_reaches_the_schema() -> None:
    schema = output_schema(module(EVERYTHING), EVERYTHING)
    assert schema["properties"]["why"]["description"] == "Why these.\n20 to 60 words"


def test_a_record_says_its_own_documentation_only_where_the_field_has_none() -> None:
    assert "description" not in of(Group(name="Line", file=FILE))
    assert of(Group(name="Line", file=FILE), doc="The line.")["description"] == "The line."


def test_an_embedded_schema_travels_with_all_its_properties_required() -> None:
    canonical = (
        '{"type":"object","properties":{"n":{"type":"integer"},"t":{"type":"string","maxLength":3}},'
        '"required":["n"],"additionalProperties":false}'
    )
    schema = of(JsonSchema(schema=canonical, path="a.json"))
    assert schema["required"] == ["n", "t"]
    assert schema["properties"]["t"] == {"anyOf": [{"type": "string", "maxLength": 3}, {"type": "null"}]}


def test_every_type_fits_the_strict_mode() -> None:
    schema = output_schema(module(EVERYTHING), EVERYTHING)
    Draft202012Validator.check_schema(schema)
    assert misfits(schema) == ()


def test_the_same_contract_gives_the_same_bytes() -> None:
    first, again = (encode_schema(output_schema(module(EVERYTHING), EVERYTHING)) for _ in range(2))
    assert first == again


def test_an_input_requires_what_has_neither_default_nor_question_mark() -> None:
    schema = input_schema(module(EVERYTHING), EVERYTHING)
    Draft202012Validator.check_schema(schema)
    assert schema["required"] == ["plan", "passages", "history"]
    assert schema["properties"]["mood"]["default"] == "funny"
    assert schema["properties"]["plan"]["enum"] == ["free", "pro"]
    assert schema["properties"]["note"]["type"] == ["string", "null"]
    assert (schema["$schema"], schema["title"]) == ("https://json-schema.org/draft/2020-12/schema", "suggest")


def test_an_input_is_judged_by_its_schema() -> None:
    validator: Any = Draft202012Validator(input_schema(module(EVERYTHING), EVERYTHING))
    given = {"plan": "pro", "passages": [{"id": "a", "body": "b"}], "history": [{"role": "user", "text": "Hi"}]}
    assert validator.is_valid(given)
    assert not validator.is_valid({**given, "history": [{"role": "system", "text": "Hi"}]})
    assert not validator.is_valid({**given, "plan": "gold"})
