"""A call's input as the spec writes values: rows as keys, so that replies can be made up for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from promptspec.runtime.collections import Turn
from promptspec.runtime.images import Image
from promptspec.runtime.records import Row

if TYPE_CHECKING:
    from promptspec.contract.types import OneOfSource
    from promptspec.runtime.sources import Source


def plain_input(record: BaseModel) -> dict[str, object]:
    """Return the fields by their names in the spec, with the key in place of each row."""
    return {
        str(field.serialization_alias or name): _plain(getattr(record, name))
        for name, field in type(record).model_fields.items()
    }


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
