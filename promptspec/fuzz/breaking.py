"""Inputs in which one thing is broken on purpose, at any depth, with the claim of what it is."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from hypothesis import strategies as st

from promptspec.contract.types import ListOf, Type
from promptspec.fuzz.cases import Claim
from promptspec.fuzz.edges import edges, object_edges
from promptspec.fuzz.places import LEFT_OUT, Slot, at, put, slots
from promptspec.fuzz.valid import made_inputs

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from promptspec.contract.types import Field
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.edge import Edge
    from promptspec.fuzz.subjects import Subject

#: An input, what is claimed of it, and the techniques in it.
Broken: TypeAlias = "tuple[Json, Claim, tuple[str, ...]]"

#: Chooses the place, and above it what is broken there.
_NUMBERS: Final = st.integers(0, 0xFFFFF)


def invalid_inputs(subject: Subject) -> SearchStrategy[Broken]:
    """Return inputs that are valid but for one thing, the claim of what it breaks, and the techniques in them."""
    return _broken(subject)


@st.composite
def _broken(draw: DrawFn, subject: Subject) -> Broken:
    made = draw(made_inputs(subject))
    number = draw(_NUMBERS)
    places = slots(subject, made.value)
    which, chosen = number % (len(places) + 1), number // (len(places) + 1)
    for step in range(len(places) + 1):
        place = (which + step) % (len(places) + 1)
        slot = places[place] if place < len(places) else None
        found = _outer_edges(subject, slot, made.value)
        if found:
            edge = found[chosen % len(found)]
            break
    else:
        slot, edge = None, _of_whole(subject, made.value)[0]
    given = edge.value if slot is None else put(made.value, slot.place, edge.value)
    path = (slot.path if slot is not None else "input") + edge.suffix
    return given, Claim(valid=False, path=path, rules=edge.rules or ()), (*made.techniques, edge.technique)


def _outer_edges(subject: Subject, slot: Slot | None, given: Json) -> tuple[Edge, ...]:
    """Return what surely breaks a rule in *slot*, or in the object of all fields."""
    if slot is None:
        return _of_whole(subject, given)
    value = at(given, slot.place)
    if isinstance(value, dict | list):
        return _outer(subject, slot, cast("Json", value))
    return _of_leaf(subject, slot.type, slot.field, turn=slot.place[-1] == "text", there=value is not LEFT_OUT)


@lru_cache(maxsize=1_024)
def _of_leaf(subject: Subject, type: Type, field: Field | None, *, turn: bool, there: bool) -> tuple[Edge, ...]:
    place = ("text",) if turn and field is None else ("leaf",)
    return _outer(subject, Slot(place, type, field), None if there else LEFT_OUT)


def _outer(subject: Subject, slot: Slot, value: Json) -> tuple[Edge, ...]:
    known = _of_list(subject, slot) if isinstance(slot.type, ListOf) else tuple(edges(subject, slot, value))
    return tuple(edge for edge in known if edge.rules)


@lru_cache(maxsize=256)
def _of_list(subject: Subject, slot: Slot) -> tuple[Edge, ...]:
    return tuple(edges(subject, slot, None))


def _of_whole(subject: Subject, given: Json) -> tuple[Edge, ...]:
    return tuple(object_edges(subject.feature.input, cast("dict[str, Json]", given)))
