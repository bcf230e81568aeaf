"""The entries of a source that are nearest to a text: by words and by parts of words, their rankings fused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice
from math import fsum
from typing import Final, Protocol

from promptspec.sources.nearness import MOST_RANKED, asked_of, ended, fused, parts_of, share, weight, words_of
from promptspec.sources.port import Found, Row

#: A source of up to so many entries is looked through in memory; of more, the snapshot's file has an index.
MOST_IN_MEMORY: Final = 1_000
#: Up to so many entries that a condition leaves are all compared, whatever words they hold.
MOST_COMPARED: Final = 300
#: The fewest rows that are read at a time, where some of those before are not kept.
_FEWEST: Final = 10


@dataclass(frozen=True, slots=True)
class Holders:
    """The entries that hold one term: how many there are, and their positions unless these are too many to look at."""

    count: int
    positions: Sequence[int]


class Entry:
    """A row, and what is searched of it, worked out when it is first asked for."""

    __slots__ = ("_ended", "_searched", "_words", "row")

    def __init__(self, row: Row, searched: Sequence[int]) -> None:
        """Take the *row* and which of its cells are *searched*."""
        self.row = row
        self._searched = searched
        self._words: tuple[str, ...] | None = None
        self._ended = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The different words that it holds."""
        if self._words is None:
            self._words = tuple(words_of(searched_text(self.row, self._searched)))
        return self._words

    @property
    def ended(self) -> str:
        """Its words in one text, with `_` for the ends of each."""
        self._ended = self._ended or ended(self.words)
        return self._ended


class Index(Protocol):
    """Which entries hold a word, or a part of a word. Positions count from 1."""

    def __len__(self) -> int: ...

    def holders(self, terms: Sequence[str], *, parts: bool) -> Mapping[str, Holders]:
        """Return who holds each of *terms*."""
        ...

    def resembling(self, words: Sequence[str]) -> Iterable[int]:
        """Return positions that the holders of the parts of *words* may lack; no entry holds one of *words*."""
        ...

    def entries(self, positions: Sequence[int]) -> Mapping[int, Entry]:
        """Return the entries at *positions*."""
        ...

    def among(self, positions: Sequence[int]) -> Index:
        """Return the index of the few entries at *positions*, as if there were no others."""
        ...


def find(
    index: Index,
    near: str,
    *,
    top: int,
    above: float,
    keeps: Callable[[Row], bool] | None = None,
    only: Sequence[int] | None = None,
) -> tuple[Found, ...]:
    """Return the up to *top* entries that are nearest to *near*, best first, of those that *keeps* is true of.

    How near one is, is the share of the words of *near* that it holds, or of their parts, whichever is larger; rare
    ones weigh more. Those that are less near than *above* are left out, and those that hold none of them. *only* are
    the positions of the few that *keeps* can be true of, where they are known. There, and where all entries are few,
    the others weigh nothing: else what is near would tell which words stand in rows of somebody else.
    """
    words, parts = asked_of(near)
    if only is None and len(index) <= MOST_IN_MEMORY:
        only = range(1, len(index) + 1)
    if keeps is not None and only is not None:
        entries = index.entries(only)
        index, keeps = index.among([position for position in only if keeps(entries[position].row)]), None
    kept = _Kept(index, keeps)
    rankings = [_Ranking(index, words, parts=False), _Ranking(index, parts, parts=True)]
    candidates = [*(each.candidates() for each in rankings), iter(index.resembling(rankings[0].unheld))]
    drawn = dict.fromkeys(position for each in candidates for position in kept.best(each))
    for position in drawn:
        entry = kept.entry(position)
        for each in rankings:
            each.weigh(position, entry)
    found: list[Found] = []
    for position in fused([each.ranked() for each in rankings]):
        nearness = max(each.shares.get(position, 0.0) for each in rankings)
        if nearness >= above and len(found) < top:
            found.append(Found(kept.entry(position).row, nearness))
    return tuple(found)


