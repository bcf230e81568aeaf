"""The one reader for JSON from outside: strict, exact, bounded."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, TypeAlias

import jiter

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | Decimal | bool | None"

#: Brackets that may stand inside each other.
MOST_DEPTH: Final = 64
#: Characters of a number as written, and digits that it has when written out.
MOST_DIGITS: Final = 400
#: Largest magnitude that every JSON implementation keeps exact.
MOST_INTEGER: Final = 2**53

_MESSAGES: Final = {
    "empty": "there is no JSON value",
    "too_large": "the document is too large",
    "encoding": "the text is not UTF-8",
    "byte_order_mark": "a byte order mark may not stand before JSON",
    "depth": f"brackets are nested deeper than {MOST_DEPTH}",
    "number": f"a number has more than {MOST_DIGITS} digits, or is not finite",
    "surrogate": "half of a surrogate pair is not a character",
    "repeated_key": "a key is repeated",
    "second_value": "something follows the value",
    "syntax": "this is not JSON",
}

# What jiter says, by the rule that we name; its messages may quote the document and are not passed on.
_REASONS: Final = (
    ("duplicate key", "repeated_key"),
    ("trailing characters", "second_value"),
    ("recursion limit", "depth"),
    ("number out of range", "number"),
    ("unicode", "encoding"),
)

_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_LONG_NUMBER: Final = re.compile(rb"[-+.0-9eE]{%d}" % (MOST_DIGITS + 1))
_LARGE_EXPONENT: Final = re.compile(rb"[0-9][eE][-+]?[0-9]{3}")
_NUMBER: Final = re.compile(rb"(-?[0-9.]+)[eE]([-+]?[0-9]+)")
_BRACKET: Final = re.compile(rb"[\[\]{}]")
_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")


class Unreadable(ValueError):
    """Bytes that are not one acceptable JSON document; *rule* is stable, *message* holds nothing of the document."""

    def __init__(self, rule: str) -> None:
        self.rule = rule
        self.message = _MESSAGES[rule]
        super().__init__(self.message)


def read_json(data: bytes | str, *, most_bytes: int | None = None) -> JsonValue:
    """Return the value that *data* holds: whole numbers as `int`, others as exact `Decimal`.

    Raises Unreadable with the rule `empty`, `too_large` (beyond *most_bytes*), `encoding`, `byte_order_mark`,
    `surrogate`, `depth` (over 64), `number` (over 400 digits, NaN, ±∞, 1e400), `repeated_key`, `second_value` or
    `syntax`. Takes linear time (rule 14).
    """
    if isinstance(data, str):
        if most_bytes is not None and len(data) > most_bytes:
            raise Unreadable("too_large")
        try:
            data = data.encode()
        except UnicodeEncodeError:
            raise Unreadable("surrogate") from None
    if most_bytes is not None and len(data) > most_bytes:
        raise Unreadable("too_large")
    if data.startswith(b"\xef\xbb\xbf"):
        raise Unreadable("byte_order_mark")
    _check_bounds(data)
    try:
        if not data.isascii():
            data.decode()
        return jiter.from_json(
            data, allow_inf_nan=False, catch_duplicate_keys=True, float_mode="decimal", cache_mode="keys"
        )
    except UnicodeDecodeError:
        raise Unreadable("encoding") from None
    except ValueError as error:
        raise Unreadable(_rule_of(str(error), data)) from None


def exact_integer(value: object) -> int | None:
    """Return *value* as an integer if it is an integral JSON number within ±2⁵³ (4.0 → 4, −0 → 0), else None.

    Booleans, strings and floats are no such numbers: `read_json` gives `int` and `Decimal` only.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -MOST_INTEGER <= value <= MOST_INTEGER else None
    if isinstance(value, Decimal) and value.is_finite() and abs(value) <= MOST_INTEGER:
        whole = int(value)
        return whole if whole == value else None
    return None


def _check_bounds(data: bytes) -> None:
    """Refuse depth and digits before the parser allocates anything for them."""
    deep = data.count(b"[") + data.count(b"{") > MOST_DEPTH
    long = len(data) > MOST_DIGITS and _LONG_NUMBER.search(data) is not None
    large = _LARGE_EXPONENT.search(data) is not None
    if not (deep or long or large):
        return
    # Only now is it worth telling strings from the rest.
    bare = _STRING.sub(b'""', data)
    if long and _LONG_NUMBER.search(bare):
        raise Unreadable("number")
    if large:
        for digits, exponent in _NUMBER.findall(bare):
            if len(digits) + abs(int(exponent)) > MOST_DIGITS:
                raise Unreadable("number")
    if deep:
        _check_depth(bare)


def _check_depth(bare: bytes) -> None:
    depth = 0
    for bracket in _BRACKET.findall(bare):
        if bracket in (b"[", b"{"):
            depth += 1
            if depth > MOST_DEPTH:
                raise Unreadable("depth")
        else:
            depth -= 1


def _rule_of(reason: str, data: bytes) -> str:
    if not data.strip(b" \t\r\n"):
        return "empty"
    reason = reason.lower()
    if "hex escape" in reason and _ESCAPED_SURROGATE.search(data):
        return "surrogate"
    for part, rule in _REASONS:
        if part in reason:
            return rule
    return "syntax"
