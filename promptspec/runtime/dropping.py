"""Leaving out the items of a reply that fail: `ensure all … else drop "…"`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, cast

from pydantic import BaseModel

from promptspec.errors import Violation
from promptspec.runtime.replies import Dropped

R = TypeVar("R", bound=BaseModel)


class Drops:
    """What one reply loses. *dropped* tells each item where it stood in the reply as the model wrote it.

    *broken* are the rules after which too few items would be left.
    """

    def __init__(self) -> None:
        self.dropped: list[Dropped] = []
        self.broken: list[Violation] = []
        self._places: dict[tuple[str, ...], list[int]] = {}

    def keep(self, reply: R, steps: tuple[str, ...], holds: Sequence[bool], rule: Violation, *, least: int) -> R:
        """Return *reply* with those items of the list at *steps* for which *rule* holds, in their order.

        *holds* says it of each item. Where fewer than *least* are left nothing is dropped, and the rule is broken.
        """
        if all(holds):
            return reply
        if sum(holds) < least:
            self.broken.append(rule)
            return reply
        places = self._places.get(steps) or list(range(len(holds)))
        self.dropped += [
            Dropped(path=f"{rule.path}[{place}]", rule=rule.rule)
            for place, kept in zip(places, holds, strict=True)
            if not kept
        ]
        self._places[steps] = [place for place, kept in zip(places, holds, strict=True) if kept]
        return cast("R", _with(reply, steps, holds))


def _with(value: object, steps: tuple[str, ...], holds: Sequence[bool]) -> object:
    """Return *value* with the list at *steps* shortened to what *holds*."""
    if not steps:
        items = cast("tuple[object, ...]", value)
        return tuple(item for item, kept in zip(items, holds, strict=True) if kept)
    first, *rest = steps
    return cast("BaseModel", value).model_copy(update={first: _with(getattr(value, first), tuple(rest), holds)})
