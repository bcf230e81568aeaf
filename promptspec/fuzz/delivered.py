"""A delivered value, walked beside the contract and the wire's own value of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, cast

from promptspec.contract.types import Group, JsonSchema, ListOf, Record, Text, Type

if TYPE_CHECKING:
    from promptspec.fuzz.subjects import Subject


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value that was delivered: where, of which type, what the wire said, and what the application got."""

    path: str
    type: Type
    optional: bool
    wire: object
    value: object


def leaves(subject: Subject, wire: object, value: object) -> Iterator[Leaf]:
    """Yield every leaf of a delivered *value*; sets are yielded whole, because they drop what is repeated."""
    output = subject.feature.output
    if subject.feature.bare:
        answer = output.fields[0]
        yield from _leaves(subject, answer.type, answer.optional, _member(wire, answer.name), value, "output")
    else:
        yield from _fields(subject, output, wire, value, "output")


def _fields(subject: Subject, record: Record, wire: object, value: object, path: str) -> Iterator[Leaf]:
    names = _names(type(value))
    for field in record.fields:
        inner = getattr(value, names.get(field.name, field.name))
        yield from _leaves(
            subject, field.type, field.optional, _member(wire, field.name), inner, f"{path}.{field.name}"
        )


def _leaves(subject: Subject, type: Type, optional: bool, wire: object, value: object, path: str) -> Iterator[Leaf]:
    match type:
        case Group() if value is not None:
            yield from _fields(subject, subject.record(type.name, type.file), wire, value, path)
        case ListOf() if not type.unique and value is not None:
            wires = cast("list[object]", wire if isinstance(wire, list) else [])
            values = cast("Sequence[object]", value)
            for index, (one, other) in enumerate(zip_longest(wires, values)):
                yield from _leaves(subject, type.item, False, one, other, f"{path}[{index}]")
        case _:
            yield Leaf(path, type, optional, wire, value)


def _member(value: object, name: str) -> object:
    return cast("dict[str, object]", value).get(name) if isinstance(value, dict) else None


def _names(model: type[Any]) -> Mapping[str, str]:
    """Return the attribute of each field of the wire."""
    return {str(field.serialization_alias or name): name for name, field in cast("Any", model).model_fields.items()}


def texts(leaf: Leaf) -> Iterator[str]:
    """Yield the open texts of a leaf: those of a text, of a set of texts, of an object of a JSON Schema."""
    match leaf.type:
        case Text() | JsonSchema():
            yield from _strings(leaf.value)
        case ListOf(item=Text()):
            yield from _strings(leaf.value)
        case _:
            return


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in cast("Mapping[str, object]", value).items():
            yield name
            yield from _strings(item)
    elif isinstance(value, Sequence):
        for item in cast("Sequence[object]", value):
            yield from _strings(item)
