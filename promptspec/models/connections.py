"""A pool of connections, of which one that was heard from while it waited is not used again.

HTTP/1.1 does not say which request a response answers, so one that came unasked would pass as the answer to the next
request; `aiohttp` parses and keeps whatever comes on a waiting connection, and hands it to whoever asks next.
This module imports the client libraries and is itself imported at the first call.
"""

from __future__ import annotations

import asyncio
import select
import sys
from functools import partial
from typing import Any
from weakref import WeakSet

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace


class SilentConnector(aiohttp.TCPConnector):
    """Reuses a connection only if nothing has come on it since its last response, neither bytes nor an end.

    Where another version of `aiohttp` does not call back when a connection is released, none is used twice.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType]  an option of it has an open type
        self._known: WeakSet[ResponseHandler] = WeakSet()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Return a new connection, or one that has kept silent; those that have not are closed."""
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol, transport = connection.protocol, connection.transport
            if protocol is None or transport is None:
                return connection  # a new one, lost already: the request will fail on it
            if self._may_be_used(protocol, transport):
                connection.add_callback(partial(_wait, protocol, transport))
                return connection
            connection.close()

    def _may_be_used(self, protocol: ResponseHandler, transport: asyncio.Transport) -> bool:
        if protocol not in self._known:
            self._known.add(protocol)
            return True
        if not isinstance(transport.get_protocol(), _Waiting):
            return False
        transport.set_protocol(protocol)
        # Closing is due where a second response came in one piece with the end of the first.
        return not protocol.should_close and not _has_input(transport)


class _Waiting(asyncio.Protocol):
    """Stands in for the protocol of a connection while nothing is asked on it, and ends it at the first byte."""

    def __init__(self, protocol: ResponseHandler, transport: asyncio.Transport) -> None:
        self._protocol = protocol
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


def _wait(protocol: ResponseHandler, transport: asyncio.Transport) -> None:
    transport.set_protocol(_Waiting(protocol, transport))


def _has_input(transport: asyncio.Transport) -> bool:
    """Return whether bytes, or an end, have come that the loop has not read yet: it may have stood still."""
    descriptor = transport.get_extra_info("socket").fileno()
    if sys.platform == "win32":
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
