"""Values built from an embedded JSON Schema in its canonical form."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, TypeAlias, cast

from promptspec.models.draws import Draws, prose

Schema: TypeAlias = dict[str, Any]

_OF_FORMAT: Final = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "P1D",
    "email": "reader@example.org",
    "hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "6f2b3c1e-8a52-4f0e-9d17-2f1f7c9a0b42",
    "uri": "https://example.org/",
}

#: Draws for an item that is not there yet, before a shorter list is given.
_TRIES: Final = 10


def schema_value(draws: Draws, schema: Schema, topic: str) -> object:
    """Return a value that fits the canonical *schema*, as far as bounds that exclude each other let it."""
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return schema_value(draws, draws.pick(schema[keyword]), topic)
    if schema.get("enum"):
        return draws.pick(schema["enum"])
    match schema.get("type"):
        case "object":
            return _object(draws, schema)
        case "array":
            return _array(draws, schema, topic)
        case "string":
            return _string(draws, schema, topic)
        case "integer" | "number":
            return _number(draws, schema)
        case "boolean":
            return draws.one_in(2)
        case _:
            return None


def _object(draws: Draws, schema: Schema) -> dict[str, object]:
    required = schema["required"]
    return {
        name: schema_value(draws, sub, name) if name in required or not draws.one_in(4) else None
        for name, sub in cast("dict[str, Schema]", schema["properties"]).items()
    }


def _array(draws: Draws, schema: Schema, topic: str) -> list[object]:
    least, most = schema["minItems"], schema["maxItems"]
    found: list[object] = []
    for _ in range(draws.between(max(least, min(1, most)), min(most, least + 3))):
        item = schema_value(draws, schema["items"], topic)
        tries = _TRIES if schema.get("uniqueItems") else 0
        while tries and item in found:
            item = schema_value(draws, schema["items"], topic)
            tries -= 1
        if not (schema.get("uniqueItems") and item in found):
            found.append(item)
    return found


def _string(draws: Draws, schema: Schema, topic: str) -> str:
    least, most = schema.get("minLength", 0), schema["maxLength"]
    if "pattern" in schema:
        from promptspec.values.automaton import samples

        text = samples(schema["pattern"], least=least, most=most, choose=draws.below)
        if text is not None:
            return text
    known = _OF_FORMAT.get(schema.get("format", ""))
    return known if known is not None else prose(draws, topic, least=least, most=most)


def _number(draws: Draws, schema: Schema) -> int | Decimal:
    least, most = _bound(schema, "minimum", "exclusiveMinimum", max), _bound(schema, "maximum", "exclusiveMaximum", min)
    step = Decimal(schema.get("multipleOf", 1))
    low = Decimal(0) if least is None and (most is None or most > 0) else least if least is not None else most
    low = low or Decimal(0)
    first = int(low // step)
    last = first + 100 if most is None else max(first, int(most // step))
    for _ in range(_TRIES):
        number = draws.between(first, min(last, first + 100)) * step
        if _fits(number, schema):
            return _whole(number)
    # Between two bounds that hold no whole number, what lies half-way.
    return (low + most) / 2 if most is not None and "multipleOf" not in schema else _whole((first + 1) * step)


def _bound(schema: Schema, inclusive: str, exclusive: str, tighter: Any) -> Decimal | None:
    found = [Decimal(schema[keyword]) for keyword in (inclusive, exclusive) if keyword in schema]
    return tighter(found) if found else None


def _fits(number: Decimal, schema: Schema) -> bool:
    return (
        number >= schema.get("minimum", number)
        and number <= schema.get("maximum", number)
        and number > schema.get("exclusiveMinimum", number - 1)
        and number < schema.get("exclusiveMaximum", number + 1)
    )


def _whole(number: Decimal) -> int | Decimal:
    return int(number) if number == number.to_integral_value() else number
