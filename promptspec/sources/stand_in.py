"""A stand-in for a model of embeddings: vectors that follow from the words of a text, so that nobody need be asked.

Rehearsals, tests and examples use it. It knows words and parts of words, and nothing of what they mean.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

from promptspec.models.embeddings import unit
from promptspec.sources.nearness import parts_of, words_of

#: How many numbers a vector has, and what a word counts where a part of one counts 1.
DIMENSIONS: Final = 128
_WORD: Final = 3


def stand_in_vector(text: str) -> tuple[float, ...] | None:
    """Return the vector of *text*, of length 1; None where it has no words, or they cancel each other out."""
    counts = [0.0] * DIMENSIONS
    words = words_of(text)
    for terms, counted in ((words, _WORD), (parts_of(words), 1)):
        for term in terms:
            number = crc32(term.encode("utf-8"))
            counts[number % DIMENSIONS] += -counted if number >> 31 else counted
    return unit(counts)
