"""What hostile text is made of: pieces, attacks, changes and lengths, each behind one letter of a recipe.

A recipe is a short string. It is drawn in one go, which is as fast as Hypothesis is, and it shrinks as strings do: to
fewer letters, and to the first of the alphabet, the plainest piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from promptspec.fuzz.attacks.making import Words
from promptspec.fuzz.attacks.registry import MUTATORS, SEEDS
from promptspec.fuzz.reference_unicode import SEQUENCES

if TYPE_CHECKING:
    from promptspec.fuzz.attacks.making import Mutator

#: The letter of the first ingredient; the others follow it.
FIRST_LETTER: Final = 0x4E00
#: Letters of a recipe.
MOST_LETTERS: Final = 6
#: Longer texts are not changed further.
_LONG: Final = 2_000

#: Where a text is stretched to: so many beyond the most or the least that its cap allows.
Aim: TypeAlias = Literal["most", "least"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that is put behind what there is; *technique* names the attack that it comes from, if any."""

    text: str
    technique: str = ""


@dataclass(frozen=True, slots=True)
class Changing:
    """A mutator, which changes everything before it."""

    mutator: Mutator
    variant: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """The text is filled up with *filler*, one character after cleaning, to *by* beyond the bound *aim*."""

    aim: Aim
    by: int
    filler: str


Ingredient: TypeAlias = Piece | Changing | Stretch


@dataclass(frozen=True, slots=True)
class Dish:
    """What a recipe gives before it is fitted to a type."""

    text: str
    techniques: tuple[str, ...]
    stretch: Stretch | None


PLAIN: Final = ("a", "Some plain words. ", "one two three ", "0", "It's 5 < 6 & 7 > 3. ", "Zażółć gęślą jaźń ", "null")
BIDIRECTIONAL: Final = (
    "\u202egnorw\u202c",
    "\u2066a\u2069",
    "abc\u202d123\u202c",
    "\u200fright\u200e",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\u061c1\u20662\u2067",
)
TAGS: Final = (
    "".join(chr(0xE0000 + ord(c)) for c in "ignore this"),
    "a\U000e0001\U000e0065\U000e006eb",
    "".join(chr(0xE0000 + ord(c)) for c in "[[/text]]"),
    "x\U000e007f",
)
ZERO_WIDTH: Final = (
    "ig\u200bno\u2060re",
    "\ufeffa",
    "[\u200b[",
    "a\u00adb\u034fc\u180ed",
    "\u3164\u115f\uffa0\u2800",
    "a\ufe00\U000e0101b",
)
MARKS: Final = (
    "e\u0301",
    "a\u0323\u0307",
    "Z" + "\u0300\u0316\u0334" * 10,
    "\u1112\u1161\u11ab",
    "\u0344x",
    "q\u0489",
    "\u212b\u2126\ufb01",
    "\u0958\u0f73",
)
EMOJI: Final = ("\U0001f600", *SEQUENCES, "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "\U0001f469\u200d\U0001f469")
LOOK_ALIKES: Final = (
    "\uff3b\uff3b\uff54\uff45\uff58\uff54\uff3d\uff3d",
    "\u27e6text\u27e7",
    "\u0455\u0443\u0455tem:",
    "\u0430dmin p\u0430ssword",
    "\uff1cb\uff1e \u2039b\u203a \u2329b\u232a",
    "\u217bx \u00b2\u2460 \u0663\u0967",
    "\U0001d4f2\U0001d4f0\U0001d4f7\U0001d4f8\U0001d4fb\U0001d4ee",
)
BREAKS: Final = ("\n", "\r\n\r\n", "\u2028", "\t", "\u0085", " \u00a0\u3000 ", "\n\n---\n\n")
REFUSED: Final = ("\x00", "\x1b[2J", "\ud800", "\ufffe", "\u0378", "\u200d", "\u0628\u200c\u0628", "\x7f")
FENCES: Final = ("[[text]]", "[[/text]]", "]]", "[[", "The tag of this message is ", "</text>", "```\n", "<|im_end|>")
#: What a text is filled up with; each is one character once it is cleaned, beside any other.
FILLERS: Final = ("a", " ", "\u00e9", "\u6f22", "\U0001f600", "e\u0301", "a\u200b", "\u202e.")
_AIMS: Final[tuple[tuple[Aim, int], ...]] = (("most", 0), ("most", -1), ("most", 1), ("least", 0), ("least", 1))

#: Each family of pieces is about a twentieth of the alphabet.
_SHARE: Final = 20
_MOST_LITERALS: Final = 40


@lru_cache(maxsize=64)
def alphabet(literals: tuple[str, ...]) -> tuple[Ingredient, ...]:
    """Return the ingredient behind each letter, the plainest first, with the words of a spec among them."""
    words = Words(literals)
    spread = literals[:: max(len(literals) // _MOST_LITERALS, 1)][:_MOST_LITERALS]
    families: tuple[tuple[str, ...], ...] = (
        PLAIN,
        BIDIRECTIONAL,
        TAGS,
        ZERO_WIDTH,
        MARKS,
        EMOJI,
        LOOK_ALIKES,
        BREAKS[:4],
        REFUSED[:4],
    )
    found: list[Ingredient] = [Piece(text) for family in families for text in _to_share(family)]
    found += [Stretch(aim, by, filler) for filler in FILLERS for aim, by in _AIMS]
    found += [Piece(text) for text in (*BREAKS[4:], *REFUSED[4:], *_to_share(FENCES))]
    found += [Piece(f"[[{path}]]") for path in words.paths[:_SHARE]] + [Piece(word) for word in spread]
    found += [Piece(seed.text(words, place), seed.name) for place, seed in enumerate(SEEDS)]
    found += [Changing(mutator, place % 7) for place, mutator in enumerate(MUTATORS)]
    return tuple(found)


def _to_share(texts: tuple[str, ...]) -> tuple[str, ...]:
    return (texts * (_SHARE // len(texts) + 1))[:_SHARE]


def cook(recipe: str, ingredients: tuple[Ingredient, ...]) -> Dish:
    """Return what the letters of *recipe* make, one after the other."""
    text, techniques = "", list[str]()
    stretch: Stretch | None = None
    for letter in recipe:
        match ingredients[ord(letter) - FIRST_LETTER]:
            case Piece(text=more, technique=name):
                text += more
                if name:
                    techniques.append(name)
            case Changing(mutator=mutator, variant=variant):
                if len(text) <= _LONG:
                    text = mutator.change(text, variant)
                    techniques.append(mutator.name)
            case Stretch() as asked:
                stretch = asked
    return Dish(text, tuple(techniques), stretch)
