"""One change between two versions of a feature, and how relations and versions add up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias, cast

from promptspec.audit.relations import Outside, Relation, Value
from promptspec.contract import types as t
from promptspec.contract.json_text import json_text

#: How a version number has to rise, from the least to the most.
Rise: TypeAlias = Literal["none", "patch", "minor", "major"]
RISES: Final[tuple[Rise, ...]] = ("none", "patch", "minor", "major")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One rule that is not what it was: *old* and *new* in words, "" where it was not there.

    *witness* is a value that only one of the two takes; *taken* says which.
    """

    rule: str
    relation: Relation
    rise: Rise
    old: str = ""
    new: str = ""
    witness: Outside | None = None
    taken: Literal["", "before", "now"] = ""


def loosest(changes: Iterable[Change]) -> Relation:
    """Return the relation of the whole: that of its parts, incomparable where they pull both ways."""
    relation: Relation = "equal"
    for change in changes:
        relation = joined(relation, change.relation)
    return relation


def highest(rises: Iterable[Rise]) -> Rise:
    """Return the highest of *rises*."""
    found: Rise = "none"
    for rise in rises:
        if RISES.index(rise) > RISES.index(found):
            found = rise
    return found


def same(one: object, other: object) -> bool:
    """Say whether two parts of contracts say the same, wherever they are written."""
    return said(one) == said(other)


def said(value: object) -> object:
    """Return what a part of a contract says, without where it is written."""
    if isinstance(value, t.Origin):
        return None
    if isinstance(value, tuple):
        return tuple(said(each) for each in cast("tuple[object, ...]", value))
    if is_dataclass(value) and not isinstance(value, type):
        return (
            type(value).__name__,
            tuple(said(getattr(value, each.name)) for each in fields(value) if each.name != "file"),
        )
    return type(value).__name__, value  # else True would be 1


def compare_refused(old: set[str], new: set[str]) -> Relation:
    """Compare what is refused: more of it is stricter."""
    if old == new:
        return "equal"
    return "stricter" if old < new else "looser" if new < old else "incomparable"


def joined(one: Relation, other: Relation) -> Relation:
    """Return the relation of two things together: incomparable where they pull both ways."""
    if one == other or other == "equal":
        return one
    return other if one == "equal" else "incomparable"


def turned(relation: Relation) -> Relation:
    """Return the relation seen from the other side."""
    match relation:
        case "stricter":
            return "looser"
        case "looser":
            return "stricter"
        case _:
            return relation


def compare_bounds(old: Decimal | None, new: Decimal | None, *, lower: bool) -> Relation:
    """Compare two bounds, of which None is none."""
    if old == new:
        return "equal"
    if old is None or new is None:
        return "stricter" if old is None else "looser"
    return "stricter" if (new > old) is lower else "looser"


def number_change(
    rule: str, old: float, new: float, before: str, after: str, *, more: Relation, stricter: Rise = "minor"
) -> Iterator[Change]:
    """Yield the change of a number; *more* is what a larger one is."""
    if old == new:
        return
    relation = more if new > old else turned(more)
    rise: Rise = stricter if relation == "stricter" else "minor"
    yield Change(rule=rule, relation=relation, rise=rise, old=before, new=after)


def witness_words(value: Value) -> str:
    """Return a value as one line of JSON, cut where it is long."""
    text = json_text(value)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text):,} characters of JSON)"
