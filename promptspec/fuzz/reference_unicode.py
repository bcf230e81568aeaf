"""What the reference knows of Unicode: what shows nothing, what is a mark, and what cleaning leaves of a text.

Written from the manual and the library's own tables. What depends on its neighbours (joiners, the style of emoji, tags
after a flag) is known only inside of SEQUENCES; of other texts that hold it the reference says that it does not know.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_library: Any = importlib.import_module("unicodedata2")

#: The general category of a character, in the pinned version of Unicode.
category: Callable[[str], str] = _library.category
#: A text in one of the normal forms.
normalize: Callable[[str, str], str] = _library.normalize
#: The combining class of a character; 0 for what is no mark on the letter before it.
combining: Callable[[str], int] = _library.combining

#: Emoji that hold what shows nothing by itself, and keep it: joined, styled, keycaps, flags.
SEQUENCES: Final = (
    "\U0001f469\u200d\U0001f4bb",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\U0001f3f3\ufe0f\u200d\U0001f308",
    "\u2764\ufe0f",
    "1\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
)
#: What cleaning keeps or removes by what stands around it.
_BY_NEIGHBOURS: Final = re.compile("[\u200c\u200d\ufe0f]")
_TAG: Final = re.compile("[\U000e0020-\U000e007f]")
_FLAG: Final = "\U0001f3f4"
_SEQUENCE: Final = re.compile("|".join(map(re.escape, SEQUENCES)))

#: The number signs of Arabic, Syriac and Kaithi: format characters that show.
_SIGNS: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
#: Letters, marks and symbols that show nothing, by their first and last.
_BLANK_OTHERS: Final = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # vowels of Khmer
    (0x180B, 0x180F),  # variation selectors of Mongolian
    (0x2800, 0x2800),  # Braille without dots
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),  # Hangul filler, half wide
    (0x16FE4, 0x16FE4),  # filler of Khitan
    (0x1D159, 0x1D159),  # a head of a note that is not there
    (0xE0100, 0xE01EF),  # variation selectors
)
_BREAKS: Final = re.compile("\r\n|[\r\u0085\u2028\u2029]")
_BLANK: Final = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Cs"})


@cache
def assigned() -> tuple[str, ...]:
    """Return every character that is assigned, but for private ones and halves: whatever is treated apart is here."""
    return tuple(c for c in map(chr, range(0x110000)) if category(c) not in ("Cn", "Co", "Cs"))


@cache
def invisible() -> frozenset[str]:
    """Return every assigned character that shows nothing, but for blanks."""
    formats = {c for c in assigned() if category(c) == "Cf"} - _SIGNS
    others = {chr(point) for first, last in _BLANK_OTHERS for point in range(first, last + 1)}
    return frozenset(formats | others)


@cache
def _strip_table() -> dict[int, None]:
    return {ord(character): None for character in invisible()}


def is_known(text: str) -> bool:
    """Say whether what cleaning leaves of *text* is known here."""
    if text.isascii():
        return True
    rest = _SEQUENCE.sub("", text)
    if len(rest) < len(text):
        return not (_BY_NEIGHBOURS.search(rest) or _TAG.search(rest))
    return not (_BY_NEIGHBOURS.search(text) or (_FLAG in text and _TAG.search(text)))


def settled(text: str) -> str:
    """Return a known *text* in NFC, with `\\n` as its only line break, without what shows nothing."""
    if text.isascii():
        return _BREAKS.sub("\n", text) if "\r" in text else text
    text = _BREAKS.sub("\n", text)
    parts = re.split(f"({_SEQUENCE.pattern})", text)
    kept = (part if place % 2 else part.translate(_strip_table()) for place, part in enumerate(parts))
    return normalize("NFC", "".join(kept))


def most_marks(text: str) -> int:
    """Return the length of the longest run of combining marks; what shows nothing between them does not end it."""
    marks = {character for character in set(text) if not text.isascii() and category(character).startswith("M")}
    if not marks:
        return 0
    hidden = invisible()
    run = longest = 0
    for character in text:
        if character in marks:
            run += 1
            longest = max(longest, run)
        elif character not in hidden:
            run = 0
    return longest


def shows(text: str) -> bool | None:
    """Say whether a settled *text* shows anything; None where it holds nothing but number signs."""
    hidden = invisible()
    if any(category(c) not in _BLANK and c not in hidden for c in text):
        return True
    return None if any(c in _SIGNS for c in text) else False
