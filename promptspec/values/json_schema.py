"""Judging a value by a canonical JSON Schema: RE2 patterns, exact numbers, asserted formats."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Context, Decimal
from functools import cache
from itertools import islice
from typing import Any, Final, TypeAlias, cast

#: A JSON Schema as parsed; what is read of one is judged where it is read.
Schema: TypeAlias = dict[str, Any]

#: So many violations are told, so that a hostile list cannot make an endless error.
MOST_VIOLATIONS: Final = 100

#: The rule that each keyword stands for, in the words of the other types.
_RULES: Final[Mapping[str, str]] = {
    "type": "type",
    "enum": "choice",
    "const": "choice",
    "minLength": "too_short",
    "maxLength": "too_long",
    "pattern": "pattern",
    "format": "format",
    "minimum": "too_small",
    "exclusiveMinimum": "too_small",
    "maximum": "too_large",
    "exclusiveMaximum": "too_large",
    "multipleOf": "multiple_of",
    "minItems": "too_few",
    "maxItems": "too_many",
    "uniqueItems": "repeated",
    "required": "missing",
    "additionalProperties": "unknown_field",
    "anyOf": "alternatives",
    "oneOf": "alternatives",
}

# Wide enough for every number that the reader lets in, so that a remainder is exact.
_EXACT: Final = Context(prec=2_000)


def read_schema(text: str) -> Schema:
    """Return the canonical schema *text*, with exact numbers."""
    return cast("Schema", json.loads(text, parse_float=Decimal))


def or_null(schema: Schema) -> Schema:
    """Return *schema* with each property that is not required nullable, at every depth."""
    out: Schema = dict(schema)
    if "items" in schema:
        out["items"] = or_null(schema["items"])
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            out[keyword] = [or_null(branch) for branch in schema[keyword]]
    if "properties" in schema:
        required = schema.get("required", ())
        out["properties"] = {
            name: or_null(sub) if name in required else {"anyOf": [or_null(sub), {"type": "null"}]}
            for name, sub in cast("dict[str, Schema]", schema["properties"]).items()
        }
    return out


class SchemaJudge:
    """Judges values by a canonical schema, the form that `schema.closed` writes.

    A property that is not required may be missing or null, which are one (rule 15); *as_written* ones may be missing
    only, as the schema itself says.
    """

    def __init__(self, schema: str, *, as_written: bool = False) -> None:
        self._schema = read_schema(schema)
        self._validator: Any = _validator(self._schema if as_written else or_null(self._schema))

    def violations(self, value: object) -> tuple[tuple[str, str], ...]:
        """Return the (path, rule) of what *value* breaks, at most 100; a path is like `lines[3].sku`, from the top.

        Paths hold names of the schema and indexes, never a name that only the value has.
        """
        return tuple(islice(dict.fromkeys(_found(self._validator.iter_errors(value))), MOST_VIOLATIONS))

    def settled(self, value: object) -> object:
        """Return a valid *value* as its own schema has it: without nulls that stand for properties left out."""
        return _settled(self._schema, value)


def _found(errors: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for error in errors:
        rule = _RULES[error.validator]
        path = _path(error.absolute_path)
        if rule == "missing":
            for name in error.validator_value:
                if name not in error.instance:
                    yield f"{path}.{name}" if path else name, rule
        elif error.validator == "anyOf" and len(only := _not_null(error.validator_value)) == 1:
            # A value that may be null and is not: what is wrong with it says more than that no branch holds.
            yield from _found(inner for inner in error.context if inner.schema_path[0] == only[0])
        else:
            yield path, rule


def _not_null(branches: list[Schema]) -> list[int]:
    return [index for index, branch in enumerate(branches) if branch != {"type": "null"}]


def _path(steps: Iterable[str | int]) -> str:
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _settled(schema: Schema, value: object) -> object:
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            branches = cast("list[Schema]", schema[keyword])
            branch = next((b for b in branches if _validator(or_null(b)).is_valid(value)), None)
            return value if branch is None else _settled(branch, value)
    if isinstance(value, dict) and "properties" in schema:
        required = schema.get("required", ())
        out: dict[str, object] = {}
        for name, item in cast("dict[str, object]", value).items():
            sub = cast("Schema", schema["properties"][name])
            if item is not None or name in required or _validator(sub).is_valid(None):
                out[name] = _settled(sub, item)
        return out
    if isinstance(value, list) and "items" in schema:
        return [_settled(schema["items"], item) for item in cast("list[object]", value)]
    return cast("object", value)


def _validator(schema: Schema) -> Any:
    return _validator_class()(schema)


@cache
def _validator_class() -> Any:
    import jsonschema

    library: Any = jsonschema
    draft = library.Draft202012Validator
    checker = draft.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    keywords: dict[str, Any] = {
        "pattern": _keyword(str, _matches),
        "format": _keyword(str, _has_format),
        "multipleOf": _keyword((int, Decimal, float), _is_multiple),
        "uniqueItems": _keyword(list, _is_distinct),
    }
    return library.validators.extend(draft, validators=keywords, type_checker=checker)


def _keyword(kinds: type | tuple[type, ...], holds: Callable[[Any, Any], bool]) -> Callable[..., Iterator[Any]]:
    def judge(_validator: Any, asked: object, value: object, _schema: object) -> Iterator[Any]:
        from jsonschema import ValidationError

        if isinstance(value, kinds) and not isinstance(value, bool) and not holds(asked, value):
            # The message is never shown; it must not hold the value.
            yield ValidationError("does not hold")

    return judge


def _matches(source: str, value: str) -> bool:
    from promptspec.values.patterns import compile_pattern

    return compile_pattern(source).search(value)


def _has_format(name: str, value: str) -> bool:
    from promptspec.values.json_formats import has_format

    return has_format(value, name)


def _is_multiple(step: int | Decimal, value: int | Decimal | float) -> bool:
    if not _is_number(None, value):
        return True
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return _EXACT.remainder(exact, Decimal(step)) == 0


def _is_distinct(wanted: bool, value: list[object]) -> bool:
    return not wanted or len({_identity(item) for item in value}) == len(value)


def _identity(value: object) -> object:
    """Return something hashable that is equal where JSON Schema calls two values equal."""
    if isinstance(value, dict):
        return ("object", frozenset((k, _identity(v)) for k, v in cast("dict[str, object]", value).items()))
    if isinstance(value, list):
        return ("array", tuple(map(_identity, cast("list[object]", value))))
    return (isinstance(value, bool), value)


def _is_number(_checker: object, value: object) -> bool:
    if isinstance(value, Decimal):
        return value.is_finite()
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _is_integer(checker: object, value: object) -> bool:
    return _is_number(checker, value) and _is_multiple(1, cast("int | Decimal | float", value))
