"""Attacks as a Hypothesis strategy: a seed through up to three mutators, both of which shrink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from promptspec.fuzz.attacks.making import Mutator, Seed, Words
from promptspec.fuzz.attacks.registry import MUTATORS, SEEDS

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

#: Mutators after each other.
MOST_MUTATORS: Final = 3
#: Attacks have at most so many characters.
MOST_CHARACTERS: Final = 16_000
#: Longer texts are not changed further.
_LONG: Final = 2_000

#: Families drawn three times as often: what they attack is judged by rules, in any reply and any prompt.
_FAVOURED: Final = ("delimiter and role forging", "invisible and look-alike Unicode")
#: Everything once, the simplest first, so that shrinking finds it; then the favoured ones again.
_SEEDS: Final[tuple[Seed, ...]] = SEEDS + 2 * tuple(seed for seed in SEEDS if seed.family in _FAVOURED)
_MUTATORS: Final[tuple[Mutator, ...]] = MUTATORS + 2 * tuple(one for one in MUTATORS if one.family in _FAVOURED)

_SEED_PLACES: Final = st.integers(0, len(_SEEDS) - 1)
#: A variant of the seed in the low byte and of the mutators in the high one; 0 is the simplest of both.
_VARIANTS: Final = st.integers(0, 0xFFFF)
#: In the lower half no mutator: about half of all texts are as the seed has them, and chains shrink to none.
_MUTATOR_PLACES: Final = st.integers(0, 2 * len(_MUTATORS) - 1)


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
    seed = _SEEDS[draw(_SEED_PLACES)]
    variant = draw(_VARIANTS)
    text, names = seed.text(words, variant & 0xFF), [seed.name]
    # The draw that ends a chain is always made: with it a link that does not matter can be taken out.
    while (place := draw(_MUTATOR_PLACES) - len(_MUTATORS)) >= 0:
        if len(names) > MOST_MUTATORS or len(text) > _LONG:
            break
        mutator = _MUTATORS[place]
        text = mutator.change(text, variant >> 8)
        names.append(mutator.name)
    return Attack(text[:MOST_CHARACTERS], tuple(names))
