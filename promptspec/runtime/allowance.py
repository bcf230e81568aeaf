"""What one call may use of the limits across calls: looked at when it is admitted, taken before anybody is asked.

What may be spent is taken as what the call can cost at most, and put right at its end by what the servers counted.
Where the end is not known, the whole stays taken: a request that nobody waits for any more may still be billed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Final

from promptspec.errors import DeadlinePassed, LedgerUnavailable, LimitReached, PromptspecError
from promptspec.safety.callers import Anyone, Session, hashes_of, kind_of
from promptspec.safety.counters import Counters, Taken, Use, counters_of, milliseconds

if TYPE_CHECKING:
    import logging

    from promptspec.models.asking import Asked
    from promptspec.ports import World
    from promptspec.runtime.calling import Call
    from promptspec.runtime.plan import Across, Cost, Costs, Plan

#: Billionths of a dollar, in which spending is counted, in what a million tokens cost by the dollar.
_BILLIONTHS: Final = 1_000
#: Seconds beyond the deadline that putting right what was taken may be waited for.
_GRACE: Final = 0.25
#: Stands for ids of callers where they leave this process in no form, and there may be no key for their hash.
_KEY_HERE: Final = os.urandom(32)


class Free:
    """The allowance of a feature without limits across calls: anything."""

    def take(self) -> None:
        """Nothing is counted."""

    async def atake(self) -> None:
        """Nothing is counted."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


#: It holds nothing of a call.
FREE: Final = Free()


