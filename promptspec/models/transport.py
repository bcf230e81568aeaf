"""One HTTP exchange over aiohttp, for the client of the openai package: bounded, without cookies or redirects.

This module imports the client libraries and is itself imported at the first call.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping
from io import BytesIO
from typing import NamedTuple, Protocol, TypeAlias

import aiohttp
import httpx2
import yarl
from multidict import CIMultiDict

from promptspec.models.connections import SilentConnector

# Of an error only the code of its JSON is looked at; more of it is thrown away unread.
_LARGEST_ERROR = 64 * 1024

# What the layers above look at. No cookie passes, so nothing of one call is carried into another.
_HEADERS_KEPT = ("content-type", "retry-after", "retry-after-ms", "date")

# A server that closes idle connections after five seconds, as many do, must not be met with a closed one.
_KEEP_ALIVE_SECONDS = 4.0
_MOST_CONNECTIONS = 1000

# The call's own deadline bounds connecting, headers and body alike.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)

# aiohttp warns where a body above a megabyte comes as bytes; a buffer is written in pieces.
_LARGEST_BYTES = 2**20


class BodyTooLarge(Exception):
    """The body of a response is larger than it may be."""


class BodyEncoded(Exception):
    """The body of a response is compressed, which the request forbade."""


class Head(NamedTuple):
    """What stands before the body of a request and never changes for one client."""

    url: yarl.URL
    headers: CIMultiDict[str]

    def __repr__(self) -> str:
        return "Head(…)"  # a key is in it


class Received(NamedTuple):
    """A response: its status, those of its headers that are looked at, its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Opened(Protocol):
    """A response whose body is read as it comes."""

    @property
    def status(self) -> int:
        """The status of the response."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of its headers that are looked at."""
        ...

    async def more(self) -> bytes:
        """Return the next bytes of the body, b"" at its end. Raises an error of httpx2 for what the network does."""
        ...

    async def close(self) -> None:
        """Close the connection, unless the body has come to its end."""
        ...


class Transport(httpx2.AsyncBaseTransport):
    """Where the client of the openai package has its connections, for its own requests and for ours."""

    @abstractmethod
    async def exchange(self, method: str, head: Head, body: bytes, *, largest: int) -> Received:
        """Send one request and return the response, whose body has at most *largest* bytes.

        Raises BodyTooLarge, BodyEncoded, and an error of httpx2 for everything that the network does.
        """

    @abstractmethod
    async def open(self, method: str, head: Head, body: bytes) -> Opened:
        """Send one request and return the response as soon as its headers are there; whoever asked closes it.

        Raises BodyEncoded, and an error of httpx2 for everything that the network does.
        """

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send *request*, one that the package made by itself, under the bounds of an error's body."""
        head = Head(yarl.URL(str(request.url), encoded=True), CIMultiDict(request.headers.multi_items()))
        received = await self.exchange(request.method, head, await request.aread(), largest=_LARGEST_ERROR)
        return httpx2.Response(received.status, headers=dict(received.headers), content=received.body)


#: Waits for the response as `async with` does, or as `await`.
_Requested: TypeAlias = "aiohttp.client._RequestContextManager"  # pyright: ignore[reportPrivateUsage]


