"""An existing JSON Schema to one canonical, closed form (rule 16), or what keeps it from having one.

The canonical form has no references; each schema in it is an object, an array, a scalar, null, or a choice of schemas;
every string has an `enum` or `maxLength`, every array `maxItems`, every object `properties` and no others. It says what
the schema that it was made of says, save that an object without `additionalProperties` is closed, `properties` alone
mean an object and `items` alone an array, what has a `format` is no longer than a text of that format, and annotations
but `description` are gone. It judges (`values.json_schema`), and the wire's form is made of it (`embedded`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from promptspec.contract.json_text import json_text
from promptspec.schema.keywords import ANNOTATIONS, ASSERTIONS, CHOICES, TYPES, UNSUPPORTED
from promptspec.schema.references import BadReference, resolve
from promptspec.schema.scalars import Problems, closed_constant, closed_number, closed_string, count, typed_enum
from promptspec.values.cleaning import Unclean, clean, is_clean_key
from promptspec.values.json_schema import Schema
from promptspec.values.reading import Unreadable, read_json

#: Bounds of a schema with its references written out (rule 4), and of its file.
MOST_FIELDS: Final = 5_000
MOST_DEPTH: Final = 8
MOST_SCHEMAS: Final = 20_000
MOST_BYTES: Final = 1_000_000
# Choices and references inside each other; what is above is no schema that a person wrote.
_MOST_NESTED: Final = 64

_DIALECTS: Final = (
    "https://json-schema.org/draft/2020-12/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaProblem:
    """What is wrong with a schema, and where: a JSON pointer into its file."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """*schema* is the canonical JSON text, "" where there are *problems*; *descriptions* will reach the model."""

    schema: str
    problems: tuple[SchemaProblem, ...]
    descriptions: tuple[str, ...]


def close_schema(text: bytes, *, text_cap: int | None, items_cap: int | None) -> Closed:
    """Return the canonical form of the JSON Schema *text* (2020-12, draft 7 or 6), which describes an object.

    A string without `enum`, `const`, `maxLength` or a bounded `format` gets *text_cap* as its `maxLength`, an array
    without `maxItems` *items_cap*. Nothing is raised for a bad schema: all its problems are listed.
    """
    closer = _Closer(text_cap=text_cap, items_cap=items_cap)
    schema = closer.close_document(text)
    problems = tuple(SchemaProblem(pointer=p, message=m) for p, m in dict.fromkeys(closer.problems.found))
    return Closed(
        schema="" if problems else json_text(schema),
        problems=problems,
        descriptions=tuple(dict.fromkeys(closer.descriptions)),
    )


class _TooLarge(Exception):
    """The schema, written out, passes a bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a schema stands: its pointer, the objects and arrays around it, all around it, the references followed."""

    pointer: str = ""
    depth: int = 0
    nested: int = 0
    chain: tuple[str, ...] = ()

    def inside(self, *steps: str | int) -> _Place:
        """Return the place of a choice in this schema."""
        pointer = self.pointer + "".join("/" + str(s).replace("~", "~0").replace("/", "~1") for s in steps)
        return _Place(pointer=pointer, depth=self.depth, nested=self.nested + 1, chain=self.chain)

    def at(self, pointer: str) -> _Place:
        """Return the place that a reference leads to."""
        return _Place(pointer=pointer, depth=self.depth, nested=self.nested + 1, chain=(*self.chain, pointer))

    def deeper(self, *steps: str | int) -> _Place:
        """Return the place of a member of this object or array."""
        inner = self.inside(*steps)
        return _Place(pointer=inner.pointer, depth=self.depth + 1, nested=inner.nested, chain=self.chain)


class _Closer:
    def __init__(self, *, text_cap: int | None, items_cap: int | None) -> None:
        self.problems = Problems()
        self.descriptions: list[str] = []
        self._text_cap = text_cap
        self._items_cap = items_cap
        self._document: object = None
        self._fields = 0
        self._schemas = 0

    def close_document(self, text: bytes) -> Schema:
        try:
            self._document = read_json(text, most_bytes=MOST_BYTES)
        except Unreadable as unreadable:
            self.problems.add("", unreadable.message)
            return {}
        dialect = self._document.get("$schema", _DIALECTS[0]) if isinstance(self._document, dict) else _DIALECTS[0]
        if not isinstance(dialect, str) or dialect.removesuffix("#") not in _DIALECTS:
            self.problems.add("/$schema", "only JSON Schema 2020-12, draft 7 and draft 6 are read")
            return {}
        try:
            schema = self._close(self._document, _Place(chain=("",)))
        except _TooLarge as too_large:
            self.problems.add("", str(too_large))
            return {}
        if not self.problems.found and not _is_object(schema):
            self.problems.add("", "the schema describes something other than an object")
        return schema

    def _close(self, node: object, place: _Place) -> Schema:
        self._schemas += 1
        if self._schemas > MOST_SCHEMAS or place.nested > _MOST_NESTED:
            raise _TooLarge("with its references written out, the schema is too large")
        if not isinstance(node, dict):
            said = "`true` and `false` say nothing of the value" if isinstance(node, bool) else "a schema is an object"
            return self._bad(place, said)
        node = cast("Schema", node)
        self._check_keywords(node, place)
        described = self._description(node, place)
        # What is said where a reference stands wins over what is said where it leads.
        return described | self._choice_or_type(node, place) | described

    def _choice_or_type(self, node: Schema, place: _Place) -> Schema:
        choice = next((keyword for keyword in CHOICES if keyword in node), None)
        if choice is None:
            return self._by_type(node, place)
        beside = next((k for k in node if k != choice and (k in ASSERTIONS or k in CHOICES)), None)
        if beside is not None:
            return self._bad(place.inside(beside), f"`{beside}` may not stand beside `{choice}`")
        if choice == "$ref":
            return self._reference(node["$ref"], place)
        branches: object = node[choice]
        if not isinstance(branches, list) or not branches:
            return self._bad(place.inside(choice), f"`{choice}` holds a list of schemas")
        branches = cast("list[object]", branches)
        if choice == "allOf" and len(branches) > 1:
            return self._bad(place.inside(choice), "`allOf` of more than one schema is not supported: write it as one")
        closed = [self._close(branch, place.inside(choice, index)) for index, branch in enumerate(branches)]
        return closed[0] if len(closed) == 1 else {choice: closed}

    def _reference(self, reference: object, place: _Place) -> Schema:
        try:
            pointer, target = resolve(self._document, reference)
        except BadReference as bad:
            return self._bad(place.inside("$ref"), bad.message)
        if pointer in place.chain:
            return self._bad(place.inside("$ref"), "references go in a circle")
        return self._close(target, place.at(pointer))

    def _by_type(self, node: Schema, place: _Place) -> Schema:
        if "enum" in node or "const" in node:
            node = typed_enum(node, place.pointer, self.problems)
        types = self._types(node, place)
        closed = [self._typed(type, node, place) for type in types]
        return closed[0] if len(closed) == 1 else {"anyOf": closed} if closed else {}

    def _types(self, node: Schema, place: _Place) -> tuple[str, ...]:
        written: object = node.get("type")
        if "type" not in node:
            inferred = next((t for k, t in (("properties", "object"), ("items", "array")) if k in node), None)
            if inferred is None:
                self._bad(place, "this says no `type`, so that it allows everything")
            return (inferred,) if inferred else ()
        types = cast("list[object]", written if isinstance(written, list) else [written])
        if not types or not all(type in TYPES for type in types):
            self._bad(place.inside("type"), "this is not a type of JSON Schema")
            return ()
        # A whole number is a number, so that one of the two is enough.
        return tuple(dict.fromkeys(str(t) for t in types if not (t == "integer" and "number" in types)))

    def _typed(self, type: str, node: Schema, place: _Place) -> Schema:
        match type:
            case "object":
                return self._object(node, place)
            case "array":
                return self._array(node, place)
            case "string":
                return closed_string(node, place.pointer, self.problems, cap=self._text_cap)
            case "integer" | "number":
                return closed_number(type, node, place.pointer, self.problems)
            case _:
                return closed_constant(type, node)

    def _object(self, node: Schema, place: _Place) -> Schema:
        self._check_depth(place)
        properties: object = node.get("properties")
        extra: object = node.get("additionalProperties", node.get("unevaluatedProperties"))
        if extra is not None and extra is not False:
            return self._bad(place, "this object takes keys that the schema does not name")
        if properties is None and extra is False:
            properties = {}
        if not isinstance(properties, dict):
            return self._bad(place, "this object does not say its `properties`")
        named = cast("dict[str, object]", properties)
        self._fields += len(named)
        if self._fields > MOST_FIELDS:
            raise _TooLarge(f"with its references written out, the schema has more than {MOST_FIELDS:,} fields")
        for name in named:
            if not is_clean_key(name):
                self._bad(place.inside("properties", name), "this name holds characters that do not show or change")
        return {
            "type": "object",
            "properties": {
                name: self._close(schema, place.deeper("properties", name)) for name, schema in named.items()
            },
            "required": self._required(node, named, place),
            "additionalProperties": False,
        }

    def _required(self, node: Schema, named: Mapping[str, object], place: _Place) -> list[str]:
        required: object = node.get("required", [])
        if not isinstance(required, list) or not all(isinstance(n, str) for n in cast("list[object]", required)):
            self._bad(place.inside("required"), "`required` holds a list of names")
            return []
        unknown = next((name for name in cast("list[str]", required) if name not in named), None)
        if unknown is not None:
            self._bad(place.inside("required"), "a required name is not among the `properties`")
        return [name for name in named if name in required]

    def _array(self, node: Schema, place: _Place) -> Schema:
        self._check_depth(place)
        if "items" not in node:
            return self._bad(place, "this array does not say its `items`")
        if isinstance(node["items"], list):
            return self._bad(place.inside("items"), "a list of schemas in `items` is not supported")
        least = count(node, "minItems", place.pointer, self.problems) or 0
        most = count(node, "maxItems", place.pointer, self.problems)
        if most is None:
            most = self._items_cap
        if most is None:
            return self._bad(place, "this array has no `maxItems`: add it, or give the type `items ..50`")
        if least > most:
            self._bad(place, "no array is that long and that short")
        unique: object = node.get("uniqueItems", False)
        if not isinstance(unique, bool):
            self._bad(place.inside("uniqueItems"), "`uniqueItems` is true or false")
        return {
            "type": "array",
            "items": self._close(node["items"], place.deeper("items")),
            "minItems": least,
            "maxItems": most,
        } | ({"uniqueItems": True} if unique is True else {})

    def _check_depth(self, place: _Place) -> None:
        if place.depth >= MOST_DEPTH:
            raise _TooLarge(f"objects and arrays stand more than {MOST_DEPTH} levels inside each other")

    def _check_keywords(self, node: Schema, place: _Place) -> None:
        for keyword in node:
            if keyword in UNSUPPORTED:
                self._bad(place.inside(keyword), f"`{keyword}` is not supported")
            elif keyword in ("$id", "$schema") and place.pointer:
                self._bad(place.inside(keyword), f"`{keyword}` stands only at the top")
            elif keyword not in ANNOTATIONS | ASSERTIONS and keyword not in CHOICES and keyword[:2] != "x-":
                named = f"`{keyword}`" if keyword.isascii() and keyword.isalnum() else "a keyword here"
                self._bad(place, f"{named} is not of JSON Schema")

    def _description(self, node: Schema, place: _Place) -> Schema:
        description: object = node.get("description")
        if not isinstance(description, str) or not description:
            return {}
        try:
            text = clean(description, kind="text", direction="output", most=len(description)).text
        except Unclean as unclean:
            return self._bad(place.inside("description"), unclean.message)
        self.descriptions.append(text)
        return {"description": text}

    def _bad(self, place: _Place, message: str) -> Schema:
        self.problems.add(place.pointer, message)
        return {}


def _is_object(schema: Schema) -> bool:
    return schema.get("type") == "object"