class _Ranking:
    """The entries that hold some of *terms*, by the weight of what they hold."""

    def __init__(self, index: Index, terms: Sequence[str], *, parts: bool) -> None:
        self._parts = parts
        self._holders = index.holders(terms, parts=parts)
        self._weights = [(term, weight(len(index), self._holders[term].count)) for term in terms]
        self._weight_of = dict(self._weights)
        self._total = fsum(self._weight_of.values())
        self.shares: dict[int, float] = {}

    @property
    def unheld(self) -> list[str]:
        """The terms that no entry holds."""
        return [term for term, holders in self._holders.items() if not holders.count]

    def candidates(self) -> Iterator[int]:
        """Yield positions, those first that hold most of what few entries hold."""
        held: dict[int, float] = {}
        weight_of = held.get
        for term, weighs in self._weights:
            for position in self._holders[term].positions:
                held[position] = weight_of(position, 0.0) + weighs
        if len(held) > MOST_RANKED:  # most of them are never asked for
            least = nlargest(MOST_RANKED, held.values())[-1]
            first = [position for position, weighs in held.items() if weighs >= least]
            yield from _sorted(first, held)
            for position in first:
                del held[position]
        yield from _sorted(held, held)

    def weigh(self, position: int, entry: Entry) -> None:
        """Work out the share of *entry*, which stands at *position*."""
        if self._parts:
            text = entry.ended
            held = [weighs for term, weighs in self._weights if term in text]
        else:
            known = self._weight_of
            held = [known[word] for word in entry.words if word in known]
        found = share(fsum(held), self._total)
        if found:
            self.shares[position] = found

    def ranked(self) -> list[int]:
        """Return the positions that were weighed and hold something, best first."""
        return _sorted(self.shares, self.shares)


def _sorted(positions: Iterable[int], worth: Mapping[int, float]) -> list[int]:
    """Return *positions* by their *worth*, those of one worth in the order of the source."""
    return sorted(sorted(positions), key=worth.__getitem__, reverse=True)


class _Kept:
    """The entries that were looked at; None in place of one that may not be shown."""

    def __init__(self, index: Index, keeps: Callable[[Row], bool] | None) -> None:
        self._index = index
        self._keeps = keeps
        self._known: dict[int, Entry | None] = {}

    def entry(self, position: int) -> Entry:
        """Return the entry at *position*, which was found to be kept."""
        entry = self._known[position]
        assert entry is not None
        return entry

    def best(self, positions: Iterator[int]) -> list[int]:
        """Return the first of *positions* whose entries are kept, up to as many as take part in a ranking."""
        found: list[int] = []
        while len(found) < MOST_RANKED:
            looked_at = list(islice(positions, max(MOST_RANKED - len(found), _FEWEST)))
            if not looked_at:
                break
            entries = self._index.entries([position for position in looked_at if position not in self._known])
            self._known |= {at: entry if self._is_kept(entry.row) else None for at, entry in entries.items()}
            found += [position for position in looked_at if self._known[position] is not None]
        return found[:MOST_RANKED]

    def _is_kept(self, row: Row) -> bool:
        return self._keeps is None or self._keeps(row)


class MemoryIndex:
    """Who holds what among few entries."""

    def __init__(self, entries: Mapping[int, Entry]) -> None:
        """Take the *entries* by their positions, in their order."""
        self._entries = entries
        self._is_whole = True
        self._words: dict[str, list[int]] = {}
        self._word_parts: dict[str, list[int]] = {}
        for position, entry in entries.items():
            for word in entry.words:
                self._words.setdefault(word, []).append(position)
            for part in parts_of(entry.words):
                self._word_parts.setdefault(part, []).append(position)

    @classmethod
    def of(cls, rows: Sequence[Row], searched: Sequence[int]) -> MemoryIndex:
        """Return the index of all *rows* of a source by their cells *searched*."""
        return cls({position: Entry(row, searched) for position, row in enumerate(rows, 1)})

    def __len__(self) -> int:
        return len(self._entries)

    def holders(self, terms: Sequence[str], *, parts: bool) -> Mapping[str, Holders]:
        """Return who holds each of *terms*."""
        known = self._word_parts if parts else self._words
        found = {term: known.get(term, []) for term in terms}
        if not self._is_whole:
            found = {term: [each for each in held if each in self._entries] for term, held in found.items()}
        return {term: Holders(len(positions), positions) for term, positions in found.items()}

    def resembling(self, words: Sequence[str]) -> Iterable[int]:
        """Return nothing: who holds a part of a word is known."""
        return ()

    def entries(self, positions: Sequence[int]) -> dict[int, Entry]:
        """Return the entries at *positions*."""
        return {position: self._entries[position] for position in positions}

    def among(self, positions: Sequence[int]) -> MemoryIndex:
        """Return the index of the entries at *positions*, as if there were no others."""
        some = copy(self)
        some._entries = self.entries(positions)
        some._is_whole = False
        return some


def searched_text(row: Row, searched: Sequence[int]) -> str:
    """Return the cells *searched* of *row*, one a line."""
    return "\n".join(str(row[at]) for at in searched if row[at] is not None)
