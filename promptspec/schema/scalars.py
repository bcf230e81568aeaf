"""Strings, numbers and enumerations of a JSON Schema in their canonical form."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, cast

from promptspec.values.cleaning import is_clean_key
from promptspec.values.json_formats import LONGEST
from promptspec.values.json_schema import Schema
from promptspec.values.patterns import BadPattern, check_pattern
from promptspec.values.reading import exact_integer

_BOUNDS: Final = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf")


class Problems:
    """What was found so far: (pointer, message)."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []

    def add(self, pointer: str, message: str) -> None:
        """Note that *message* is true of what stands at *pointer*."""
        self.found.append((pointer, message))


def count(node: Schema, keyword: str, pointer: str, problems: Problems) -> int | None:
    """Return the length or number that *keyword* gives, or None where it is absent or no such number."""
    if keyword not in node:
        return None
    number = exact_integer(node[keyword])
    if number is None or number < 0:
        problems.add(f"{pointer}/{keyword}", f"`{keyword}` is a whole number from 0")
        return None
    return number


def closed_string(node: Schema, pointer: str, problems: Problems, *, cap: int | None) -> Schema:
    """Return the string that *node* describes; without a bound of its own it has *cap*."""
    out: Schema = {"type": "string"}
    words = [value for value in node.get("enum", ()) if isinstance(value, str)]
    if "enum" in node:
        out["enum"] = words
        if not all(map(is_clean_key, words)):
            problems.add(pointer, "a word of this enum holds characters that do not show or change")
    least = count(node, "minLength", pointer, problems)
    most = count(node, "maxLength", pointer, problems)
    format_ = _format(node, pointer, problems)
    if format_ is not None:
        most = LONGEST[format_] if most is None else min(most, LONGEST[format_])
    if most is None and "enum" not in node:
        most = cap
        if cap is None:
            problems.add(pointer, "this string has no `maxLength`: add it, or give the type `text ..500`")
    if least is not None and most is not None and least > most:
        problems.add(pointer, "no string is that long and that short")
    if least:
        out["minLength"] = least
    if most is not None:
        out["maxLength"] = most
    return out | _pattern(node, pointer, problems) | ({"format": format_} if format_ is not None else {})


def _format(node: Schema, pointer: str, problems: Problems) -> str | None:
    format_: object = node.get("format")
    if format_ is None:
        return None
    if not isinstance(format_, str) or format_ not in LONGEST:
        problems.add(f"{pointer}/format", f"this format cannot be checked; those that can: {', '.join(LONGEST)}")
        return None
    return format_


def _pattern(node: Schema, pointer: str, problems: Problems) -> Schema:
    pattern: object = node.get("pattern")
    if pattern is None:
        return {}
    if not isinstance(pattern, str):
        problems.add(f"{pointer}/pattern", "a pattern is a string")
        return {}
    try:
        check_pattern(pattern)
    except BadPattern as bad:
        problems.add(f"{pointer}/pattern", bad.message)
        return {}
    return {"pattern": pattern}


def closed_number(type: str, node: Schema, pointer: str, problems: Problems) -> Schema:
    """Return the number that *node* describes, *type* being `integer` or `number`."""
    out: Schema = {"type": type}
    if "enum" in node:
        out["enum"] = [value for value in node["enum"] if _is_number(value)]
    for keyword in _BOUNDS:
        if keyword in node:
            bound: object = node[keyword]
            if not _is_number(bound) or (keyword == "multipleOf" and cast("Decimal", bound) <= 0):
                problems.add(
                    f"{pointer}/{keyword}", f"`{keyword}` is a number" + " above 0" * (keyword == "multipleOf")
                )
            else:
                out[keyword] = bound
    return out


def closed_constant(type: str, node: Schema) -> Schema:
    """Return `boolean` or `null` as *node* describes it."""
    if type == "boolean" and "enum" in node:
        return {"type": type, "enum": [value for value in node["enum"] if isinstance(value, bool)]}
    return {"type": type}


def typed_enum(node: Schema, pointer: str, problems: Problems) -> Schema:
    """Return *node* with its `enum` or `const` as a list of distinct scalars, and a `type` that is theirs."""
    values: object = node.get("enum", [node.get("const")])
    if not isinstance(values, list) or not values:
        problems.add(f"{pointer}/enum", "`enum` holds a list of values")
        return {**node, "enum": [], "type": "null"}
    values = cast("list[object]", values)
    if any(isinstance(value, dict | list) for value in values):
        problems.add(pointer, "objects and arrays in an enum are not supported")
    if "const" in node:
        values = [value for value in values if (_type_of(value), value) == (_type_of(node["const"]), node["const"])]
    written: object = node.get("type")
    allowed = cast("list[object]", written if isinstance(written, list) else [written])
    kept: dict[object, object] = {}
    for value in values:
        if "type" not in node or _type_of(value) in allowed or (_type_of(value) == "integer" and "number" in allowed):
            kept.setdefault((_type_of(value), str(value)), value)
    if not kept:
        problems.add(pointer, "no value of this enum has the `type`, or is the `const`")
    types = dict.fromkeys(_type_of(value) for value in kept.values())
    return {**node, "enum": list(kept.values()), "type": list(types)}


def _type_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case Decimal():
            return "integer" if value == value.to_integral_value() else "number"
        case _:
            return "object"


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)
