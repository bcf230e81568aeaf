"""How near an entry of a source is to a text: which of its words, and of their parts, the entry holds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final

from promptspec.sources.search import fold

#: Characters of a text, and different words and parts in them, that are looked at.
MOST_NEAR: Final = 2_000
MOST_WORDS: Final = 64
MOST_PARTS: Final = 128
#: The best of each ranking that take part, and what softens the difference between their first places.
MOST_RANKED: Final = 50
SOFTENED: Final = 60

_WORD: Final = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """Return the different words of *text*, in order: letters and digits in a row, without case and accents."""
    return list(dict.fromkeys(_WORD.findall(fold(text))))


def ended(words: Iterable[str]) -> str:
    """Return *words* in one text, with `_` for the ends of each."""
    return f"_{'_'.join(words)}_"


def parts_of(words: Iterable[str]) -> list[str]:
    """Return the different parts of *words*, in order: three characters in a row, `_` standing for a word's ends."""
    text = ended(words)
    parts = (text[at : at + 3] for at in range(len(text) - 2))
    return list(dict.fromkeys(part for part in parts if part[1] != "_"))


def asked_of(near: str) -> tuple[list[str], list[str]]:
    """Return the words of *near*, and their parts, that entries are asked for: as many as are looked at."""
    words = words_of(near[:MOST_NEAR])[:MOST_WORDS]
    return words, parts_of(words)[:MOST_PARTS]


def weight(entries: int, holding: int) -> float:
    """Return how much a word counts that *holding* of *entries* hold: the rarer, the more (as in BM25)."""
    return math.log(1 + (entries - holding + 0.5) / (holding + 0.5))


def share(part: float, total: float) -> float:
    """Return *part* of *total*, 0 to 1, with as many digits as are the same in whatever order they were added up."""
    return round(part / total, 9) if total else 0.0


def fused(rankings: Iterable[Sequence[int]]) -> list[int]:
    """Return the positions in *rankings*, best first: by the sum of what their places are worth in each of them."""
    worth: dict[int, float] = {}
    for ranking in rankings:
        for place, position in enumerate(ranking[:MOST_RANKED], 1):
            worth[position] = worth.get(position, 0.0) + 1 / (SOFTENED + place)
    return sorted(worth, key=lambda position: (-round(worth[position], 12), position))
