"""The rows of a snapshot by the vectors of their texts, and those that are nearest to the vector of another text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from promptspec.errors import SourceUnavailable
from promptspec.sources.finding import MOST_IN_MEMORY, searched_text
from promptspec.sources.port import Found, Row, Snapshot
from promptspec.sources.vectors import Vectors, embedded_text, nearness, signs_of

#: Of more rows than are compared one by one, so many are: those whose vectors have the signs of the one looked for.
MOST_COMPARED: Final = 500


class Unembedded(SourceUnavailable):
    """A row has no vector."""


class Embedded:
    """The rows of one *snapshot* whose cells *searched* hold a text, each with its vector.

    *alike* are the cells whose texts conditions compare, so that rows can be found by these. Raises Unembedded for a
    row without a vector, where *whole*; else such rows are near nothing.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        vectors: Vectors,
        *,
        key: int,
        searched: Sequence[int],
        alike: Sequence[int] = (),
        whole: bool = True,
    ) -> None:
        self._snapshot = snapshot
        self._vectors = vectors
        self._keys: list[str] = []
        self._places: list[int] = []
        self._alike = frozenset(alike)
        self._holding: dict[tuple[int, str], list[int]] = {}
        for row in snapshot.rows():
            text = embedded_text(searched_text(row, searched))
            place = vectors.place(text) if text else None
            if place is None:
                if whole and text:
                    raise Unembedded("a row of the source has no vector")
                continue
            for at in alike:
                self._holding.setdefault((at, str(row[at])), []).append(len(self._keys))
            self._keys.append(str(row[key]))
            self._places.append(place)
        self._signs: list[int] | None = None

    @property
    def dimensions(self) -> int:
        """How many numbers each vector has."""
        return self._vectors.dimensions

    def nearest(
        self,
        near: Sequence[float],
        *,
        top: int,
        above: float,
        keeps: Callable[[Row], bool] | None,
        equal: Sequence[tuple[int, str]] = (),
    ) -> tuple[Found, ...]:
        """Return the up to *top* rows that are nearest to the vector *near*, best first.

        Only rows that *keeps* is true of, that are at least as near as *above*, and nearer than not at all. Where
        *equal* names cells, *keeps* is true only of rows that have these texts there.
        """
        found: list[Found] = []
        for at, near_by in self._ranked(near, self._among(equal), keeps):
            if len(found) == top or near_by <= 0 or near_by < above:
                break
            row = self._row(at)
            if keeps is None or keeps(row):
                found.append(Found(row, near_by))
        return tuple(found)

    def _among(self, equal: Sequence[tuple[int, str]]) -> Sequence[int]:
        known = [self._holding.get((at, text), []) for at, text in equal if at in self._alike]
        return min(known, key=len) if known else range(len(self._keys))

    def _ranked(
        self, near: Sequence[float], among: Sequence[int], keeps: Callable[[Row], bool] | None
    ) -> list[tuple[int, float]]:
        """Return the positions that are compared, and how near each is, the nearest first."""
        compared = among if len(among) <= MOST_IN_MEMORY else list(self._likely(near, among, keeps))
        ranked = [(at, nearness(near, self._vectors.vector(self._places[at]))) for at in compared]
        return sorted(ranked, key=lambda each: (-each[1], each[0]))

    def _likely(
        self, near: Sequence[float], among: Iterable[int], keeps: Callable[[Row], bool] | None
    ) -> Iterator[int]:
        """Yield the positions whose vectors differ from *near* in the fewest signs, of rows that are kept."""
        if self._signs is None:
            self._signs = [self._vectors.signs(place) for place in self._places]
        signs, own = self._signs, signs_of(near)
        left = MOST_COMPARED
        for at in sorted(among, key=lambda at: (signs[at] ^ own).bit_count()):
            if left == 0:
                return
            if keeps is None or keeps(self._row(at)):
                left -= 1
                yield at

    def _row(self, at: int) -> Row:
        row = self._snapshot.row(self._keys[at])
        if row is None:
            raise SourceUnavailable("a row is not where it was")
        return row
