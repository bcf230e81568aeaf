"""How much a value can say, in bits: the binary logarithm of how many values a type has.

This is the entropy at most, after Shannon, A Mathematical Theory of Communication (1948): whoever controls a value of
n kinds says log2(n) bits with it, and no encoding says more. Closed types are counted; of text the number of strings
over its alphabet is taken, which is never less than that of the texts that are accepted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from math import inf, lgamma, log, log1p, log2
from typing import Final, Literal, cast

from promptspec.check.budgets import largest_json
from promptspec.contract import types as t
from promptspec.contract.feature import Module
from promptspec.values.machine import Automaton, State, TooMuch
from promptspec.values.units import BYTES_A_TOKEN, CHARS_A_WORD
from promptspec.values.untyped import category

#: Controls that a clean text may hold, and a line does not: the line break and the tab.
_BREAKS: Final = 2
#: Categories of code points that no clean text holds, but for those two: controls, surrogates, what is not assigned.
_NEVER: Final = frozenset({"Cc", "Cs", "Cn"})
#: Ranks of o200k_base, special ones included: a text of n tokens is one of this many to the power of n.
VOCABULARY: Final = 200_019
#: Printable ASCII without the blank: what addresses are written in.
_ADDRESS: Final = 94
_MOST_EMAIL: Final = 254
_MOST_URL: Final = 2_048
#: Days from 0001-01-01 to 9999-12-31, microseconds of a day, and offsets in minutes from −23:59 to +23:59.
_DAYS: Final = 3_652_059
_MICROSECONDS: Final = 86_400_000_000
_OFFSETS: Final = 2_879
#: Digits of a JSON number at most, with a sign, a point and an exponent, each one of these characters.
_NUMBER_CHARS: Final = 410
_NUMBER_ALPHABET: Final = 15
#: Beyond so many states or characters a pattern is not counted, and the alphabet bounds it alone.
_MOST_STATES: Final = 400
_MOST_COUNTED: Final = 512


@dataclass(frozen=True, slots=True)
class Bits:
    """The binary logarithm of a number of values; *exact* says that they were counted, else there are no more.

    A type without any value has −∞ bits.
    """

    log2: float
    exact: bool

    def __str__(self) -> str:
        said = max(self.log2, 0.0)
        number = f"{said:,.1f}" if said < 1_000 else f"{said:,.0f}"
        return number if self.exact else f"at most {number}"


@cache
def alphabet(kind: Literal["text", "line"]) -> int:
    """Return how many characters there are that a clean text of this *kind* may hold."""
    assigned = sum(category(chr(code)) not in _NEVER for code in range(sys.maxunicode + 1))
    return assigned + (_BREAKS if kind == "text" else 0)


def counted(values: int) -> Bits:
    """Return the bits of exactly so many *values*."""
    return Bits(log2(values) if values > 0 else -inf, True)


def both(parts: Iterable[Bits]) -> Bits:
    """Return the bits of values that are chosen one beside the other: their numbers multiply, and bits add up."""
    found = tuple(parts)
    return Bits(sum(each.log2 for each in found), all(each.exact for each in found))


def either(one: Bits, other: Bits) -> Bits:
    """Return the bits of a value that is of the one kind or the other: their numbers add up."""
    low, high = sorted((one.log2, other.log2))
    if high == -inf:
        return Bits(-inf, one.exact and other.exact)
    return Bits(high + _log2_of_one_plus(low - high), one.exact and other.exact)


def strings(characters: int, least: int, most: int) -> Bits:
    """Return the bits of all strings over an alphabet of so many *characters*, with *least* to *most* of them.

    They are a geometric series: log2((a^(most+1) − a^least) / (a − 1)).
    """
    return sequences(counted(characters), least, most)


def sequences(item: Bits, least: int, most: int) -> Bits:
    """Return the bits of all lists of *least* to *most* values of which each has the bits *item*."""
    if most < least:
        return Bits(-inf, item.exact)
    if item.log2 == -inf:
        return Bits(0.0 if least == 0 else -inf, item.exact)
    if item.log2 == 0:
        return Bits(log2(most - least + 1), item.exact)
    # a^least + … + a^most = a^most × (1 + 1/a + … ), n terms, n = most − least + 1.
    share = 2.0**-item.log2 if item.log2 < 1_000 else 0.0
    terms = most - least + 1
    series = (1 - share**terms) / (1 - share) if share else 1.0
    return Bits(most * item.log2 + log2(series), item.exact)


def arrangements(item: Bits, least: int, most: int) -> Bits:
    """Return the bits of all lists of *least* to *most* different values: n! / (n − k)! for each length k."""
    if item.log2 > 40 or most > 10_000:  # so many values that repetitions hardly count
        return Bits(sequences(item, least, most).log2, False)
    values = round(2**item.log2) if item.log2 > -inf else 0
    found = Bits(-inf, item.exact)
    for length in range(least, min(most, values) + 1):
        ways = (lgamma(values + 1) - lgamma(values - length + 1)) / log(2)
        found = either(found, Bits(ways, item.exact))
    return found


def bits_of_record(record: t.Record, module: Module) -> Bits:
    """Return the bits of all values of *record*."""
    return both(bits_of_field(field, module) for field in record.fields)


def bits_of_field(field: t.Field, module: Module) -> Bits:
    """Return the bits of *field*; an optional one can also be left out."""
    found = bits_of(field.type, module)
    return either(found, counted(1)) if field.optional else found


def bits_of(type: t.Type, module: Module) -> Bits:
    """Return the bits of all values of *type*."""
    match type:
        case t.Text():
            return _of_text(type)
        case t.Words(words=words):
            return counted(len(words))
        case t.Choice():
            return counted(len(module.enum(type).members))
        case t.Boolean():
            return counted(2)
        case t.Integer(least=least, most=most):
            return counted(most - least + 1)
        case t.Number():
            return counted(_decimals(type))
        case t.Date(least=least, most=most):
            return _of_days(least, most)
        case t.DateTime():
            return Bits(log2(_DAYS) + log2(_MICROSECONDS) + log2(_OFFSETS), False)
        case t.Email():
            return Bits(strings(_ADDRESS, 1, _MOST_EMAIL).log2, False)
        case t.Url():
            return Bits(strings(_ADDRESS, 1, _MOST_URL).log2, False)
        case t.OneOfSource(source=name, file=file, where=where):
            source = module.source(name, file)
            renewed = source.live is not None and source.live.refresh_ms is not None
            rows = counted(source.most if renewed else source.size)
            return Bits(rows.log2, where is None and not renewed)
        case t.OneOfItems(most=most) | t.OneOfShortlist(most=most):
            return Bits(log2(max(most, 1)), False)
        case t.ListOf(item=item, least=least, most=most, unique=unique):
            inner = bits_of(item, module)
            return arrangements(inner, least, most) if unique else sequences(inner, least, most)
        case t.Turns(item=item, least=least, most=most):
            return sequences(both((counted(2), _of_text(item))), least, most)
        case t.Group(name=name, file=file):
            return bits_of_record(module.record(name, file), module)
        case t.JsonSchema(schema=schema):
            return Bits(_of_schema(json.loads(schema)).log2, False)
        case t.Image(most=most):
            return Bits(8.0 * most, False)


def _of_text(type: t.Text) -> Bits:
    """Return the bits of texts within a cap, in its unit; with a pattern, of those that it matches."""
    characters = alphabet(type.kind)
    least, most = type.cap.least, type.cap.most
    match type.cap.unit:
        case "chars":
            found = strings(characters, least, most)
        case "words":
            least, most = 0, most * CHARS_A_WORD
            found = strings(characters, 0, most)
        case "bytes":
            found = strings(256, least, most)
        case "tokens":
            found = strings(VOCABULARY, 0, most)
            least, most = 0, most * BYTES_A_TOKEN
    if type.pattern is not None:
        matched = _of_pattern(type.pattern, type.kind, least, most)
        found = matched if matched is not None and matched.log2 < found.log2 else found
    return Bits(found.log2, False)


def _of_pattern(pattern: t.Pattern, kind: Literal["text", "line"], least: int, most: int) -> Bits | None:
    """Return the bits of the texts that *pattern* matches: of the paths of its automaton, which are no fewer.

    None where there are too many states, or too long texts, to go through.
    """
    if most > _MOST_COUNTED:
        return None
    try:
        automaton = Automaton(pattern.source, pattern.ignore_case, kind)
        paths: dict[State, int] = {automaton.start: 1}
        total = 0
        for length in range(most + 1):
            if length >= least:
                total += sum(ways for state, ways in paths.items() if automaton.accepts(state))
            following: dict[State, int] = {}
            for state, ways in paths.items():
                moves = automaton.moves(state)
                automaton.spend(1 + len(moves))
                for ranges, target in moves:
                    here = sum(last - first + 1 for first, last in ranges)
                    following[target] = following.get(target, 0) + ways * here
            if len(following) > _MOST_STATES:
                return None
            paths = following
    except TooMuch:
        return None
    return Bits(log2(total) if total else -inf, False)


def _decimals(type: t.Number) -> int:
    scale = Decimal(10) ** type.places
    low = (type.least * scale).to_integral_value(ROUND_CEILING)
    high = (type.most * scale).to_integral_value(ROUND_FLOOR)
    return max(int(high - low) + 1, 0)


def _of_days(least: object, most: object) -> Bits:
    if isinstance(least, date) and isinstance(most, date):
        return counted((most - least).days + 1)
    first = least if isinstance(least, date) else date.min
    last = most if isinstance(most, date) else date.max
    return Bits(log2((last - first).days + 1), "today" not in (least, most))


def _of_schema(schema: object) -> Bits:
    """Return the bits of all values of a closed JSON Schema, at most."""
    if not isinstance(schema, dict):
        return Bits(0.0, False)
    found = cast("dict[str, object]", schema)
    if "const" in found:
        return counted(1)
    enum = found.get("enum")
    if isinstance(enum, list):
        return counted(len(cast("list[object]", enum)))
    for union in ("anyOf", "oneOf"):
        if isinstance(found.get(union), list):
            return _any_of(_of_schema(each) for each in cast("list[object]", found[union]))
    kinds = found.get("type")
    if "$ref" in found or kinds is None:
        return Bits(8.0 * largest_json(found), False)
    named = cast("list[object]", kinds) if isinstance(kinds, list) else [kinds]
    return _any_of(_of_kind(str(kind), found) for kind in named)


def _any_of(found: Iterable[Bits]) -> Bits:
    total = Bits(-inf, False)
    for each in found:
        total = either(total, each)
    return total


def _of_kind(kind: str, schema: dict[str, object]) -> Bits:
    most = schema.get("maxLength") if kind == "string" else schema.get("maxItems")
    match kind:
        case "null":
            return counted(1)
        case "boolean":
            return counted(2)
        case "string" if isinstance(most, int):
            return strings(alphabet("text"), 0, most)
        case "array" if isinstance(most, int):
            return sequences(_of_schema(schema.get("items")), 0, most)
        case "object":
            properties = schema.get("properties")
            inner = cast("dict[str, object]", properties) if isinstance(properties, dict) else {}
            return both(either(_of_schema(each), counted(1)) for each in inner.values())
        case "integer" | "number":
            return strings(_NUMBER_ALPHABET, 1, _NUMBER_CHARS)
        case _:
            return Bits(8.0 * largest_json({**schema, "type": kind}), False)


def _log2_of_one_plus(below: float) -> float:
    """Return log2(1 + 2^below), for *below* of at most zero."""
    return log1p(2.0**below) / log(2) if below > -1_000 else 0.0
