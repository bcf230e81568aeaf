"""How often a model was right: as a whole, by field, by group; and what it took for what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, cast

from promptspec.evaluate.results import Judged, RunResult
from promptspec.live.statistics import Interval, wilson

#: What stands in a table for a reply that was refused.
REFUSED: Final = "(refused)"
#: Rows that fall into more groups than this are not told apart by them.
_MOST_GROUPS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of so many *rows*, so many were *right*. *name* says which rows, or which field."""

    name: str
    right: int
    rows: int

    @property
    def share(self) -> float:
        """The share that was right, from 0 to 1; 0 of no rows."""
        return self.right / self.rows if self.rows else 0.0

    @property
    def interval(self) -> Interval:
        """The share that is right, with 95 % confidence."""
        return wilson(self.right, self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A declared level, in percent, and the score of its field."""

    field: str
    share: Decimal
    score: Score

    @property
    def is_met(self) -> bool:
        """Whether the rows that were run reach it: the point estimate is at least the level. None run do not."""
        return self.score.rows > 0 and 100 * self.score.right >= self.share * self.score.rows

    @property
    def is_open(self) -> bool:
        """Whether it lies inside the interval, so that other rows might say otherwise."""
        interval = self.score.interval
        return interval.low <= float(self.share) / 100 <= interval.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The scores of the rows that are told apart by one thing: the value of a field, the length, the language."""

    by: str
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """What a closed field should have been, and what it was: counts by label, then by what was said."""

    field: str
    labels: tuple[str, ...]
    said: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]

    def pairs(self) -> list[tuple[str, str, int]]:
        """Return what was taken for what, most often first."""
        wrong = [(label, said, count) for (label, said), count in self.counts.items() if label != said]
        return sorted(wrong, key=lambda each: (-each[2], each[0], each[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that is counted of a run."""

    whole: Score
    refused: int
    not_run: int
    fields: tuple[Score, ...]
    levels: tuple[Level, ...]
    groups: tuple[Group, ...]
    confusions: tuple[Confusion, ...]
    worst: tuple[Judged, ...]


def figures_of(result: RunResult, closed: Sequence[str]) -> Figures:
    """Return the figures of a run; *closed* are the fields that a table of confusions makes sense for."""
    setup, run = result.setup, result.run
    fields = tuple(_score(name, run, (name,)) for name in setup.measured)
    by_name = {score.name: score for score in fields}
    wrong = [row for row in run if not row.is_right(setup.deciding)]
    return Figures(
        whole=_score("all rows", run, setup.deciding),
        refused=sum(row.outcome == "refused" for row in run),
        not_run=len(result.judged) - len(run) + result.left,
        fields=fields,
        levels=tuple(Level(field=name, share=Decimal(share), score=by_name[name]) for name, share in setup.targets),
        groups=_groups(run, setup.deciding),
        confusions=tuple(_confusion(name, run) for name in setup.measured if name in closed),
        worst=tuple(sorted(wrong, key=lambda row: (sum(row.right.values()), row.line))),
    )


def _score(name: str, rows: Sequence[Judged], fields: tuple[str, ...]) -> Score:
    return Score(name=name, right=sum(row.is_right(fields) for row in rows), rows=len(rows))


def _groups(rows: Sequence[Judged], deciding: tuple[str, ...]) -> tuple[Group, ...]:
    """Return the groups of each kind of which there are several, and not too many to say anything."""
    found: dict[str, dict[str, list[Judged]]] = {}
    for row in rows:
        for by, name in row.slices:
            found.setdefault(by, {}).setdefault(name, []).append(row)
    return tuple(
        Group(by=by, scores=tuple(sorted((_score(name, each, deciding) for name, each in names.items()), key=_worst)))
        for by, names in found.items()
        if 1 < len(names) <= _MOST_GROUPS
    )


def _worst(score: Score) -> tuple[float, str]:
    return score.share, score.name


def _confusion(field: str, rows: Sequence[Judged]) -> Confusion:
    counts = Counter((word(row.expected[field]), word(row.said[field]) if row.said else REFUSED) for row in rows)
    return Confusion(
        field=field,
        labels=tuple(sorted({label for label, _ in counts})),
        said=tuple(sorted({said for _, said in counts}, key=lambda said: (said == REFUSED, said))),
        counts=dict(counts),
    )


def word(text: str) -> str:
    """Return JSON text as a person would write it: a string without its quotes, null as `none`."""
    if text == "null":
        return "none"
    return cast("str", json.loads(text)) if text.startswith('"') else text
