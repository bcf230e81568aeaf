"""Ranges as written to bounds as checked."""

from __future__ import annotations

from decimal import Decimal

from promptspec.check.desk import Desk
from promptspec.syntax import tree
from promptspec.text import Span

#: The largest cap on a length, in any unit. A prompt beyond it fits no model.
MOST_LENGTH = 10_000_000


def lengths(desk: Desk, written: tree.Range | None, *, span: Span, what: str, example: str) -> tuple[int, int] | None:
    """Return how long something may be, at least and at most; None after a report. The upper bound is required."""
    if written is None or written.high is None:
        desk.add(
            "PS301",
            span,
            f"{what} has no cap",
            note="how long may it be?",
            help=f"write `{example}`",
        )
        return None
    bounds = _numbers(desk, written, what)
    if bounds is None:
        return None
    low, high = bounds
    least = low if low is not None else Decimal(0)
    assert high is not None
    if least != int(least) or high != int(high) or least < 0 or not 1 <= high <= MOST_LENGTH:
        desk.add("PS302", written.span, f"the cap of {what} is a whole number from 1 to {MOST_LENGTH:,}")
        return None
    if least > high:
        desk.add("PS302", written.span, "the lower bound is above the upper one", help="swap them")
        return None
    return int(least), int(high)


def numbers(
    desk: Desk, written: tree.Range | None, *, span: Span, what: str, example: str
) -> tuple[Decimal, Decimal] | None:
    """Return the least and the greatest number; None after a report. Both bounds are required."""
    if written is None or written.low is None or written.high is None:
        desk.add(
            "PS301", written.span if written else span, f"{what} has no bounds on both sides", help=f"write `{example}`"
        )
        return None
    bounds = _numbers(desk, written, what)
    if bounds is None:
        return None
    low, high = bounds
    assert low is not None
    assert high is not None
    if low > high:
        desk.add("PS302", written.span, "the lower bound is above the upper one", help="swap them")
        return None
    return low, high


def _numbers(desk: Desk, written: tree.Range, what: str) -> tuple[Decimal | None, Decimal | None] | None:
    found: list[Decimal | None] = []
    for bound in (written.low, written.high):
        if bound is None:
            found.append(None)
        elif isinstance(bound, tree.NumberLiteral):
            found.append(bound.value)
        else:
            desk.add("PS302", bound.span, f"the bounds of {what} are numbers")
            return None
    return found[0], found[1]
