"""Text of a fixed form to a value: e-mail, address, date, date and time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final, cast

#: Characters of an e-mail address (RFC 5321, erratum 1690) and of an address on the web (rule 13).
MOST_EMAIL: Final = 254
MOST_URL: Final = 2_048

_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
# The pattern of a "valid email address", https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
_EMAIL: Final = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*")
_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DATETIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_URL: Final = re.compile(r"(https?)://([^/?#\\]*)(?:[/?#]|$)", re.IGNORECASE)


class BadFormat(ValueError):
    """A text that has not the form asked for; *rule* is stable, *message* holds nothing of the text."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def parse_email(text: str) -> str:
    """Return *text* if it is an e-mail address as HTML forms accept it, ASCII, of at most 254 characters.

    Raises BadFormat with the rule `email`.
    """
    if len(text) > MOST_EMAIL or not _EMAIL.fullmatch(text):
        raise BadFormat("email", "this is not an e-mail address")
    return text


def parse_url(text: str, hosts: tuple[str, ...] | None, *, query: bool = True) -> str:
    """Return the address *text* as the WHATWG URL standard writes it, of at most 2,048 characters.

    Without *hosts* (inputs) http and https pass. With *hosts* (outputs, rule 18) only https passes, and only where the
    host is written in ASCII exactly as one of them. User names, ports, backslashes, blanks and controls never pass; a
    query does unless *query* is false. Raises BadFormat with the rule `url`, `url_scheme`, `url_host`, `url_parts`
    or `url_query`.
    """
    if len(text) > MOST_URL:
        raise BadFormat("url", f"an address has at most {MOST_URL} characters")
    if "\\" in text:
        raise BadFormat("url_parts", "a backslash may not stand in an address")
    # The standard drops tabs and line breaks and trims blanks, so that two texts would be one address.
    if not text.isprintable() or " " in text:
        raise BadFormat("url", "an address has no blanks and no control characters")
    written = _URL.match(text)
    if written is None:
        raise BadFormat("url_scheme", "an address begins with https://" + ("" if hosts is not None else " or http://"))
    scheme, authority = written[1].lower(), written[2]
    if hosts is not None and scheme != "https":
        raise BadFormat("url_scheme", "an address begins with https://")
    if not authority:
        raise BadFormat("url_host", "an address names its host")
    if "@" in authority or ":" in authority.rpartition("]")[2]:
        raise BadFormat("url_parts", "an address has no user name and no port")
    parsed = _parsed(text)
    if parsed["username"] or parsed["password"] or parsed["port"] or parsed["protocol"] != scheme + ":":
        raise BadFormat("url_parts", "an address has no user name and no port")
    if hosts is not None and (authority not in hosts or parsed["hostname"] != authority):
        raise BadFormat("url_host", "this host is not among those allowed")
    if not query and "?" in text.partition("#")[0]:
        raise BadFormat("url_query", "an address has no query here")
    if len(parsed["href"]) > MOST_URL:
        raise BadFormat("url", f"an address has at most {MOST_URL} characters")
    return parsed["href"]


def parse_date(text: str) -> date:
    """Return the day that `YYYY-MM-DD` names; raises BadFormat with the rule `date`."""
    found = _DATE.fullmatch(text)
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise BadFormat("date", "a date is written YYYY-MM-DD")


def parse_datetime(text: str) -> datetime:
    """Return the moment that *text* names in RFC 3339: `2026-01-31T09:30:00Z`, with `.` and 1–6 digits, or `+01:00`.

    `T` and `Z` are capital, seconds and an offset are required; −00:00 (offset unknown) and leap seconds are refused.
    Raises BadFormat with the rule `datetime`, or `datetime_offset` where only the offset is missing.
    """
    found = _DATETIME.fullmatch(text)
    if found is None:
        if _DATETIME.fullmatch(text + "Z"):
            raise BadFormat("datetime_offset", "a moment needs its offset: Z or ±hh:mm")
        raise BadFormat("datetime", "a moment is written YYYY-MM-DDThh:mm:ss with Z or ±hh:mm")
    day, hour, minute, second, fraction, sign, hours, minutes = found.groups()
    if sign and (int(minutes) > 59 or (sign, hours, minutes) == ("-", "00", "00")):
        raise BadFormat("datetime", "an offset is written Z or ±hh:mm")
    away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        offset = timezone(-away if sign == "-" else away) if away else UTC
        clock = time(int(hour), int(minute), int(second), int((fraction or "").ljust(6, "0")), offset)
        return datetime.combine(date.fromisoformat(day), clock)
    except ValueError:
        raise BadFormat("datetime", "there is no such day or time") from None


def format_datetime(moment: datetime) -> str:
    """Return the one canonical form of a *moment* with an offset: `Z` for UTC, a fraction only where there is one."""
    text = moment.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def _parsed(text: str) -> Mapping[str, str]:
    import ada_url  # 30 ms, and few features have addresses

    try:
        return cast(
            "Mapping[str, str]",
            ada_url.parse_url(text, ("href", "username", "password", "protocol", "port", "hostname")),
        )
    except ValueError:
        raise BadFormat("url", "this is not an address") from None
