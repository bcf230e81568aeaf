"""Values at the edge of every declared type, on both sides of it, with the rules that the outer ones break."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Final, assert_never, cast

from promptspec.contract.types import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Email,
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
from promptspec.fuzz.edge import ASK, Edge
from promptspec.fuzz.edge_formats import addresses, days, moments, urls
from promptspec.fuzz.edge_objects import near_objects
from promptspec.fuzz.edge_texts import text_edges
from promptspec.fuzz.edge_words import key_edges, member_edges
from promptspec.fuzz.pictures import image_edges
from promptspec.fuzz.places import LEFT_OUT
from promptspec.fuzz.plain_values import plain_value, several
from promptspec.fuzz.reference_unicode import normalize

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.places import Slot
    from promptspec.fuzz.subjects import Subject

#: Lists are filled up to their most only below it.
_LONGEST: Final = 1_000
_SEVERAL: Final = 64
#: One value of each JSON type, and what Python has beside them.
_OF_EVERY_TYPE: Final[tuple[Json, ...]] = (True, 0, Decimal("0.5"), 1.5, "text", [], {}, ["text"], {"text": "text"})
_NUMBERS: Final[tuple[tuple[str, Json], ...]] = (
    ("not-a-number", float("nan")),
    ("not-a-number", Decimal("NaN")),
    ("infinite-number", float("inf")),
    ("infinite-number", Decimal("-Infinity")),
    ("negative-zero", -0.0),
    ("number-as-text", "1"),
    ("number-as-text", "\u0661"),
    ("number-as-text", "1e0"),
    ("number-as-text", " 1"),
)
#: Letters by what looks like them in other scripts.
_LOOK_ALIKES: Final = str.maketrans("aceiopsxy", "\u0430\u0441\u0435\u0456\u043e\u0440\u0455\u0445\u0443")


def edges(subject: Subject, slot: Slot, value: Json) -> Iterator[Edge]:
    """Yield what may be put into *slot*, where the valid *value* stands (LEFT_OUT if nothing does), to try its type."""
    field = slot.field
    if field is not None:
        yield from _presence(slot)
    elif not _is_turn(slot):
        yield Edge("null", None, ("type",))
    if not _is_turn(slot):
        yield from _wrong_types(slot.type)
    yield from _of_type(subject, slot.type, value)


def _is_turn(slot: Slot) -> bool:
    return bool(slot.place) and slot.place[-1] == "text" and slot.field is None


def _presence(slot: Slot) -> Iterator[Edge]:
    field = slot.field
    assert field is not None
    if field.optional:
        yield Edge("missing-field", LEFT_OUT)
        yield Edge("null", None)
    else:
        yield Edge("missing-field", LEFT_OUT, () if field.has_default else ("missing",))
        yield Edge("null", None, ("type",))


def _wrong_types(type: Type) -> Iterator[Edge]:
    for value in _OF_EVERY_TYPE:
        if not _could_be(type, value):
            yield Edge("boolean-for-number" if value is True else "wrong-type", value, ("type",))


def _could_be(type: Type, value: Json) -> bool:
    match type:
        case Text() | Words() | Choice() | OneOfSource() | Date() | DateTime() | Email() | Url() | Image():
            return isinstance(value, str)
        case Integer() | Number() | OneOfItems() | OneOfShortlist():
            return not isinstance(value, bool) and isinstance(value, int | Decimal)
        case Boolean():
            return isinstance(value, bool)
        case Group() | JsonSchema():
            return isinstance(value, dict)
        case ListOf() | Turns():
            return isinstance(value, list)
        case _:
            assert_never(type)


def _of_type(subject: Subject, type: Type, value: Json) -> Iterator[Edge]:
    match type:
        case Text():
            yield from text_edges(type)
        case Words():
            yield from member_edges(tuple((word, "") for word in type.words))
        case Choice():
            yield from member_edges(tuple((member.name, member.label) for member in subject.enum(type).members))
        case OneOfSource():
            yield from key_edges(subject, type)
        case Integer():
            yield from _integers(type)
        case Number():
            yield from _decimals(type)
        case Boolean():
            yield from (Edge("plain", each) for each in (True, False))
            yield from (Edge("boolean-as-other", each, ("type",)) for each in (0, 1, "true", "False", "yes", ""))
        case Date():
            yield from days(type, subject.today)
        case DateTime():
            yield from moments()
        case Email():
            yield from addresses()
        case Url():
            yield from urls(type)
        case Group():
            if isinstance(value, dict):
                record = subject.record(type.name, type.file)
                yield from object_edges(record, cast("dict[str, Json]", value))
        case ListOf():
            yield from _lists(subject, type)
        case Turns():
            yield from _turns(subject, type)
        case JsonSchema():
            yield from (Edge("plain", each, ASK) for each in several(subject, type, 4))
            yield from (Edge("schema-object", each, ASK) for each in near_objects(several(subject, type, 4)))
            yield Edge("deep-nesting", _nested(100), ASK)
        case Image():
            yield from image_edges(type)
        case OneOfItems() | OneOfShortlist():
            return
        case _:
            assert_never(type)


def _nested(depth: int) -> Json:
    value: Json = {}
    for _ in range(depth):
        value = {"a": value}
    return value


# Numbers


def _integers(type: Integer) -> Iterator[Edge]:
    for number in dict.fromkeys((type.least, type.least + 1, type.most - 1, type.most)):
        if type.least <= number <= type.most:
            yield Edge("numeric-bound", number)
    yield Edge("beyond-numeric-bound", type.least - 1, ("too_small", "type"))
    yield Edge("beyond-numeric-bound", type.most + 1, ("too_large", "type"))
    yield Edge("whole-decimal", Decimal(type.least).quantize(Decimal("1.0")))
    yield Edge("fraction-for-whole", Decimal(type.least) + Decimal("0.5"), ("type",))
    yield Edge("fraction-for-whole", float(type.least), ("type",))
    yield from (Edge(name, number, ("type",)) for name, number in _NUMBERS)
    yield from _huge()


def _huge() -> Iterator[Edge]:
    for number in (2**53 + 1, 2**63, 10**400):
        yield Edge("huge-number", number, ("too_large", "type"))
        yield Edge("huge-number", -number, ("too_small", "type"))
    yield Edge("huge-number", Decimal("1e400"), ("too_large", "type"))
    yield Edge("huge-number", Decimal("1e-400"), ("too_small", "type", "places"))


def _decimals(type: Number) -> Iterator[Edge]:
    step = Decimal(1).scaleb(-type.places)
    for number in dict.fromkeys((type.least, type.least + step, type.most - step, type.most)):
        if type.least <= number <= type.most:
            yield Edge("numeric-bound", number, ASK)
    yield Edge("beyond-numeric-bound", type.least - step, ("too_small",))
    yield Edge("beyond-numeric-bound", type.most + step, ("too_large",))
    yield Edge("one-digit-more", type.least + step / 10, ("places", "too_large"))
    yield Edge("one-digit-more", type.most - step / 10, ("places", "too_small"))
    yield Edge("closing-zeros", Decimal(f"{type.most:f}" + ("000" if "." in f"{type.most:f}" else ".000")), ASK)
    yield Edge("negative-zero", Decimal("-0"), ASK)
    yield from (Edge(name, number, ("type",)) for name, number in _NUMBERS)
    yield from _huge()


# Objects and lists


def object_edges(record: Record, value: dict[str, Json]) -> Iterator[Edge]:
    """Yield objects of *record* that have a key too many, or one that only looks right, made of the valid *value*."""
    yield Edge("extra-field", {**value, "extra": None}, ("unknown_field",))
    yield Edge("extra-field", {**value, "": 1}, ("unknown_field",))
    yield Edge("extra-field", {**value, "__class__": "x"}, ("unknown_field",))
    for field in record.fields:
        held = value.get(field.name)
        for name in _alike(field.name):
            if record.field(name) is None:
                yield Edge("confusable-key", {**value, name: held}, ("unknown_field",))
        if field.name in value:
            other = {k: v for k, v in value.items() if k != field.name} | {field.name.upper() + "_": held}
            yield Edge("confusable-key", other, ("unknown_field",))


def _alike(name: str) -> Iterator[str]:
    for alike in (name.translate(_LOOK_ALIKES), name.upper(), f"{name} ", f" {name}", f"{name}\u200b", f"{name}_"):
        if alike != name:
            yield alike
    wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name)
    if normalize("NFKC", wide) == name != wide:
        yield wide


def _lists(subject: Subject, type: ListOf) -> Iterator[Edge]:
    pool = list(several(subject, type.item, _SEVERAL))

    def items(length: int) -> list[Json]:
        return [pool[place % len(pool)] for place in range(length)]

    for length in sorted({type.least, type.least + 1, type.most - 1, type.most}):
        if type.least <= length <= min(type.most, _LONGEST):
            enough = not type.unique or len(pool) >= type.least
            yield Edge("list-length", items(length), () if enough else ASK)
    if type.least:
        yield Edge("list-too-short", items(type.least - 1), ("too_few",))
        yield Edge("list-too-short", [], ("too_few",))
    if type.most < _LONGEST:
        yield Edge("list-too-long", items(type.most + 1), ("too_many",))
        yield Edge("list-too-long", [pool[0]] * (type.most + 1), ("too_many",))
    if type.most > 1:
        repeated = [pool[0]] * max(type.least, 2)
        yield Edge("repeated-item", repeated, ("too_few",) if type.unique and type.least > 1 else ())
    yield Edge("list-as-object", {str(place): item for place, item in enumerate(items(type.least))}, ("type",))


def _turns(subject: Subject, type: Turns) -> Iterator[Edge]:
    text = plain_value(subject, type.item, 0)

    def said(length: int) -> list[Json]:
        return [{"role": ("user", "assistant")[place % 2], "text": text} for place in range(length)]

    for length in sorted({type.least, type.least + 1, type.most - 1, type.most}):
        if type.least <= length <= min(type.most, _LONGEST):
            yield Edge("list-length", said(length), ())
    if type.least:
        yield Edge("list-too-short", said(type.least - 1), ("too_few",))
    if type.most < _LONGEST:
        yield Edge("list-too-long", said(type.most + 1), ("too_many",))
    rest = said(max(type.least - 1, 0))
    for role in ("system", "developer", "tool", "User", "user ", "\uff55ser", "", None, 0):
        yield Edge("other-role", [{"role": role, "text": text}, *rest], ("choice",), "[0]")
    whole: dict[str, Json] = {"role": "user", "text": text}
    malformed: tuple[Json, ...] = ({"role": "user"}, {"text": text}, {**whole, "name": "x"}, "text", None, [])
    for turn in malformed:
        yield Edge("malformed-turn", [turn, *rest], ("type",), "[0]")
    wrongs: tuple[Json, ...] = (None, 1, True, ["text"])
    for wrong in wrongs:
        yield Edge("wrong-type", [{**whole, "text": wrong}, *rest], ("type",), "[0]")
