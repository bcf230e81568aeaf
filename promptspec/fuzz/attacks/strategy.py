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

#: Hypothesis draws integers near 0 far more often than others; far from it, all in a range are about as likely.
_FAR: Final = 1 << 40
#: Of each seed and mutator.
_VARIANTS: Final = 256
#: A seed or mutator and, below it, its variant: one draw costs half of two, and the least is the simplest of both.
_SEED_PLACES: Final = st.integers(_FAR, _FAR + len(_SEEDS) * _VARIANTS - 1)
#: In the lower half no mutator: about half of all texts are as the seed has them, and chains shrink to none.
_MUTATOR_PLACES: Final = st.integers(_FAR, _FAR + 2 * len(_MUTATORS) * _VARIANTS - 1)


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
    place, variant = divmod(draw(_SEED_PLACES) - _FAR, _VARIANTS)
    seed = _SEEDS[place]
    text, names = seed.text(words, variant), [seed.name]
    while True:
        # The draw that ends a chain is always made: with it a link that does not matter can be taken out.
        place, variant = divmod(draw(_MUTATOR_PLACES) - _FAR, _VARIANTS)
        if place < len(_MUTATORS) or len(names) > MOST_MUTATORS or len(text) > _LONG:
            return Attack(text[:MOST_CHARACTERS], tuple(names))
        mutator = _MUTATORS[place - len(_MUTATORS)]
        text = mutator.change(text, variant)
        names.append(mutator.name)
