"""A value as a spec writes it, with keys, to the JSON text that a model would send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from promptspec.contract.feature import Feature, Module
from promptspec.contract.json_text import json_text
from promptspec.contract.types import Field, Group, ListOf, ObjectConstant, OneOfItems, OneOfShortlist, Record, Type


def wire_value(module: Module, feature: Feature, value: object, given: Mapping[str, object] | ObjectConstant) -> str:
    """Return *value*, written as in `returns` or `replies`, as JSON text of the wire.

    An entry of an input list, written as its key, becomes its position in *given*, and a row of a shortlist that in the
    list of keys that stands there under the shortlist's name; a key that was not offered becomes a position past the
    last, and none becomes 0. Optional fields that are left out are null, fields with a default
    have it. A bare output is wrapped as `{"answer": …}`. What does not fit its type stays as it is, for the checks.
    """
    fields = _entries(given) or {}
    record = {"answer": value} if feature.bare else value
    return json_text(_record(module, feature.output, record, fields))


def _record(module: Module, record: Record, value: object, given: Mapping[str, object]) -> object:
    entries = _entries(value)
    if entries is None:
        return value
    out: dict[str, object] = {}
    for field in record.fields:
        if field.name in entries:
            out[field.name] = _field(module, field, entries[field.name], given)
        elif field.optional:
            out[field.name] = _field(module, field, None, given)
        elif field.has_default:
            out[field.name] = _field(module, field, field.default, given)
    # Fields that are not declared go last and unchanged: a test may ask for just that.
    return out | {name: item for name, item in entries.items() if name not in out}


def _field(module: Module, field: Field, value: object, given: Mapping[str, object]) -> object:
    if value is None and isinstance(field.type, OneOfItems | OneOfShortlist):
        return 0
    return _value(module, field.type, value, given)


def _value(module: Module, type: Type, value: object, given: Mapping[str, object]) -> object:
    match type:
        case Group():
            return _record(module, module.record(type.name, type.file), value, given)
        case ListOf() if isinstance(value, list | tuple):
            return [_value(module, type.item, item, given) for item in cast("tuple[object, ...]", value)]
        case OneOfItems():
            return position_of(module, type, value, given)
        case OneOfShortlist():
            return position_among(type, value, given)
        case _:
            return value


def position_of(module: Module, type: OneOfItems, key: object, given: Mapping[str, object]) -> int:
    """Return the position from 1 of the first entry with *key* in the list that *type* names, else `most + 1`."""
    keyed = module.record(type.record, type.file).key
    offered = given.get(type.field)
    if keyed is not None and isinstance(offered, list | tuple):
        for position, entry in enumerate(cast("tuple[object, ...]", offered), 1):
            entries = _entries(entry)
            if entries is not None and _same(entries.get(keyed.name), key):
                return position
    return type.most + 1


def position_among(type: OneOfShortlist, key: object, given: Mapping[str, object]) -> int:
    """Return the position from 1 of *key* in the shortlist that *type* names, else `most + 1`."""
    offered = given.get(type.shortlist)
    if isinstance(offered, list | tuple):
        for position, each in enumerate(cast("tuple[object, ...]", offered), 1):
            if each == key:
                return position
    return type.most + 1


def not_offered(
    module: Module, feature: Feature, value: object, given: Mapping[str, object]
) -> tuple[tuple[str, OneOfShortlist], ...]:
    """Return where *value*, written as in `returns`, chooses what its shortlist in *given* does not hold, and of which
    type it is there.
    """
    record = {"answer": value} if feature.bare else value
    found = _strangers(module, feature.output, record, given, "output", bare=feature.bare)
    return tuple(found)


def _strangers(
    module: Module, record: Record, value: object, given: Mapping[str, object], path: str, *, bare: bool = False
) -> Iterator[tuple[str, OneOfShortlist]]:
    entries = _entries(value) or {}
    work = [(field.type, entries.get(field.name), path if bare else f"{path}.{field.name}") for field in record.fields]
    for type, item, place in work:
        match type:
            case OneOfShortlist() if item is not None and position_among(type, item, given) > type.most:
                yield place, type
            case ListOf() if isinstance(item, list | tuple):
                listed = enumerate(cast("tuple[object, ...]", item))
                work += [(type.item, each, f"{place}[{index}]") for index, each in listed]
            case Group():
                yield from _strangers(module, module.record(type.name, type.file), item, given, place)
            case _:
                pass


def with_shortlists(
    given: Mapping[str, object] | ObjectConstant, shortlists: Iterable[tuple[str, Sequence[str]]]
) -> Mapping[str, object]:
    """Return the fields of *given* and the keys of each of the *shortlists* of the call, by its name."""
    return {**(_entries(given) or {}), **dict(shortlists)}


def _same(left: object, right: object) -> bool:
    # A date and its text are one key; so that True is not 1, both are compared as they are written.
    try:
        return json_text(left) == json_text(right)
    except TypeError:
        return False


def _entries(value: object) -> Mapping[str, object] | None:
    if isinstance(value, ObjectConstant):
        return dict(value.entries)
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else None
