"""Attacks as a Hypothesis strategy: a seed through up to three mutators, both of which shrink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from promptspec.fuzz.attacks.making import Words
from promptspec.fuzz.attacks.registry import MUTATORS, SEEDS

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

#: Mutators after each other.
MOST_MUTATORS: Final = 3
#: Longer texts are not changed further, and what has grown longer is cut.
_LONG: Final = 4_000
MOST_CHARACTERS: Final = 16_000

#: A variant of the seed in the low bits and of the mutators in the high ones; 0 is the simplest of both.
_VARIANTS: Final = st.integers(0, 0xFFFF)
_SEEDS: Final = st.integers(0, len(SEEDS) - 1)
#: In the lower half no mutator, so that about half of all texts are as the seed has them and chains shrink to none.
_SLOTS: Final = st.integers(0, 2 * len(MUTATORS) - 1)


@dataclass(frozen=True, slots=True)
class Attack:
    """A hostile text and the names of the techniques that made it: a seed, then mutators in order."""

    text: str
    techniques: tuple[str, ...]


def attack_texts(literals: tuple[str, ...]) -> SearchStrategy[Attack]:
    """Return attacks that use *literals*, the words of a spec. The smallest is the first seed, unchanged."""
    return _attacks(Words(literals))


@st.composite
def _attacks(draw: DrawFn, words: Words) -> Attack:
    seed = SEEDS[draw(_SEEDS)]
    variant = draw(_VARIANTS)
    text, names = seed.text(words, variant & 0xFF), [seed.name]
    while len(names) <= MOST_MUTATORS and len(text) <= _LONG:
        place = draw(_SLOTS) - len(MUTATORS)
        if place < 0:
            break
        mutator = MUTATORS[place]
        text = mutator.change(text, variant >> 8)
        names.append(mutator.name)
    return Attack(text[:MOST_CHARACTERS], tuple(names))
