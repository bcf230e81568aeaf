"""A contract to text and back, so that a module can be read again without its spec."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Final, cast

from promptspec.contract import expressions, feature, models, moderation, practices, safety, tone, types
from promptspec.contract.feature import Module

#: The key under which an object says what it is. No name of a field can be `$`.
_TAG: Final = "$"


def encode(module: Module) -> str:
    """Return *module* as one line of JSON, the same on every machine.

    A dataclass becomes an object whose `$` is its class; fields stand in the order of their declaration, and those
    that have their default are left out. Everything beyond ASCII is escaped, so that the file hides nothing.
    """
    return json.dumps(_plain(module), separators=(",", ":"), allow_nan=False) + "\n"


def decode(text: str) -> Module:
    """Return the module that *text* holds: `decode(encode(module)) == module`.

    Only classes of the contract are ever built. Raises ValueError for anything that `encode` does not write.
    """
    try:
        value = _value(json.loads(text, object_pairs_hook=_distinct, parse_float=_refuse, parse_constant=_refuse))
    except RecursionError:
        raise ValueError("the contract is nested too deeply") from None
    if not isinstance(value, Module):
        raise ValueError("this is not the contract of a module")
    return value


def _classes() -> dict[str, type[Any]]:
    """Return the dataclasses of the contract by their names, which no two share."""
    found: dict[str, type[Any]] = {}
    for home in (types, expressions, tone, models, moderation, practices, safety, feature):
        for name, value in vars(home).items():
            if isinstance(value, type) and is_dataclass(value) and value.__module__ == home.__name__:
                if name in found:
                    raise TypeError(f"two classes of the contract are called {name}")
                found[name] = cast("type[Any]", value)
    return found


_CLASSES: Final = _classes()
_NAMES: Final = {kind: name for name, kind in _CLASSES.items()}


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case tuple():
            return [_plain(item) for item in cast("tuple[object, ...]", value)]
        case Decimal():
            if not value.is_finite():
                raise TypeError("a number of a contract is finite")
            return {_TAG: "decimal", "value": str(value)}
        case date() if not isinstance(value, datetime):
            return {_TAG: "date", "value": value.isoformat()}
        case types.Trust():
            return {_TAG: "trust", "value": value.value}
        case _:
            return _plain_fields(value)


def _plain_fields(value: object) -> dict[str, object]:
    name = _NAMES.get(type(value))
    if name is None:
        raise TypeError(f"{type(value).__name__} is no class of the contract")
    out: dict[str, object] = {_TAG: name}
    for field, default in _defaults(type(value)):
        item: object = getattr(value, field)
        # 0, False and Decimal(0) are equal and not the same thing.
        if default is MISSING or type(item) is not type(default) or item != default:
            out[field] = _plain(item)
    return out


@cache
def _defaults(kind: type[object]) -> tuple[tuple[str, object], ...]:
    """Return the fields of a class of the contract with their defaults, or MISSING."""
    return tuple((field.name, cast("object", field.default)) for field in fields(cast("Any", kind)))


def _value(plain: object) -> object:
    match plain:
        case None | bool() | int() | str():
            return plain
        case list():
            return tuple(_value(item) for item in cast("list[object]", plain))
        case dict():
            return _tagged(cast("dict[str, object]", plain))
        case _:
            raise ValueError(f"a contract holds no {type(plain).__name__}")


def _tagged(plain: dict[str, object]) -> object:
    tag = plain.get(_TAG)
    if not isinstance(tag, str):
        raise ValueError("an object of a contract says what it is")
    scalar = _SCALARS.get(tag)
    if scalar is not None:
        text = plain.get("value")
        if len(plain) != 2 or not isinstance(text, str):
            raise ValueError(f"a {tag} has a value")
        try:
            return scalar(text)
        except InvalidOperation:
            raise ValueError("this is not a decimal number") from None
    kind = _CLASSES.get(tag)
    if kind is None:
        raise ValueError("this contract holds a thing that is not known here: build the module again")
    return _built(kind, {name: _value(item) for name, item in plain.items() if name != _TAG})


def _built(kind: type[Any], values: Mapping[str, object]) -> object:
    declared = fields(kind)
    unknown = values.keys() - {field.name for field in declared}
    missing = {field.name for field in declared if field.default is MISSING} - values.keys()
    if unknown or missing:
        raise ValueError(f"the fields of a {kind.__name__} are not those known here: build the module again")
    return kind(**values)


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError("a number of a contract is finite")
    return number


_SCALARS: Final[Mapping[str, Callable[[str], object]]] = {
    "decimal": _decimal,
    "date": date.fromisoformat,
    "trust": types.Trust,
}


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _refuse(_: str) -> object:
    raise ValueError("a contract writes no floating-point numbers")
