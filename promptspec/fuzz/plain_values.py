"""Plain valid values of every declared type, chosen by a number: 0 is the smallest, others vary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final, assert_never

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
from promptspec.fuzz.pictures import images_for
from promptspec.fuzz.texts import matching, plainest
from promptspec.models.draws import Draws

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.subjects import Subject

MOMENTS: Final = (
    "2026-01-31T09:30:00Z",
    "2026-01-31T23:59:59.999999+14:00",
    "2024-02-29T00:00:00-12:00",
    "0001-01-01T12:00:00Z",
    "9999-12-31T12:00:00.5+05:30",
)
ADDRESSES: Final = (
    "a@b.co",
    "reader@example.org",
    "first.last+tag@mail.example.org",
    "o'neil_{x}|y~z@example.com",
    "x@" + ".".join(["a" * 63] * 3) + ".org",
    "a" * 242 + "@example.org",
)
PATHS: Final = ("/", "/a", "/a/b_c/", "/0")
#: Days on each side of a bound that is not there.
_DAYS: Final = 400
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def plain_record(subject: Subject, record: Record, n: int) -> dict[str, Json]:
    """Return an object of *record*: 0 leaves out all that may be left out, 1 nothing, others something."""
    found: dict[str, Json] = {}
    for place, field in enumerate(record.fields):
        if may_be_left_out(field) and (n == 0 or (n > 1 and (n >> (place % 8)) % 2)):
            continue
        found[field.name] = plain_value(subject, field.type, n + place if n else 0)
    return found


def may_be_left_out(field: Field) -> bool:
    """Say whether *field* may be missing."""
    return field.optional or field.has_default


def plain_value(subject: Subject, type: Type, n: int) -> Json:
    """Return the *n*-th plain value of *type*; where there are fewer, some come again."""
    match type:
        case Text():
            return _text(type, n)
        case Words():
            return type.words[n % len(type.words)]
        case Choice():
            members = subject.enum(type).members
            return members[n % len(members)].name
        case Group():
            return plain_record(subject, subject.record(type.name, type.file), n)
        case OneOfSource():
            keys = subject.keys(type)
            return keys[n % len(keys)] if keys else ""
        case OneOfItems() | OneOfShortlist():
            raise TypeError("an entry of a list stands in outputs only")
        case Integer():
            return type.least + n % (type.most - type.least + 1)
        case Number():
            least, most = steps(type)
            return Decimal(least + n % (most - least + 1)).scaleb(-type.places)
        case Boolean():
            return n % 2 == 1
        case Date():
            first, last = days(type, subject.today)
            return (first + timedelta(days=n % ((last - first).days + 1))).isoformat()
        case DateTime():
            return MOMENTS[n % len(MOMENTS)]
        case Email():
            return ADDRESSES[n % len(ADDRESSES)]
        case Url():
            return urls(type)[n % len(urls(type))]
        case ListOf():
            return _list(subject, type, n)
        case Turns():
            length = min(type.least + n % 3, type.most)
            return [{"role": ("user", "assistant")[at % 2], "text": _text(type.item, at)} for at in range(length)]
        case Image():
            return images_for(type)[n % len(images_for(type))]
        case JsonSchema():
            from promptspec.models.schema_values import schema_value
            from promptspec.values.json_schema import read_schema

            return schema_value(Draws(f"input {n}"), read_schema(type.schema), "input")
        case _:
            assert_never(type)


def _text(type: Text, n: int) -> str:
    if type.pattern is not None:
        return matching(type, n)
    text = plainest(type)
    letter = _LETTERS[n % len(_LETTERS)]
    if not text or n == 0:
        return letter * min(n, 1, type.cap.most) + text
    return letter + text[1:]


def _list(subject: Subject, type: ListOf, n: int) -> list[Json]:
    length = min(type.least + (n % 3 if n else 0), type.most)
    if not type.unique:
        return [plain_value(subject, type.item, n + at) for at in range(length)]
    found: list[Json] = []
    for at in range(4 * length):
        item = plain_value(subject, type.item, n + at)
        if item not in found:
            found.append(item)
        if len(found) == length:
            break
    return found


def steps(type: Number) -> tuple[int, int]:
    """Return the bounds of *type* in units of its last place."""
    least = type.least.scaleb(type.places).to_integral_value(ROUND_CEILING)
    return int(least), int(type.most.scaleb(type.places).to_integral_value(ROUND_FLOOR))


def days(type: Date, today: date) -> tuple[date, date]:
    """Return the first and the last day of *type*, or days near the other bound where there is none."""
    least = today if type.least == "today" else type.least
    most = today if type.most == "today" else type.most
    first = least or shifted(most or today, -_DAYS)
    return first, most or shifted(max(first, today), _DAYS)


def shifted(day: date, by: int) -> date:
    """Return the day *by* days later, or the first or last that there is."""
    return date.fromordinal(min(max(day.toordinal() + by, 1), date.max.toordinal()))


def urls(type: Url) -> tuple[str, ...]:
    """Return plain addresses of *type*."""
    return tuple(f"https://{host}{path}" for path in PATHS for host in type.hosts or ("example.org",))


def several(subject: Subject, type: Type, count: int) -> Iterator[Json]:
    """Yield up to *count* different plain values of *type*."""
    found: list[Json] = []
    for n in range(2 * count):
        value = plain_value(subject, type, n)
        if value not in found:
            found.append(value)
            yield value
        if len(found) == count:
            return