class Allowance(Free):
    """What one call uses of the limits of *plan* for the caller *who*, their hash by each key that is valid.

    Around the call as a context manager, it puts right what was taken once the call is over, by the requests that were
    *asked* until then. Raises LimitReached where there is no room, when it is made too where it *asks*, and
    LedgerUnavailable where the counter cannot be reached.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        who: tuple[str, ...],
        counters: Counters,
        world: World,
        deadline: float,
        rehearses: bool,
        asks: bool,
        asked: tuple[Sequence[Asked], ...],
    ) -> None:
        self._costs = plan.costs
        self._counters = counters
        self._world = world
        self._deadline = deadline
        self._rehearses = rehearses
        self._asked = asked
        #: A limit by caller has a counter for each hash, so that it holds while keys are rotated.
        pairs = [(limit, use) for limit in plan.across for use in _uses(plan, limit, who)]
        self._across = tuple(limit for limit, _ in pairs)
        self._uses = tuple(use for _, use in pairs)
        self._has_begun = False
        self._taken: Taken | None = None
        if not asks:
            return
        try:
            self._refuse(counters.full(self._uses, self._now()))
        except LedgerUnavailable as gone:
            self._refuse_unless_allowed(gone)

    def take(self) -> None:
        """Count the call, once, before anybody is asked for it."""
        if self._has_begun:
            return
        self._has_begun = True
        try:
            taken = self._counters.take(self._uses, self._now())
        except LedgerUnavailable as gone:
            self._refuse_unless_allowed(gone)
            return
        if isinstance(taken, int):
            self._refuse(taken)
        else:
            self._taken = taken

    async def atake(self) -> None:
        """As `take`, where others wait for the loop meanwhile. Raises DeadlinePassed too."""
        if self._has_begun or self._counters.is_near:
            self.take()
            return
        import asyncio

        try:
            async with asyncio.timeout(max(self._deadline - self._world.clock.monotonic(), 0.0)):
                await asyncio.to_thread(self.take)
        except TimeoutError:
            raise DeadlinePassed("the counter of a limit did not answer in time") from None

    def _now(self) -> int:
        return milliseconds(self._world.clock.now())

    def _refuse(self, place: int | None) -> None:
        if place is not None:
            raise LimitReached(f"the limit `{_written(self._across[place])}` is reached")

    def _refuse_unless_allowed(self, gone: LedgerUnavailable) -> None:
        if not all(each.allows for each in self._across):
            raise gone
        _log().warning("a call is let through uncounted, as its limits say: %s", gone.detail)

    # The end

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put right what was taken, where it is known what was sent and what came of it."""
        if self._is_to_settle(error):
            self._settle()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As `__exit__`, where others wait for the loop meanwhile."""
        if not self._is_to_settle(error):
            return
        if self._counters.is_near:
            self._settle()
            return
        import asyncio

        left = self._deadline - self._world.clock.monotonic()
        try:
            async with asyncio.timeout(max(left, 0.0) + _GRACE):
                await asyncio.to_thread(self._settle)
        except TimeoutError:
            _log().warning("what a call may cost at most stays counted until its counter answers")

    def _is_to_settle(self, error: BaseException | None) -> bool:
        # Where nothing is paid for, what a call may cost is what it counts, so that tests meet the limit.
        if self._taken is None or self._costs is None or self._rehearses:
            return False
        return error is None or (isinstance(error, PromptspecError) and not isinstance(error, DeadlinePassed))

    def _settle(self) -> None:
        assert self._taken is not None
        assert self._costs is not None
        spent = spent_by(self._costs, self._asked)
        amounts = [spent if each.counts == "usd" else 1 for each in self._across]
        try:
            self._counters.correct(self._taken, amounts)
        except LedgerUnavailable as gone:
            # The reply may be delivered: all that it can have cost stays counted.
            _log().warning("what a call may cost at most stays counted: %s", gone.detail)


def allowance_of(call: Call, *, asks: bool) -> Free:
    """Return what *call* may use, once its caller is admitted; it *asks* now whether there is room for anything.

    Raises LimitReached and LedgerUnavailable.
    """
    plan = call.feature.plan
    if not plan.across:
        return FREE
    environment = call.world.environment
    if call.stand_in is not None and call.override is not None:
        counters: Counters = call.override.counters
    elif call.rehearses:
        counters = call.feature.rehearsed_counters
    else:
        counters = counters_of(environment)
    return Allowance(
        plan=plan,
        who=(_hash_here(call.caller),) if call.user is None else hashes_of(call.caller, environment),
        counters=counters,
        world=call.world,
        deadline=call.deadline,
        rehearses=call.rehearses,
        asks=asks,
        asked=(call.asked, call.judges_asked, call.moderators_asked, call.embedders_asked),
    )


def _hash_here(caller: Anyone) -> str:
    """Return what stands for *caller* in this process alone."""
    import hashlib

    known = (kind_of(caller), caller.id) if isinstance(caller, Session) else ()
    return hashlib.blake2b(repr(known).encode(), key=_KEY_HERE).hexdigest()


def _uses(plan: Plan, across: Across, who: tuple[str, ...]) -> Iterator[Use]:
    import hashlib
    import json

    for each in who if across.per == "caller" else (None,):
        counted = [plan.counted_as, across.counts, across.seconds, across.per, each]
        yield Use(
            name=hashlib.sha256(json.dumps(counted).encode()).hexdigest(),
            period_ms=across.seconds * 1_000,
            most=across.most,
            amount=1 if across.counts == "calls" or plan.costs is None else plan.costs.call,
        )


def _written(across: Across) -> str:
    period = {60: "minute", 3_600: "hour", 86_400: "day"}.get(across.seconds, f"{across.seconds}s")
    most = f"{across.most:_}" if across.counts == "calls" else f"{Decimal(across.most) / 1_000_000_000:f} usd"
    return f"{'calls' if across.counts == 'calls' else 'spend'} {most} per {period} per {across.per}"


# Spending


def spent_by(costs: Costs, asked: tuple[Sequence[Asked], ...]) -> int:
    """Return what the requests of a call have cost, in billionths of a dollar; at their most where no server said.

    *asked* are those to models, to judges, and to all others.
    """
    models, judges, *others = asked
    spent = sum(_spent(costs.models[each.place : each.place + 1] or costs.models, each) for each in models)
    spent += sum(_spent(costs.judges[each.place : each.place + 1] or costs.judges, each) for each in judges)
    for known, requests in zip((costs.moderators, costs.embedders), others, strict=True):
        for each in requests:
            spent += _spent([cost for cost in known if cost.name == each.model] or known, each)
    return spent


def _spent(costs: Sequence[Cost], asked: Asked) -> int:
    """Return what one request has cost, the most by any of *costs*."""
    usage = asked.answer.usage if asked.answer is not None else None
    if usage is None or usage.input_tokens is None or usage.output_tokens is None:
        return max((cost.most for cost in costs), default=0)
    return max((cost_in_billionths(cost, usage.input_tokens, usage.output_tokens) for cost in costs), default=0)


def cost_in_billionths(cost: Cost, prompt: int, reply: int) -> int:
    """Return what a request with so many tokens costs, in billionths of a dollar, rounded up."""
    long = cost.long_after is not None and prompt > cost.long_after
    paid = prompt * cost.input * (cost.long_input if long else 1)
    paid += reply * cost.output * (cost.long_output if long else 1)
    return int((paid * _BILLIONTHS).to_integral_value(ROUND_CEILING))


def _log() -> logging.Logger:
    import logging

    return logging.getLogger("promptspec")
