"""Values of a call and values of a spec, made alike so that they can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, cast

from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Module


def written(value: t.Constant) -> Any:
    """Return a value of a spec as a call gives it."""
    if isinstance(value, t.ObjectConstant):
        return {name: written(item) for name, item in value.entries}
    if isinstance(value, tuple):
        return [written(item) for item in value]
    return value


def output_of(module: Module, feature: Feature, value: object) -> dict[str, Any]:
    """Return the value of a reply as `returned` does, that of a bare output under `answer`."""
    return returned(module, feature.output, _Answer(value) if feature.bare else value)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A bare reply, as the record that it travels in."""

    answer: object


def returned(module: Module, record: t.Record, value: object) -> dict[str, Any]:
    """Return an output as a spec would write it: with keys in place of rows and entries, words in place of members."""
    from promptspec.codegen.names import Names

    names = Names(module, {})
    return {field.name: _plain(module, field.type, getattr(value, names.field(field.name))) for field in record.fields}


def _plain(module: Module, type: t.Type, value: object) -> Any:
    if value is None:
        return None
    match type:
        case t.OneOfSource() | t.OneOfShortlist():
            return getattr(value, cast("Any", value).key_column)
        case t.OneOfItems(record=name, file=file):
            record = module.record(name, file)
            key = record.key
            assert key is not None
            return returned(module, t.Record(name=name, fields=(key,), origin=record.origin), value)[key.name]
        case t.Group(name=name, file=file):
            return returned(module, module.record(name, file), value)
        case t.ListOf(item=item):
            return [_plain(module, item, each) for each in cast("tuple[object, ...]", value)]
        case _:
            return value


def alike(one: object, two: object) -> bool:
    """Say whether two plain values are equal; left-out fields count as none, dates as what they spell."""
    if isinstance(one, dict) and isinstance(two, dict):
        first, second = cast("dict[str, object]", one), cast("dict[str, object]", two)
        return all(alike(first.get(name), second.get(name)) for name in {*first, *second})
    if isinstance(one, list) and isinstance(two, list):
        left, right = cast("list[object]", one), cast("list[object]", two)
        return len(left) == len(right) and all(map(alike, left, right))
    return _scalar(cast("object", one)) == _scalar(two)


def _scalar(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value
