"""Values of the right types that conditions speak against, and values at random in the right shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final, cast

from promptspec.contract.expressions import fields_of
from promptspec.contract.json_text import json_text
from promptspec.contract.types import (
    Boolean,
    Date,
    Integer,
    ListOf,
    Number,
    OneOfSource,
    Text,
)
from promptspec.fuzz.lies.accepted import plain_given
from promptspec.fuzz.lies.conditions import broken_conditions, is_reviewed
from promptspec.fuzz.lies.telling import Form, put, raw_values, value_at
from promptspec.fuzz.lies.values import items_of, read
from promptspec.models.draws import Draws
from promptspec.models.rehearsal import candidates

if TYPE_CHECKING:
    from promptspec.contract.feature import Rule
    from promptspec.contract.types import Type
    from promptspec.fuzz.cases import Json, Place
    from promptspec.fuzz.lies.sites import Site
    from promptspec.fuzz.subjects import Subject

#: Replies built from types that are tried.
_MOST_BUILT: Final = 16

# Contrary: right types, other values, so that conditions break


def _other_values(site: Site) -> Iterator[str]:
    match site.type:
        case Boolean():
            yield from ("true", "false")
        case Integer(least=least, most=most):
            yield from map(str, (least, most, (least + most) // 2))
        case Number(least=least, most=most):
            yield from (f"{least:f}", f"{most:f}")
        case ListOf():
            items = items_of(site.value)
            yield from (
                json_text(items[:1]),
                json_text(items * 2),
                json_text(items[::-1]),
                json_text(items[:1] * 2),
                "[]",
            )
        case Date():
            yield from map(json_text, ("1999-12-31", "2026-01-01", "2099-01-01", "0001-01-01", "9999-12-31"))
        case OneOfSource():
            yield from map(json_text, site.subject.keys(site.type)[:8])
        case Text():
            yield from map(
                json_text,
                (
                    "Plain words.",
                    "It costs $5.00 only.",
                    "I am sure, 100 %.",
                    "cheap cheap",
                    "a" * max(site.type.cap.least, 1),
                ),
            )
        case _:
            return


def _broken_wholes(site: Site) -> tuple[str, ...]:
    """Return whole replies that only conditions speak against."""
    return () if site.place else _broken_for(site.subject, _said(site.given))


@lru_cache(maxsize=256)
def _broken_for(subject: Subject, given: str) -> tuple[str, ...]:
    known = read(given)
    return tuple(raw for raw in _built_for(subject, given) if broken_conditions(subject, known, read(raw)))


def _built(site: Site) -> tuple[str, ...]:
    return _built_for(site.subject, _said(site.given))


def _said(given: Json) -> str:
    try:
        return json_text(given)
    except TypeError:  # what JSON has no word for is refused as input, and nobody is asked
        return "null"


@lru_cache(maxsize=256)
def _built_for(subject: Subject, given: str) -> tuple[str, ...]:
    """Return replies to *given* that are built from the types alone."""
    fields = plain_given(subject, read(given))
    built = candidates(
        subject.module, subject.feature, fields, keys=lambda type: iter(subject.keys(type)), today=subject.today
    )
    try:
        return tuple(islice(built, _MOST_BUILT))
    except TypeError:  # the input is not of its types
        return ()


def values_at_conditions(site: Site) -> tuple[str, ...]:
    """Return values at which the conditions on this place change their mind, on both sides."""
    if site.type is None or not site.place:
        return ()
    return _turning_at(site.subject, _said(site.given), _said(site.reply), site.place, site.type)


@lru_cache(maxsize=1024)
def _turning_at(subject: Subject, given: str, reply: str, place: Place, type: Type) -> tuple[str, ...]:
    feature = subject.feature
    field = place[0]
    rules = [rule for rule in feature.ensures if field in _read_by(rule) or feature.bare]
    conditions = [each for rule in rules for each in (rule.condition, rule.when) if each is not None]
    review = feature.review.when if feature.review is not None else None
    if review is not None and (field in fields_of(review, "output") or feature.bare):
        conditions.append(review)
    if not conditions:
        return ()
    # Not above: it needs Hypothesis, and answering does not.
    from promptspec.fuzz.turning import constants_in, turning_values

    known, base = read(given), read(reply)

    def verdict(value: Json) -> tuple[tuple[str, str], ...]:
        answer = read(put(base, place, json_text(value)))
        held = [("output", "review")] if is_reviewed(subject, known, answer) else []
        return (*broken_conditions(subject, known, answer), *held)

    found = turning_values(subject, type, value_at(base, place), constants_in(conditions), verdict)
    return tuple(dict.fromkeys(map(json_text, found)))


def _read_by(rule: Rule) -> set[str]:
    return {*fields_of(rule.condition, "output"), *fields_of(rule.when, "output")}


def _none_left(site: Site) -> Iterator[str]:
    if site.optional:
        yield from ("null", "0")


CONTRARY: Final = (
    raw_values("another-value", _other_values),
    raw_values("broken-whole", _broken_wholes),
    raw_values("none", _none_left),
    raw_values("at-a-condition", values_at_conditions),
)

# Random


def _shaped(site: Site, n: int) -> str:
    """Return JSON of the shape of the honest reply, with leaves that chance chose by *n*."""
    return _random(site.reply, Draws(f"random {n}"), 0)


_LEAVES: Final = ("null", "true", "0", "-7", "1.25", "1e20", '""', '"word"', '"两"', '"a b c"', "[]", "{}", '["x"]')


def _random(value: object, draws: Draws, depth: int) -> str:
    if depth and draws.one_in(6):
        return draws.pick(_LEAVES)
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, object]", value)
        kept = [name for name in entries if not draws.one_in(12)]
        return "{" + ",".join(f"{json_text(name)}:{_random(entries[name], draws, depth + 1)}" for name in kept) + "}"
    if isinstance(value, list):
        items = cast("list[object]", value) or ["a"]
        return "[" + ",".join(_random(draws.pick(items), draws, depth + 1) for _ in range(draws.below(6))) + "]"
    if isinstance(value, bool):
        return draws.pick(("true", "false"))
    if isinstance(value, int | Decimal):
        return str(draws.below(200) - 50)
    if isinstance(value, str):
        return json_text(
            draws.pick((value, value[::-1], value * 2, value[: draws.below(len(value) + 1)], "x" * draws.below(400)))
        )
    return draws.pick(_LEAVES)


RANDOM: Final = (
    Form(
        name="shape",
        answer=lambda telling: telling.say(telling.lie.text),
        texts=lambda site: (_shaped(site, n) for n in range(24)),
        more=_shaped,
    ),
    raw_values("leaf", lambda _site: _LEAVES),
    Form(
        name="another-reply", answer=lambda telling: telling.say(telling.lie.text), texts=lambda site: _some_built(site)
    ),
)


def _some_built(site: Site) -> Iterator[str]:
    yield from _built(site)
