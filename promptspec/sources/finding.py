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


@dataclass(frozen=True, slots=True)
class Holders:
    """The entries that hold one term: how many there are, and their positions unless these are too many to look at."""

    count: int
    positions: Sequence[int]


class Index(Protocol):
    """Which entries hold a word, or a part of a word. Positions count from 1."""

    def __len__(self) -> int: ...

    def holders(self, terms: Sequence[str], *, parts: bool) -> Mapping[str, Holders]:
        """Return who holds each of *terms*."""
        ...

    def resembling(self, words: Sequence[str]) -> Iterable[int]:
        """Return positions that the holders of *words*, and of their parts, may lack."""
        ...

    def rows(self, positions: Sequence[int]) -> Mapping[int, Row]:
        """Return the rows at *positions*."""
        ...

    def text(self, row: Row) -> str:
        """Return what is searched of *row*."""
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
        rows = index.rows(only)
        index, keeps = index.among([position for position in only if keeps(rows[position])]), None
    kept = _Kept(index, keeps)
    rankings = [_Ranking(index, words, parts=False), _Ranking(index, parts, parts=True)]
    candidates = [*(each.candidates() for each in rankings), iter(index.resembling(words))]
    drawn = dict.fromkeys(position for each in candidates for position in kept.best(each))
    for position in drawn:
        held = words_of(index.text(kept.row(position)))
        for each in rankings:
            each.weigh(position, held)
    found: list[Found] = []
    for position in fused([each.ranked() for each in rankings]):
        nearness = max(each.shares.get(position, 0.0) for each in rankings)
        if nearness >= above and len(found) < top:
            found.append(Found(kept.row(position), nearness))
    return tuple(found)


class _Ranking:
    """The entries that hold some of *terms*, by the weight of what they hold."""

    def __init__(self, index: Index, terms: Sequence[str], *, parts: bool) -> None:
        self._parts = parts
        self._holders = index.holders(terms, parts=parts)
        self._weights = [(term, weight(len(index), self._holders[term].count)) for term in terms]
        self._total = fsum(weighs for _, weighs in self._weights)
        self.shares: dict[int, float] = {}

    def candidates(self) -> Iterator[int]:
        """Yield positions, those first that hold most of what few entries hold."""
        held: dict[int, float] = {}
        for term, weighs in self._weights:
            for position in self._holders[term].positions:
                held[position] = held.get(position, 0.0) + weighs
        if len(held) > MOST_RANKED:  # most of them are never asked for
            least = nlargest(MOST_RANKED, held.values())[-1]
            first = [position for position, weighs in held.items() if weighs >= least]
            yield from _sorted(first, held)
            for position in first:
                del held[position]
        yield from _sorted(held, held)

    def weigh(self, position: int, words: Sequence[str]) -> None:
        """Work out the share of *position*, whose entry holds *words*."""
        held = ended(words) if self._parts else frozenset(words)
        found = share(fsum(weighs for term, weighs in self._weights if term in held), self._total)
        if found:
            self.shares[position] = found

    def ranked(self) -> list[int]:
        """Return the positions that were weighed and hold something, best first."""
        return _sorted(self.shares, self.shares)


def _sorted(positions: Iterable[int], worth: Mapping[int, float]) -> list[int]:
    """Return *positions* by their *worth*, those of one worth in the order of the source."""
    return sorted(sorted(positions), key=worth.__getitem__, reverse=True)


class _Kept:
    """The rows that were looked at; None in place of one that may not be shown."""

    def __init__(self, index: Index, keeps: Callable[[Row], bool] | None) -> None:
        self._index = index
        self._keeps = keeps
        self._known: dict[int, Row | None] = {}

    def row(self, position: int) -> Row:
        """Return the row at *position*, which was found to be kept."""
        row = self._known[position]
        assert row is not None
        return row

    def best(self, positions: Iterator[int]) -> list[int]:
        """Return the first of *positions* whose rows are kept, up to as many as take part in a ranking."""
        found: list[int] = []
        while len(found) < MOST_RANKED:
            looked_at = list(islice(positions, MOST_RANKED))
            if not looked_at:
                break
            new = [position for position in looked_at if position not in self._known]
            rows = self._index.rows(new)
            self._known |= {position: rows[position] if self._is_kept(rows[position]) else None for position in new}
            found += [position for position in looked_at if self._known[position] is not None]
        return found[:MOST_RANKED]

    def _is_kept(self, row: Row) -> bool:
        return self._keeps is None or self._keeps(row)


class MemoryIndex:
    """Who holds what among few rows."""

    def __init__(self, rows: Sequence[Row], searched: Sequence[int], positions: Sequence[int] | None = None) -> None:
        """Take the *rows* of a source in their order, which of their cells are searched, and their *positions*."""
        self._rows = dict(zip(positions or range(1, len(rows) + 1), rows, strict=True))
        self._searched = tuple(searched)
        self._is_whole = True
        self._words: dict[str, list[int]] = {}
        self._word_parts: dict[str, list[int]] = {}
        for position, row in self._rows.items():
            words = words_of(self.text(row))
            for word in words:
                self._words.setdefault(word, []).append(position)
            for part in parts_of(words):
                self._word_parts.setdefault(part, []).append(position)

    def __len__(self) -> int:
        return len(self._rows)

    def holders(self, terms: Sequence[str], *, parts: bool) -> Mapping[str, Holders]:
        """Return who holds each of *terms*."""
        known = self._word_parts if parts else self._words
        found = {term: known.get(term, []) for term in terms}
        if not self._is_whole:
            found = {term: [each for each in held if each in self._rows] for term, held in found.items()}
        return {term: Holders(len(positions), positions) for term, positions in found.items()}

    def resembling(self, words: Sequence[str]) -> Iterable[int]:
        """Return nothing: who holds a part of a word is known."""
        return ()

    def rows(self, positions: Sequence[int]) -> dict[int, Row]:
        """Return the rows at *positions*."""
        return {position: self._rows[position] for position in positions}

    def among(self, positions: Sequence[int]) -> MemoryIndex:
        """Return the index of the entries at *positions*, as if there were no others."""
        some = copy(self)
        some._rows = self.rows(positions)
        some._is_whole = False
        return some

    def text(self, row: Row) -> str:
        """Return what is searched of *row*."""
        return searched_text(row, self._searched)


def searched_text(row: Row, searched: Sequence[int]) -> str:
    """Return the cells *searched* of *row*, one a line."""
    return "\n".join(str(row[at]) for at in searched if row[at] is not None)
