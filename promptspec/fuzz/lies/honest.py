"""Honest replies as a Hypothesis strategy: valid by construction, from the output's contract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

from hypothesis import strategies as st

from promptspec.contract.json_text import json_text
from promptspec.contract.types import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Email,
    Field,
    Group,
    Image,
    Integer,
    JsonSchema,
    ListOf,
    Number,
    OneOfItems,
    OneOfShortlist,
    OneOfSource,
    Record,
    Text,
    Turns,
    Type,
    Url,
    Words,
)
from promptspec.fuzz.lies.accepted import an_honest_reply as an_honest_reply
from promptspec.fuzz.lies.accepted import plain_given
from promptspec.fuzz.lies.conditions import broken_conditions
from promptspec.fuzz.lies.plain_texts import plain_text
from promptspec.fuzz.lies.values import entries_of, items_of
from promptspec.fuzz.toned import broken_tone
from promptspec.models.draws import Draws

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.subjects import Subject

    Drawn: TypeAlias = SearchStrategy[Json]

#: Items that a list is drawn beyond its fewest; the most are a matter of boundaries.
_MORE_ITEMS: Final = 3
#: A path to its field.
_FIELD: Final = re.compile(r"output\.([^.\[]+).*")
_SEEDS: Final = st.integers(0, 0xFFFF)
_MOMENTS: Final = (
    "2026-01-31T09:30:00Z",
    "2026-01-31T23:59:59.999999+14:00",
    "2024-02-29T00:00:00-12:00",
    "0001-01-01T12:00:00Z",
    "9999-12-31T12:00:00Z",
)
_ADDRESSES: Final = (
    "reader@example.org",
    "a@b.co",
    "first.last+tag@mail.example.org",
    "o'neil_{x}|y~z@example.com",
    "x@" + ".".join(["a" * 63] * 3) + ".org",
)
_PATHS: Final = ("/", "/a", "/a/b_c/", "/0")


def honest_replies(subject: Subject, given: Json) -> SearchStrategy[Json]:
    """Return replies to *given*, as values of the wire, that hold to the output's contract.

    Where a drawn reply breaks a condition, as far as the reference tells, it takes fields of a known reply, so that
    nothing is thrown away.
    """
    fields = plain_given(subject, given)
    record = subject.feature.output
    drawn = st.tuples(*(_field(subject, field, fields) for field in record.fields))
    names = tuple(field.name for field in record.fields)

    def settled(values: tuple[Json, ...]) -> Json:
        return _settle(subject, given, dict(zip(names, values, strict=True)))

    return drawn.map(settled)


def _settle(subject: Subject, given: Json, reply: dict[str, Json]) -> Json:
    """Return *reply*, with a known reply's fields for those that conditions speak against, or else that reply."""
    fields = plain_given(subject, given)
    broken = [*broken_conditions(subject, given, reply), *broken_tone(subject, fields, reply)]
    if not broken:
        return reply
    known = an_honest_reply(subject, given)
    if known is None:
        return reply
    blamed = {_FIELD.sub(r"\1", path) for path, _ in broken}
    mended = {**reply, **{name: value for name, value in entries_of(known).items() if name in blamed}}
    return known if broken_conditions(subject, given, mended) or broken_tone(subject, fields, mended) else mended


def _field(subject: Subject, field: Field, given: Mapping[str, object]) -> Drawn:
    drawn = _of(subject, field.type, field.name, given)
    if not field.optional:
        return drawn
    if isinstance(field.type, OneOfItems | OneOfShortlist):
        return st.integers(0, _offered(field.type, given))
    return st.none() | drawn


def _of(subject: Subject, type: Type, name: str, given: Mapping[str, object]) -> Drawn:
    match type:
        case OneOfItems() | OneOfShortlist():
            return st.integers(1, max(_offered(type, given), 1))
        case Group():
            return _record(subject, subject.record(type.name, type.file), given)
        case ListOf():
            return _list(subject, type, name, given)
        case _:
            return _alone(subject, type, name)


@cache
def _alone(subject: Subject, type: Type, name: str) -> Drawn:
    """Return values of a type to which the input is nothing."""
    match type:
        case Text():
            return _text(subject, type)
        case Words():
            return st.sampled_from(type.words)
        case Choice():
            return st.sampled_from([member.name for member in subject.enum(type).members])
        case OneOfSource():
            return st.sampled_from(subject.keys(type) or ("none",))
        case Integer():
            return st.integers(type.least, type.most)
        case Number():
            return _number(type)
        case Boolean():
            return st.booleans()
        case Date():
            return _day(type, subject.today)
        case DateTime():
            return st.sampled_from(_MOMENTS)
        case Email():
            return st.sampled_from(_ADDRESSES)
        case Url():
            return st.sampled_from(
                [f"https://{host}{path}" for path in _PATHS for host in type.hosts or ("a.example",)]
            )
        case Turns():
            turn = st.fixed_dictionaries({"role": st.just("user"), "text": _text(subject, type.item)})
            return st.lists(turn, min_size=type.least, max_size=min(type.most, type.least + _MORE_ITEMS))
        case JsonSchema():
            return _of_schema(type, name)
        case Group() | ListOf() | OneOfItems() | OneOfShortlist():
            raise TypeError(type)
        case Image():
            raise TypeError("an image stands in inputs only")
        case _:
            assert_never(type)


def _record(subject: Subject, record: Record, given: Mapping[str, object]) -> Drawn:
    return st.fixed_dictionaries({field.name: _field(subject, field, given) for field in record.fields})


def _list(subject: Subject, type: ListOf, name: str, given: Mapping[str, object]) -> Drawn:
    item = _of(subject, type.item, name, given)
    most = min(type.most, type.least + _MORE_ITEMS)
    if type.unique:  # what is repeated would be dropped, and too few might be left
        return st.lists(item, min_size=type.least, max_size=most, unique_by=json_text)
    return st.lists(item, min_size=type.least, max_size=most)


def _text(subject: Subject, type: Text) -> Drawn:
    words = subject.literals
    return st.integers(0, 0xFFFFF).map(lambda n: plain_text(type, n, words))


def _number(type: Number) -> Drawn:
    step = Decimal(1).scaleb(-type.places)
    least = int((type.least / step).to_integral_value(ROUND_CEILING))
    most = int((type.most / step).to_integral_value(ROUND_FLOOR))
    return st.integers(least, most).map(lambda n: Decimal(n).scaleb(-type.places))


def _day(type: Date, today: date) -> Drawn:
    least = today if type.least == "today" else type.least
    most = today if type.most == "today" else type.most
    first = least or date.min
    last = most or date.max
    begin = min(max(today, first), last)
    near = st.integers(0, min(30, (last - begin).days)).map(lambda days: (begin + timedelta(days)).isoformat())
    return near | st.dates(first, last).map(date.isoformat)


def _of_schema(type: JsonSchema, name: str) -> Drawn:
    from promptspec.models.schema_values import schema_value
    from promptspec.values.json_schema import read_schema

    schema = read_schema(type.schema)
    return _SEEDS.map(lambda n: schema_value(Draws(f"{name} {n}"), schema, "answer"))


def _offered(type: OneOfItems | OneOfShortlist, given: Mapping[str, object]) -> int:
    return len(items_of(given.get(type.field if isinstance(type, OneOfItems) else type.shortlist)))
