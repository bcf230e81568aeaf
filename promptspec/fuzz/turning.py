"""Values at which conditions turn: of each value that a condition reads, those on both sides of where it changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final, cast

from promptspec.contract.expressions import Constant, Expression, Search, walk
from promptspec.contract.types import (
    Boolean,
    Cap,
    Choice,
    Date,
    Integer,
    JsonSchema,
    ListOf,
    Number,
    OneOfSource,
    Pattern,
    Text,
    Type,
    Words,
)
from promptspec.fuzz.plain_values import shifted, steps
from promptspec.fuzz.texts import matching, plainest

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.subjects import Subject

#: Numbers are walked through one by one up to so many of them; of more, those that the constants name are tried.
_MOST_STEPS: Final = 128
#: Lengths that constants name are tried up to here.
_LONGEST: Final = 10_000
_MOST_KEYS: Final = 40
_MATCHING: Final = 6


@dataclass(frozen=True, slots=True)
class Constants:
    """What is written in some conditions."""

    numbers: tuple[Decimal, ...]
    texts: tuple[str, ...]
    dates: tuple[date, ...]
    patterns: tuple[Pattern, ...]


def constants_in(conditions: Iterable[Expression]) -> Constants:
    """Return the constants of *conditions*, each once."""
    parts = [part for condition in conditions for part in walk(condition)]
    values = list(dict.fromkeys(part.value for part in parts if isinstance(part, Constant)))
    return Constants(
        tuple(Decimal(v) for v in values if isinstance(v, int | Decimal) and not isinstance(v, bool)),
        tuple(v for v in values if isinstance(v, str)),
        tuple(v for v in values if isinstance(v, date)),
        tuple(
            dict.fromkeys(Pattern(source=p.pattern, ignore_case=p.ignore_case) for p in parts if isinstance(p, Search))
        ),
    )


def turning_values(
    subject: Subject,
    type: Type,
    value: Json,
    constants: Constants,
    verdict: Callable[[Json], Hashable],
    beside: Sequence[Json] = (),
) -> Iterator[Json]:
    """Yield values of *type* between which *verdict* changes, both sides of each change; texts all of them.

    *value* is the one that stands there, *beside* are others of its type in the same input or reply.
    """
    found = list(_tried(subject, type, value, constants, beside))
    if not isinstance(type, Integer | Number | Date):
        yield from found
        return
    judged = [(each, verdict(each)) for each in found]
    kept: list[Json] = []
    for (one, before), (other, after) in pairwise(judged):
        if before != after:
            kept += [each for each in (one, other) if each not in kept]
    yield from kept


def _tried(subject: Subject, type: Type, value: Json, constants: Constants, beside: Sequence[Json]) -> Iterator[Json]:
    match type:
        case Integer():
            yield from _whole(type.least, type.most, constants, [value, *beside])
        case Number():
            unit = Decimal(1).scaleb(-type.places)
            least, most = steps(type)
            named = Constants(tuple(n / unit for n in constants.numbers), (), (), ())
            near = [n / unit for n in (value, *beside) if isinstance(n, Decimal | int)]
            yield from (number * unit for number in _whole(least, most, named, near))
        case Boolean():
            yield from (False, True)
        case Words():
            yield from type.words
        case Choice():
            yield from (member.name for member in subject.enum(type).members)
        case OneOfSource():
            yield from subject.keys(type)[:_MOST_KEYS]
        case Date():
            yield from _days(type, subject.today, constants, [value, *beside])
        case Text():
            yield from _texts(type, constants, beside)
        case ListOf():
            yield from _lists(type, value)
        case JsonSchema():
            yield from _objects(value, constants)
        case _:
            return


def _whole(least: int, most: int, constants: Constants, near: Sequence[Json]) -> Iterator[int]:
    if most - least <= _MOST_STEPS:
        yield from range(least, most + 1)
        return
    named = [int(n) for n in constants.numbers if abs(n) < 2**60]
    about = [0, *(int(n) for n in near if isinstance(n, int | Decimal) and not isinstance(n, bool))]
    sums = {sign * n + v for n in (0, *named) for v in (*about, *named) for sign in (1, -1)}
    tried = {number + by for number in sums for by in (-1, 0, 1)} | {least, most}
    yield from sorted(number for number in tried if least <= number <= most)


def _days(type: Date, today: date, constants: Constants, near: Sequence[Json]) -> Iterator[str]:
    least = today if type.least == "today" else type.least or date.min
    most = today if type.most == "today" else type.most or date.max
    others = [date.fromisoformat(day) for day in near if isinstance(day, str)]
    tried = {shifted(day, by) for day in (today, *constants.dates, *others) for by in (-1, 0, 1)} | {least, most}
    yield from (day.isoformat() for day in sorted(tried) if least <= day <= most)


def _texts(type: Text, constants: Constants, beside: Sequence[Json]) -> Iterator[str]:
    if type.pattern is not None:
        yield from (matching(type, n) for n in range(_MATCHING))
        return
    found = [text for text in beside if isinstance(text, str)]
    for text in constants.texts:
        found += [text, f"{text}a", f"a{text}", f"a{text}a", text + text, text.upper(), text.lower(), text[:-1]]
    for number in constants.numbers:
        if number == int(number) and 0 <= number < _LONGEST:
            for length in range(max(int(number) - 1, 0), int(number) + 2):
                found += ["a" * length, " ".join("a" * length)]
    for pattern in constants.patterns:
        alone = Text(kind=type.kind, cap=Cap(least=0, most=max(type.cap.most, 1), unit=type.cap.unit), pattern=pattern)
        matches = [matching(alone, n) for n in range(_MATCHING)]
        found += [*matches, *(text.upper() for text in matches), *(f"a {text} a" for text in matches)]
    filling = plainest(type)
    for text in dict.fromkeys(found):
        yield text
        if len(text) < type.cap.least:
            yield text + filling[len(text) :]


def _lists(type: ListOf, value: Json) -> Iterator[Json]:
    items = cast("list[Json]", value) if isinstance(value, list) else []
    if items:
        yield from (items[:length] for length in range(type.least, len(items)))
        yield (items * type.most)[: type.most]
        yield ([items[0]] * type.most)[: max(type.least, 2)]


def _objects(value: Json, constants: Constants) -> Iterator[Json]:
    if not isinstance(value, Mapping):
        return
    entries = cast("Mapping[str, Json]", value)
    for name, held in entries.items():
        if isinstance(held, str):
            yield from ({**entries, name: text} for text in constants.texts)
        elif isinstance(held, int | Decimal) and not isinstance(held, bool):
            yield from ({**entries, name: number} for number in constants.numbers)
