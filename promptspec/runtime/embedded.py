"""Rows of a source by their vectors, which are read, or stood in for, once a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from promptspec.errors import SourceUnavailable
from promptspec.runtime.records import Row

if TYPE_CHECKING:
    from promptspec.runtime.shortlists import Near, Shortlist
    from promptspec.runtime.sources import Source
    from promptspec.sources.embedded import Embedded
    from promptspec.sources.port import Snapshot
    from promptspec.sources.vectors import Vectors

R = TypeVar("R", bound=Row)

#: Held while the vectors of a source are read, so that threads do not all do that.
_ONE_READS: Final = threading.Lock()


def nearest_by_vector(
    shortlist: Shortlist[R], near: Near, *, snapshot: Snapshot, keeps: Callable[[tuple[Any, ...]], bool] | None
) -> tuple[R, ...]:
    """Return the rows of *snapshot* that are nearest to the vector of *near*, best first; none where it has none.

    Raises SourceUnavailable where rows have no vectors, or such of another size.
    """
    if near.vector is None:
        return ()
    source = shortlist.source
    alike = tuple(source.columns.index(column) for column, _ in shortlist.equal)
    searched = tuple(source.columns.index(column) for column in shortlist.columns)
    held = _held(source, snapshot, near.vectors, searched, alike)
    if held.dimensions != len(near.vector):
        raise SourceUnavailable(
            f"source `{source.name}`: its vectors have {held.dimensions:,} numbers, that of a text has"
            f" {len(near.vector):,}: run `promptspec source pull`, and build again"
        )
    found = held.nearest(
        near.vector,
        top=shortlist.top,
        above=shortlist.above,
        keeps=keeps,
        equal=[(at, str(value)) for at, (_, value) in zip(alike, shortlist.equal, strict=True)],
    )
    return tuple(source.made(each.row) for each in found)


def _held(
    source: Source[Any],
    snapshot: Snapshot,
    vectors: str | None,
    searched: tuple[int, ...],
    alike: tuple[int, ...],
) -> Embedded:
    from promptspec.sources.embedded import Embedded, Unembedded

    known: dict[object, Embedded] = source.__dict__.setdefault("_embedded", {})
    name = (snapshot.content_hash, vectors, searched, alike)
    found = known.get(name)
    if found is not None:
        return found
    with _ONE_READS:
        found = known.get(name)
        if found is None:
            try:
                found = Embedded(
                    snapshot,
                    _vectors(source, vectors),
                    key=source.columns.index(source.key),
                    searched=searched,
                    alike=alike,
                    whole=vectors is not None,
                )
            except Unembedded:
                raise SourceUnavailable(
                    f"source `{source.name}`: not every row has a vector: run `promptspec source pull`, and build again"
                ) from None
            known[name] = found
    return found


def _vectors(source: Source[Any], name: str | None) -> Vectors:
    from promptspec.sources.vectors import MadeVectors, VectorFile

    if name is not None:
        return VectorFile(source.beside(name))
    from promptspec.sources.stand_in import DIMENSIONS, stand_in_vector

    return MadeVectors(stand_in_vector, DIMENSIONS)
