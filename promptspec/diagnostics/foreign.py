"""The one escaper of terminals: text from outside as a terminal may show it."""

from __future__ import annotations

import re
from typing import Final

# What `str.isprintable` lets pass though it shows nothing: fillers, variation selectors, shorthand controls.
_BLANK: Final = (
    "\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U00016fe4\U0001bca0-\U0001bca3"
    "\U0001d159\U0001d173-\U0001d17a\U000e0100-\U000e01ef"
)
_BLANKS: Final = re.compile(f"[{_BLANK}]")


def escape(text: str) -> str:
    """Return *text* with every control, bidirectional, invisible, unassigned or half character as `\\u{…}`.

    What comes back is one line and changes no state of a terminal (rule 31). Plain spaces stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(escape_character, text))


def escape_character(character: str) -> str:
    """Return one code point as `escape` shows it."""
    if character.isprintable() and not _BLANKS.match(character):
        return character
    return f"\\u{{{ord(character):X}}}"


def escape_lines(text: str) -> str:
    """Return *text* escaped line by line: its line feeds stay, and a tab becomes four spaces."""
    return "\n".join(escape(line.replace("\t", "    ")) for line in text.split("\n"))


def shorten(text: str, most: int) -> str:
    """Return *text* escaped and, where that is longer than *most* code points, cut and ended with `…`."""
    shown = escape(text[: most + 1])
    return shown if len(shown) <= most and len(text) <= most else shown[: most - 1] + "…"
