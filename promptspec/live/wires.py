"""The feature's own models over a wire that every exchange is kept from, and the world that they are asked in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import httpx2
import yarl
from multidict import CIMultiDict

from promptspec.models.origins import OPENAI_KEY
from promptspec.models.transport import Head, NetworkTransport, Received
from promptspec.ports import World
from promptspec.runtime.plan import OpenAI
from promptspec.safety.callers import ID_KEY

if TYPE_CHECKING:
    from promptspec.live.tapes import Tape
    from promptspec.models.port import Model
    from promptspec.runtime.plan import Judge, ModelPlan

#: The tape of the call that runs in this context.
TAPE: ContextVar[Tape] = ContextVar("promptspec_tape")

#: Stands for the project's own key of callers' ids, so that requests are the same wherever they are replayed.
_ID_SECRET: Final = "live:this-key-protects-nobody"  # noqa: S105  it opens nothing
_HIDDEN: Final = b"(hidden)"
#: Shorter keys are not looked for in responses: they would be found in the middle of words.
_LEAST_SECRET: Final = 6
#: A response is read up to so many bytes and so many times the largest valid reply; the model's own bound is narrower.
_LEAST_LARGEST: Final = 1024 * 1024
_TIMES_LARGEST: Final = 16


def plans_of(plans: Sequence[ModelPlan], *, model: str | None) -> tuple[OpenAI, ...]:
    """Return the models of a feature that can be asked; with *model*, its first one under that name."""
    known = [plan for plan in plans if isinstance(plan, OpenAI)]
    if model is None:
        return tuple(known)
    stranger = OpenAI(name=model, server="openai", api="responses", structured="json_schema")
    return (replace(known[0], name=model) if known else stranger,)


def world_of(environment: Mapping[str, str], *, seed: int, today: date) -> World:
    """Return the world of one call: the time of the running loop, and chance that follows from *seed*."""
    known = {**environment, ID_KEY: _ID_SECRET}
    return World(clock=_Clock(asyncio.get_running_loop(), today), entropy=Chance(seed), environment=known)


def secrets_of(plans: Sequence[OpenAI], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the keys of *plans* as the environment has them."""
    names = {plan.key.name if plan.key else OPENAI_KEY for plan in plans}
    return tuple(environment[name].strip() for name in sorted(names) if environment.get(name, "").strip())


def some_url(hosts: Sequence[str]) -> str:
    """Return a base URL that *hosts* allow, for a run that reaches no network."""
    host = next(iter(hosts), "127.0.0.1:9")
    scheme = "http" if host.partition(":")[0] in ("127.0.0.1", "localhost", "[::1]") else "https"
    return f"{scheme}://{host}/v1"


class Chance:
    """Chance that follows from a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn = 0

    def token(self, bits: int) -> str:
        """Return the next *bits* bits in hexadecimal."""
        self._drawn += 1
        return sha256(f"{self._seed}:{self._drawn}".encode()).hexdigest()[: (bits + 3) // 4]


@dataclass(frozen=True, slots=True)
class _Clock:
    loop: asyncio.AbstractEventLoop
    day: date

    def monotonic(self) -> float:
        return self.loop.time()

    def today(self) -> date:
        return self.day

    def now(self) -> datetime:
        return datetime.combine(self.day, time.min, UTC) + timedelta(seconds=self.loop.time())


class Wire(httpx2.AsyncBaseTransport):
    """The network of one model, through the tape of the call. *by* says who asks over it.

    A key that a server sends back is blotted out before anybody reads the response, so that none is recorded.
    """

    def __init__(self, by: str, *, secrets: Sequence[str], largest_reply: int) -> None:
        self._by = by
        spelt = {
            form for secret in secrets if len(secret) >= _LEAST_SECRET for form in (secret, json.dumps(secret)[1:-1])
        }
        self._secrets = tuple(sorted(form.encode() for form in spelt))
        self._largest = _LEAST_LARGEST + _TIMES_LARGEST * largest_reply
        self._network: NetworkTransport | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Pass a request of the client on."""
        body = await request.aread()
        received = await TAPE.get().exchange(self._by, body, lambda: self._send(request, body))
        return httpx2.Response(received.status, headers=dict(received.headers), content=received.body)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._network is not None:
            await self._network.aclose()
            self._network = None

    async def _send(self, request: httpx2.Request, body: bytes) -> Received:
        if self._network is None:
            self._network = NetworkTransport(secure=request.url.scheme == "https")
        head = Head(yarl.URL(str(request.url), encoded=True), CIMultiDict(request.headers.multi_items()))
        received = await self._network.exchange("POST", head, body, largest=self._largest)
        headers = {name: self._blotted_header(value) for name, value in received.headers.items()}
        return Received(received.status, headers, self._blotted_body(received.body))

    def _blotted_header(self, value: str) -> str:
        return self._blotted(value.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def _blotted_body(self, body: bytes) -> bytes:
        """Return *body* without the secrets, however JSON spells them; one that hides them so is written anew."""
        body = self._blotted(body)
        if not self._secrets or b"\\u" not in body:
            return body
        try:
            spelt = json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "surrogatepass")
        except (ValueError, RecursionError):
            return body
        return self._blotted(spelt) if any(secret in spelt for secret in self._secrets) else body

    def _blotted(self, data: bytes) -> bytes:
        for secret in self._secrets:
            data = data.replace(secret, _HIDDEN)
        return data


def connected_judges(judges: Sequence[Judge], world: World, *, largest_reply: int) -> tuple[Model, ...]:
    """Return who judges a feature's replies, over wires of their own."""
    secrets = secrets_of([judge.model for judge in judges], world.environment)
    return tuple(judge.connect(world, Wire("tone", secrets=secrets, largest_reply=largest_reply)) for judge in judges)


def connected(plans: Sequence[OpenAI], by: str, world: World, *, largest_reply: int) -> tuple[Model, ...]:
    """Return the models that *plans* describe, over wires of their own."""
    secrets = secrets_of(plans, world.environment)
    return tuple(plan.connect(world, Wire(by, secrets=secrets, largest_reply=largest_reply)) for plan in plans)
