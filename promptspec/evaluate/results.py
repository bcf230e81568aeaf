"""What an evaluation found: plain data that is recorded, reported and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from promptspec.live.exchanges import Exchange

#: `answered`: a value was delivered. `refused`: no value passed the checks, which counts as wrong. `not run`: nothing
#: is known, which counts as nothing.
Outcome: TypeAlias = Literal["answered", "refused", "not run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a run was asked to do. *today* is its day, as ISO writes it; *read* names all that the module is made from.

    *file* holds the labelled rows. *deciding* are the fields that a row is judged by: those with a target, else all
    that are measured. *model* is None where the spec's own are asked.
    """

    run: str
    version: str
    spec: str
    feature: str
    file: str
    rows: int
    today: str
    read: tuple[tuple[str, str], ...]
    measured: tuple[str, ...]
    deciding: tuple[str, ...]
    targets: tuple[tuple[str, str], ...] = ()
    model: str | None = None
    rehearsed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One row and what came of it.

    *right* says of each measured field whether it is as labelled; it is empty for a row that was not run. *expected*
    and *said* are the values as JSON text, *given* is the input so. *why* tells what refused the reply, or kept the row
    from being run. *slices* are the groups that it belongs to, by what they are formed.
    """

    line: int
    key: str
    outcome: Outcome
    why: str = ""
    right: Mapping[str, bool]
    expected: Mapping[str, str]
    said: Mapping[str, str]
    given: str = ""
    slices: tuple[tuple[str, str], ...] = ()
    exchanges: tuple[Exchange, ...] = ()

    def is_right(self, deciding: tuple[str, ...]) -> bool:
        """Say whether all *deciding* fields are right."""
        return bool(self.right) and all(self.right[name] for name in deciding)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """All that a run found. *ended* is "" where it came to its end, else what ended it: a budget, an interrupt.

    *left* counts the rows that it did not come to. *dollars* is None without prices.
    """

    setup: Setup
    judged: tuple[Judged, ...]
    left: int = 0
    ended: str = ""
    calls: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    uncounted: int = 0
    dollars: Decimal | None = None
    notes: tuple[str, ...] = ()

    @property
    def run(self) -> tuple[Judged, ...]:
        """The rows that something is known of."""
        return tuple(row for row in self.judged if row.outcome != "not run")

    @property
    def is_finished(self) -> bool:
        """Whether something is known of every row."""
        return not self.left and not self.ended and len(self.run) == len(self.judged) == self.setup.rows
