"""Inputs as prompts and conditions see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic import ValidationError

from promptspec.contract.types import (
    Boolean,
    Choice,
    Group,
    Image,
    Integer,
    ListOf,
    OneOfSource,
    Record,
    Text,
    Turns,
    Type,
    Words,
)
from promptspec.runtime.context import BUILT, Context
from promptspec.runtime.nearest import stand_in_for
from promptspec.runtime.plain_values import plain_input
from promptspec.safety.callers import LEVELS, Anyone, Session

if TYPE_CHECKING:
    from datetime import date

    from promptspec.fuzz.subjects import Subject


def settle(subject: Subject, given: object, today: date) -> Mapping[str, object] | None:
    """Return the input *given*, cleaned, with the cells of rows in place of their keys; None where it is refused."""
    model: Any = subject.running.plan.input
    try:
        record = model.model_validate(given, context=Context(direction="input", today=today, pins=BUILT))
    except ValidationError:
        return None
    try:
        return _record(subject, subject.feature.input, plain_input(record))
    except KeyError:  # the module took a key that the source does not hold: others say so
        return None


def own_shortlists(
    subject: Subject, given: object, *, caller: str, today: date
) -> dict[str, list[Mapping[str, object]]]:
    """Return the rows of each shortlist that the module itself makes of *given*, by its name."""
    running: Any = subject.running
    record = running.plan.input.model_validate(given, context=Context(direction="input", today=today))
    kind: Any = LEVELS[subject.feature.caller]
    known = kind(caller) if issubclass(kind, Session) else Anyone()
    found: dict[str, list[Mapping[str, object]]] = {}
    made = tuple(running.find_shortlists(record, known, today))
    near = stand_in_for(made, running.plan)
    for each in made:
        rows = subject.rows[each.source.name]
        listed = each.rows(BUILT, near.get(each.name))
        found[each.name] = [dict(rows[getattr(row, row.key_column)]) for row in listed]
    return found


def _record(subject: Subject, record: Record, value: Mapping[str, object]) -> dict[str, object]:
    return {field.name: _value(subject, field.type, value.get(field.name)) for field in record.fields}


def _value(subject: Subject, type: Type, value: object) -> object:
    if value is None:
        return None
    match type:
        case OneOfSource():
            return dict(subject.rows[type.source][cast("str", value)])
        case Group():
            return _record(subject, subject.record(type.name, type.file), cast("Mapping[str, object]", value))
        case ListOf():
            return [_value(subject, type.item, item) for item in cast("list[object]", value)]
        case _:
            return value


def firmly_settled(
    subject: Subject, record: Record, value: Mapping[str, object], known: Mapping[str, object]
) -> dict[str, object]:
    """Return the settled input *value* with all that the reference *known* says of it better than the module itself.

    The forms of numbers, days, addresses and of objects of a JSON Schema are left as the module has them.
    """
    return {
        field.name: _firm(subject, field.type, value.get(field.name), known.get(field.name)) for field in record.fields
    }


def _firm(subject: Subject, type: Type, value: object, known: object) -> object:
    if known is None or value is None:
        return value if known is None else known
    match type:
        case Text() | Words() | Choice() | OneOfSource() | Boolean() | Integer() | Image():
            return known
        case Group():
            inner = subject.record(type.name, type.file)
            pair = cast("Mapping[str, object]", value), cast("Mapping[str, object]", known)
            return firmly_settled(subject, inner, *pair)
        case ListOf():
            values, firm = cast("list[object]", value), cast("list[object]", known)
            if isinstance(type.item, Text | Words | Choice | OneOfSource | Integer) and None not in firm:
                return firm
            if len(values) != len(firm):
                return value
            return [_firm(subject, type.item, one, other) for one, other in zip(values, firm, strict=True)]
        case _:
            return value


def texts_in(
    subject: Subject, record: Record, value: Mapping[str, object], path: str = "input"
) -> Iterator[tuple[str, Text, str]]:
    """Yield the (path, type, text) of every declared text in *value*; texts of sources are not the caller's."""
    for field in record.fields:
        yield from _texts(subject, field.type, value.get(field.name), f"{path}.{field.name}")


def _texts(subject: Subject, type: Type, value: object, path: str) -> Iterator[tuple[str, Text, str]]:
    if value is None:
        return
    match type:
        case Text():
            yield path, type, cast("str", value)
        case Group():
            inner = subject.record(type.name, type.file)
            yield from texts_in(subject, inner, cast("Mapping[str, object]", value), path)
        case ListOf():
            for index, item in enumerate(cast("list[object]", value)):
                yield from _texts(subject, type.item, item, f"{path}[{index}]")
        case Turns():
            for index, turn in enumerate(cast("list[Mapping[str, str]]", value)):
                yield f"{path}[{index}].text", type.item, turn["text"]
        case _:
            return


def strings_in(value: object) -> Iterator[str]:
    """Yield every string in a value of JSON, names of members included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in cast("dict[str, object]", value).items():
            yield str(name)
            yield from strings_in(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            yield from strings_in(item)


def without(value: object, paths: Sequence[str], *, bare: bool) -> object:
    """Return the wire's *value* without the items at *paths*, such as `output.lines[3]`; of a *bare* output `[3]`."""
    named = [("answer" if bare else "") + path.removeprefix("output").removeprefix(".") for path in paths]
    return _without(value, "", frozenset(named))


def _without(value: object, here: str, paths: frozenset[str]) -> object:
    if isinstance(value, dict):
        entries = cast("dict[str, object]", value).items()
        return {name: _without(item, f"{here}.{name}" if here else name, paths) for name, item in entries}
    if isinstance(value, list):
        items = enumerate(cast("list[object]", value))
        return [item for index, item in items if f"{here}[{index}]" not in paths]
    return value
