"""Files of labelled rows: an object with `given` and `returns` a line, each input once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from promptspec.contract.json_text import json_text
from promptspec.values.reading import JsonValue, Unreadable, read_json

#: The largest file of labelled rows, in bytes, and the most rows that it may have.
MOST_BYTES: Final = 16 * 1024 * 1024
MOST_ROWS: Final = 10_000
#: Problems of one file that are told.
MOST_TOLD: Final = 5
_KEYS: Final = frozenset({"given", "returns", "on"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRow:
    """What a feature is *given*, and what it should return; *on* is the day of the call, None for any.

    *key* is the hash of all that the feature is given, so that the same row is found again in another file.
    """

    line: int
    given: Mapping[str, JsonValue]
    returns: JsonValue
    on: date | None
    key: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """The rows of a file, and the problems of those that are none, in a sentence each that begins with the line."""

    rows: tuple[LabelledRow, ...]
    problems: tuple[str, ...]


def read_labelled(data: bytes, name: str) -> Labelled:
    """Return what the file called *name* in messages holds. Lines without anything but blanks are left out."""
    rows: list[LabelledRow] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    shown = name[-40:]
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        row = _row(number, line)
        if isinstance(row, str):
            problems.append(f"line {number} of `{shown}`: {row}")
            continue
        first = seen.setdefault(row.key, number)
        if first != number:
            problems.append(f"line {number} of `{shown}`: the input is that of line {first}")
            continue
        rows.append(row)
        if len(rows) > MOST_ROWS:
            break
    if not problems and not 1 <= len(rows) <= MOST_ROWS:
        count = "more" if rows else "no"
        problems.append(f"`{shown}` has {count} rows; a file of labelled rows has 1 to {MOST_ROWS:,}")
    return Labelled(tuple(rows), tuple(problems))


def _row(number: int, line: bytes) -> LabelledRow | str:
    """Return the row that stands on a line, or what is wrong with it."""
    try:
        value = read_json(line)
    except Unreadable as bad:
        return bad.message
    given = value.get("given") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(given, dict) or "returns" not in value:
        return "it has no `given` and `returns`"
    if not value.keys() <= _KEYS:
        return "it has more than `given`, `returns` and `on`"
    on = _day(value.get("on"))
    if on is None and value.get("on") is not None:
        return '`on` is a day, as in `"on": "2026-01-31"`'
    key = sha256(json_text(_sorted([given, on.isoformat() if on else None])).encode("utf-8", "replace")).hexdigest()
    return LabelledRow(line=number, given=given, returns=value["returns"], on=on, key=key[:32])


def _day(value: JsonValue) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _sorted(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
