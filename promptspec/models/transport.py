"""One HTTP exchange over aiohttp, for the client of the openai package: bounded, without cookies or redirects.

This module imports the client libraries and is itself imported at the first call.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from io import BytesIO

import aiohttp
import httpx2
import yarl

#: The most bytes of a body that the exchange under way may read.
LARGEST_BODY: ContextVar[int] = ContextVar("LARGEST_BODY", default=64 * 1024)

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
    """The body of a response is larger than LARGEST_BODY."""


class BodyEncoded(Exception):
    """The body of a response is compressed, which the request forbade."""


class NetworkTransport(httpx2.AsyncBaseTransport):
    """Exchanges with servers over one pool of connections of the running event loop."""

    def __init__(self, *, secure: bool) -> None:
        # Proxies of the environment are ignored; SSL_CERT_FILE and SSL_CERT_DIR count, for servers of one's own.
        context = httpx2.create_ssl_context() if secure else False
        connector = aiohttp.TCPConnector(ssl=context, limit=_MOST_CONNECTIONS, keepalive_timeout=_KEEP_ALIVE_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_NO_TIMEOUT, trust_env=False
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send *request* and return the response with its whole body.

        Raises BodyTooLarge, BodyEncoded, and a transport error of httpx2 for everything that the network does.
        """
        content = request.content
        failed = ""
        try:
            async with self._session.request(
                request.method,
                yarl.URL(str(request.url), encoded=True),
                headers=request.headers.multi_items(),
                data=BytesIO(content) if len(content) > _LARGEST_BYTES else content,
                allow_redirects=False,
                auto_decompress=False,
            ) as response:
                body = await _read_body(
                    response.status, response.headers.get("content-encoding"), response.content.iter_any()
                )
                headers = [(name, response.headers[name]) for name in _HEADERS_KEPT if name in response.headers]
                return httpx2.Response(response.status, headers=headers, content=body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failed = type(error).__name__
        raise httpx2.NetworkError(failed, request=request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


class BoundedTransport(httpx2.AsyncBaseTransport):
    """Any other transport of httpx2, under the same bounds."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send *request* through the inner transport and return the response with its whole body."""
        response = await self._inner.handle_async_request(request)
        stream = response.stream
        if not isinstance(stream, httpx2.AsyncByteStream):
            raise TypeError("the transport is not for asynchronous clients")
        try:
            body = await _read_body(response.status_code, response.headers.get("content-encoding"), aiter(stream))
        finally:
            await response.aclose()
        headers = [(name, response.headers[name]) for name in _HEADERS_KEPT if name in response.headers]
        return httpx2.Response(response.status_code, headers=headers, content=body)

    async def aclose(self) -> None:
        """Close the inner transport."""
        await self._inner.aclose()


async def _read_body(status: int, encoding: str | None, chunks: AsyncIterator[bytes]) -> bytes:
    """Return the body; of an error the status counts, so that a body that is too much for us is left out."""
    is_error = status >= 300
    if encoding is not None and encoding.strip().lower() not in ("", "identity"):
        if is_error:
            return b""
        raise BodyEncoded
    largest = min(LARGEST_BODY.get(), _LARGEST_ERROR) if is_error else LARGEST_BODY.get()
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
