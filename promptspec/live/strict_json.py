"""One JSON value of a text, or nothing: a second reader, which shares no code with that of calls."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


#: No value: a text is not one JSON document.
NOTHING: Final = _Nothing()


def read_strictly(text: str) -> object:
    """Return the one JSON value that *text* is, decimals exact; NOTHING for anything that is not surely one."""
    try:
        value = json.loads(
            text, object_pairs_hook=_distinct, parse_float=Decimal, parse_constant=_refuse, parse_int=_whole
        )
    except (ValueError, RecursionError):
        return NOTHING
    return value


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is repeated")
    return found


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _whole(digits: str) -> int:
    if len(digits) > 400:
        raise ValueError("a number of so many digits")
    return int(digits)