class NetworkTransport(Transport):
    """Exchanges with servers over one pool of connections of the running event loop."""

    def __init__(self, *, secure: bool) -> None:
        # Proxies of the environment are ignored; SSL_CERT_FILE and SSL_CERT_DIR count, for servers of one's own.
        context = httpx2.create_ssl_context() if secure else False
        connector = SilentConnector(ssl=context, limit=_MOST_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_NO_TIMEOUT, trust_env=False
        )

    async def exchange(self, method: str, head: Head, body: bytes, *, largest: int) -> Received:
        """Send one request over aiohttp, which takes the prepared *head* as it is."""
        failed = ""
        try:
            async with self._request(method, head, body) as response:
                headers = response.headers
                encoding = headers.get("content-encoding")
                read = await read_body(response.status, encoding, response.content.iter_any(), largest)
                return Received(response.status, kept_headers(headers), read)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failed = type(error).__name__
        raise httpx2.NetworkError(failed)

    async def open(self, method: str, head: Head, body: bytes) -> Opened:
        """Send one request over aiohttp and return the response, whose body has not been read."""
        failed = ""
        try:
            response = await self._request(method, head, body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failed = type(error).__name__
        else:
            if response.status == 200 and is_encoded(response.headers.get("content-encoding")):
                response.close()
                raise BodyEncoded
            return _OpenedByAiohttp(response)
        raise httpx2.NetworkError(failed)

    def _request(self, method: str, head: Head, body: bytes) -> _Requested:
        return self._session.request(
            method,
            head.url,
            headers=head.headers,
            data=BytesIO(body) if len(body) > _LARGEST_BYTES else body,
            allow_redirects=False,
            auto_decompress=False,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


class BoundedTransport(Transport):
    """Any other transport of httpx2, under the same bounds."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def exchange(self, method: str, head: Head, body: bytes, *, largest: int) -> Received:
        """Send one request through the inner transport."""
        response, chunks = await self._send(method, head, body)
        try:
            encoding = response.headers.get("content-encoding")
            read = await read_body(response.status_code, encoding, chunks, largest)
        finally:
            await response.aclose()
        return Received(response.status_code, kept_headers(response.headers), read)

    async def open(self, method: str, head: Head, body: bytes) -> Opened:
        """Send one request through the inner transport and return the response, whose body has not been read."""
        response, chunks = await self._send(method, head, body)
        if response.status_code == 200 and is_encoded(response.headers.get("content-encoding")):
            await response.aclose()
            raise BodyEncoded
        return _OpenedInside(response, chunks)

    async def _send(self, method: str, head: Head, body: bytes) -> tuple[httpx2.Response, AsyncIterator[bytes]]:
        request = httpx2.Request(method, str(head.url), headers=list(head.headers.items()), content=body)
        response = await self._inner.handle_async_request(request)
        stream = response.stream
        if not isinstance(stream, httpx2.AsyncByteStream):
            raise TypeError("the transport is not for asynchronous clients")
        return response, aiter(stream)

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()


class _OpenedByAiohttp:
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers = kept_headers(response.headers)

    async def more(self) -> bytes:
        failed = ""
        try:
            return await self._response.content.readany()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failed = type(error).__name__
        raise httpx2.NetworkError(failed)

    async def close(self) -> None:
        # One whose body has not ended is closed: what would still come must not answer another request.
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class _OpenedInside:
    def __init__(self, response: httpx2.Response, chunks: AsyncIterator[bytes]) -> None:
        self._response = response
        self._chunks = chunks
        self.status = response.status_code
        self.headers = kept_headers(response.headers)

    async def more(self) -> bytes:
        async for piece in self._chunks:
            if piece:
                return piece
        return b""

    async def close(self) -> None:
        close = getattr(self._chunks, "aclose", None)
        if close is not None:
            await close()
        await self._response.aclose()


def is_encoded(encoding: str | None) -> bool:
    """Say whether a body of this content encoding is compressed, which the request forbade."""
    return encoding is not None and encoding.strip().lower() not in ("", "identity")


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those of the *headers* of a response that are looked at; names have no case."""
    return {name: headers[name] for name in _HEADERS_KEPT if name in headers}


async def read_body(status: int, encoding: str | None, chunks: AsyncIterator[bytes], most: int) -> bytes:
    """Return the body; of an error the status counts, so that a body that is too much for us is left out.

    Raises BodyTooLarge and BodyEncoded.
    """
    is_error = status != 200
    if is_encoded(encoding):
        if is_error:
            return b""
        raise BodyEncoded
    largest = min(most, _LARGEST_ERROR) if is_error else most
    pieces: list[bytes] = []
    size = 0
    async for piece in chunks:
        size += len(piece)
        if size > largest:
            if is_error:
                return b""
            raise BodyTooLarge
        pieces.append(piece)
    return b"".join(pieces)
