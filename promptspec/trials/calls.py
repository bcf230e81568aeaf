"""Calls of a generated feature in a world without a network: a fixed day, no keys, scripted replies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from promptspec.ports import World
from promptspec.runtime.held import Held
from promptspec.runtime.host import HOST
from promptspec.runtime.replies import Reply
from promptspec.safety.callers import EXAMPLE_ID, LEVELS, Anyone, Session

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class FixedDay:
    """A clock that runs, on a day that stands still."""

    day: date

    def monotonic(self) -> float:
        return HOST.clock.monotonic()

    def today(self) -> date:
        return self.day

    def now(self) -> datetime:
        return datetime.combine(self.day, HOST.clock.now().timetz())


def quiet_world(today: date | None) -> World:
    """Return a world with nothing in its environment, in which it is *today*."""
    return World(clock=FixedDay(today) if today else HOST.clock, entropy=HOST.entropy, environment={})


def caller_of(level: str, id: str | None) -> Anyone:
    """Return a caller of *level*, called *id*."""
    kind: Any = LEVELS[level]
    return kind(id or EXAMPLE_ID) if issubclass(kind, Session) else Anyone()


def let_through(outcome: Reply[V] | Held[V]) -> Reply[V]:
    """Return the reply, as if a reviewer had let it through where it is held. Raises Stale where it does not hold."""
    return outcome.approve(by="a test") if isinstance(outcome, Held) else outcome
