"""Inputs at the conditions of a spec: just on each side of where a `require` changes its mind, and two wrongs at once.

What each condition says is asked of the reference, condition by condition, so that an input whose objects of a JSON
Schema the reference does not judge is judged for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, cast

from promptspec.contract.expressions import fields_of
from promptspec.contract.types import Group, JsonSchema, OneOfSource
from promptspec.fuzz.cases import VALID, Claim
from promptspec.fuzz.places import LEFT_OUT, Slot, at, put, slots
from promptspec.fuzz.plain_values import plain_value
from promptspec.fuzz.reference import Found, OutOfFragment, seen_input
from promptspec.fuzz.reference_expressions import Names, holds
from promptspec.fuzz.turning import Constants, constants_in, turning_values

if TYPE_CHECKING:
    from promptspec.contract.feature import Rule
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.known_inputs import KnownInputs
    from promptspec.fuzz.subjects import Subject

#: Inputs that are varied once more, at the other fields of the condition that they break.
_MOST_VARIED: Final = 3
#: A key that no source holds.
_NO_KEY: Final = "no-such-key-9f3c"


def at_conditions(subject: Subject, known: KnownInputs) -> Iterator[tuple[Json, Claim]]:
    """Yield inputs around each `require` of *subject*, with the claim of what they break; each once."""
    seen: list[Json] = []
    for base in _starts(subject, known):
        for rule in subject.feature.requires:
            for given in _around(subject, known, rule, base):
                if given not in seen:
                    seen.append(given)
                    yield given, _claim(broken_requires(subject, known, given))


def two_wrongs(subject: Subject, known: KnownInputs) -> Iterator[tuple[Json, Claim]]:
    """Yield inputs with an unknown key under a `where` and something else wrong: the key must not be told of."""
    base = max(known.bases, key=lambda given: len(slots(subject, given)))
    places = slots(subject, base)
    for slot in places:
        if not (isinstance(slot.type, OneOfSource) and slot.type.where is not None):
            continue
        for other in places:
            if other.place[: len(slot.place)] == slot.place or slot.place[: len(other.place)] == other.place:
                continue
            if at(base, other.place) is not LEFT_OUT:
                given = put(put(base, slot.place, _NO_KEY), other.place, 1.5)
                yield given, Claim(valid=False, path=other.path, rules=("type",))


def _starts(subject: Subject, known: KnownInputs) -> Iterator[dict[str, Json]]:
    """Yield the smallest input, the one with the most in it, and that one with the objects which it leaves out.

    An input that holds objects of a JSON Schema is not known to be valid where there are conditions; each condition
    is asked for itself here.
    """
    fullest = max(range(len(known.bases)), key=lambda place: len(str(known.bases[place])))
    yield from (known.bases[place] for place in dict.fromkeys((0, fullest)))
    objects = {
        field.name: plain_value(subject, field.type, 1)
        for field in subject.feature.input.fields
        if isinstance(field.type, JsonSchema)
    }
    if objects:
        yield {**known.bases[fullest], **objects}


def _around(subject: Subject, known: KnownInputs, rule: Rule, base: Json) -> Iterator[Json]:
    conditions = [rule.condition, *([rule.when] if rule.when is not None else [])]
    fields = {name for condition in conditions for name in fields_of(condition, "input")}
    constants = constants_in(conditions)
    varied: list[tuple[Slot, Json]] = []
    for slot, given in _varied(subject, known, base, fields, constants):
        yield given
        if (rule.path, rule.id) in broken_requires(subject, known, given):
            varied.append((slot, given))
    first = {slot.place: (slot, given) for slot, given in reversed(varied)}
    for slot, given in list(first.values())[:_MOST_VARIED]:
        for other, again in _varied(subject, known, given, fields, constants):
            if other.place != slot.place:
                yield again


def _varied(
    subject: Subject, known: KnownInputs, base: Json, fields: set[str], constants: Constants
) -> Iterator[tuple[Slot, Json]]:
    places = [slot for slot in slots(subject, base) if slot.place[0] in fields and not isinstance(slot.type, Group)]
    for slot in places:

        def verdict(value: Json, slot: Slot = slot) -> tuple[tuple[str, str], ...]:
            return tuple(broken_requires(subject, known, put(base, slot.place, value)))

        beside = [at(base, other.place) for other in places if other.type == slot.type and other is not slot]
        value = at(base, slot.place)
        held = None if value is LEFT_OUT else value
        for found in turning_values(subject, slot.type, held, constants, verdict, beside):
            given = put(base, slot.place, found)
            if _has_types(subject, known, given):
                yield slot, given


def _has_types(subject: Subject, known: KnownInputs, given: Json) -> bool:
    """Say whether the reference finds nothing wrong in *given* but conditions, as far as it knows."""
    found = known.verdict(subject, given) or []
    rules = {rule.id for rule in subject.feature.requires}
    return all(rule in rules or rule == "one_of" for _, rule in found)


def broken_requires(subject: Subject, known: KnownInputs, given: Json) -> Found:
    """Return what the reference finds broken in *given*; where it does not know, the conditions that surely are."""
    found = known.verdict(subject, given)
    if found is not None:
        return found
    seen = dict(seen_input(subject.module, subject.feature, given, rows=subject.rows, today=subject.today))
    entries = cast("Mapping[str, Json]", given)
    seen |= {
        field.name: entries.get(field.name)
        for field in subject.feature.input.fields
        if isinstance(field.type, JsonSchema)
    }
    names = Names(input=seen, output={}, today=subject.today, caller=known.caller)
    return [(rule.path, rule.id) for rule in subject.feature.requires if _breaks(rule, names)]


def _breaks(rule: Rule, names: Names) -> bool:
    try:
        return (rule.when is None or holds(rule.when, names)) and not holds(rule.condition, names)
    except OutOfFragment:
        return False


def _claim(found: Found) -> Claim:
    if not found:
        return VALID
    path = found[0][0]
    return Claim(valid=False, path=path, rules=tuple(rule for at, rule in found if at == path))
