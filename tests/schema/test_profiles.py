"""What a strict mode does not take is told, with the way to it."""

from __future__ import annotations

from typing import Any

import pytest

from promptspec.schema.profiles import LATEST, PROFILES, misfits


def closed(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def rules(schema: dict[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
    return [(misfit.path, misfit.rule) for misfit in misfits(schema)]


def test_profiles_are_dated() -> None:
    assert PROFILES["openai-2026-11"] is LATEST


def test_the_whole_must_be_an_object() -> None:
    assert rules({"anyOf": [closed()]}) == [((), "anyOf")]
    assert rules({"type": "string"}) == [((), "type")]


@pytest.mark.parametrize("keyword", ["oneOf", "allOf", "not", "uniqueItems", "patternProperties", "prefixItems"])
def test_an_unknown_keyword_is_told_with_its_place(keyword: str) -> None:
    schema = closed(a={"type": "array", "items": closed(b={keyword: []})})
    assert rules(schema) == [(("a", "[]", "b"), keyword)]


def test_an_unknown_format_is_told() -> None:
    assert rules(closed(a={"type": "string", "format": "uri"})) == [(("a",), "format")]


def test_objects_are_closed_and_whole() -> None:
    assert rules({"type": "object", "properties": {"a": {}}}) == [((), "additionalProperties"), (("a",), "required")]


def nested(levels: int) -> dict[str, Any]:
    schema = closed(a={"type": "string"})
    for _ in range(levels - 1):
        schema = closed(a=schema)
    return schema


def test_levels_are_counted() -> None:
    assert rules(nested(10)) == []
    assert rules(nested(11)) == [(("a",) * 10, "levels")]


def test_words_are_counted_in_all() -> None:
    fits = closed(a={"enum": [str(i) for i in range(500)]}, b={"enum": [str(i) for i in range(500)]})
    assert rules(fits) == []
    assert rules(closed(a=fits, b={"enum": ["x"]})) == [((), "words")]


def test_a_long_enum_has_a_cap_of_characters() -> None:
    assert rules(closed(a={"enum": [f"{i:060}" for i in range(250)]})) == []
    assert rules(closed(a={"enum": [f"{i:059}" for i in range(251)]})) == []
    assert rules(closed(a={"enum": [f"{i:060}" for i in range(251)]})) == [(("a",), "word_characters")]


def test_properties_and_characters_are_counted() -> None:
    many = closed(**{f"f{i}": {"type": "boolean"} for i in range(5_001)})
    assert ((), "properties") in rules(many)
    assert rules(closed(**{f"{i:0121}": {"type": "boolean"} for i in range(1_000)})) == [((), "text_characters")]


def test_a_message_is_one_line_in_lower_case() -> None:
    for misfit in misfits({"anyOf": [nested(11)], "not": {}, "format": "uri"}):
        assert "\n" not in misfit.message
        assert misfit.message == misfit.message[0].lower() + misfit.message[1:]
