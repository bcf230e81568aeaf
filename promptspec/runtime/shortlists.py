"""Shortlists in generated modules: the rows of a source that are nearest to a text of the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from promptspec.errors import Violation
from promptspec.runtime.context import Pins
from promptspec.runtime.records import Row
from promptspec.runtime.sources import Source

R = TypeVar("R", bound=Row)

#: What is said of an input that is near nothing. Which rows there are is told by no message.
NOTHING_NEAR: Final = "is near nothing on offer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """What an embedded shortlist is near: the *vector* of a text, None where nothing of the text shows.

    Those of the rows are in the file *vectors* beside the source's module; None for stand-ins that follow from words.
    """

    vector: Sequence[float] | None
    vectors: str | None = None


@dataclass(frozen=True, kw_only=True)
class Shortlist(Generic[R]):
    """A shortlist of one call: up to *top* rows of *source* whose *columns* are nearest to the texts *near*.

    None is less near than *above*, of each *where* holds, and none has the key *itself*. *path* is the field of the
    input that is blamed where no row is left. *equal* is what *where* says that columns equal: there rows are looked
    for, and of what is found *where* is asked.
    """

    name: str
    source: Source[R]
    path: str
    near: tuple[object, ...]
    columns: tuple[str, ...]
    top: int
    above: float = 0.0
    itself: str | None = None
    where: Callable[[R], bool] | None = None
    equal: tuple[tuple[str, object], ...] = ()

    def rows(self, pins: Pins, near: Near | None = None) -> tuple[R, ...]:
        """Return the rows, the nearest first, of the snapshot that the call has pinned.

        Which are near their words say; with *near* their vectors do.
        """
        snapshot = self.source.built if self.source.live is None else pins.of(self.source)
        keeps = None if self.itself is None and self.where is None else self._keeps
        if near is not None:
            from promptspec.runtime.embedded import nearest_by_vector

            return nearest_by_vector(self, near, snapshot=snapshot, keeps=keeps)
        return self.source.nearest(
            self.text, self.columns, snapshot=snapshot, top=self.top, above=self.above, keeps=keeps, equal=self.equal
        )

    @property
    def text(self) -> str:
        """The text that rows are near."""
        return "\n".join(str(each) for each in self.near if each is not None)

    def _keeps(self, cells: tuple[Any, ...]) -> bool:
        if self.itself is not None and cells[self.source.columns.index(self.source.key)] == self.itself:
            return False
        return self.where is None or self.where(self.source.made(cells))

    @property
    def nothing(self) -> Violation:
        """What is broken where no row is left."""
        return Violation(path=self.path, rule="nothing_near", message=NOTHING_NEAR)
