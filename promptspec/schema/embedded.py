"""An embedded JSON Schema in its canonical form to the form that travels, and to the one that an input shows.

The canonical form is what `closed` writes: no references, one type a schema, keywords of a short list. It is also the
form that judges. A property that is not required may be left out or null, as everywhere in the language; strict modes
want every property, so that on the wire such a property is required and may be null.
"""

from __future__ import annotations

from typing import cast

from promptspec.values.json_schema import Schema, or_null, read_schema
from promptspec.values.pattern_syntax import parse_pattern, write_pattern


def wire_form(text: str) -> Schema:
    """Return the schema of *text* for strict modes: all properties required, those that were optional nullable.

    `oneOf` becomes `anyOf` and `uniqueItems` is left out, since strict modes know neither; the judge keeps both.
    Patterns are written so that ECMA-262 reads them as RE2 does.
    """
    return _wire(read_schema(text))


def input_form(text: str) -> Schema:
    """Return the schema of *text* with its optional properties nullable."""
    return or_null(read_schema(text))


def _wire(schema: Schema) -> Schema:
    out: Schema = {}
    for keyword, value in schema.items():
        match keyword:
            case "properties":
                required = cast("list[str]", schema.get("required", []))
                subschemas = {name: _wire(sub) for name, sub in cast("dict[str, Schema]", value).items()}
                out["properties"] = {
                    name: sub if name in required else _or_null(sub) for name, sub in subschemas.items()
                }
                out["required"] = list(subschemas)
            case "required" | "uniqueItems":
                pass
            case "items":
                out["items"] = _wire(value)
            case "anyOf" | "oneOf":
                out["anyOf"] = [_wire(branch) for branch in value]
            case "pattern":
                out["pattern"] = write_pattern(parse_pattern(value))
            case _:
                out[keyword] = value
    return out


def _or_null(schema: Schema) -> Schema:
    branches = schema.get("anyOf")
    if branches is not None:
        return schema if {"type": "null"} in branches else {**schema, "anyOf": [*branches, {"type": "null"}]}
    if schema.get("type") == "null":
        return schema
    return {"anyOf": [schema, {"type": "null"}]}
