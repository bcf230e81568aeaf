"""Servers that are slow, fail, recover, compress, redirect, or speak odd HTTP."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Final

from promptspec.fuzz.lies.telling import Form
from promptspec.fuzz.lies.wire import SERVER_TEXT, Cut, Pause, Refused, Response, envelope

if TYPE_CHECKING:
    from promptspec.fuzz.lies.telling import Telling

_LONG: Final = 3_600.0
_ERROR: Final = b'{"error":{"message":"%s","type":"server_error","code":null}}' % SERVER_TEXT.encode()


def _body(telling: Telling) -> bytes:
    return envelope(telling.api, telling.honest)


def _failing(status: int, **headers: str) -> Response:
    said = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Response(status=status, headers=said, body=(_ERROR,))


# Slow


def _dripping(telling: Telling, pause: float, pieces: int) -> Response:
    body = _body(telling)
    step = max(len(body) // pieces, 1)
    parts: list[bytes | Pause] = []
    for start in range(0, len(body), step):
        parts += (Pause(pause), body[start : start + step])
    return Response(body=tuple(parts), text=telling.honest)


def _late(telling: Telling, seconds: float) -> Response:
    return replace(telling.say_honestly(), before=(Pause(seconds),))


SLOW: Final = (
    Form(name="headers-late", answer=lambda t: _late(t, _LONG)),
    Form(name="headers-a-little-late", answer=lambda t: _late(t, 0.5)),
    Form(name="body-late", answer=lambda t: Response(body=(Pause(_LONG), _body(t)), text=t.honest)),
    Form(name="body-stops", answer=lambda t: Response(body=(_body(t)[:-1], Pause(_LONG), b"}"), text=t.honest)),
    Form(name="end-late", answer=lambda t: Response(body=(_body(t), Pause(_LONG)), text=t.honest)),
    Form(name="drip-beyond-time", answer=lambda t: _dripping(t, 2.0, 100)),
    Form(name="drip-within-time", answer=lambda t: _dripping(t, 0.01, 20)),
    Form(name="drip-blanks", answer=lambda t: Response(body=(*(Pause(1.0), b" ") * 200, _body(t)), text=t.honest)),
    Form(name="slow-error", answer=lambda _t: Response(status=500, body=(Pause(_LONG), _ERROR))),
    Form(name="slow-then-cut", answer=lambda _t: Response(before=(Pause(5.0), Cut()))),
    Form(
        name="at-the-deadline",
        answer=lambda t: _late(t, float(t.lie.text or 20)),
        texts=lambda site: _deadlines(site.subject.feature.limits.time_ms),
    ),
    Form(name="slow-failure-each-time", answer=lambda _t: replace(_failing(503), before=(Pause(9.0),))),
    Form(name="waits-that-eat-the-time", answer=lambda _t: _failing(429, retry_after="14")),
)


def _deadlines(milliseconds: int) -> tuple[str, ...]:
    seconds = milliseconds / 1000
    return tuple(str(seconds + off) for off in (-0.5, -0.01, 0.0, 0.01, 0.25, 0.5))


# Flapping

#: One failed answer by its letter in the text of a lie; `h` is the honest answer.
FAILURES: Final[dict[str, Callable[[Telling], Response]]] = {
    "429": lambda _t: _failing(429),
    "429-soon": lambda _t: _failing(429, retry_after="1"),
    "429-ms": lambda _t: _failing(429, retry_after_ms="250"),
    "429-never": lambda _t: _failing(429, retry_after="99999999999999999999"),
    "429-past": lambda _t: _failing(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
    "429-date": lambda _t: _failing(
        429, retry_after="Sat, 31 Jan 2026 00:00:03 GMT", date="Sat, 31 Jan 2026 00:00:00 GMT"
    ),
    "429-negative": lambda _t: _failing(429, retry_after="-5"),
    "429-nan": lambda _t: _failing(429, retry_after="NaN"),
    "429-inf": lambda _t: _failing(429, retry_after="Infinity"),
    "429-words": lambda _t: _failing(429, retry_after="soon"),
    "429-digits": lambda _t: _failing(429, retry_after="٣"),
    "408": lambda _t: _failing(408),
    "409": lambda _t: _failing(409),
    "500": lambda _t: _failing(500),
    "502": lambda _t: Response(status=502, headers={"content-type": "text/html"}, body=(b"<html>Bad Gateway</html>",)),
    "503": lambda _t: _failing(503, retry_after="2"),
    "504": lambda _t: _failing(504),
    "529": lambda _t: _failing(529),
    "401": lambda _t: _failing(401),
    "400": lambda _t: _failing(400),
    "cut": lambda _t: Response(before=(Cut(),)),
    "cut-body": lambda t: Response(body=(_body(t)[:20], Cut()), text=t.honest),
    "cut-end": lambda t: Response(body=(_body(t)[:-1], Cut()), text=t.honest),
    "refused": lambda _t: Response(before=(Refused(),)),
    "bad-json": lambda _t: Response(body=(b'{"choices": [',)),
    "failed-200": lambda _t: Response(
        body=(json.dumps({"status": "failed", "error": {"code": "server_error"}}).encode(),)
    ),
    "empty": lambda _t: Response(),
    "html": lambda _t: Response(
        headers={"content-type": "text/html"}, body=(b"<!doctype html><title>Welcome</title>",)
    ),
    "late": lambda t: Response(before=(Pause(600.0),), body=(_body(t),), text=t.honest),
    "h": lambda t: t.say_honestly(),
}

#: What is mixed with what, two failures deep.
_MIXED: Final = ("429-soon", "500", "cut", "refused", "cut-body", "408")


def _orders() -> tuple[str, ...]:
    once = tuple(name for name in FAILURES if name != "h")
    twice = tuple(" ".join(pair) for pair in product(_MIXED, repeat=2))
    then_late = ("500 late", "429-soon late")
    return (*(f"{name} h" for name in once), *(f"{pair} h" for pair in twice), *once, *then_late)


def _flap(telling: Telling) -> Response:
    """Answer by the turn's word of the lie's text; the last word goes on for ever."""
    words = telling.lie.text.split() or ["429", "h"]
    return FAILURES.get(words[min(telling.turn, len(words) - 1)], FAILURES["h"])(telling)


FLAPPING: Final = (
    Form(name="order", answer=_flap, texts=lambda _site: _orders()),
    Form(
        name="late-honesty",
        answer=lambda t: t.say_honestly() if t.turn >= int(t.lie.text or 1) else _failing(500),
        texts=lambda _s: map(str, range(1, 8)),
    ),
    Form(
        name="lies-when-asked-again", answer=lambda t: _failing(500) if t.turn == 0 else t.say(t.lie.text), hostile=True
    ),
)

# Wire

_STATUSES: Final = (
    *range(100, 104),
    *range(200, 209),
    226,
    *range(300, 309),
    *range(400, 432),
    444,
    451,
    499,
    *range(500, 512),
    520,
    522,
    525,
    529,
    530,
    598,
    599,
    999,
)


def _status(telling: Telling) -> Response:
    return Response(status=int(telling.lie.text or 200), body=(_body(telling),), text=telling.honest)


def _filtered(telling: Telling) -> Response:
    code = telling.lie.text or "content_filter"
    return Response(status=400, body=(json.dumps({"error": {"code": code, "message": telling.honest}}).encode(),))


def _typed(telling: Telling) -> Response:
    return Response(headers={"content-type": telling.lie.text}, body=(_body(telling),), text=telling.honest)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _encoded(name: str, encode: Callable[[bytes], bytes]) -> Form:
    return Form(
        name=f"body-{name}",
        answer=lambda t: Response(
            headers={"content-type": "application/json", "content-encoding": name}, body=(encode(_body(t)),)
        ),
    )


def _moved(telling: Telling) -> Response:
    return Response(
        status=int(telling.lie.text or 301),
        headers={"location": "https://evil.example/v1/chat/completions"},
        body=(_body(telling),),
    )


_HEADERS: Final = (
    "set-cookie: session=1; Path=/",
    "x-long: " + "a" * 5_000,
    "transfer-encoding: identity",
    "content-encoding: identity",
    "content-encoding: ",
    "openai-organization: other",
    "x-ratelimit-remaining-requests: 0",
    "retry-after: 1",
    "x-should-retry: true",
    "date: never",
    "link: <https://a.example>",
)


def _headed(telling: Telling) -> Response:
    name, _, value = telling.lie.text.partition(": ")
    return Response(
        headers={"content-type": "application/json", name: value}, body=(_body(telling),), text=telling.honest
    )


TRICKING: Final = (
    Form(name="status", answer=_status, texts=lambda _site: map(str, _STATUSES)),
    Form(name="redirect", answer=_moved, texts=lambda _site: ("301", "302", "303", "307", "308")),
    Form(
        name="filter-code",
        answer=_filtered,
        texts=lambda _site: (
            "content_filter",
            "content_policy_violation",
            "ResponsibleAIPolicyViolation",
            "flagged",
            "other",
            "",
        ),
    ),
    Form(
        name="content-type",
        answer=_typed,
        texts=lambda _site: (
            "text/html",
            "text/plain; charset=utf-16",
            "application/json; charset=latin-1",
            "text/event-stream",
            "application/x-pickle",
            "",
        ),
    ),
    Form(name="header", answer=_headed, texts=lambda _site: _HEADERS),
    _encoded("gzip", _gzip),
    _encoded("deflate", zlib.compress),
    _encoded("br", bytes),
    _encoded("identity, gzip", _gzip),
    _encoded("GZIP", bytes),
    Form(name="gzip-unsaid", answer=lambda t: Response(body=(gzip.compress(_body(t), mtime=0),))),
    Form(name="html-page", answer=lambda _t: FAILURES["html"](_t)),
    Form(name="error-page", answer=lambda _t: FAILURES["502"](_t)),
    Form(name="no-content", answer=lambda _t: Response(status=204)),
    Form(
        name="part-of-it",
        answer=lambda t: Response(
            status=206,
            headers={"content-type": "application/json", "content-range": "bytes 0-9/99"},
            body=(_body(t)[:10],),
        ),
    ),
    Form(name="byte-by-byte", answer=lambda t: Response(body=tuple(bytes([b]) for b in _body(t)), text=t.honest)),
    Form(name="empty-pieces", answer=lambda t: Response(body=(b"", b"", _body(t), b"", b""), text=t.honest)),
    Form(
        name="odd-error-body",
        answer=lambda t: Response(status=400, body=(t.lie.text.encode(),)),
        texts=lambda _s: (
            "[" * 9_000,
            "null",
            "{}",
            "<html>",
            "9" * 999,
            '{"error":[]}',
            '{"error":{"code":{}}}',
            '{"error":{"innererror":{"code":"content_filter"}}}',
        ),
    ),
)
