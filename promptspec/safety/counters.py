"""Counters of limits across calls: what was used of each, within any stretch of time, asked and added to at once.

Time is cut into parts, sixty for each period. A use counts from its part on until the period has passed since the end
of that part: longer than it must, by up to a sixtieth, and never shorter.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from promptspec.errors import LedgerUnavailable

if TYPE_CHECKING:
    from datetime import datetime

#: Says where limits across calls are counted: `memory`, or the address of a Redis. Without it, in the ledger.
COUNTERS: Final = "PROMPTSPEC_COUNTERS"
#: Parts of a period.
PARTS: Final = 60
#: How often a counter in memory lets go of what is over, in milliseconds.
_SWEEP: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """*amount* is to be used of the counter *name*, of which *most* may be used in any *period_ms* milliseconds."""

    name: str
    period_ms: int
    most: int
    amount: int

    def slot(self, at: int) -> int:
        """Return the number of the part of time that the moment *at* is in."""
        return at // (self.period_ms // PARTS)

    def first(self, at: int) -> int:
        """Return the number of the first part of time that counts at the moment *at*."""
        return self.slot(at - self.period_ms)

    def over(self, at: int) -> int:
        """Return the moment from which on what is used at the moment *at* counts no more."""
        return (self.slot(at) + 1) * (self.period_ms // PARTS) + self.period_ms


@dataclass(frozen=True, slots=True)
class Taken:
    """What was used, and the moment by the counter's clock."""

    uses: tuple[Use, ...]
    at: int


class Counters(Protocol):
    """Where limits are counted. Each method raises LedgerUnavailable where that cannot be reached.

    *at* is the caller's clock in milliseconds; counters that several machines share go by a clock of their own.
    """

    @property
    def is_near(self) -> bool:
        """Whether an answer takes no longer than any other statement."""
        ...

    def full(self, uses: Sequence[Use], at: int) -> int | None:
        """Return which of *uses* has no room, the first by its place; None where all have. Nothing is counted."""
        ...

    def take(self, uses: Sequence[Use], at: int) -> Taken | int:
        """Count all of *uses* if there is room for each of them, else nothing: then return the first without room."""
        ...

    def correct(self, taken: Taken, amounts: Sequence[int]) -> None:
        """Make *amounts* of what was *taken*, one for each use, in its place in time. Nothing is asked."""
        ...


class MemoryCounters:
    """Counters of one process: for tests, for rehearsals, and where somebody asks for them."""

    def __init__(self) -> None:
        self._used: dict[str, dict[int, int]] = {}
        self._over: dict[str, int] = {}
        self._swept = 0
        self._turn = threading.Lock()

    @property
    def is_near(self) -> bool:
        """It is."""
        return True

    def full(self, uses: Sequence[Use], at: int) -> int | None:
        """Return the first of *uses* that has no room."""
        with self._turn:
            return next((n for n, use in enumerate(uses) if self._count(use, at) + use.amount > use.most), None)

    def take(self, uses: Sequence[Use], at: int) -> Taken | int:
        """Count all of *uses*, or none."""
        with self._turn:
            self._sweep(at)
            for place, use in enumerate(uses):
                if self._count(use, at) + use.amount > use.most:
                    return place
            for use in uses:
                slots = self._used.setdefault(use.name, {})
                slot = use.slot(at)
                slots[slot] = slots.get(slot, 0) + use.amount
                self._over[use.name] = max(self._over.get(use.name, 0), use.over(at))
            return Taken(tuple(uses), at)

    def correct(self, taken: Taken, amounts: Sequence[int]) -> None:
        """Put *amounts* in the place of what was taken."""
        with self._turn:
            for use, amount in zip(taken.uses, amounts, strict=True):
                slots = self._used.get(use.name, {})
                slot = use.slot(taken.at)
                if slot in slots:
                    slots[slot] += amount - use.amount

    def _count(self, use: Use, at: int) -> int:
        first = use.first(at)
        return sum(used for slot, used in self._used.get(use.name, {}).items() if slot >= first)

    def _sweep(self, at: int) -> None:
        if at < self._swept + _SWEEP:
            return
        self._swept = at
        for name in [name for name, over in self._over.items() if over <= at]:
            del self._used[name], self._over[name]


def milliseconds(moment: datetime) -> int:
    """Return *moment* in milliseconds since 1970."""
    return int(moment.timestamp() * 1_000)


_OPEN: Final[dict[tuple[int, str], Counters]] = {}
_OPENING: Final = threading.Lock()


def counters_of(environment: Mapping[str, str]) -> Counters:
    """Return the counters that *environment* names, one object a process. Nothing is reached yet.

    Raises LedgerUnavailable where none can be meant.
    """
    named = environment.get(COUNTERS, "")
    # A child of this process has counters and connections of its own.
    key = (os.getpid(), named or "ledger " + _ledger_named(environment))
    with _OPENING:
        found = _OPEN.get(key)
        if found is None:
            found = _OPEN[key] = _made(named, environment)
        return found


def _ledger_named(environment: Mapping[str, str]) -> str:
    from promptspec.ledger.opening import LEDGER

    return environment.get(LEDGER, "")


def _made(named: str, environment: Mapping[str, str]) -> Counters:
    if named == "memory":
        return MemoryCounters()
    if named.startswith(("redis://", "rediss://")):
        from promptspec.safety.redis_counters import RedisCounters

        return RedisCounters(named)
    if named:
        raise LedgerUnavailable(f"`{COUNTERS}` is neither `memory` nor an address of Redis, redis://… or rediss://…")
    from promptspec.safety.ledger_counters import LedgerCounters

    return LedgerCounters(_ledger_named(environment))
