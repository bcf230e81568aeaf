"""What travels during one call: sent over the network and written down, or read back from what was written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, cast

import httpx2

from promptspec.live.budget import Budget, Spent, Ticket, Tokens
from promptspec.live.exchanges import Exchange
from promptspec.live.strict_json import NOTHING, read_strictly
from promptspec.models.transport import BodyEncoded, BodyTooLarge, Received

if TYPE_CHECKING:
    Send = Callable[[], Awaitable[Received]]

#: Headers of a response that calls look at, and that are therefore kept.
KEPT: Final = ("retry-after", "retry-after-ms", "date")


class NotSent(Exception):
    """A request may not leave, or is not on the tape."""


class Tape(Protocol):
    """Carries the exchanges of one call. *trouble* is "" until it cannot: `budget`, or `not recorded`."""

    exchanges: list[Exchange]
    trouble: str

    async def allow(self, worst: Tokens) -> None:
        """Make sure that the next request may be sent. Raises NotSent."""
        ...

    async def exchange(self, by: str, body: bytes, send: Send) -> Received:
        """Return the response to a request of *by*; *send* sends it. Raises as a transport does, or NotSent."""
        ...

    def close(self) -> None:
        """Give back what was allowed and not used."""
        ...


class Live:
    """Sends what the budget holds, and keeps what travels."""

    def __init__(self, budget: Budget) -> None:
        self.exchanges: list[Exchange] = []
        self.trouble = ""
        self._budget = budget
        self._ticket: Ticket | None = None
        self._worst = Tokens(prompt=0, reply=0)

    async def allow(self, worst: Tokens) -> None:
        """Reserve the *worst* case of the next request; those that repeat it cost at least as much."""
        self.close()
        self._worst = worst
        try:
            self._ticket = await self._budget.reserve(worst)
        except Spent:
            self._stop()

    async def exchange(self, by: str, body: bytes, send: Send) -> Received:
        """Send a request and keep what comes of it, also where nothing does."""
        ticket = self._taken(body)
        loop = asyncio.get_running_loop()
        began = loop.time()
        used: Tokens | None = None

        def keep(**seen: Any) -> None:
            self.exchanges.append(Exchange(by=by, request=body, seconds=round(loop.time() - began, 6), **seen))

        try:
            received = await send()
        except BaseException as error:
            keep(failed=_failure(error))
            raise
        else:
            headers = tuple((name, received.headers[name]) for name in KEPT if name in received.headers)
            keep(status=received.status, headers=headers, body=received.body)
            used = usage_of(received.body)
        finally:
            self._budget.settle(ticket, used)
        return received

    def close(self) -> None:
        """Give back a reservation that was not used."""
        if self._ticket is not None:
            self._budget.give_back(self._ticket)
            self._ticket = None

    def _taken(self, body: bytes) -> Ticket:
        ticket, self._ticket = self._ticket, None
        try:
            # A request that sends a reply back is larger than the first one; a token holds at least one byte.
            worst = Tokens(prompt=max(self._worst.prompt, len(body)), reply=self._worst.reply)
            return ticket or self._budget.reserve_now(worst)
        except Spent:
            self._stop()

    def _stop(self) -> NoReturn:
        self.trouble = "budget"
        raise NotSent


class Replayed:
    """Answers with what was recorded, in its order, in the time that it took; on a loop whose time is virtual."""

    def __init__(self, recorded: Iterable[Exchange]) -> None:
        self.exchanges: list[Exchange] = []
        self.trouble = ""
        self._left = list(recorded)

    async def allow(self, worst: Tokens) -> None:
        """Allow everything: nothing is spent."""

    async def exchange(self, by: str, body: bytes, send: Send) -> Received:
        """Return what was answered to the same request, or raise what rose. Raises NotSent where none was recorded."""
        if not self._left or (self._left[0].by, self._left[0].request) != (by, body):
            self.trouble = "not recorded"
            raise NotSent
        kept = self._left.pop(0)
        self.exchanges.append(kept)
        if kept.failed == "late":
            await asyncio.Event().wait()
        await asyncio.sleep(kept.seconds)
        match kept.failed:
            case "":
                return Received(kept.status, dict(kept.headers), kept.body)
            case "too_large":
                raise BodyTooLarge
            case "encoded":
                raise BodyEncoded
            case _:
                raise httpx2.NetworkError(kept.failed)

    def close(self) -> None:
        """Nothing was allowed."""


def usage_of(body: bytes) -> Tokens | None:
    """Return the tokens that a server says a call used, None where it does not say both."""
    value = read_strictly(body.decode("utf-8", "replace"))
    usage = _entries(_entries(value).get("usage"))
    prompt = usage.get("prompt_tokens", usage.get("input_tokens"))
    reply = usage.get("completion_tokens", usage.get("output_tokens"))
    if not _is_count(prompt) or not _is_count(reply):
        return None
    return Tokens(prompt=cast("int", prompt), reply=cast("int", reply))


def texts_of(body: bytes) -> list[str]:
    """Return the texts of a model's messages in a response, as far as there are any."""
    envelope = _entries(read_strictly(body.decode("utf-8", "replace")))
    messages = [_entries(_entries(choice).get("message")) for choice in _items(envelope.get("choices"))]
    texts = [message.get("content") for message in messages]
    for item in map(_entries, _items(envelope.get("output"))):
        if item.get("type") == "message" and item.get("phase") != "commentary":
            parts = [_entries(part).get("text") for part in _items(item.get("content"))]
            texts.append("".join(part for part in parts if isinstance(part, str)))
    return [text for text in texts if isinstance(text, str) and text]


def _failure(error: BaseException) -> str:
    match error:
        case BodyTooLarge():
            return "too_large"
        case BodyEncoded():
            return "encoded"
        case asyncio.CancelledError():
            return "late"
        case _:
            return "network"


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _entries(value: object) -> Mapping[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) and value is not NOTHING else {}


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
