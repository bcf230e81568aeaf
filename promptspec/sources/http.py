"""Rows from a web server: one GET, to an address that was judged, bounded in bytes and time, into a temporary file.

Made of `http.client`, not of an HTTP client: which address a name led to, and when the time is over, is for us to say
at each connection and each read, and no proxy, cookie or unpacking comes in between.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import re
import socket
import ssl
import tempfile
import time
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO, Any, BinaryIO, Final, cast
from urllib.parse import urljoin

from promptspec.contract.feature import Live, Source
from promptspec.models.origins import Origin, is_loopback
from promptspec.sources.addresses import WebAddress, read_web_address, why_not
from promptspec.sources.origins import OriginFailed, Read, Validators, live_of, within

#: The most bytes of a body, unpacked.
MOST_BODY: Final = 256 * 1024 * 1024
_MOST_REDIRECTS: Final = 5
_PIECE: Final = 64 * 1024
_KEPT_IN_MEMORY: Final = 8 * 1024 * 1024
_CSV: Final = ("text/csv", "application/csv")
_JSONL: Final = ("application/jsonl", "application/x-ndjson", "application/x-jsonlines", "application/jsonlines")
_JSON: Final = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json|text/json")
# What a validator may be, so that nothing in it can write a header of its own.
_ETAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,1000}"')
_DATE: Final = re.compile(r"[A-Za-z]{3}, [0-9A-Za-z: ]{10,30} GMT")
# Networks that lead to another address than they show: NAT64.
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

_REDIRECTS: Final = (301, 302, 303, 307, 308)


@contextmanager
def fetch(source: Source, url: str, *, known: Validators) -> Generator[Read | None]:
    """Hand out what *url* answers, or None where it says that nothing changed since *known*. Raises OriginFailed."""
    live = live_of(source)
    with tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY) as file:
        body = cast("IO[bytes]", file)
        # In a thread, because looking up a name has no bound of its own.
        taken = within(live.time_ms / 1000, lambda gone: [_get(live, url, known, body)])
        answer = next(taken)
        for _ in taken:
            pass
        if answer is None:
            yield None
            return
        kind, validators = answer
        file.seek(0)
        yield Read(source=replace(source, kind=kind), rows=cast("BinaryIO", file), validators=validators)


def _get(live: Live, url: str, known: Validators, body: IO[bytes]) -> tuple[str, Validators] | None:
    deadline = time.monotonic() + live.time_ms / 1000
    address = read_web_address(url)
    if address is None:
        raise OriginFailed("its address is no plain http or https URL")
    first = address.origin
    refused = why_not(first, live.hosts)
    if refused is not None:
        raise OriginFailed(f"{refused}, in `hosts` of `[tool.promptspec]`")
    for _ in range(_MOST_REDIRECTS + 1):
        connection, opened = _connect(live, address.origin, deadline)
        try:
            found = _answer(connection, address, known, body, deadline)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if time.monotonic() >= deadline:
                raise _late(live) from error
            raise OriginFailed(f"the server could not be read ({type(error).__name__})", foreign=str(error)) from error
        finally:
            connection.close()
            opened.close()
        if not isinstance(found, str):
            return found
        address = _redirected(address, found)
    raise OriginFailed(f"the server redirects more than {_MOST_REDIRECTS} times")


def _late(live: Live) -> OriginFailed:
    return OriginFailed(f"it was not read to its end within {live.time_ms / 1000:g} s; raise `time`")


def _answer(
    connection: http.client.HTTPConnection, address: WebAddress, known: Validators, body: IO[bytes], deadline: float
) -> str | tuple[str, Validators] | None:
    """Ask once. Return where a redirect leads, None where nothing changed, else how the body is written."""
    headers = {"Accept": "application/json, text/csv", "Accept-Encoding": "gzip, identity", "User-Agent": "promptspec"}
    if _ETAG.fullmatch(known.etag):
        headers["If-None-Match"] = known.etag
    if _DATE.fullmatch(known.last_modified):
        headers["If-Modified-Since"] = known.last_modified
    connection.request("GET", address.target, headers=headers)
    response = connection.getresponse()
    if response.status in _REDIRECTS:
        return response.headers.get("Location", "")
    if response.status == 304 and (known.etag or known.last_modified):
        return None
    if response.status != 200:
        raise OriginFailed(f"the server answered {response.status}")
    kind = _kind(response.headers.get_content_type(), address.path)
    _save(response, body, deadline)
    return kind, Validators(
        etag=_sound(_ETAG, response.headers.get("ETag", "")),
        last_modified=_sound(_DATE, response.headers.get("Last-Modified", "")),
    )


def _sound(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else ""


def _kind(content_type: str, path: str) -> str:
    if content_type in _CSV:
        return "csv"
    if content_type in _JSONL:
        return "jsonl"
    if _JSON.fullmatch(content_type):
        return "json"
    # Files are often served as plain text, or as nothing in particular.
    for ending in ("csv", "json", "jsonl"):
        if path.lower().endswith(f".{ending}") and content_type in ("text/plain", "application/octet-stream"):
            return ending
    raise OriginFailed("the server sends neither JSON nor CSV", foreign=content_type)


def _save(response: http.client.HTTPResponse, body: IO[bytes], deadline: float) -> None:
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "gzip"):
        raise OriginFailed("the server packs its answer in a way that was not asked for", foreign=coding)
    if response.length is None and not response.chunked:
        # One that ends where the connection ends cannot be told from one that was cut off.
        raise OriginFailed("the server does not say how long its answer is")
    unpack = zlib.decompressobj(16 + zlib.MAX_WBITS) if coding == "gzip" else None
    size = 0
    while piece := response.read(_PIECE):
        for plain in (piece,) if unpack is None else _unpacked(unpack, piece):
            size += len(plain)
            if size > MOST_BODY:
                raise OriginFailed(f"the answer has more than {MOST_BODY:,} bytes")
            if time.monotonic() >= deadline:
                raise TimeoutError
            body.write(plain)
    if response.length or (unpack is not None and not unpack.eof):
        raise OriginFailed("the answer is cut off")


def _unpacked(unpack: Any, piece: bytes) -> Iterator[bytes]:
    """Yield what *piece* holds, a little at a time: a few bytes may hold gigabytes."""
    while True:
        try:
            plain = unpack.decompress(piece, _PIECE)
        except zlib.error as error:
            raise OriginFailed("the answer is packed wrongly") from error
        yield plain
        piece = unpack.unconsumed_tail
        if unpack.unused_data:
            raise OriginFailed("the answer is packed wrongly")
        if not piece and len(plain) < _PIECE:
            return


def _redirected(address: WebAddress, location: str) -> WebAddress:
    try:
        found = read_web_address(urljoin(address.origin.base_url, location))
    except ValueError:
        found = None
    if found is None:
        raise OriginFailed("the server redirects to what is no plain URL", foreign=location)
    there, here = found.origin, address.origin
    if (there.scheme, there.host, there.port) != (here.scheme, here.host, here.port):
        raise OriginFailed("the server redirects to another origin", foreign=location)
    return found


def _connect(live: Live, origin: Origin, deadline: float) -> tuple[http.client.HTTPConnection, socket.socket]:
    """Return a connection to an address of *origin* that was judged, and what to close in the end.

    Raises OriginFailed.
    """
    try:
        found = socket.getaddrinfo(origin.host.strip("[]"), origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OriginFailed(f"the name `{origin.host}` leads nowhere", foreign=str(error)) from error
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for each in addresses:
        if origin.scheme == "http" and not is_loopback(each):
            raise OriginFailed(f"plain http goes to this machine only, and `{origin.host}` leads to another")
        if not is_public(each) and not _is_allowed_inside(live, origin, each):
            raise OriginFailed(
                f"`{origin.host}` leads to a private address; list it in `private_hosts` of `[tool.promptspec]`"
                " if it is meant to"
            )
    last: OSError = OSError("no address")
    for each in addresses:
        try:
            opened = socket.create_connection((each, origin.port), timeout=_left(deadline))
        except OSError as error:
            last = error
            continue
        try:
            if origin.scheme == "https":
                context = ssl.create_default_context()
                opened = context.wrap_socket(opened, server_hostname=origin.host.strip("[]"))
        except OSError as error:
            opened.close()
            raise OriginFailed(f"no safe connection to `{origin.host}`", foreign=str(error)) from error
        connection = http.client.HTTPConnection(origin.host.strip("[]"), origin.port)
        connection.sock = cast("Any", _Bounded(opened, deadline))
        # Where the server closes the connection, no other one may be made: its address would not be judged.
        connection.auto_open = 0
        return connection, opened
    raise OriginFailed(f"`{origin.host}` cannot be reached", foreign=str(last)) from last


def _is_allowed_inside(live: Live, origin: Origin, address: str) -> bool:
    """Say whether the settings name *origin* as one inside: in `private_hosts`, or as this machine with its port."""
    exact = f"{origin.host}:{origin.port}"
    if any(entry.strip().lower() in (origin.host, exact) for entry in live.private_hosts):
        return True
    here = is_loopback(origin.host) and is_loopback(address)
    return here and any(entry.strip().lower() == exact for entry in live.hosts)


def is_public(text: str) -> bool:
    """Say whether the IP address *text* is one of the open internet, and hides none that is not."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # with a zone, which only addresses of this link have
        return False
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            hidden = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None or (hidden is not None and not is_public(str(hidden))):
            return False
        if address.ipv4_mapped is not None:
            return True
    inside = address.is_multicast or address.is_reserved or (address.version == 6 and address.is_site_local)
    return address.is_global and not inside


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Bounded:
    """A socket as `http.client` uses one; each read and write ends when the time is over, however slowly bytes drip."""

    def __init__(self, inner: socket.socket, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        self._inner.settimeout(_left(self._deadline))
        self._inner.sendall(data)

    def makefile(self, mode: str) -> BinaryIO:
        assert mode == "rb"
        return cast("BinaryIO", io.BufferedReader(_BoundedReader(self._inner, self._deadline)))

    def close(self) -> None:
        """Leave it open: `http.client` lets go of a connection before it has read the last answer."""


class _BoundedReader(io.RawIOBase):
    def __init__(self, inner: socket.socket, deadline: float) -> None:
        super().__init__()
        self._inner = inner
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._inner.settimeout(_left(self._deadline))
        return self._inner.recv_into(buffer)
