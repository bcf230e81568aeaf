"""The formats of JSON Schema that are asserted, and how long a text of each can be."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from promptspec.values.formats import (
    MOST_EMAIL,
    MOST_URL,
    BadFormat,
    parse_date,
    parse_datetime,
    parse_email,
    parse_url,
)

#: Characters that a text of each format has at most. `uri` means an address on the web, and no other scheme.
LONGEST: Final[Mapping[str, int]] = {
    "date": 10,
    "date-time": 32,
    "time": 21,
    "duration": 64,
    "email": MOST_EMAIL,
    "hostname": 253,
    "ipv4": 15,
    "ipv6": 45,
    "uuid": 36,
    "uri": MOST_URL,
}

_HOST: Final = re.compile(
    r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*"
)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# RFC 3339, appendix A: weeks stand alone, and a smaller unit may not skip one between.
_DURATION: Final = re.compile(
    r"P(?:[0-9]+W|(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)(?:T_)?|T_)".replace(
        "T_", r"T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
    )
)


def has_format(text: str, name: str) -> bool:
    """Tell whether *text* has the format *name*, one of LONGEST."""
    return len(text) <= LONGEST[name] and _JUDGES[name](text)


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def judge(text: str) -> bool:
        try:
            parse(text)
        except BadFormat:
            return False
        return True

    return judge


def _parse_time(text: str) -> object:
    return parse_datetime("2000-01-01T" + text)


def _parse_uri(text: str) -> object:
    return parse_url(text, None)


def _is_ip(version: int) -> Callable[[str], bool]:
    def judge(text: str) -> bool:
        import ipaddress

        try:
            return ipaddress.ip_address(text).version == version and "%" not in text
        except ValueError:
            return False

    return judge


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


_JUDGES: Final[Mapping[str, Callable[[str], bool]]] = {
    "date": _parses(parse_date),
    "date-time": _parses(parse_datetime),
    "time": _parses(_parse_time),
    "duration": _matches(_DURATION),
    "email": _parses(parse_email),
    "hostname": _matches(_HOST),
    "ipv4": _is_ip(4),
    "ipv6": _is_ip(6),
    "uuid": _matches(_UUID),
    "uri": _parses(_parse_uri),
}
