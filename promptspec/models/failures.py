"""What an HTTP status other than 200 means for a call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from promptspec.errors import ReplyRefused
from promptspec.models.port import Unavailable
from promptspec.models.replies import is_filtered, refusal

_AGAIN = frozenset({408, 409, 429})

# Nobody waits longer inside one call; beyond it the value only says "not now".
_LONGEST_WAIT = 3600.0

_HINTS = {
    400: "it does not accept the request: see `server`, `api` and `structured` of the model",
    401: "it does not accept the key",
    402: "it asks for payment",
    403: "the key may not use this model",
    404: "there is no such model or API: see the model's name, `base_url` and `api`",
    413: "the request is too large for it",
    422: "it does not accept the request: see `server`, `api` and `structured` of the model",
}

_HINTS_OF_CLASSES = {
    2: "only a 200 holds an answer",  # the others are about something created, under way, or a part
    3: "redirects are not followed",
}


def failure_of_status(
    status: int, headers: Mapping[str, str], body: bytes, *, model: str
) -> Unavailable | ReplyRefused:
    """Return the error for a response with *status*. Its text is never part of it."""
    if status == 400 and is_filtered(body):
        return refusal("filtered")
    again = status in _AGAIN or 500 <= status < 600
    hint = _HINTS.get(status) or _HINTS_OF_CLASSES.get(status // 100, "")
    detail = f"the server of {model} answered {status}" + (f": {hint}" if hint else "")
    return Unavailable(detail, again=again, after=retry_after(headers) if again else None, status=status)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, between 0 and an hour, or None.

    `Retry-After` (RFC 9110, 10.2.3) holds seconds or a date, which is read against the response's own `Date` where
    it has one, so that two clocks need not agree; `retry-after-ms` is OpenAI's finer form.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        seconds = _number(headers.get(name))
        if seconds is not None:
            return min(max(seconds / unit, 0.0), _LONGEST_WAIT)
    until = _moment(headers.get("retry-after"))
    if until is None:
        return None
    now = _moment(headers.get("date")) or datetime.now(UTC)
    return min(max((until - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _number(text: str | None) -> float | None:
    if text is None or not text.strip().replace(".", "", 1).isdecimal() or not text.isascii() or len(text) > 32:
        return None
    return float(text)


def _moment(text: str | None) -> datetime | None:
    if text is None or len(text) > 64:
        return None
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
