"""A value is judged by a canonical schema: RE2 patterns, exact numbers, asserted formats."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from promptspec.schema.closed import close_schema
from promptspec.values.json_formats import LONGEST, has_format
from promptspec.values.json_schema import MOST_VIOLATIONS, SchemaJudge


def judge(required: dict[str, Any] | None = None, optional: dict[str, Any] | None = None) -> SchemaJudge:
    schema = {
        "type": "object",
        "properties": {**(required or {}), **(optional or {})},
        "required": list(required or {}),
    }
    closed = close_schema(json.dumps(schema).encode(), text_cap=100, items_cap=200)
    assert closed.problems == ()
    return SchemaJudge(closed.schema)


@pytest.mark.parametrize(
    ("schema", "good", "bad", "rule"),
    [
        ({"type": "integer"}, 4, True, "type"),
        ({"type": "integer"}, Decimal("4.0"), Decimal("4.5"), "type"),
        ({"type": "integer"}, Decimal("1e40"), "4", "type"),
        ({"type": "number"}, Decimal("0.1"), float("nan"), "type"),
        ({"type": "number", "multipleOf": 0.01}, Decimal("123456789012345678901234567890.07"), 0.001, "multiple_of"),
        ({"type": "number", "minimum": 0.1}, Decimal("0.1"), Decimal("0.09999999999999999999999"), "too_small"),
        ({"type": "number", "exclusiveMaximum": 1}, Decimal("0.999"), 1, "too_large"),
        ({"type": "string", "maxLength": 3}, "äöü", "abcd", "too_long"),
        ({"type": "string", "minLength": 3}, "äöü", "ab", "too_short"),
        ({"type": "string", "pattern": r"^\d+$"}, "12", "12\n", "pattern"),
        ({"type": "string", "pattern": r"^\d+$"}, "12", "١٢", "pattern"),
        ({"type": "string", "pattern": "b"}, "abc", "ac", "pattern"),
        ({"type": "string", "format": "date"}, "2024-02-29", "2026-02-29", "format"),
        ({"enum": ["a", 1]}, 1, True, "alternatives"),
        ({"enum": ["a", "b"]}, "a", "c", "choice"),
        ({"type": "array", "items": {"type": "null"}, "maxItems": 1}, [None], [None, None], "too_many"),
        ({"type": "array", "items": {"type": "null"}, "minItems": 1}, [None], [], "too_few"),
        (
            {"type": "array", "items": {"type": ["integer", "boolean"]}, "uniqueItems": True},
            [1, True],
            [1, 1],
            "repeated",
        ),
        ({"oneOf": [{"type": "integer"}, {"type": "number", "maximum": 3}]}, 4, 2, "alternatives"),
    ],
)
def test_a_rule_holds_or_is_named(schema: dict[str, Any], good: object, bad: object, rule: str) -> None:
    one = judge({"x": schema})
    assert one.violations({"x": good}) == ()
    assert one.violations({"x": bad}) == (("x", rule),)


def test_paths_hold_names_of_the_schema_only() -> None:
    lines = {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "null"}}, "required": ["sku"]}}
    one = judge({"lines": lines})
    assert set(one.violations({"lines": [{"sku": None}, {"<evil>": 1}]})) == {
        ("lines[1]", "unknown_field"),
        ("lines[1].sku", "missing"),
    }
    assert one.violations([]) == (("", "type"),)


def test_missing_and_null_are_one_for_what_is_not_required() -> None:
    one = judge({"a": {"type": "integer"}}, {"b": {"type": "integer"}, "c": {"type": ["integer", "null"]}})
    assert one.violations({"a": 1, "b": None, "c": None}) == ()
    assert one.settled({"a": 1, "b": None, "c": None}) == {"a": 1, "c": None}
    assert one.violations({"a": None}) == (("a", "type"),)
    assert one.violations({"a": 1, "b": "x"}) == (("b", "type"),)


def test_nulls_are_taken_out_at_every_depth() -> None:
    inner = {"type": "object", "properties": {"x": {"type": "integer"}}}
    one = judge({"a": {"type": "array", "items": {"anyOf": [{"type": "null"}, inner]}}})
    assert one.settled({"a": [{"x": None}, None, {"x": 1}]}) == {"a": [{}, None, {"x": 1}]}


def test_violations_are_counted_up_to_a_bound() -> None:
    one = judge({"a": {"type": "array", "items": {"type": "null"}}})
    assert len(one.violations({"a": list(range(200))})) == MOST_VIOLATIONS


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("date-time", "2026-01-31T09:30:00Z", "2026-01-31 09:30:00"),
        ("time", "09:30:00+01:00", "09:30"),
        ("duration", "P1DT2H", "P1H"),
        ("duration", "P2W", "P"),
        ("email", "a@example.org", "a@@example.org"),
        ("hostname", "a-b.example.org", "-a.example.org"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "fe80::1%eth0"),
        ("uuid", "6f2b3c1e-8a52-4f0e-9d17-2f1f7c9a0b42", "6f2b3c1e8a524f0e9d172f1f7c9a0b42"),
        ("uri", "https://example.org/a", "javascript:alert(1)"),
        ("date", "2026-01-31", "31.1.2026"),
    ],
)
def test_a_format_is_asserted(name: str, good: str, bad: str) -> None:
    assert has_format(good, name)
    assert not has_format(bad, name)
    assert not has_format(good + "\n", name)


def test_no_text_is_longer_than_its_format() -> None:
    assert not has_format("a." * LONGEST["hostname"] + "a", "hostname")
