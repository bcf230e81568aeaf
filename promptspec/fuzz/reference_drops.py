"""What `ensure … else drop` leaves of a reply, worked out the slow and obvious way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from promptspec.contract.expressions import Quantified, Reference
from promptspec.contract.feature import Rule
from promptspec.fuzz.reference_expressions import Names, Value, holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left: *names* with the shorter output, and the (path, rule) of what was *dropped* or is *broken*."""

    names: Names
    dropped: tuple[tuple[str, str], ...]
    broken: tuple[tuple[str, str], ...]


def leave_out(rules: Sequence[Rule], names: Names) -> Left:
    """Return what is left of the output in *names* after the *rules* that drop, each asked of what was left so far."""
    places: dict[str, list[int]] = {}
    dropped: list[tuple[str, str]] = []
    broken: list[tuple[str, str]] = []
    for rule in rules:
        if rule.drop is None or (rule.when is not None and not holds(rule.when, names)):
            continue
        condition = cast("Quantified", rule.condition)
        over = cast("Reference", condition.over)
        steps = ("answer", *over.steps) if over.root == "answer" else over.steps
        items = _items_at(names.output, steps)
        stood = places.get(rule.path, list(range(len(items))))
        kept = [holds(condition.body, _of_item(names, condition.variable, item)) for item in items]
        if kept.count(True) < rule.drop.least and not all(kept):
            broken.append((rule.path, rule.id))
            continue
        dropped += [(f"{rule.path}[{place}]", rule.id) for place, good in zip(stood, kept, strict=True) if not good]
        places[rule.path] = [place for place, good in zip(stood, kept, strict=True) if good]
        left = [item for item, good in zip(items, kept, strict=True) if good]
        names = replace(names, output=cast("Mapping[str, Value]", put_at(names.output, steps, left)))
    return Left(names=names, dropped=tuple(dropped), broken=tuple(broken))


def _of_item(names: Names, variable: str, item: Value) -> Names:
    return replace(names, variables=(*names.variables, (variable, item)))


def _items_at(value: Value, steps: tuple[str, ...]) -> list[Value]:
    for step in steps:
        value = cast("Mapping[str, Value]", value)[step]
    return cast("list[Value]", value)


def put_at(value: Value, steps: tuple[str, ...], new: Value) -> Value:
    """Return *value*, an object in objects, with *new* at the end of *steps*."""
    if not steps:
        return new
    entries = cast("Mapping[str, Value]", value)
    return {**entries, steps[0]: put_at(entries[steps[0]], steps[1:], new)}
