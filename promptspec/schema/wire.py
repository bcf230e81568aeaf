"""A contract to the JSON Schema of a reply as it travels, and of a call's input."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias, assert_never

from promptspec.contract.feature import Feature, Module
from promptspec.contract.json_text import json_text
from promptspec.contract.types import (
    Boolean,
    Cap,
    Choice,
    Constant,
    Date,
    DateTime,
    Email,
    Field,
    Group,
    Image,
    Integer,
    JsonSchema,
    ListOf,
    Number,
    ObjectConstant,
    OneOfItems,
    OneOfShortlist,
    OneOfSource,
    Record,
    Text,
    Turns,
    Type,
    Url,
    Words,
)
from promptspec.schema.embedded import input_form, wire_form
from promptspec.values.formats import MOST_EMAIL, MOST_URL
from promptspec.values.json_schema import Schema

Direction: TypeAlias = Literal["input", "output"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: A UTF-8 character has at most so many bytes.
_BYTES_A_CHARACTER = 4


def output_schema(module: Module, feature: Feature) -> Schema:
    """Return the schema of the reply as it travels: closed, every field required, in the order of the spec.

    It asks a model for no less than the checks ask; what it cannot say (words, tokens, hosts, dates' bounds) they
    check, and the description tells. An entry of an input list or a shortlist is a position from 1,
    and 0 is none.
    """
    return _record(module, feature.output, "output")


def input_schema(module: Module, feature: Feature) -> Schema:
    """Return the JSON Schema (2020-12) of the input of a call, as a form or another program would send it.

    Required is what is neither optional nor has a default; rows of sources are given by their keys.
    """
    schema = _record(module, feature.input, "input")
    head: Schema = {"$schema": DIALECT, "title": feature.name}
    if feature.doc and "description" not in schema:
        head["description"] = feature.doc
    return head | schema


def encode_schema(schema: Schema) -> bytes:
    """Return *schema* as compact UTF-8 JSON, its keys in their own order and its numbers exact."""
    return json_text(schema).encode()


def _record(module: Module, record: Record, direction: Direction) -> Schema:
    required = [
        field.name for field in record.fields if direction == "output" or not (field.optional or field.has_default)
    ]
    schema: Schema = {
        "type": "object",
        "properties": {field.name: _field(module, field, direction) for field in record.fields},
        "required": required,
        "additionalProperties": False,
    }
    return {"description": record.doc} | schema if record.doc else schema


def _field(module: Module, field: Field, direction: Direction) -> Schema:
    schema = _type(module, field.type, direction)
    said = schema.pop("description", "")
    # A field says what it is for; what its record is in general is said only where it does not.
    general = isinstance(field.type, Group | JsonSchema) and field.doc
    lines = [line for line in (field.doc, "" if general else said) if line]
    if field.optional:
        schema = _or_none(schema, field.type, direction)
    if field.has_default and direction == "input":
        schema["default"] = _plain(field.default)
    return _described(lines) | schema


def _plain(value: Constant) -> object:
    match value:
        case ObjectConstant():
            return {name: _plain(item) for name, item in value.entries}
        case tuple():
            return [_plain(item) for item in value]
        case date():
            return value.isoformat()
        case _:
            return value


def _or_none(schema: Schema, type: Type, direction: Direction) -> Schema:
    if isinstance(type, OneOfItems | OneOfShortlist) and direction == "output":
        return {**schema, "minimum": 0}
    kind = schema.get("type")
    if isinstance(kind, str) and kind not in ("object", "array"):
        nullable = {**schema, "type": [kind, "null"]}
        return {**nullable, "enum": [*schema["enum"], None]} if "enum" in schema else nullable
    return {"anyOf": [schema, {"type": "null"}]}


def _type(module: Module, type: Type, direction: Direction) -> Schema:
    match type:
        case Text():
            return _text(type, direction)
        case Words():
            return {"type": "string", "enum": list(type.words)}
        case Choice():
            enum = module.enum(type)
            said = [(member.name, _sentence(member.label, member.doc)) for member in enum.members]
            return _described([enum.doc] * bool(enum.doc) + _labels(said)) | {
                "type": "string",
                "enum": [member.name for member in enum.members],
            }
        case Group():
            return _record(module, module.record(type.name, type.file), direction)
        case OneOfSource():
            return _one_of_source(module, type)
        case OneOfItems():
            return _one_of_items(module, type, direction)
        case OneOfShortlist():
            return _position(type.shortlist, type.most)
        case Integer():
            return {"type": "integer", "minimum": type.least, "maximum": type.most}
        case Number():
            step = Decimal(1).scaleb(-type.places)
            return {"type": "number", "minimum": type.least, "maximum": type.most, "multipleOf": step}
        case Boolean():
            return {"type": "boolean"}
        case Date():
            return _described(_days(type)) | {"type": "string", "format": "date"}
        case DateTime():
            return {"type": "string", "format": "date-time"}
        case Email():
            return {"type": "string", "format": "email", "maxLength": MOST_EMAIL}
        case Url():
            return _url(type, direction)
        case ListOf():
            items = _type(module, type.item, direction)
            return {"type": "array", "items": items, "minItems": type.least, "maxItems": type.most}
        case Turns():
            return _turns(type)
        case Image():
            return {
                "description": f"a PNG, JPEG or WebP image of at most {type.most:,} bytes",
                "type": "string",
                "contentEncoding": "base64",
                "maxLength": (type.most + 2) // 3 * 4,
            }
        case JsonSchema():
            return wire_form(type.schema) if direction == "output" else input_form(type.schema)
        case _:
            assert_never(type)


def _text(type: Text, direction: Direction) -> Schema:
    from promptspec.values.units import raw_bound

    least, most = _least_characters(type.cap), raw_bound(type.cap.most, type.cap.unit)
    schema = _described([*_length(type.cap), *(_opened(type) if direction == "output" else ())]) | {"type": "string"}
    if least:
        schema["minLength"] = least
    schema["maxLength"] = most
    if type.pattern is not None:
        from promptspec.values.patterns import wire_pattern

        schema["pattern"] = wire_pattern(type.pattern.source, type.pattern.ignore_case)
    return schema


def _least_characters(cap: Cap) -> int:
    """Return the characters that a text of *cap.least* units has at least."""
    match cap.unit:
        case "chars" | "words":
            return cap.least
        case "bytes" | "tokens":  # a token holds at least one byte
            return -(-cap.least // _BYTES_A_CHARACTER)
        case _:
            assert_never(cap.unit)


def _length(cap: Cap) -> list[str]:
    if cap.unit == "chars":
        return []
    return [f"{cap.least} to {cap.most} {cap.unit}" if cap.least else f"at most {cap.most} {cap.unit}"]


def _opened(type: Text) -> list[str]:
    """Return what the text of a reply may hold beyond plain text."""
    if type.code:
        from promptspec.values.code import LANGUAGES

        return [f"code in {LANGUAGES[type.code]} alone, without a fence or words around it"]
    said = ["may be Markdown, without images, HTML, and links that are not listed"] if type.markdown else []
    if type.links:
        plain = [host for host in type.links if host not in type.queries]
        named = [f"https://{host}/" for host in plain] + [f"https://{host}/ with a query" for host in type.queries]
        said.append(f"may link to {' and '.join(named)}, and nowhere else")
    return said


def _days(type: Date) -> list[str]:
    bounds = (("from", type.least), ("until", type.most))
    said = " ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)
    return [said] if said else []


def _one_of_source(module: Module, type: OneOfSource) -> Schema:
    source = module.source(type.source, type.file)
    if source.small_keys is None:
        return {"type": "string", "minLength": 1}
    return _described(_labels([(row.key, row.label) for row in source.rows])) | {
        "type": "string",
        "enum": list(source.small_keys),
    }


def _one_of_items(module: Module, type: OneOfItems, direction: Direction) -> Schema:
    if direction == "output":
        return _position(type.field, type.most)
    key = module.record(type.record, type.file).key
    return _type(module, key.type, direction) if key else {"type": "string"}


def _position(listed: str, most: int) -> Schema:
    said = f"the number of an entry of `{listed}`, counted from 1"
    return {"description": said, "type": "integer", "minimum": 1, "maximum": most}


def _url(type: Url, direction: Direction) -> Schema:
    schema: Schema = {"type": "string", "maxLength": MOST_URL}
    if direction == "input":
        schema["format"] = "uri"
    if type.hosts:
        hosts = "|".join(host.replace(".", r"\.") for host in type.hosts)
        schema["pattern"] = f"^https://(?:{hosts})(?:[/?#]|$)"
    return schema


def _turns(type: Turns) -> Schema:
    turn: Schema = {
        "type": "object",
        "properties": {"role": {"type": "string", "enum": ["user", "assistant"]}, "text": _text(type.item, "input")},
        "required": ["role", "text"],
        "additionalProperties": False,
    }
    return {"type": "array", "items": turn, "minItems": type.least, "maxItems": type.most}


def _labels(said: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{name}: {label}" for name, label in said if label and label != name]


def _sentence(label: str, doc: str) -> str:
    return f"{label}; {doc}" if label and doc else label or doc


def _described(lines: list[str]) -> Schema:
    return {"description": "\n".join(lines)} if lines else {}
