"""Rows that a reader cannot tell apart: keys or labels that differ in look-alikes, blanks or what does not show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, TypeAlias

from promptspec.sources.port import Cell
from promptspec.sources.problems import MOST_PROBLEMS, shown
from promptspec.values.cleaning import INVISIBLE, beyond_ascii, stands_alone
from promptspec.values.untyped import category, normalize
from promptspec.values.words import folded

#: Texts with something other than plain ASCII that are compared with the rest.
MOST_SUSPECTS: Final = 10_000
#: What a text is looked up by: its column and itself; what comes back are texts of that column with their places.
Lookup: TypeAlias = Callable[[str, str], Iterable[tuple[str, str]]]

_NOTHING: Final = dict.fromkeys(map(ord, INVISIBLE))
_MARKS: Final = str.maketrans("’‘‛ʼʹ´`′“”„‟″−", "''''''''\"\"\"\"\"-")


def look(text: str) -> str:
    """Return what *text* looks like: of two texts with the same look, a reader cannot say which is which.

    Letters of other scripts and widths are the Latin ones that they look like; blanks are one space, dashes and
    quotes the plain ones; what shows nothing is gone. Case and accents show, and so do all of ASCII but repeated
    blanks.
    """
    if not text.isascii():
        text = normalize("NFC", text.translate(_NOTHING)).translate(_MARKS)
        text = "".join(map(_look_of, text))
    return " ".join(text.split()) if "  " in text else text


def _all_show_themselves(cells: Sequence[Cell]) -> bool:
    texts = [cell for cell in cells if isinstance(cell, str)]
    return all(map(_shows_itself, beyond_ascii("".join(texts)))) and not any("  " in text for text in texts)


@lru_cache(maxsize=65_536)
def _shows_itself(character: str) -> bool:
    """Tell whether *character* looks like itself alone, whatever stands beside it."""
    return character.isascii() or (
        stands_alone(character) and ord(character) not in _MARKS and _look_of(character) == character
    )


@lru_cache(maxsize=4096)
def _look_of(character: str) -> str:
    if character.isascii():
        return character
    match category(character):
        case "Zs":
            return " "
        case "Pd":
            return "-"
        case _:
            pass
    if len(normalize("NFD", character)) > 1:  # an accent shows
        return character
    plain = folded(character)
    if len(plain) != 1:
        return normalize("NFKC", character)
    return plain.upper() if character.isupper() else plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Two places whose texts in *column* look alike, and how they differ."""

    column: str
    place: str
    text: str
    other_place: str
    other_text: str

    def __str__(self) -> str:
        return (
            f"{self.place} and {self.other_place}: {self.column}: `{shown(self.text)}` looks like "
            f"`{shown(self.other_text)}`, but {_difference(self.text, self.other_text)}"
        )


@dataclass(slots=True, kw_only=True)
class Suspects:
    """Texts that may look like others, gathered while rows pass: the first MOST_SUSPECTS of each column."""

    found: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict[str, list[tuple[str, str, str]]])

    def add(self, column: str, text: str, place: str) -> None:
        """Keep *text* if it looks like anything but itself."""
        if text.isascii() and "  " not in text:
            return
        kept = self.found.setdefault(column, [])
        if len(kept) < MOST_SUSPECTS:
            looks = look(text)
            if looks != text:
                kept.append((looks, text, place))

    def add_all(self, columns: Mapping[str, Sequence[Cell]], places: Sequence[str]) -> None:
        """Keep those texts of rows that look like anything but themselves; the rows' cells come as *columns*."""
        open_ = {
            name: cells
            for name, cells in columns.items()
            if len(self.found.get(name, ())) < MOST_SUSPECTS and not _all_show_themselves(cells)
        }
        for at, place in enumerate(places if open_ else ()):
            for name, cells in open_.items():
                if isinstance(cell := cells[at], str):
                    self.add(name, cell, place)

    def compared(self, lookup: Lookup) -> tuple[Alike, ...]:
        """Return up to MOST_PROBLEMS pairs: suspects that look like each other, or like a plain text of the source."""
        pairs: list[Alike] = []
        for column, suspects in self.found.items():
            first: dict[str, tuple[str, str]] = {}
            for looks, text, place in suspects:
                others = [first[looks]] if looks in first else list(lookup(column, looks))
                other = next((each for each in others if each[0] != text), None)
                if other is not None:
                    pairs.append(
                        Alike(column=column, place=place, text=text, other_place=other[1], other_text=other[0])
                    )
                if len(pairs) == MOST_PROBLEMS:
                    return tuple(pairs)
                first.setdefault(looks, (text, place))
        return tuple(pairs)


def _difference(text: str, other: str) -> str:
    for here, there in zip(text, other, strict=False):
        if here != there:
            return f"holds U+{ord(here):04X} where that holds U+{ord(there):04X}"
    if len(text) > len(other):
        return f"holds U+{ord(text[len(other)]):04X} more"
    return f"lacks U+{ord(other[len(text)]):04X}"
