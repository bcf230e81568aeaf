"""Which part of an input a reply depends on, so that replies that are known are found again."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from promptspec.contract.expressions import Reference, fields_of, walk
from promptspec.contract.types import Group, OneOfItems, OneOfSource, Record
from promptspec.contract.walking import types_in
from promptspec.fuzz.known_inputs import known_inputs
from promptspec.fuzz.places import at, put

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json, Place
    from promptspec.fuzz.subjects import Subject

_MOST_SUBJECTS: Final = 64


@lru_cache(maxsize=_MOST_SUBJECTS)
def asked_places(subject: Subject) -> frozenset[Place]:
    """Return the places of the input on which it depends whether a reply is right."""
    feature = subject.feature
    conditions = [*(rule.condition for rule in feature.ensures), *(rule.when for rule in feature.ensures)]
    conditions.append(feature.review.when if feature.review is not None else None)
    fields: set[str] = {
        name for each in feature.shortlists for part in (*each.near, each.where) for name in fields_of(part, "input")
    }
    for type in types_in(feature.output.fields, subject.record):
        if isinstance(type, OneOfItems):
            fields.add(type.field)
        if isinstance(type, OneOfItems | OneOfSource):
            conditions.append(type.where)
    places = {
        _cut(subject, part.steps)
        for condition in conditions
        if condition is not None
        for part in walk(condition)
        if isinstance(part, Reference) and part.root == "input"
    }
    return frozenset(places | {(field,) for field in fields})


def _cut(subject: Subject, steps: tuple[str, ...]) -> Place:
    """Return the part of *steps* that leads through objects: not into rows, lists and what is below them."""
    record: Record | None = subject.feature.input
    taken = 0
    while record is not None and taken < len(steps):
        field = record.field(steps[taken])
        type = field.type if field is not None else None
        record = subject.record(type.name, type.file) if isinstance(type, Group) else None
        taken += 1
    return steps[:taken]


def answered(subject: Subject, given: Json) -> Json:
    """Return an input to which the same replies are right as to the valid input *given*.

    What a reply does not depend on is as in the smallest input, so that few inputs stand for all.
    """
    found: Json = known_inputs(subject).smallest
    for place in sorted(asked_places(subject), key=len, reverse=True):
        try:
            found = put(found, place, at(given, place))
        except (LookupError, TypeError):
            found = put(found, place[:1], at(given, place[:1]))
    return found
