"""A call's input as the spec writes values: rows as keys, so that replies can be made up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from promptspec.contract.types import Group, ListOf, OneOfItems
from promptspec.runtime.collections import Turn
from promptspec.runtime.images import Image
from promptspec.runtime.records import Row

if TYPE_CHECKING:
    from promptspec.contract.feature import Module
    from promptspec.contract.types import OneOfSource, Record, Type
    from promptspec.runtime.sources import Source
    from promptspec.runtime.written import Written


def plain_input(record: BaseModel) -> dict[str, object]:
    """Return the fields by their names in the spec, with the key in place of each row."""
    return {
        str(field.serialization_alias or name): _plain(getattr(record, name))
        for name, field in type(record).model_fields.items()
    }


def plain_output(feature: Written, output: BaseModel) -> object:
    """Return the value of a reply as `returns` writes it: rows, and entries of an input list, as their keys."""
    module, contract = feature.module_contract, feature.contract
    found = _record(module, contract.output, output)
    return found["answer"] if contract.bare else found


def _record(module: Module, record: Record, value: BaseModel) -> dict[str, object]:
    named = {str(field.serialization_alias or name): name for name, field in type(value).model_fields.items()}
    return {each.name: _chosen(module, each.type, getattr(value, named[each.name])) for each in record.fields}


def _chosen(module: Module, type: Type, value: object) -> object:
    match type:
        case Group() if isinstance(value, BaseModel):
            return _record(module, module.record(type.name, type.file), value)
        case ListOf() if isinstance(value, tuple | list):
            return [_chosen(module, type.item, item) for item in cast("Sequence[object]", value)]
        case OneOfItems() if isinstance(value, BaseModel):
            entry = module.record(type.record, type.file)
            return None if entry.key is None else _record(module, entry, value)[entry.key.name]
        case _:
            return _plain(value)


def _plain(value: object) -> Any:
    if isinstance(value, Row):
        return getattr(value, type(value).key_column)
    if isinstance(value, BaseModel):
        return plain_input(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Image):
        return value.base64()
    if isinstance(value, Turn):
        return {"role": value.role, "text": value.text}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast("Sequence[object]", value)]
    return value


def keys_in(shortlists: Mapping[str, Sequence[Row]]) -> list[tuple[str, list[str]]]:
    """Return the name of each of *shortlists* and the keys of its rows."""
    return [(name, [str(_plain(row)) for row in rows]) for name, rows in shortlists.items()]


def keys_of(sources: Sequence[Source[Any]]) -> Callable[[OneOfSource], Iterator[str]]:
    """Return what yields the keys of a source, in its order."""
    by_name = {source.name: source for source in sources}

    def keys(type: OneOfSource) -> Iterator[str]:
        source = by_name[type.source].as_built
        return (str(getattr(row, row.key_column)) for row in source)

    return keys
