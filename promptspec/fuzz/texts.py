"""Hostile text for a declared type: of any script, near its cap, full of what shows nothing, and forged.

`valid_texts` fit their type by construction; `hostile_texts` are as they come. What is known of Unicode is known from
the reference, never from what is under test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from promptspec.fuzz.recipes import FIRST_LETTER, MOST_LETTERS, Dish, Stretch, alphabet, cook
from promptspec.fuzz.reference_unicode import category, is_known, most_marks, settled, shows

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from promptspec.contract.types import Cap, Pattern, Text
    from promptspec.fuzz.cases import Json

#: Characters that a hostile text has at most.
MOST_CHARACTERS: Final = 16_000
_MOST_MARKS: Final = 30
#: Texts drawn of one pattern.
_MATCHING: Final = 64

_LINE_BREAKS: Final = re.compile("[\r\n\t\u0085\u2028\u2029]+")
_ALLOWED_CONTROLS: Final = "\t\n\r\u0085"
_BY_NEIGHBOURS: Final = re.compile("[\u200c\u200d\ufe0f\U000e0020-\U000e007f]")


@dataclass(frozen=True, slots=True)
class Made:
    """A value and the names of the techniques that are in it."""

    value: Json
    techniques: tuple[str, ...] = ()


def valid_texts(type: Text, literals: tuple[str, ...]) -> SearchStrategy[Made]:
    """Return texts that *type* accepts, full of hostile things; the smallest is the plainest that it accepts."""
    ingredients = alphabet(literals)
    return _recipes(len(ingredients)).map(lambda recipe: fitted(cook(recipe, ingredients), type))


def hostile_texts(type: Text, literals: tuple[str, ...]) -> SearchStrategy[Made]:
    """Return texts for a field of *type* of which nothing is claimed: refused characters, and beyond the cap too."""
    ingredients = alphabet(literals)
    return _recipes(len(ingredients)).map(lambda recipe: stretched(cook(recipe, ingredients), type))


@lru_cache(maxsize=8)
def _recipes(letters: int) -> SearchStrategy[str]:
    last = FIRST_LETTER + letters - 1
    return st.text(st.characters(min_codepoint=FIRST_LETTER, max_codepoint=last), min_size=1, max_size=MOST_LETTERS)


def stretched(dish: Dish, type: Text) -> Made:
    """Return the text of *dish* at the length that it asks for, and otherwise as it is."""
    text = dish.text[:MOST_CHARACTERS]
    if dish.stretch is not None:
        length = length_of(settled(text), type.cap) if is_known(text) else len(text)
        aim = type.cap.most if dish.stretch.aim == "most" else type.cap.least
        text += _filling(dish.stretch.filler, aim + dish.stretch.by - length, type.cap)
        if length > aim + dish.stretch.by >= 0:
            text = text[: aim + dish.stretch.by]
    return Made(text, dish.techniques)


def fitted(dish: Dish, type: Text) -> Made:
    """Return the text of *dish* without what *type* refuses, as long as it may be, and stretched as it asks."""
    cap = type.cap
    if type.pattern is not None:
        return Made(matching(type, len(dish.text)))
    text = harmless(dish.text, line=type.kind == "line")
    wanted = _wanted(dish.stretch, cap)
    if cap.unit in ("words", "tokens") and (wanted or cap.least > 1):
        # What is hard to count stays out where the count matters, but for what does not show.
        return Made("\u200b" + " ".join("a" * max(wanted, cap.least)))
    text, cleaned = _cut(text, cap)
    filling, filled = "", max(wanted, cap.least) - length_of(cleaned, cap)
    if filled > 0:
        filling = _filling(dish.stretch.filler if dish.stretch is not None else "a", filled, cap)
        if len(text) + len(filling) > raw_most(cap):
            text = cleaned
    if cap.least and not filling.strip() and not shows(cleaned):
        return Made(plainest(type))
    return Made(text + filling, dish.techniques)


def plainest(type: Text) -> str:
    """Return the shortest and plainest text of *type*."""
    if type.pattern is not None:
        return matching(type, 0)
    least = max(type.cap.least, min(1, type.cap.most))
    return " ".join("a" * least) if type.cap.unit in ("words", "tokens") else "a" * least


def _wanted(stretch: Stretch | None, cap: Cap) -> int:
    if stretch is None:
        return 0
    aim = cap.most if stretch.aim == "most" else cap.least
    return min(max(aim + stretch.by, cap.least), cap.most)


def harmless(text: str, *, line: bool) -> str:
    """Return *text* without characters that every text refuses, and of which the reference is sure."""
    if text.isascii() and text.isprintable():
        return text
    if line:
        text = _LINE_BREAKS.sub(" ", text)
    refused = {c for c in set(text) if category(c) in ("Cc", "Cn", "Cs") and c not in _ALLOWED_CONTROLS}
    if refused:
        text = text.translate({ord(character): None for character in refused})
    if most_marks(text) > _MOST_MARKS // 3 and _has_too_many_marks(text):
        text = "".join(character for character in text if not category(character).startswith("M"))
    return text if is_known(text) else _BY_NEIGHBOURS.sub("", text)


def _has_too_many_marks(text: str) -> bool:
    # A character has at most three marks in it.
    return most_marks(text) > _MOST_MARKS or most_marks(settled(text)) > _MOST_MARKS


def _cut(text: str, cap: Cap) -> tuple[str, str]:
    """Return *text*, without its middle where it is too long, and what cleaning leaves of it."""
    text = harmless(_halves(text, raw_most(cap)), line=False) if len(text) > raw_most(cap) else text
    for _ in range(12):
        cleaned = settled(text)
        over = length_of(cleaned, cap) - cap.most
        if over <= 0:
            return text, cleaned
        text = harmless(_halves(text, len(text) - over), line=False)
    return "", ""


def raw_most(cap: Cap) -> int:
    """Return how many characters a text may have before it is cleaned, where each counts at least one."""
    return 2 * cap.most + 64


def _halves(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    front = (length + 1) // 2
    return text[:front] + text[len(text) - (length - front) :]


def length_of(text: str, cap: Cap) -> int:
    """Return the length of a clean *text* in the unit of *cap*; where counting is hard the most that it can be."""
    return len(text) if cap.unit in ("chars", "words") else len(text.encode("utf-8", "surrogatepass"))


def _filling(filler: str, length: int, cap: Cap) -> str:
    """Return text that counts *length* once it is cleaned."""
    if length <= 0:
        return ""
    if cap.unit == "chars":
        return filler * length
    if cap.unit == "bytes":
        size = len(settled(filler).encode())
        return filler * (length // size) + "a" * (length % size)
    return " a" * length


def matching(type: Text, n: int) -> str:
    """Return the *n*-th of the texts that match the pattern of *type*; 0 is a shortest."""
    assert type.pattern is not None
    texts = _matching(type.pattern, type.kind, type.cap)
    return texts[n % len(texts)]


@lru_cache(maxsize=256)
def _matching(pattern: Pattern, kind: str, cap: Cap) -> tuple[str, ...]:
    from promptspec.models.draws import Draws
    from promptspec.values.automaton import samples, shortest
    from promptspec.values.units import raw_bound

    line = "line" if kind == "line" else "text"
    most = raw_bound(cap.most, cap.unit)
    least = cap.least if cap.unit == "chars" else min(cap.least, 1)
    first = shortest(pattern.source, pattern.ignore_case, least=least, most=most, kind=line)
    found = [first] if isinstance(first, str) else []
    for n in range(_MATCHING):
        choose = Draws(f"{pattern.source} {n}").below
        text = samples(pattern.source, pattern.ignore_case, least=least, most=most, choose=choose, kind=line)
        if text is not None:
            found.append(text)
    fits = [text for text in found if cap.unit in ("chars", "words", "tokens") or len(text.encode()) <= cap.most]
    return tuple(dict.fromkeys(fits)) or ("a",)
