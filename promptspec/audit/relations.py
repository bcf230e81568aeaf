"""Two types compared by the values that they take: which is the narrower one, and a value that only one of them takes.

`a` lies within `b` where every value of `a` is one of `b`. That is proven by the shape of the types, or refuted by a
value; what is neither is *unknown*, and counts as not lying within.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from promptspec.contract import types as t
from promptspec.contract.feature import Module
from promptspec.values.automaton import shortest
from promptspec.values.patterns import compile_pattern
from promptspec.values.units import BYTES_A_TOKEN, CHARS_A_WORD, measure

Relation: TypeAlias = Literal["equal", "stricter", "looser", "incomparable"]

#: A value as JSON has it: decimals, dates and keys are strings or numbers of JSON.
Value: TypeAlias = "bool | int | Decimal | str | list[Value] | dict[str, Value] | None"

#: Texts longer than this are not made: the caps tell enough.
_LONGEST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Outside:
    """A value of the one type that the other does not take; *known* is false where only no proof was found."""

    value: Value = None
    known: bool = True


UNKNOWN: Final = Outside(known=False)


@dataclass(frozen=True, slots=True)
class Sides:
    """The modules that the old and the new type stand in."""

    old: Module
    new: Module

    def turned(self) -> Sides:
        """Return the same with the sides changed."""
        return Sides(self.new, self.old)


@dataclass(frozen=True, slots=True)
class Compared:
    """How the new type relates to the old one. *only_old* is refused now, *only_new* was refused before."""

    relation: Relation
    only_old: Outside | None = None
    only_new: Outside | None = None


def compare(old: t.Type, new: t.Type, sides: Sides) -> Compared:
    """Return how *new* relates to *old*: stricter where it takes fewer values, looser where it takes more."""
    return related(outside(old, new, sides), outside(new, old, sides.turned()))


def compare_fields(old: t.Field, new: t.Field, sides: Sides) -> Compared:
    """Return how the field *new* relates to *old*: the value none, and being left out, count as well."""
    return related(outside_field(old, new, sides), outside_field(new, old, sides.turned()))


def related(only_old: Outside | None, only_new: Outside | None) -> Compared:
    """Return the relation of two sets of values, by what lies in one of them alone."""
    match only_old, only_new:
        case None, None:
            relation: Relation = "equal"
        case None, _:
            relation = "looser"
        case _, None:
            relation = "stricter"
        case _:
            relation = "incomparable"
    return Compared(relation, only_old, only_new)


def outside_field(a: t.Field, b: t.Field, sides: Sides) -> Outside | None:
    """Return what the field *a* takes and *b* does not; None is both the value null and nothing at all."""
    found = outside(a.type, b.type, sides)
    if a.optional and not b.optional:
        return found if found is not None and found.known else Outside(None)
    if a.has_default and not (b.has_default or b.optional):
        return found if found is not None and found.known else UNKNOWN
    return found


def outside(a: t.Type, b: t.Type, sides: Sides) -> Outside | None:
    """Return a value of *a* that *b* does not take, None where *a* lies within *b*. *sides* are their modules."""
    match a:
        case t.Text() if isinstance(b, t.Text):
            return _texts(a, b)
        case t.Words() if isinstance(b, t.Words):
            return _keys(a.words, b.words)
        case t.Choice() if isinstance(b, t.Choice):
            return _keys(_words(a, sides.old), _words(b, sides.new))
        case t.Integer() if isinstance(b, t.Integer):
            return _numbers(a, b)
        case t.Number() if isinstance(b, t.Number):
            return _decimals(a, b)
        case t.Date() if isinstance(b, t.Date):
            return _dates(a, b)
        case t.Url() if isinstance(b, t.Url):
            return _hosts(a, b)
        case t.ListOf() if isinstance(b, t.ListOf):
            return _lists(a, b, sides)
        case t.Group() if isinstance(b, t.Group):
            return outside_record(sides.old.record(a.name, a.file), sides.new.record(b.name, b.file), sides)
        case t.OneOfSource() if isinstance(b, t.OneOfSource):
            return _rows(a, b, sides)
        case _ if type(a) is type(b):
            return None if _holds(a, b) else UNKNOWN
        case _:
            found = least_value(a, sides.old)
            return UNKNOWN if found is None or _form(a) == _form(b) else found


def _holds(a: t.Type, b: t.Type) -> bool:
    """Say whether *b*, of the same kind as *a*, takes all of its values; of these kinds no value is made."""
    match a:
        case t.Boolean() | t.Email() | t.DateTime():
            return True
        case t.Image() if isinstance(b, t.Image):
            return a.most <= b.most
        case t.Turns() if isinstance(b, t.Turns):
            return _texts(a.item, b.item) is None and b.least <= a.least and a.most <= b.most
        case t.OneOfItems() if isinstance(b, t.OneOfItems):
            return (a.field, a.record, a.where) == (b.field, b.record, b.where) and a.most <= b.most
        case t.OneOfShortlist() if isinstance(b, t.OneOfShortlist):
            return (a.shortlist, a.source) == (b.shortlist, b.source) and a.most <= b.most
        case t.JsonSchema() if isinstance(b, t.JsonSchema):
            return a.schema == b.schema
        case _:
            return False


def outside_record(a: t.Record, b: t.Record, sides: Sides) -> Outside | None:
    """Return an object of *a* that *b* does not take, None where it takes all."""
    doubt: Outside | None = None
    least = least_object(a, sides.old)
    for field in a.fields:
        other = b.field(field.name)
        if other is None:
            value = least_value(field.type, sides.old)
            if least is None or value is None:
                doubt = UNKNOWN
                continue
            return Outside({**least, field.name: value.value})
        found = outside_field(field, other, sides)
        if found is None:
            continue
        if not found.known or least is None:
            doubt = UNKNOWN
            continue
        return Outside({**least, field.name: found.value})
    for field in b.fields:
        if a.field(field.name) is None and not field.optional and not field.has_default:
            return UNKNOWN if least is None else Outside(dict(least))
    return doubt


# A least value of a type


def least_value(type: t.Type, module: Module) -> Outside | None:
    """Return a small value of *type*, None where none is known."""
    match type:
        case t.Text():
            found = next(_candidates(type), None)
            return None if found is None else Outside(found)
        case t.Words(words=words):
            return Outside(words[0]) if words else None
        case t.Choice():
            members = module.enum(type).members
            return Outside(members[0].name) if members else None
        case t.Boolean():
            return Outside(False)
        case t.Integer(least=least):
            return Outside(least)
        case t.Number(least=least, most=most, places=places):
            number = _multiples(least, most, places)
            return None if number is None else Outside(number[0])
        case t.Date():
            return Outside(_first_day(type).isoformat())
        case t.DateTime():
            return Outside("2026-01-31T12:00:00Z")
        case t.Email():
            return Outside("a@example.org")
        case t.Url(hosts=hosts):
            return Outside(f"https://{hosts[0] if hosts else 'example.org'}/")
        case t.ListOf(item=item, least=least, unique=unique):
            if least == 0:
                return Outside([])
            values = list(_different(item, module, least)) if unique else []
            if not unique and (one := least_value(item, module)) is not None:
                values = [one.value] * least
            return Outside(values) if len(values) == least else None
        case t.Group():
            found = least_object(module.record(type.name, type.file), module)
            return None if found is None else Outside(found)
        case t.OneOfSource():
            keys = module.source(type.source, type.file).small_keys
            return Outside(keys[0]) if keys and type.where is None else None
        case _:
            return None


def least_object(record: t.Record, module: Module) -> dict[str, Value] | None:
    """Return an object with what *record* requires, None where no value of a field is known."""
    found: dict[str, Value] = {}
    for field in record.fields:
        if field.optional or field.has_default:
            continue
        value = least_value(field.type, module)
        if value is None:
            return None
        found[field.name] = value.value
    return found


# Texts


def _texts(a: t.Text, b: t.Text) -> Outside | None:
    for candidate in _candidates(a):
        if not _takes(b, candidate):
            return Outside(candidate)
    if not set(a.links) <= set(b.links) or not set(a.queries) <= set(b.queries):
        return UNKNOWN
    opened = a.markdown <= b.markdown and a.code == b.code
    matched = b.pattern is None or a.pattern == b.pattern
    kind = a.kind == "line" or b.kind == "text"
    return None if opened and matched and kind and _within(a.cap, b.cap) else UNKNOWN


def _within(a: t.Cap, b: t.Cap) -> bool:
    """Say whether every length that *a* allows is one that *b* allows, by what is known of the units (rule 13)."""
    if a.unit == b.unit:
        return b.least <= a.least and a.most <= b.most
    if b.least:
        return False
    chars = a.most * {"chars": 1, "words": CHARS_A_WORD, "bytes": 1, "tokens": BYTES_A_TOKEN}[a.unit]
    size = chars if a.unit in ("bytes", "tokens") else 4 * chars
    return b.most >= {"chars": chars, "words": chars, "bytes": size, "tokens": size}[b.unit]


def _candidates(type: t.Text) -> Iterator[str]:
    """Yield texts of *type* at its bounds, those first that are small."""
    if type.code:
        return
    if type.pattern is not None:
        source, ignore = type.pattern.source, type.pattern.ignore_case
        most = type.cap.most if type.cap.unit == "chars" else type.cap.most * CHARS_A_WORD
        least = type.cap.least if type.cap.unit == "chars" else 0
        for length in dict.fromkeys((least, most)):
            found = shortest(source, ignore, least=min(length, _LONGEST), most=min(most, _LONGEST), kind=type.kind)
            if isinstance(found, str) and _takes(type, found):
                yield found
    letters = ("a", "é", "𝒳")
    lengths = (type.cap.least, type.cap.least + 1, type.cap.most)
    for length in dict.fromkeys(min(each, _LONGEST) for each in lengths if each <= type.cap.most):
        for letter in letters:
            for text in (letter * length, " ".join([letter] * length)):
                if _takes(type, text):
                    yield text
    if type.kind == "text" and _takes(type, "a\nb"):
        yield "a\nb"


def _takes(type: t.Text, text: str) -> bool:
    """Say whether *type* takes a plain *text*."""
    if type.code or (type.kind == "line" and "\n" in text):
        return False
    if type.pattern is not None:
        compiled = compile_pattern(type.pattern.source, type.pattern.ignore_case)
        if not compiled.fullmatch(text):
            return False
    return measure(text, least=type.cap.least, most=type.cap.most, unit=type.cap.unit) is None


# Closed types


def _words(type: t.Words | t.Choice, module: Module) -> tuple[str, ...]:
    return type.words if isinstance(type, t.Words) else tuple(member.name for member in module.enum(type).members)


def _keys(a: tuple[str, ...], b: tuple[str, ...]) -> Outside | None:
    alone = next((key for key in a if key not in b), None)
    return None if alone is None else Outside(alone)


def _numbers(a: t.Integer, b: t.Integer) -> Outside | None:
    if a.least < b.least:
        return Outside(a.least)
    return Outside(a.most) if a.most > b.most else None


def _multiples(least: Decimal, most: Decimal, places: int) -> tuple[Decimal, Decimal] | None:
    """Return the least and the largest number with so many *places* between the bounds, None where there is none."""
    step = Decimal(1).scaleb(-places)
    low = (least / step).to_integral_value(rounding="ROUND_CEILING") * step
    high = (most / step).to_integral_value(rounding="ROUND_FLOOR") * step
    return (low, high) if low <= high else None


def _decimals(a: t.Number, b: t.Number) -> Outside | None:
    reach, other = _multiples(a.least, a.most, a.places), _multiples(b.least, b.most, b.places)
    if reach is None:
        return None
    if other is None or reach[0] < other[0]:
        return Outside(reach[0])
    if reach[1] > other[1]:
        return Outside(reach[1])
    step = Decimal(1).scaleb(-a.places)
    for number in (reach[0], reach[0] + step, reach[1], reach[1] - step):
        if reach[0] <= number <= reach[1] and number != round(number, b.places):
            return Outside(number)
    if a.places <= b.places or reach[0] == reach[1]:
        return None
    return UNKNOWN


def _first_day(type: t.Date) -> date:
    if isinstance(type.least, date):
        return type.least
    return type.most if isinstance(type.most, date) else date(2026, 1, 31)


def _dates(a: t.Date, b: t.Date) -> Outside | None:
    """Days of *a* that *b* does not take; "today" is only comparable with itself, and with no bound."""
    if not (b.least is None or a.least == b.least):
        if not isinstance(b.least, date) or a.least == "today":
            return UNKNOWN
        if a.least is None or a.least < b.least:
            day = b.least - timedelta(1) if a.least is None and b.least > date.min else a.least
            return Outside(day.isoformat()) if isinstance(day, date) else UNKNOWN
    if not (b.most is None or a.most == b.most):
        if not isinstance(b.most, date) or a.most == "today":
            return UNKNOWN
        if a.most is None or a.most > b.most:
            day = b.most + timedelta(1) if a.most is None and b.most < date.max else a.most
            return Outside(day.isoformat()) if isinstance(day, date) else UNKNOWN
    return None


def _hosts(a: t.Url, b: t.Url) -> Outside | None:
    if not b.hosts:
        return None
    if not a.hosts:
        return Outside("https://example.invalid/")
    alone = next((host for host in a.hosts if host not in b.hosts), None)
    return None if alone is None else Outside(f"https://{alone}/")


def _rows(a: t.OneOfSource, b: t.OneOfSource, sides: Sides) -> Outside | None:
    old, new = sides.old.source(a.source, a.file), sides.new.source(b.source, b.file)
    kept = b.where is None or a.where == b.where
    if old.small_keys is not None and new.small_keys is not None:
        found = _keys(old.small_keys, new.small_keys)
        if found is not None:
            return found if a.where is None else UNKNOWN
        return None if kept else UNKNOWN
    same = old.name == new.name and old.content_hash == new.content_hash and old.live == new.live
    return None if same and kept else UNKNOWN


# Lists


def _lists(a: t.ListOf, b: t.ListOf, sides: Sides) -> Outside | None:
    inner = outside(a.item, b.item, sides)
    one = least_value(a.item, sides.old)
    if a.least < b.least:
        found = least_value(a, sides.old)
        return UNKNOWN if found is None else found
    beyond = max(b.most + 1, a.least)
    if a.most > b.most and _reaches(a, beyond, sides):
        values = list(_different(a.item, sides.old, beyond)) if a.unique else []
        if not a.unique and one is not None:
            values = [one.value] * beyond
        return Outside(values) if len(values) == beyond else UNKNOWN
    if inner is not None and a.most > 0:
        if not inner.known:
            return UNKNOWN
        rest = max(a.least, 1)
        if not a.unique:
            return Outside([inner.value] * rest)
        others = [each for each in _different(a.item, sides.old, rest) if each != inner.value][: rest - 1]
        return Outside([inner.value, *others]) if len(others) == rest - 1 else UNKNOWN
    # A set drops what stands twice, so that it takes many lists and gives another value for them.
    return UNKNOWN if b.unique and not a.unique and a.most > 1 else None


def _reaches(a: t.ListOf, length: int, sides: Sides) -> bool:
    """Say whether a list of *length* can be made: a set has no more items than there are values."""
    return not a.unique or len(list(_different(a.item, sides.old, length))) == length or not _is_finite(a.item)


def _is_finite(type: t.Type) -> bool:
    return isinstance(type, t.Words | t.Choice | t.Boolean | t.OneOfSource)


def _different(type: t.Type, module: Module, count: int) -> Iterator[Value]:
    """Yield up to *count* different values of *type*."""
    match type:
        case t.Words() | t.Choice():
            yield from _words(type, module)[:count]
        case t.Boolean():
            yield from (False, True)[:count]
        case t.Integer(least=least, most=most):
            yield from range(least, min(most + 1, least + count))
        case t.Number(least=least, most=most, places=places):
            reach = _multiples(least, most, places)
            if reach is not None:
                step = Decimal(1).scaleb(-places)
                numbers = (reach[0] + step * at for at in range(count))
                yield from (number for number in numbers if number <= reach[1])
        case t.Date():
            first = _first_day(type)
            last = type.most if isinstance(type.most, date) else date.max
            days = (first + timedelta(at) for at in range(count) if (date.max - first).days >= at)
            yield from (day.isoformat() for day in days if day <= last)
        case t.OneOfSource(where=None):
            yield from (module.source(type.source, type.file).small_keys or ())[:count]
        case t.Text(pattern=None) if not type.code:
            texts = (letter * max(type.cap.least, 1) for letter in "abcdefghijklmnopqrstuvwxyz"[:count])
            yield from (text for text in texts if _takes(type, text))
        case _:
            found = least_value(type, module)
            if found is not None:
                yield found.value


def _form(type: t.Type) -> str:
    """Return the form of a type's values in JSON: where two differ, no value is one of both."""
    match type:
        case t.Integer() | t.Number() | t.OneOfItems() | t.OneOfShortlist():
            return "number"
        case t.Boolean():
            return "boolean"
        case t.ListOf() | t.Turns():
            return "list"
        case t.Group() | t.JsonSchema():
            return "object"
        case _:
            return "string"
