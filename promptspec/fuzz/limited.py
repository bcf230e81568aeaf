"""Calls one after another under limits across calls, by a counter that is looked into, filled, and taken away.

What is declared is read from the contract. A limit of a thousand is met in three calls: the counter is filled up to the
last two that must pass, under the names by which the feature itself counted its first one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Final, cast

from promptspec.errors import DeadlinePassed, InputRefused, LedgerUnavailable, LimitReached
from promptspec.fuzz.stage import caller_of
from promptspec.fuzz.trial import LawFell
from promptspec.safety.counters import Counters, MemoryCounters, Taken, Use, milliseconds

if TYPE_CHECKING:
    from promptspec.contract.safety import AcrossCalls, RequestCost
    from promptspec.fuzz.observations import Observation
    from promptspec.fuzz.trial import Trial

#: Calls that each other limit must have room for, so that the one in question is what refuses.
_CALLS: Final = 6
_SOMEBODY_ELSE: Final = "somebody-else"
_MILLISECOND: Final = timedelta(milliseconds=1)
_ANSWERED: Final = 200
#: Tokens beyond which no count is taken at its word here.
_MOST_TOKENS: Final = 1_000_000


class Watched(MemoryCounters):
    """A counter in memory that remembers what was asked of it last, and how many calls it let pass."""

    def __init__(self) -> None:
        super().__init__()
        self.uses: tuple[Use, ...] = ()
        self.passed = 0

    def take(self, uses: Sequence[Use], at: int) -> Taken | int:
        """Count all of *uses*, or none."""
        self.uses = tuple(uses)
        found = super().take(uses, at)
        self.passed += isinstance(found, Taken)
        return found

    def fill(self, use: Use, amount: int, at: int) -> None:
        """Count *amount* more under the name of *use*, whatever its most is."""
        super().take([replace(use, amount=amount, most=1 << 80)], at)

    def used(self, use: Use) -> int:
        """Return all that is counted under the name of *use*."""
        return sum(self._used.get(use.name, {}).values())


class Gone:
    """A counter that cannot be reached."""

    @property
    def is_near(self) -> bool:
        """It would be."""
        return True

    def full(self, uses: Sequence[Use], at: int) -> int | None:
        """Fail."""
        raise LedgerUnavailable("the counter is gone")

    def take(self, uses: Sequence[Use], at: int) -> Taken | int:
        """Fail."""
        raise LedgerUnavailable("the counter is gone")

    def correct(self, taken: Taken, amounts: Sequence[int]) -> None:
        """Fail."""
        raise LedgerUnavailable("the counter is gone")


def look_at_limits(trial: Trial, turn: int) -> bool:
    """Put the limits across calls of a feature to the test with the case of *trial*; the *turn*-th of them, in turn.

    Raises LawFell. Says whether there was anything to test.
    """
    across = trial.subject.feature.across
    if not across:
        return False
    calls = _Calls(trial)
    first = calls.make()
    if _nobody_asked(first):
        if isinstance(first.error, LimitReached):
            raise LawFell("a call is refused for a limit of which nothing was used")
        if isinstance(first.error, InputRefused) and calls.counters.passed:
            raise LawFell("a call that was refused before anything was sent counts under a limit")
        return False
    if calls.counters.passed != 1:
        raise LawFell("a call that was sent is not counted under the limits of the feature")
    calls.with_counter_gone()
    limit = across[turn % len(across)]
    if limit.counts == "calls":
        calls.reach_calls(limit)
    else:
        calls.reach_spending(limit, first)
    return True


class _Calls:
    """Calls with one case, by one counter, at moments that are chosen."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._feature = trial.subject.feature
        self.counters = Watched()
        self._start = datetime.combine(trial.case.today or trial.subject.today, time(12, 0, 13), UTC)
        self._at = self._start

    def make(self, *, at: datetime | None = None, caller: str = "", counters: Counters | None = None) -> Observation:
        """Call, at a moment of its own or a millisecond after the last one."""
        self._at = at or self._at + _MILLISECOND
        known = caller_of(self._trial.subject, caller or self._trial.case.caller)
        counting = self.counters if counters is None else counters
        return self._trial.observe_as(known, counters=counting, moment=self._at)

    def with_counter_gone(self) -> None:
        """Call while the counter cannot be reached."""
        seen = self.make(counters=Gone())
        if all(limit.allows for limit in self._feature.across):
            if isinstance(seen.error, LedgerUnavailable):
                raise LawFell("a call is refused for want of a counter, where the spec lets it through")
        elif not _nobody_asked(seen):
            raise LawFell("a call was sent while its counter could not be reached")

    def reach_calls(self, limit: AcrossCalls) -> None:
        """Use a limit on calls up."""
        most = int(limit.amount)
        use = self._use(limit)
        if most > 2:
            self.counters.fill(use, most - 2, milliseconds(self._at))
        if most > 1:
            last = self.make()
            self._must_pass(limit, last, f"only {most - 1} of {most} were sent")
            if isinstance(last.error, LimitReached):
                return  # for another limit, so that this one is not used up
        self._is_used_up(limit)

    def reach_spending(self, limit: AcrossCalls, first: Observation) -> None:
        """Use a limit on spending up: its last call is that which fits at its most."""
        cost = self._feature.cost
        assert cost is not None
        most, worst = _billionths(limit.amount), _billionths(cost.most)
        use = self._use(limit)
        self._is_settled(use, first, worst)
        self.counters.fill(use, most - self.counters.used(use) - worst, milliseconds(self._at))
        self._must_pass(limit, self.make(), "just what it may cost is left")
        self.counters.fill(use, most - self.counters.used(use) - worst + 1, milliseconds(self._at))
        self._is_used_up(limit)

    def _use(self, limit: AcrossCalls) -> Use:
        """Return what the first call used of *limit*, by what it counts and the time it counts for."""
        kinds = [
            use
            for use in self.counters.uses
            if use.period_ms == limit.period_ms and (use.amount == 1) == (limit.counts == "calls")
        ]
        declared = int(limit.amount) if limit.counts == "calls" else _billionths(limit.amount)
        if not kinds:
            raise LawFell(f"a call is not counted under the limit of line {limit.origin.line}")
        return min(kinds, key=lambda use: abs(use.most - declared))

    def _is_used_up(self, limit: AcrossCalls) -> None:
        line = limit.origin.line
        period = timedelta(milliseconds=limit.period_ms)
        if not _is_refused(self.make()):
            raise LawFell(f"a call over the limit of line {line} was sent")
        other = self.make(caller=_SOMEBODY_ELSE)
        if limit.per == "caller":
            self._must_pass(limit, other, "another caller used it")
        elif not _is_refused(other) and not isinstance(other.error, InputRefused):
            raise LawFell(f"a call over the limit of line {line} was sent for another caller")
        if not _is_refused(self.make(at=self._start + period - _MILLISECOND)):
            raise LawFell(f"more calls were sent than line {line} allows, within its time")
        self._must_pass(limit, self.make(at=self._start + period * 1.1), "its time has passed")

    def _must_pass(self, limit: AcrossCalls, seen: Observation, why: str) -> None:
        if isinstance(seen.error, LimitReached) and self._others_have_room(limit):
            raise LawFell(f"a call is refused for the limit of line {limit.origin.line}, though {why}")

    def _others_have_room(self, limit: AcrossCalls) -> bool:
        cost = self._feature.cost.most if self._feature.cost is not None else Decimal(0)
        each = {"calls": Decimal(1), "usd": cost}
        return all(other is limit or other.amount >= _CALLS * each[other.counts] for other in self._feature.across)

    def _is_settled(self, use: Use, seen: Observation, worst: int) -> None:
        used = self.counters.used(use)
        if used > worst:
            raise LawFell("more is counted than a call may cost")
        if isinstance(seen.error, DeadlinePassed):
            if used != worst:
                raise LawFell("less is counted than a call may cost whose time ran out")
            return
        cost = self._feature.cost
        assert cost is not None
        if not seen.looked_at and all(status not in (None, _ANSWERED) for status in seen.statuses):
            most = sum(_billionths(cost.models[place].most) for place in seen.asked)
            if used != most:
                raise LawFell(f"{used} billionths of a dollar are counted where requests in vain may cost {most}")
        if seen.reply is None or len(seen.requests) != 1 or seen.looked_at or len(seen.judged) > 1:
            return
        told = _tokens(seen.bodies[0])
        if told is None or any(judged.status != _ANSWERED or judged.found is None for judged in seen.judged):
            return
        expected = _cost(cost.models[seen.asked[0]], *told)
        expected += sum(_cost(cost.judges[judged.place], 1, 1) for judged in seen.judged)
        if used != expected:
            raise LawFell(f"{used} billionths of a dollar are counted where the servers say {expected}")


def _nobody_asked(seen: Observation) -> bool:
    return not (seen.requests or seen.judged or seen.looked_at)


def _is_refused(seen: Observation) -> bool:
    return isinstance(seen.error, LimitReached) and _nobody_asked(seen)


def _billionths(dollars: Decimal) -> int:
    return int((dollars * 1_000_000_000).to_integral_value(ROUND_CEILING))


def _cost(cost: RequestCost, prompt: int, reply: int) -> int:
    """Return what a request costs by docs/reference/language.md, for a prompt that is not long."""
    return _billionths((prompt * cost.input + reply * cost.output) / 1_000_000)


def _tokens(body: bytes) -> tuple[int, int] | None:
    """Return the tokens that an answer says it took, None where it says nothing that anybody would believe."""
    try:
        usage = cast("dict[str, object]", json.loads(body))["usage"]
        found = cast("dict[str, object]", usage)
        pair = (found.get("input_tokens", found.get("prompt_tokens")),)
        pair += (found.get("output_tokens", found.get("completion_tokens")),)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    counts = [count for count in pair if type(count) is int and 0 <= count <= _MOST_TOKENS]
    return (counts[0], counts[1]) if len(counts) == 2 else None
