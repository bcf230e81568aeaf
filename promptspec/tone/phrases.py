"""Words and phrases in a text, matched as people mean them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from promptspec.tone.folding import fold
from promptspec.values.words import spaced_runs

_TOKEN: Final = re.compile(r"[^\W_]+")
_BLANKS: Final = re.compile(r"\s+")
_STARRED: Final = re.compile(r"[^\W_]\*(?=[\W_]|$)")
# A phrase of words: what parts them may be any blank, line break or mark. Every other one is matched as it is written.
_PLAIN: Final = re.compile(r"[^\W_]+\*?(?:[\s,.'’\-]+[^\W_]+\*?)*[.]?")
_BROKEN_WORD: Final = re.compile(r"(?<=[^\W_])[-\u2010][ \t]*\n[ \t]*(?=[^\W_])")
# Words with marks inside, between blanks. Looked for at the beginnings of words alone, else one long word costs its
# length squared.
_IN_PIECES: Final = re.compile(r"(?<![^\W_])[^\W_]+(?:(?:[^\w\s]|_)+[^\W_]+)+")
#: Letters of a word that is also looked for where single marks stand inside of it ("guar.antee").
_SHORTEST_JOINED: Final = 5
#: Letters of a phrase that is looked for among letters that are spaced out.
_SHORTEST_SPACED: Final = 3
#: Phrases that are each looked for among such letters.
_MOST_TRIED: Final = 1_000


class BadPhrase(ValueError):
    """A phrase that cannot be looked for; the message says why, without a full stop."""


def check_phrase(phrase: str) -> None:
    """Raise BadPhrase unless *phrase* says something, and `*` stands only at the end of a word."""
    if not phrase.strip():
        raise BadPhrase("there is nothing to look for in an empty phrase")
    if "*" in _STARRED.sub("", phrase) and _TOKEN.search(phrase):
        raise BadPhrase("a `*` stands at the end of a word")
    if any(len(token) < 2 for token, more in _tokens(phrase) if more):
        raise BadPhrase("at least two letters stand before a `*`")


class Seen(str):
    """A text in which several rules look for phrases: what all of them look at is worked out once."""

    @cached_property
    def folded(self) -> str:
        """The text as a reader takes it."""
        return fold(str(self))

    @cached_property
    def tokens(self) -> list[str]:
        """The words of the folded text, in order."""
        return _TOKEN.findall(self.folded)

    @cached_property
    def joined(self) -> tuple[str, ...]:
        """The words that marks, or a hyphen at the end of a line, break into pieces, put together."""
        return tuple(word for word in _put_together(self.folded) if len(word) >= _SHORTEST_JOINED)

    @cached_property
    def runs(self) -> list[str]:
        """The letters of words whose letters are spaced out."""
        if sum(len(token) == 1 for token in self.tokens) < _SHORTEST_SPACED:
            return []
        return spaced_runs(self.folded)


class Phrases:
    """Phrases to look for: words at word boundaries in any case, in any inflection where one ends in `*`.

    Look-alikes, accents, zero-width characters and soft hyphens make no difference (values/words.py), nor does what
    parts the words of a phrase: blanks, line breaks, hyphens. Letters spaced out, and words of five letters or more
    with marks inside, are found as well. Digits that stand for letters are not. Linear in the text; each phrase that
    is no plain words ("C++") costs one search.
    """

    __slots__ = ("_begins", "_lengths", "_literals", "_phrases", "_prefixes", "_spaced", "_words")

    def __init__(self, phrases: Iterable[str]) -> None:
        self._words: set[str] = set()
        # By the first two letters and the length: most words of a text begin as none of them does.
        self._prefixes: dict[str, dict[int, set[str]]] = {}
        self._phrases: dict[str, list[tuple[tuple[str, bool], ...]]] = {}
        self._begins: dict[str, dict[int, dict[str, list[tuple[tuple[str, bool], ...]]]]] = {}
        self._literals: list[str] = []
        self._spaced: set[str] = set()
        self._lengths: list[int] = []
        for phrase in phrases:
            self._add(phrase)

    def _add(self, phrase: str) -> None:
        if not _PLAIN.fullmatch(phrase.strip()):
            self._literals.append(_line(phrase.strip()))
            return
        tokens = _tokens(phrase)
        letters = "".join(token for token, _ in tokens)
        if len(letters) >= _SHORTEST_SPACED:
            self._spaced.add(letters)
        first, more = tokens[0]
        if len(tokens) > 1:
            home = self._begins.setdefault(first[:2], {}).setdefault(len(first), {}) if more else self._phrases
            home.setdefault(first, []).append(tokens)
        elif more:
            self._prefixes.setdefault(first[:2], {}).setdefault(len(first), set()).add(first)
        else:
            self._words.add(first)

    def found_in(self, text: str) -> bool:
        """Say whether *text* holds one of the phrases, however it is spelt."""
        seen = text if isinstance(text, Seen) else Seen(text)
        if self._stands_in(seen.folded, seen.tokens):
            return True
        if any(map(self._is_word, seen.joined)):
            return True
        return any(map(self._stands_in_run, seen.runs))

    def _stands_in_run(self, run: str) -> bool:
        """Say whether letters that were spaced out hold a phrase; many phrases are looked up place by place."""
        if len(self._spaced) <= _MOST_TRIED:
            return any(letters in run for letters in self._spaced)
        if not self._lengths:
            self._lengths = sorted({len(letters) for letters in self._spaced})
        return any(run[at : at + size] in self._spaced for size in self._lengths for at in range(len(run) - size + 1))

    def stands_in(self, text: str) -> bool:
        """Say whether *text* holds one of the phrases as a reader expects it: not spaced out, not in pieces."""
        seen = text if isinstance(text, Seen) else Seen(text)
        return self._stands_in(seen.folded, seen.tokens)

    def _stands_in(self, shown: str, tokens: list[str]) -> bool:
        if self._in_order(tokens):
            return True
        if not self._literals:
            return False
        line = _BLANKS.sub(" ", shown)
        return any(_is_in_line(line, each) for each in self._literals)

    def _in_order(self, tokens: list[str]) -> bool:
        if not self._words.isdisjoint(tokens):
            return True
        if self._prefixes and any(map(self._has_prefix, set(tokens))):
            return True
        if not self._phrases and not self._begins:
            return False
        return any(
            _continues(tokens, at, phrase)
            for at, token in enumerate(tokens)
            if token in self._phrases or token[:2] in self._begins
            for phrase in self._beginning(token)
        )

    def _beginning(self, token: str) -> Iterator[tuple[tuple[str, bool], ...]]:
        yield from self._phrases.get(token, ())
        for length, begins in self._begins.get(token[:2], {}).items():
            yield from begins.get(token[:length], ())

    def _is_word(self, word: str) -> bool:
        return word in self._words or self._has_prefix(word)

    def _has_prefix(self, token: str) -> bool:
        at = self._prefixes.get(token[:2])
        return at is not None and any(token[:length] in prefixes for length, prefixes in at.items())


def _is_in_line(line: str, literal: str) -> bool:
    at = line.find(literal)
    while at >= 0:
        end = at + len(literal)
        cut_before = literal[0].isalnum() and at > 0 and line[at - 1].isalnum()
        cut_behind = literal[-1].isalnum() and end < len(line) and line[end].isalnum()
        if not cut_before and not cut_behind:
            return True
        at = line.find(literal, at + 1)
    return False


def _continues(tokens: list[str], at: int, phrase: tuple[tuple[str, bool], ...]) -> bool:
    if at + len(phrase) > len(tokens):
        return False
    return all(
        token.startswith(wanted) if more else token == wanted
        for token, (wanted, more) in zip(tokens[at : at + len(phrase)], phrase, strict=True)
    )


def _tokens(phrase: str) -> tuple[tuple[str, bool], ...]:
    """Return the words of *phrase*, folded, each with whether it ends in `*`."""
    shown = fold(phrase)
    return tuple((found.group(), shown[found.end() : found.end() + 1] == "*") for found in _TOKEN.finditer(shown))


def _line(text: str) -> str:
    return _BLANKS.sub(" ", fold(text))


def _put_together(shown: str) -> set[str]:
    """Return the words of a folded text that marks or a hyphen at the end of a line break into pieces."""
    found = {"".join(_TOKEN.findall(part)) for part in _IN_PIECES.findall(shown)}
    if "\n" in shown:
        found.update(_TOKEN.findall(_BROKEN_WORD.sub("", shown)))
    return found
