"""Where a hostile text goes: the open text fields of a valid input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from promptspec.contract.types import Group, ListOf, Record, Text, Turns, Type
from promptspec.fuzz.settling import settle

if TYPE_CHECKING:
    from datetime import date

    from promptspec.fuzz.cases import Json, Place
    from promptspec.fuzz.subjects import Subject
    from promptspec.models.draws import Draws

#: Items of a list that are looked at.
_MOST_ITEMS = 8


def places(subject: Subject, given: Json) -> tuple[tuple[Place, Text], ...]:
    """Return where in the input *given* a text may stand that its caller writes, with its type."""
    return tuple(_in_record(subject, subject.feature.input, given, ()))


def placed(subject: Subject, given: Json, attack: str, draws: Draws, today: date) -> tuple[Json, Place] | None:
    """Return *given* with *attack* in one of its texts, and where; None where the input has no text.

    The attack follows what stands there, or stands alone. Where both are refused by the types of every place, it stands
    alone in the largest one: that it is refused is then what comes of it.
    """
    known = places(subject, given)
    if not known:
        return None
    for place, _ in draws.shuffled(known):
        before = text_at(given, place)
        ways = [attack] if not before else draws.shuffled([f"{before}\n\n{attack}", f"{before} {attack}", attack])
        for text in ways:
            made = with_text(given, place, text)
            if settle(subject, made, today) is not None:
                return made, place
    largest = max(known, key=lambda entry: entry[1].cap.most)[0]
    return with_text(given, largest, attack), largest


def text_at(given: Json, place: Place) -> str:
    """Return the text at *place*, "" where there is none."""
    value = given
    for step in place:
        if isinstance(value, dict):
            value = cast("dict[str, object]", value).get(str(step))
        elif isinstance(value, list):
            value = cast("list[object]", value)[cast("int", step)]
    return value if isinstance(value, str) else ""


def with_text(given: Json, place: Place, text: str) -> Json:
    """Return *given* with *text* at *place*."""
    if not place:
        return text
    first, rest = place[0], place[1:]
    if isinstance(given, list):
        items = list(cast("list[object]", given))
        items[cast("int", first)] = with_text(items[cast("int", first)], rest, text)
        return items
    entries = dict(cast("dict[str, object]", given))
    entries[str(first)] = with_text(entries.get(str(first)), rest, text)
    return entries


def _in_record(subject: Subject, record: Record, value: Json, place: Place) -> Iterator[tuple[Place, Text]]:
    entries = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    for field in record.fields:
        yield from _in(subject, field.type, entries.get(field.name), (*place, field.name))


def _in(subject: Subject, type: Type, value: Json, place: Place) -> Iterator[tuple[Place, Text]]:
    match type:
        case Text():
            yield place, type
        case Group() if value is not None:
            yield from _in_record(subject, subject.record(type.name, type.file), value, place)
        case ListOf() if isinstance(value, list):
            for index, item in enumerate(cast("list[object]", value)[:_MOST_ITEMS]):
                yield from _in(subject, type.item, item, (*place, index))
        case Turns() if isinstance(value, list):
            for index in range(min(len(cast("list[object]", value)), _MOST_ITEMS)):
                yield (*place, index, "text"), type.item
        case _:
            return
