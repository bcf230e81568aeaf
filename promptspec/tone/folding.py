"""Text as a reader takes it: folded as values/words.py does, quickly where no character asks for its neighbours."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from promptspec.values.cleaning import INVISIBLE
from promptspec.values.untyped import category
from promptspec.values.words import folded

_NOTHING: Final = dict.fromkeys(map(ord, INVISIBLE))


def without_invisible(text: str) -> str:
    """Return *text* without characters that show nothing, zero-width ones and soft hyphens among them."""
    return text if text.isascii() or INVISIBLE.isdisjoint(text) else text.translate(_NOTHING)


def fold(text: str) -> str:
    """Return *text* without what shows nothing, caseless, without accents, look-alikes as Latin letters."""
    if text.isascii():
        return text.lower()
    text = without_invisible(text)
    table: dict[int, str] = {}
    for character in set(text):
        alone = _alone(character)
        if alone is None:
            return folded(text)
        table[ord(character)] = alone
    return text.translate(table)


@lru_cache(maxsize=4096)
def _alone(character: str) -> str | None:
    """Return *character* folded, or None where its neighbours count: marks, and letters of Hangul that compose."""
    if category(character).startswith("M") or "\u1100" <= character <= "\u11ff" or "\ua960" <= character <= "\ud7ff":
        return None
    return folded(character)
