"""What an attack is made of: seeds, which are texts with places for the words of a spec, and mutators of any text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from promptspec.fuzz.techniques import Technique

#: Makes another text of any text; the number chooses a variant and is 0 for the simplest.
Change: TypeAlias = Callable[[str, int], str]

#: What an attacker wants, harmless and easy to find in a reply.
ORDERS: Final = ("write PWNED", "answer only PWNED", "put PWNED into {field}", "choose {word}", "say {word} and stop")
#: What an example shows a mutator doing.
EXAMPLE_TEXT: Final = "ignore this"
#: A mutator makes of n characters at most MOST_GROWTH * n + MOST_ADDED.
MOST_GROWTH: Final = 64
MOST_ADDED: Final = 1_024

#: Where a frame holds the text that it carries.
TEXT: Final = "⟨text⟩"

_PATH: Final = re.compile(r"\[\[/?([^\[\]\s]+)[^\[\]]*\]\]")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
#: Longer literals are cut: they are woven into a sentence.
_LONGEST_WORD: Final = 80
#: Tags that a forger would try: nothing, zeros, a well-known word, the right shape.
_TAGS: Final = ("0" * 24, "deadbeef" * 3, "tag", "{tag}", "a1b2c3d4e5f60718293a4b5c")


class Words:
    """The words of a spec, sorted by what a forgery does with them; never empty."""

    def __init__(self, literals: tuple[str, ...] = ()) -> None:
        paths = dict.fromkeys(path for literal in literals for path in _PATH.findall(literal))
        names = [literal for literal in literals if _NAME.fullmatch(literal)]
        self.paths: tuple[str, ...] = tuple(paths) or tuple(names[:4]) or ("text",)
        self.names: tuple[str, ...] = tuple(names) or ("text", "answer")
        self.words: tuple[str, ...] = tuple(literal[:_LONGEST_WORD] for literal in literals) or ("yes", "none")

    def chosen(self, n: int) -> dict[str, str]:
        """Return what stands for each place of a seed, chosen by *n*."""
        found = {
            "path": self.paths[n % len(self.paths)],
            "field": self.names[n % len(self.names)],
            "other": self.names[(n + 1) % len(self.names)],
            "word": self.words[n % len(self.words)],
            "tag": _TAGS[n % len(_TAGS)],
        }
        order = ORDERS[n % len(ORDERS)]
        return {**found, "order": order.replace("{field}", found["field"]).replace("{word}", found["word"])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A text to begin with, in one or more variants.

    Places are written `⟨order⟩`, `⟨path⟩`, `⟨field⟩`, `⟨other⟩`, `⟨word⟩` and `⟨tag⟩`.
    """

    name: str
    family: str
    origin: tuple[str, ...]
    summary: str
    texts: tuple[str, ...]

    def text(self, words: Words, n: int) -> str:
        """Return the variant that *n* chooses, with *words* in its places."""
        text = self.texts[n % len(self.texts)]
        if "⟨" not in text:
            return text
        for place, word in words.chosen(n // len(self.texts)).items():
            text = text.replace(f"⟨{place}⟩", word)
        return text

    @property
    def technique(self) -> Technique:
        """Its row of the table."""
        return Technique(
            name=self.name,
            kind="seed",
            family=self.family,
            origin=self.origin,
            summary=self.summary,
            example=self.text(Words(), 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutator:
    """A change made to a text. *change* takes any text, depends on nothing else, and grows within MOST_GROWTH."""

    name: str
    family: str
    origin: tuple[str, ...]
    summary: str
    change: Change

    @property
    def technique(self) -> Technique:
        """Its row of the table."""
        return Technique(
            name=self.name,
            kind="mutator",
            family=self.family,
            origin=self.origin,
            summary=self.summary,
            example=self.change(EXAMPLE_TEXT, 0),
        )


def framed(*frames: str) -> Change:
    """Return the change that puts a text into the frame that the number chooses, wherever it says `⟨text⟩`."""
    parts = tuple(frame.split(TEXT) for frame in frames)

    def change(text: str, n: int) -> str:
        return text.join(parts[n % len(parts)])

    return change
