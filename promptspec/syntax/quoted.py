"""Values of literals: what the text of a string, number, date, duration or size says."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final

MOST_DIGITS: Final = 40

_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|([\s\S]))")
_SIMPLE: Final = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_MILLISECONDS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_BYTES: Final = {"kb": 1 << 10, "mb": 1 << 20}

Complain = Callable[[int, int, str, str], None]
"""Called with the start and end of what is wrong inside a literal, the message, and the help."""


def read_line_string(text: str, complain: Complain) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the value of a one-line string and its pieces, offsets counted from the opening quote."""
    pieces = [(0, 1)]
    values: list[str] = []
    length, at, end = 0, 1, len(text) - 1
    for escape in _ESCAPE.finditer(text, 1, end):
        plain = text[at : escape.start()]
        value = _escaped(escape, complain)
        values += (plain, value)
        length += len(plain)
        pieces.append((length, escape.start()))
        length += len(value)
        at = escape.end()
        pieces.append((length, at))
    values.append(text[at:end])
    return "".join(values), tuple(pieces)


def _escaped(escape: re.Match[str], complain: Complain) -> str:
    code, simple = escape[1], escape[2]
    if code is None:
        if simple in _SIMPLE:
            return _SIMPLE[simple]
        help = 'write a backslash as `\\\\`; the escapes are `\\"`, `\\\\`, `\\n`, `\\t` and `\\u{1F600}`'
        if simple == "u":
            help = "a code point is written as `\\u{1F600}`"
        complain(escape.start(), escape.end(), f"`\\{shown(simple)}` is no escape", help)
        return simple
    point = int(code, 16)
    if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        complain(
            escape.start(),
            escape.end(),
            f"`\\u{{{code}}}` is no character",
            "code points end at `10FFFF`, without D800 to DFFF",
        )
        return "\N{REPLACEMENT CHARACTER}"
    return chr(point)


def read_block(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the value of a block and its pieces, offsets counted from the opening quotes.

    A block is dedented by its least indented line that is not blank; blank first and last lines vanish.
    """
    lines: list[tuple[int, str]] = []
    at = 3
    for raw in text[3:-3].split("\n"):
        lines.append((at, raw.removesuffix("\r")))
        at += len(raw) + 1
    if len(lines) > 1 and not lines[0][1].strip(" \t"):
        del lines[0]
    if len(lines) > 1 and not lines[-1][1].strip(" \t"):
        del lines[-1]
    indents = [len(line) - len(line.lstrip(" \t")) for _, line in lines if line.strip(" \t")]
    indent = min(indents, default=0)
    pieces: list[tuple[int, int]] = []
    values: list[str] = []
    length = 0
    for offset, line in lines:
        blank = not line.strip(" \t")
        kept = "" if blank else line[indent:]
        pieces.append((length, offset + (len(line) if blank else indent)))
        values.append(kept)
        length += len(kept) + 1
        if not blank and text[offset + len(line)] == "\r":
            pieces.append((length - 1, offset + len(line)))
    return "\n".join(values), tuple(pieces)


def read_number(text: str) -> Decimal | None:
    """Return the value of a number, or None where it has more digits than anybody reads."""
    digits = text.replace("_", "")
    return None if len(digits) > MOST_DIGITS else Decimal(digits)


def read_scaled(text: str) -> int | None:
    """Return a duration in milliseconds or a size in bytes, or None where the number is too long."""
    unit = text.lstrip("0123456789_")
    number = read_number(text.removesuffix(unit))
    return None if number is None else int(number) * (_MILLISECONDS | _BYTES)[unit]


def read_date(text: str) -> tuple[date, bool]:
    """Return the date, and whether it exists; one that does not becomes the nearest in its month."""
    year, month, day = (int(part) for part in text.split("-"))
    near_year, near_month = max(year, 1), min(max(month, 1), 12)
    near = date(near_year, near_month, min(max(day, 1), monthrange(near_year, near_month)[1]))
    return near, (near.year, near.month, near.day) == (year, month, day)


def shown(text: str, *, most: int = 40) -> str:
    """Return the author's text for a message: at most *most* characters, what does not print as `\\u{…}`."""
    short = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(c if c.isprintable() and c != "`" else "'" if c == "`" else f"\\u{{{ord(c):X}}}" for c in short)
