"""Clients of the openai package, one for each running event loop, origin and key, so that connections are reused.

This module imports the client libraries and is itself imported at the first call.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, Mapping
from weakref import WeakKeyDictionary

import httpx2
import openai
import yarl
from multidict import CIMultiDict

from promptspec.models.origins import Origin, Secret
from promptspec.models.transport import BoundedTransport, Head, NetworkTransport, Opened, Received, Transport

# What a server of one's own gets where the spec names no key for it; the protocol has no way to send none.
NO_KEY = "no-key"

_HEADERS: Mapping[str, str] = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "User-Agent": f"promptspec openai-python/{openai.__version__}",
}


class Client(openai.AsyncOpenAI):
    """The client of the openai package, with headers of ours alone.

    The package takes headers, an organisation and a project from the environment and would send them to any origin.
    """

    def __init__(self, *, base_url: str, api_key: str, transport: Transport) -> None:
        super().__init__(
            base_url=base_url,
            api_key=api_key,
            admin_api_key="",  # else it is taken from the environment
            webhook_secret="",
            max_retries=0,
            timeout=None,
            http_client=httpx2.AsyncClient(transport=transport, trust_env=False, follow_redirects=False, timeout=None),
        )
        # It is told in a header that we do not send, and finding it out takes a thread.
        self._platform = "Unknown"
        self._transport = transport
        self._heads: dict[str, Head] = {}
        self._headed_with = api_key

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        return dict(_HEADERS)

    async def send(self, path: str, body: bytes, *, largest: int) -> Received:
        """Post the encoded *body* to *path* below the base URL, over the connections of this client.

        `post` of the package makes options, a request and a response for each call, which takes more than twice as long
        as the exchange itself. Here the head is made once, of the same URL, headers and authentication.
        Raises what `Transport.exchange` raises.
        """
        if self.api_key != self._headed_with:
            self._heads.clear()
            self._headed_with = self.api_key
        head = self._heads.get(path)
        if head is None:
            head = self._heads[path] = self._make_head(path)
        return await self._transport.exchange("POST", head, body, largest=largest)

    async def open(self, path: str, body: bytes) -> Opened:
        """Post the encoded *body* to *path* as `send` does and return the response, whose body is a stream of events.

        Raises what `Transport.open` raises.
        """
        return await self._transport.open("POST", self._make_head(path, {"Accept": "text/event-stream"}), body)

    def _make_head(self, path: str, more: Mapping[str, str] | None = None) -> Head:
        url = self._prepare_url(path)
        said = {"Host": url.netloc.decode("ascii"), **self.default_headers, **self.auth_headers, **(more or {})}
        headers = {name: value for name, value in said.items() if isinstance(value, str)}
        return Head(yarl.URL(str(url), encoded=True), CIMultiDict(headers))


class _Pool:
    """The clients of one event loop."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.clients: dict[tuple[object, ...], Client] = {}
        self.closing: AsyncGenerator[None, None] | None = None


_lock = threading.Lock()  # loops of several threads share the map
_POOLS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pool] = WeakKeyDictionary()
# Pools of a parent process. Closing or collecting them would act on sockets and selectors that the parent still uses.
_INHERITED: list[_Pool] = []


async def client_for(origin: Origin, key: Secret | None, transport: httpx2.AsyncBaseTransport | None = None) -> Client:
    """Return the client of the running event loop for *origin* and *key*; *transport* stands in for the network."""
    pool = await _pool_of(asyncio.get_running_loop())
    name = (origin.base_url, key, transport)
    client = pool.clients.get(name)
    if client is None:
        client = pool.clients[name] = _make_client(origin, key, transport)
    return client


def _make_client(origin: Origin, key: Secret | None, transport: httpx2.AsyncBaseTransport | None) -> Client:
    return Client(
        base_url=origin.base_url.rstrip("/"),
        api_key=NO_KEY if key is None else key.reveal(),
        transport=_bounded(transport) if transport else NetworkTransport(secure=origin.scheme == "https"),
    )


def _bounded(transport: httpx2.AsyncBaseTransport) -> Transport:
    return transport if isinstance(transport, Transport) else BoundedTransport(transport)


async def _pool_of(loop: asyncio.AbstractEventLoop) -> _Pool:
    with _lock:
        pool = _POOLS.get(loop)
        if pool is not None and pool.process == os.getpid():
            return pool
        _forget_dead_loops()
        pool = _POOLS[loop] = _Pool(os.getpid())
    # A loop that ends closes the async generators that began in it: the one hook by which asyncio tells us in time,
    # while connections can still be closed properly.
    pool.closing = _close_at_end(loop, pool)
    await anext(pool.closing)
    return pool


async def _close_at_end(loop: asyncio.AbstractEventLoop, pool: _Pool) -> AsyncGenerator[None, None]:
    try:
        yield
    finally:
        with _lock:
            if _POOLS.get(loop) is pool:
                del _POOLS[loop]
        while pool.clients:
            _, client = pool.clients.popitem()
            await client.close()


def _forget_dead_loops() -> None:
    # A pool refers to its loop through its connections, so a loop that was closed in some other way stays in the map.
    for loop, pool in list(_POOLS.items()):
        if pool.process != os.getpid():
            _INHERITED.append(pool)
            del _POOLS[loop]
        elif loop.is_closed():
            del _POOLS[loop]


def _unlock_in_child() -> None:
    # Another thread of the parent may have held the lock; that thread does not exist here.
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)
