"""Bytes that are no proper HTTP, for a real socket only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from promptspec.fuzz.lies.wire import Cut, Pause, Piece, envelope

if TYPE_CHECKING:
    from promptspec.fuzz.lies.telling import Telling

#: What goes over the wire in place of a response; at the end the connection is closed.
Pieces = tuple[bytes | Piece, ...]

_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def _honest(telling: Telling) -> bytes:
    return envelope(telling.api, telling.honest)


def _chunk(data: bytes, size: bytes | None = None) -> bytes:
    return (size if size is not None else format(len(data), "x").encode()) + b"\r\n" + data + b"\r\n"


def _sized(telling: Telling, off: int) -> bytes:
    body = _honest(telling)
    return _HEAD + f"Content-Length: {len(body) + off}\r\n\r\n".encode() + body


def _chunked(telling: Telling, *, last: bytes = b"0\r\n\r\n", size: bytes | None = None, extra: bytes = b"") -> bytes:
    return _HEAD + extra + b"Transfer-Encoding: chunked\r\n\r\n" + _chunk(_honest(telling), size) + last


def _with(telling: Telling, headers: bytes) -> bytes:
    body = _honest(telling)
    return _HEAD + headers + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def _fixed(data: bytes) -> Callable[[Telling], Pieces]:
    return lambda _telling: (data,)


RAW: Final[Mapping[str, Callable[[Telling], Pieces]]] = MappingProxyType(
    {
        "nothing": _fixed(b""),
        "reset": lambda _t: (Cut(),),
        "reset-in-head": lambda _t: (_HEAD[:20], Cut()),
        "reset-in-body": lambda t: (_sized(t, 0)[:-5], Cut()),
        "close-in-body": lambda t: (_sized(t, 0)[:-5],),
        "head-alone": _fixed(_HEAD),
        "garbage": _fixed(b"\x00\xff garbage\r\n\r\n"),
        "other-protocol": _fixed(b"220 smtp.example.org ESMTP\r\n"),
        "tls-alert": _fixed(b"\x15\x03\x01\x00\x02\x02\x46"),
        "http-0.9": lambda t: (_honest(t),),
        "http-1.0": lambda t: (b"HTTP/1.0 200 OK\r\n\r\n" + _honest(t),),
        "http-9.9": _fixed(b"HTTP/9.9 200 OK\r\n\r\n{}"),
        "status-letters": _fixed(b"HTTP/1.1 2OO OK\r\n\r\n"),
        "status-negative": _fixed(b"HTTP/1.1 -200 OK\r\n\r\n"),
        "status-long": _fixed(b"HTTP/1.1 20000 OK\r\n\r\n"),
        "no-reason": lambda t: (b"HTTP/1.1 200\r\n\r\n" + _honest(t),),
        "long-reason": lambda t: (b"HTTP/1.1 200 " + b"a" * 100_000 + b"\r\n\r\n" + _honest(t),),
        "until-close": lambda t: (_HEAD + b"\r\n" + _honest(t),),
        "length-too-long": lambda t: (_sized(t, 100),),
        "length-too-short": lambda t: (_sized(t, -10),),
        "length-negative": lambda t: (_HEAD + b"Content-Length: -5\r\n\r\n" + _honest(t),),
        "length-of-words": lambda t: (_HEAD + b"Content-Length: many\r\n\r\n" + _honest(t),),
        "length-huge": lambda t: (_HEAD + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n" + _honest(t),),
        "two-lengths": lambda t: (_with(t, b"Content-Length: 3\r\n"),),
        "length-and-chunks": lambda t: (_chunked(t, extra=b"Content-Length: 5\r\n"),),
        "chunk-size-letters": lambda t: (_chunked(t, size=b"zz"),),
        "chunk-size-negative": lambda t: (_chunked(t, size=b"-1"),),
        "chunk-size-huge": lambda t: (_chunked(t, size=b"F" * 30),),
        "chunk-size-short": lambda t: (_chunked(t, size=b"5"),),
        "chunk-extension": lambda t: (_chunked(t, size=format(len(_honest(t)), "x").encode() + b";" + b"a" * 9_000),),
        "no-last-chunk": lambda t: (_chunked(t, last=b""),),
        "trailers": lambda t: (_chunked(t, last=b"0\r\nX-Trailer: 1\r\nContent-Length: 0\r\n\r\n"),),
        "long-trailers": lambda t: (_chunked(t, last=b"0\r\n" + b"X: 1\r\n" * 5_000 + b"\r\n"),),
        "bare-line-feeds": lambda t: (_with(t, b"").replace(b"\r\n", b"\n", 3),),
        "folded-header": lambda t: (_with(t, b"X-Folded: a\r\n b\r\n"),),
        "header-without-colon": lambda t: (_with(t, b"nonsense\r\n"),),
        "header-with-null": lambda t: (_with(t, b"X: a\x00b\r\n"),),
        "header-not-ascii": lambda t: (_with(t, b"X: \xff\xfe\r\nRetry-After: \xd9\xa3\r\n"),),
        "long-header": lambda t: (_with(t, b"X-Long: " + b"a" * 100_000 + b"\r\n"),),
        "many-headers": lambda t: (_with(t, b"X: 1\r\n" * 10_000),),
        "continue": lambda t: (b"HTTP/1.1 100 Continue\r\n\r\n" + _with(t, b""),),
        "continue-for-ever": lambda _t: (b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000,),
        "early-hints": lambda t: (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + _with(t, b""),),
        "switching": _fixed(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81\x00"
        ),
        "two-responses": lambda t: (_with(t, b"") * 2,),
        "cookie": lambda t: (_with(t, b"Set-Cookie: session=of-someone; Path=/\r\n"),),
        "gzip-lie": lambda t: (_with(t, b"Content-Encoding: gzip\r\n"),),
        "pause-in-status": lambda t: (b"HTTP/1.1 2", Pause(0.2), _with(t, b"")[10:]),
        "pause-for-ever": lambda _t: (_HEAD, Pause(60.0)),
        "drip": lambda t: _dripped(_with(t, b"")),
        "drip-for-ever": lambda _t: (_HEAD + b"\r\n", *(b" ", Pause(0.5)) * 120),
    }
)


def _dripped(data: bytes) -> Pieces:
    pieces: list[bytes | Piece] = []
    for start in range(0, len(data), 40):
        pieces += (data[start : start + 40], Pause(0.01))
    return tuple(pieces)
