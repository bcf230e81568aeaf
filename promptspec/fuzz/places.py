"""Where things stand in an input: its slots, and inputs with one slot changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.contract.types import Field, Group, ListOf, Record, Turns, Type

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json, Place
    from promptspec.fuzz.subjects import Subject


class _LeftOut:
    def __repr__(self) -> str:
        return "LEFT_OUT"


#: In place of a value: the field is not there.
LEFT_OUT: Final = _LeftOut()


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in an input at which a value of *type* stands, or may stand; *field* is None for items of lists."""

    place: Place
    type: Type
    field: Field | None = None
    #: How violations name it.
    path: str = ""


def slots(subject: Subject, given: Json) -> tuple[Slot, ...]:
    """Return the slots of the valid input *given*, in the order of the spec, fields that are left out too."""
    return tuple(_of_record(subject, subject.feature.input, given, (), "input"))


def _of_record(subject: Subject, record: Record, value: Json, place: Place, path: str) -> Iterator[Slot]:
    entries = cast("dict[str, Json]", value)
    for field in record.fields:
        below = (*place, field.name)
        yield Slot(below, field.type, field, f"{path}.{field.name}")
        if entries.get(field.name) is not None:
            yield from _within(subject, field.type, entries[field.name], below, f"{path}.{field.name}")


def _within(subject: Subject, type: Type, value: Json, place: Place, path: str) -> Iterator[Slot]:
    match type:
        case Group():
            yield from _of_record(subject, subject.record(type.name, type.file), value, place, path)
        case ListOf():
            for index, item in enumerate(cast("list[Json]", value)):
                below, name = (*place, index), f"{path}[{index}]"
                yield Slot(below, type.item, None, name)
                yield from _within(subject, type.item, item, below, name)
        case Turns():
            for index, _ in enumerate(cast("list[Json]", value)):
                yield Slot((*place, index, "text"), type.item, None, f"{path}[{index}]")
        case _:
            return


def put(given: Json, place: Place, value: Json) -> Json:
    """Return *given* with *value* at *place*, or without it where *value* is LEFT_OUT; nothing else is copied.

    Raises LookupError or TypeError where there is no such place.
    """
    if not place:
        return value
    step, rest = place[0], place[1:]
    copy: Any
    if isinstance(given, dict):
        copy = cast("dict[str | int, Json]", given).copy()
        if not rest and value is LEFT_OUT:
            copy.pop(step, None)
            return copy
        copy[step] = put(copy[step] if rest else None, rest, value)
        return copy
    copy = cast("list[Json]", given).copy()
    index = cast("int", step)
    copy[index] = put(copy[index], rest, value)
    return copy


def at(given: Json, place: Place) -> Json:
    """Return what stands at *place*, LEFT_OUT where nothing does."""
    value: Any = given
    try:
        for step in place:
            value = value[step]
    except (LookupError, TypeError):
        return LEFT_OUT
    return value
