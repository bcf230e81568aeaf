"""Dates, moments and addresses at the edge of what is accepted, as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from promptspec.fuzz.edge import ASK, Edge
from promptspec.fuzz.plain_values import ADDRESSES, MOMENTS, shifted
from promptspec.fuzz.plain_values import urls as plain_urls

if TYPE_CHECKING:
    from datetime import date

    from promptspec.contract.types import Date, Url

_NO_DATES: Final = (
    "2026-02-30",
    "2025-02-29",
    "2026-13-01",
    "0000-01-01",
    "2026-1-31",
    "20260131",
    "2026-W05-6",
    "2026-01-31T00:00:00Z",
    " 2026-01-31",
    "2026-01-31\n",
    "2026/01/31",
    "31-01-2026",
    "+2026-01-31",
    "10000-01-01",
    "\uff12\uff10\uff12\uff16-01-31",
    "2026\u201301\u201331",
    "today",
    "",
)
_NO_MOMENTS: Final = (
    ("2026-01-31T09:30:00", "datetime_offset"),
    ("2026-01-31T09:30:00.5", "datetime_offset"),
    ("2026-01-31T09:30Z", "datetime"),
    ("2026-01-31 09:30:00Z", "datetime"),
    ("2026-01-31t09:30:00z", "datetime"),
    ("2026-01-31T24:00:00Z", "datetime"),
    ("2026-01-31T23:59:60Z", "datetime"),
    ("2026-01-31T09:30:00-00:00", "datetime"),
    ("2026-01-31T09:30:00+24:00", "datetime"),
    ("2026-01-31T09:30:00+0100", "datetime"),
    ("2026-01-31T09:30:00.1234567Z", "datetime"),
    ("2026-02-30T09:30:00Z", "datetime"),
    ("2026-01-31", "datetime"),
    ("1769851800", "datetime"),
    ("2026-01-31T\uff10\uff19:30:00Z", "datetime"),
    ("", "datetime"),
)
_NO_ADDRESSES: Final = (
    "",
    "a",
    "a@",
    "@b.co",
    "a@b..co",
    "a@-b.co",
    "a@b.co.",
    "a@b_c.co",
    "a b@c.co",
    "a@b.co\n",
    " a@b.co",
    "a@b.co,c@d.co",
    "A <a@b.co>",
    '"a b"@c.co',
    "a@b@c.co",
    "\u0430@b.co",
    "a@b\u3002co",
    "a@[127.0.0.1]",
    "a\u200b@b.co",
    "x@" + "a" * 64 + ".co",
    "a" * 243 + "@example.org",
)
_NO_URLS: Final = (
    ("", "url_scheme"),
    ("javascript:alert(1)", "url_scheme"),
    ("ftp://{host}/", "url_scheme"),
    ("//{host}/", "url_scheme"),
    ("https:/{host}/", "url_scheme"),
    ("https://{host}/ a", "url"),
    ("https://{host}/\n", "url"),
    ("https://{host}/\u202ea", "url"),
    ("https://{host}\\@evil.example/", "url_parts"),
    ("https://user@{host}/", "url_parts"),
    ("https://user:word@{host}/", "url_parts"),
    ("https://{host}:8080/", "url_parts"),
    ("https:///", "url_host"),
    ("https://{host}/" + "a" * 2_048, "url"),
)


def days(type: Date, today: date) -> Iterator[Edge]:
    """Yield the first and last days of *type*, those beside them, and what is no day."""
    least = today if type.least == "today" else type.least
    most = today if type.most == "today" else type.most
    for bound, step, rule in ((least, -1, "too_early"), (most, 1, "too_late")):
        if bound is None:
            continue
        yield Edge("date-bound", bound.isoformat())
        yield Edge("date-bound", shifted(bound, -step).isoformat(), ASK)
        if shifted(bound, step) != bound:
            yield Edge("beyond-date-bound", shifted(bound, step).isoformat(), (rule,))
    for written in ("0001-01-01", "9999-12-31", "2024-02-29"):
        yield Edge("far-date", written, ASK)
    for written in _NO_DATES:
        yield Edge("malformed-date", written, ("date",))


def moments() -> Iterator[Edge]:
    """Yield moments with their offset, and what is none."""
    for written in MOMENTS:
        yield Edge("plain", written)
    for written, rule in _NO_MOMENTS:
        yield Edge("malformed-moment", written, (rule,))


def addresses() -> Iterator[Edge]:
    """Yield e-mail addresses, up to the longest, and what is none."""
    for written in ADDRESSES:
        yield Edge("plain", written)
    for written in _NO_ADDRESSES:
        yield Edge("malformed-address", written, ("email",))


def urls(type: Url) -> Iterator[Edge]:
    """Yield addresses of the hosts of *type*, and what is none."""
    host = next(iter(type.hosts), "example.org")
    for written in plain_urls(type):
        yield Edge("plain", written)
    for written, rule in _NO_URLS:
        yield Edge("malformed-url", written.format(host=host), (rule,))
    if type.hosts:
        yield Edge("malformed-url", f"http://{host}/", ("url_scheme",))
        for other in (f"{host}.evil.example", f"evil{host}", host.upper(), f"{host}.", "evil.example"):
            if other not in type.hosts:
                yield Edge("other-host", f"https://{other}/", ("url_host",))
