"""What a run may spend: calls, tokens, time and money. The worst case is reserved before each call."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

#: What ran out.
Kind: TypeAlias = Literal["calls", "tokens", "time", "spend"]

_MILLION: Final = 1_000_000
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION: Final = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")


def read_duration(text: str) -> float | None:
    """Return the seconds of a duration as specs write it, `500ms` to `7d`; None for anything else."""
    found = _DURATION.fullmatch(text)
    return int(found[1]) * _UNITS[found[2]] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """Tokens of one call: those of the prompt and those of the reply."""

    prompt: int
    reply: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of a run; None where there is none. *seconds* is time, *spend* is in US dollars.

    *price_in* and *price_out* are US dollars for a million tokens of prompts and of replies.
    """

    calls: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    spend: Decimal | None = None
    price_in: Decimal | None = None
    price_out: Decimal | None = None


class Spent(Exception):
    """The budget does not hold one more call; *kind* says what ran out."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(f"the budget of {kind} is spent")
        self.kind: Kind = kind


@dataclass(eq=False, slots=True)
class Ticket:
    """One call that the budget holds: *worst* is set aside until it is settled."""

    worst: Tokens


class Budget:
    """Counts what a run spends. Belongs to one event loop; *now* gives seconds on a clock that never goes back."""

    def __init__(self, limits: Limits, *, now: Callable[[], float]) -> None:
        self.limits = limits
        #: What ended the run, once a call was not held.
        self.ended: Kind | None = None
        self.calls = 0
        self.prompt_tokens = 0
        self.reply_tokens = 0
        #: Calls whose server did not say what they used, so that their worst case is counted.
        self.uncounted = 0
        self._now = now
        self._began = now()
        self._open: set[Ticket] = set()
        self._settled = asyncio.Event()

    @property
    def seconds_left(self) -> float | None:
        """The seconds until time is up, None where there is no such bound."""
        seconds = self.limits.seconds
        return None if seconds is None else max(seconds - (self._now() - self._began), 0.0)

    @property
    def dollars(self) -> Decimal | None:
        """What was spent so far in US dollars, None where prices are not known."""
        return self._price(self.prompt_tokens, self.reply_tokens)

    async def reserve(self, worst: Tokens) -> Ticket:
        """Set the *worst* case of a call aside; waits for calls under way that may leave some. Raises Spent."""
        while True:
            short = self._short_of(worst)
            if short is None:
                return self._take(worst)
            if not self._open or short == "time":
                self.ended = self.ended or short
                raise Spent(self.ended)
            self._settled.clear()
            await self._settled.wait()

    def reserve_now(self, worst: Tokens) -> Ticket:
        """As `reserve`, without waiting: for a further attempt of a call that is under way."""
        short = self._short_of(worst)
        if short is not None:
            self.ended = self.ended or short
            raise Spent(self.ended)
        return self._take(worst)

    def settle(self, ticket: Ticket, used: Tokens | None) -> None:
        """Count what a call used, as its server says; None counts its worst case."""
        self._close(ticket)
        self.uncounted += used is None
        self.prompt_tokens += (used or ticket.worst).prompt
        self.reply_tokens += (used or ticket.worst).reply

    def give_back(self, ticket: Ticket) -> None:
        """Forget a call that was never sent."""
        self._close(ticket)
        self.calls -= 1

    def _take(self, worst: Tokens) -> Ticket:
        ticket = Ticket(worst)
        self._open.add(ticket)
        self.calls += 1
        return ticket

    def _close(self, ticket: Ticket) -> None:
        self._open.discard(ticket)
        self._settled.set()

    def _short_of(self, worst: Tokens) -> Kind | None:
        limits = self.limits
        prompt = self.prompt_tokens + worst.prompt + sum(ticket.worst.prompt for ticket in self._open)
        reply = self.reply_tokens + worst.reply + sum(ticket.worst.reply for ticket in self._open)
        dollars = self._price(prompt, reply)
        if self.ended is not None:
            return self.ended
        if limits.calls is not None and self.calls >= limits.calls:
            return "calls"
        if limits.tokens is not None and prompt + reply > limits.tokens:
            return "tokens"
        if limits.spend is not None and dollars is not None and dollars > limits.spend:
            return "spend"
        return "time" if self.seconds_left == 0 else None

    def _price(self, prompt: int, reply: int) -> Decimal | None:
        limits = self.limits
        if limits.price_in is None or limits.price_out is None:
            return None
        return (prompt * limits.price_in + reply * limits.price_out) / _MILLION
