"""Members of an object of a JSON Schema: what a path into one yields."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from promptspec.contract import types as t

#: What a member may be at the most where its schema says nothing: it is read, never written.
_MOST = 2**53


@dataclass(frozen=True, slots=True)
class Member:
    """The type of a member, and whether it may be missing or null."""

    type: t.Type
    optional: bool


def names_of(type: t.JsonSchema) -> tuple[str, ...]:
    """Return the names of the members of an object."""
    properties = _read(type.schema).get("properties")
    return tuple(cast("dict[str, object]", properties)) if isinstance(properties, dict) else ()


def member_of(type: t.JsonSchema, name: str) -> Member | None:
    """Return the member called *name*, or None where the object has none, or one of several types."""
    schema = _read(type.schema)
    properties = cast("dict[str, object]", schema.get("properties") or {})
    found = properties.get(name)
    if not isinstance(found, dict):
        return None
    required = cast("list[str]", schema.get("required") or [])
    inner, nullable = _without_null(cast("dict[str, object]", found))
    made = None if inner is None else _type(inner, type.path)
    return None if made is None else Member(made, nullable or name not in required)


def _without_null(schema: dict[str, object]) -> tuple[dict[str, object] | None, bool]:
    """Return the one schema beside null, and whether null is allowed."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema, False
    found = cast("list[dict[str, object]]", choices)
    others = [each for each in found if each.get("type") != "null"]
    return (others[0] if len(others) == 1 else None), len(others) < len(found)


def _type(schema: dict[str, object], path: str) -> t.Type | None:
    words = schema.get("enum")
    match schema.get("type"):
        case "string" if isinstance(words, list):
            return t.Words(words=tuple(str(word) for word in cast("list[object]", words)))
        case "string":
            return t.Text(kind="text", cap=t.Cap(least=0, most=_count(schema.get("maxLength"))))
        case "integer":
            return t.Integer(least=-_MOST, most=_MOST)
        case "number":
            return t.Number(least=Decimal(-_MOST), most=Decimal(_MOST), places=18)
        case "boolean":
            return t.Boolean()
        case "array":
            items = schema.get("items")
            item = _type(cast("dict[str, object]", items), path) if isinstance(items, dict) else None
            if item is None:
                return None
            least, most = schema.get("minItems"), schema.get("maxItems")
            return t.ListOf(item=item, least=_count(least) if least else 0, most=_count(most))
        case "object":
            return t.JsonSchema(schema=json.dumps(schema), path=path)
        case _:
            return None


def _count(value: object) -> int:
    return value if isinstance(value, int) else 10_000


def _read(schema: str) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(schema))
