"""`calls` and `spend` in `limits { … }` to limits across calls."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from promptspec.check.desk import Desk
from promptspec.contract.feature import CallerLevel
from promptspec.contract.safety import AcrossCalls
from promptspec.diagnostics import Label
from promptspec.syntax import tree
from promptspec.text import Span

#: Limits across calls, with how one is written.
ACROSS: Final = {"calls": "calls 20 per minute per caller", "spend": "spend 2 usd per day per caller"}
#: Milliseconds of each period.
PERIODS: Final = {"minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
#: The most calls and dollars of a limit, and the places of its dollars: billionths are what is counted.
_MOST: Final = 1_000_000
_PLACES: Final = 9


def check_across(desk: Desk, clause: tree.LimitsClause | None, caller: CallerLevel) -> tuple[AcrossCalls, ...]:
    """Return the limits across calls that the clause declares; problems go to the report."""
    found: list[AcrossCalls] = []
    places: dict[tuple[str, int, str], Span] = {}
    for limit in clause.limits if clause else ():
        checked = _limit(desk, limit, caller) if limit.name.text in ACROSS else None
        if checked is None:
            continue
        key = (checked.counts, checked.period_ms, checked.per)
        if key in places:
            desk.add(
                "PS201",
                limit.span,
                f"limit `{limit.name.text}` is set twice for one period",
                labels=[Label(span=places[key], message="first set here")],
                help="drop one of them",
            )
            continue
        places[key] = limit.span
        found.append(checked)
    return tuple(found)


def _limit(desk: Desk, limit: tree.Limit, caller: CallerLevel) -> AcrossCalls | None:
    name = limit.name.text
    example = f"write `{ACROSS[name]}`"
    amount = _amount(desk, limit, example)
    words = [each.text for each in limit.per]
    if not {*PERIODS, "caller", "feature"}.issuperset(words):
        return None  # it has been reported
    period = next((word for word in words if word in PERIODS), None)
    per: Literal["caller", "feature"] | None = None
    if "caller" in words:
        per = "caller"
    elif "feature" in words:
        per = "feature"
    if period is None or per is None or len(words) != 2:
        desk.add(
            "PS411",
            limit.span,
            f"`{name}` says in what time, and by whom: `per` minute, hour or day, and `per` caller or feature",
            help=example,
        )
        return None
    if per == "caller" and caller == "anyone":
        desk.add(
            "PS412",
            limit.span,
            f"`{name}` counts by caller, and with `caller anyone` nobody knows who that is",
            help=("write `per feature`", "or ask for a caller, as in `caller session`"),
        )
        return None
    allows = limit.otherwise is not None
    if limit.otherwise is not None and limit.otherwise.text != "allow":
        desk.add(
            "PS202",
            limit.otherwise.span,
            f"there is no `otherwise {limit.otherwise.text}`",
            help="write `otherwise allow`, or nothing: then calls are refused while the counter cannot be reached",
        )
        return None
    if amount is None:
        return None
    return AcrossCalls(
        counts="calls" if name == "calls" else "usd",
        amount=amount,
        period_ms=PERIODS[period],
        per=per,
        allows=allows,
        origin=desk.origin(limit.span),
    )


def _amount(desk: Desk, limit: tree.Limit, example: str) -> Decimal | None:
    name = limit.name.text
    wanted = "usd" if name == "spend" else None
    unit = limit.unit.text if limit.unit else None
    if unit != wanted:
        desk.add("PS411", limit.span, f"`{name}` is counted in {wanted or 'whole numbers'}", help=example)
        return None
    number = limit.amount.value if isinstance(limit.amount, tree.NumberLiteral) else None
    places = 0 if name == "calls" else _PLACES
    if number is None or not 0 < number <= _MOST or number != round(number, places):
        what = f"a whole number from 1 to {_MOST:,}" if name == "calls" else f"above 0 and at most {_MOST:,} dollars"
        desk.add("PS411", limit.span, f"`{name}` is {what}", help=example)
        return None
    return Decimal(number)
