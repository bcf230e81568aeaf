"""`limits { … }` to numbers."""

from __future__ import annotations

from dataclasses import dataclass

from promptspec.check.desk import Desk
from promptspec.diagnostics import Label
from promptspec.syntax import tree
from promptspec.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The limits that a feature declares, and where; None where it does not."""

    prompt: int | None = None
    reply: int | None = None
    thinking: int = 0
    time_ms: int = 30_000
    retries: int = 2
    prompt_at: Span | None = None
    reply_at: Span | None = None


_EXAMPLES = {
    "prompt": "prompt 8_000 tokens",
    "reply": "reply 300 tokens",
    "thinking": "thinking 500 tokens",
    "time": "time 20s",
    "retries": "retries 2",
}
#: The least and the most that each limit may say: tokens, milliseconds, attempts.
_BOUNDS = {
    "prompt": (1, 10_000_000),
    "reply": (1, 1_000_000),
    "thinking": (1, 1_000_000),
    "time": (100, 3_600_000),
    "retries": (0, 20),
}


def check_limits(desk: Desk, clause: tree.LimitsClause | None) -> Declared:
    """Return what the clause declares; problems go to the report."""
    if clause is None:
        return Declared()
    found: dict[str, int] = {}
    places: dict[str, Span] = {}
    for limit in clause.limits:
        name = limit.name.text
        if name not in _BOUNDS:  # a limit of a later version, or none: both have been reported
            continue
        if name in places:
            desk.add(
                "PS201",
                limit.name.span,
                f"limit `{name}` is set twice",
                labels=[Label(span=places[name], message="first set here")],
                help="drop one of them",
            )
            continue
        places[name] = limit.span
        amount = _amount(desk, limit)
        if amount is not None:
            found[name] = amount
    return Declared(
        prompt=found.get("prompt"),
        reply=found.get("reply"),
        thinking=found.get("thinking", 0),
        time_ms=found.get("time", 30_000),
        retries=found.get("retries", 2),
        prompt_at=places.get("prompt"),
        reply_at=places.get("reply"),
    )


def _amount(desk: Desk, limit: tree.Limit) -> int | None:
    name = limit.name.text
    example = f"write `{_EXAMPLES[name]}`"
    if limit.per:
        desk.add("PS411", limit.per[0].span, f"`{name}` bounds one call", help=example)
        return None
    low, high = _BOUNDS[name]
    if name == "time":
        amount = limit.amount.milliseconds if isinstance(limit.amount, tree.DurationLiteral) else None
    else:
        wanted = None if name == "retries" else "tokens"
        unit = limit.unit.text if limit.unit else None
        if unit != wanted:
            desk.add("PS411", limit.span, f"`{name}` is counted in {wanted or 'whole numbers'}", help=example)
            return None
        number = limit.amount.value if isinstance(limit.amount, tree.NumberLiteral) else None
        amount = int(number) if number is not None and number == int(number) else None
    if amount is None or not low <= amount <= high:
        what = "a duration from 100ms to 1h" if name == "time" else f"a whole number from {low:,} to {high:,}"
        desk.add("PS411", limit.span, f"`{name}` is {what}", help=example)
        return None
    return amount
