"""Text to words and sentences, as far as punctuation tells."""

from __future__ import annotations

import re
from typing import Final

#: Letters and digits, held together by an apostrophe or a hyphen inside: "don't" and "well-kept" are one word each.
WORD: Final = re.compile(r"[^\W_]+(?:['’\-‑][^\W_]+)*")

# A sentence ends after `.`, `!`, `?`, `…` (and closing quotes or brackets) before a blank or the end; after the full
# stops of scripts that put no blank behind them; at an empty line; and before a line that begins with a list's mark.
_END: Final = re.compile(
    r"[.!?…‼⁇⁈⁉؟।]+[\"'”’»)\]]*(?=\s|$)|[。！？．]+|\n[ \t]*\n|\n(?=[ \t]*(?:[-*•–]|\d{1,3}[.)])[ \t])"
)


def words(text: str) -> list[str]:
    """Return the words of *text*, in order."""
    return WORD.findall(text)


def sentences(text: str) -> list[str]:
    """Return the sentences of *text* that hold a word. "Dr. Who" is two: an abbreviation ends a sentence here."""
    return [part for part in _END.split(text) if WORD.search(part)]


def longest_sentence(text: str) -> int:
    """Return the number of words of the longest sentence of *text*; 0 where there is no word."""
    return max((len(WORD.findall(part)) for part in _END.split(text)), default=0)
