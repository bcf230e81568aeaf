"""Choices that look random and are the same on every machine, and plain English made of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")

#: Plain statements without names, numbers, the first person, or anything that a sink would hold.
_SENTENCES: Final = (
    "Here is the {topic}, short and clear.",
    "It says what matters and leaves out the rest.",
    "A reader will know what to do next.",
    "One good example makes it easy to follow.",
    "This covers the {topic} from start to end.",
    "Nothing in it is hard to read.",
    "It keeps to the subject.",
    "The words are plain and the tone is calm.",
    "Those who want more can ask for it.",
    "More about the {topic} can be said another day.",
)

_EXACT: Final = Context(prec=2_000)


class Draws:
    """A stream of choices that follows from *seed* alone."""

    def __init__(self, seed: str) -> None:
        self._seed = hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest()
        self._drawn = 0

    def below(self, count: int) -> int:
        """Return the next number from 0 to *count* − 1."""
        self._drawn += 1
        block = hashlib.sha512(self._seed + self._drawn.to_bytes(8, "big")).digest()
        # 512 bits against at most 2⁵⁴ choices: what modulo prefers cannot be seen.
        return int.from_bytes(block, "big") % count

    def between(self, least: int, most: int) -> int:
        """Return a number from *least* to *most*; a wide range is drawn from near its lower end."""
        return least + self.below(min(most - least, 999) + 1) if most > least else least

    def one_in(self, count: int) -> bool:
        """Return True once in *count* times."""
        return self.below(count) == 0

    def pick(self, options: Sequence[T]) -> T:
        """Return one of *options*."""
        return options[self.below(len(options))]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return *options* in another order."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in range(len(left))]

    def decimal(self, least: Decimal, most: Decimal, places: int) -> Decimal:
        """Return a number within the bounds with at most *places* digits after the point."""
        low = int(_EXACT.scaleb(least, places).to_integral_value(ROUND_CEILING, _EXACT))
        high = int(_EXACT.scaleb(most, places).to_integral_value(ROUND_FLOOR, _EXACT))
        return _EXACT.scaleb(Decimal(self.between(low, high)), -places)


def prose(draws: Draws, topic: str, *, least: int, most: int) -> str:
    """Return English about *topic* of *least* to *most* characters; it ends with a full stop where there is room."""
    target = draws.between(max(least, min(most, 20)), min(most, max(least, 160)))
    text = ""
    for word in _words(draws, topic):
        longer = f"{text} {word}" if text else word
        if len(longer) > target:
            break
        text = longer
    if len(text) < max(least, min(target, 1)):
        # No word ends there: cut one, and leave no blank at the end.
        text = (f"{text} {next(_words(draws, topic))}" if text else topic)[:target]
        text = (text.rstrip() + "s" * target)[: max(least, min(target, 1))]
    whole = text[: text.rfind(".") + 1]
    text = whole if len(whole) >= max(least, 1) else text.rstrip(",")
    return text if len(text) >= most or text.endswith(".") else text + "."


def prose_of_words(draws: Draws, topic: str, *, least: int, most: int) -> str:
    """Return English about *topic* of *least* to *most* words."""
    words = list(islice(_words(draws, topic), most))
    ends = [count for count, word in enumerate(words, 1) if word.endswith(".") and count >= least]
    text = " ".join(words[: ends[-1]] if ends else words)
    return text if text.endswith(".") else text.rstrip(",") + "."


def _words(draws: Draws, topic: str) -> Iterator[str]:
    while True:
        for sentence in draws.shuffled(_SENTENCES):
            yield from sentence.format(topic=topic).split()
