"""Two recorded runs, paired attempt by attempt."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from promptspec.fuzz.redteam.recording import Recording
from promptspec.live.statistics import mcnemar


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How one technique fared: attempts that fell in the one run alone, by which."""

    technique: str
    worse: int
    better: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of the attempts that two runs have in common and both judged.

    *worse* held in the first run and fell in the second, *better* the other way round. *p* is the chance of a
    difference at least as large where the runs do not differ. *unjudged* pairs one of the runs could not judge; of
    *others* the text of the attack differs.
    """

    first: str
    second: str
    pairs: int
    both_held: int
    both_fell: int
    worse: int
    better: int
    p: float
    unjudged: int
    others: int
    changes: tuple[Change, ...]


def compare(first: Recording, second: Recording) -> Comparison:
    """Return how the *second* run differs from the *first* on the attempts in common."""
    others, unjudged = 0, 0
    outcomes: Counter[tuple[str, str]] = Counter()
    worse: Counter[str] = Counter()
    better: Counter[str] = Counter()
    before = first.by_key
    for key, after in second.by_key.items():
        if key not in before:
            continue
        one = before[key]
        others += one.attack != after.attack
        if "could not judge" in (one.verdict, after.verdict):
            unjudged += 1
            continue
        outcomes[one.verdict, after.verdict] += 1
        worse[after.technique] += (one.verdict, after.verdict) == ("held", "fell")
        better[after.technique] += (one.verdict, after.verdict) == ("fell", "held")
    changes = [Change(technique=name, worse=worse[name], better=better[name]) for name in sorted(worse | better)]
    return Comparison(
        first=first.setup.run,
        second=second.setup.run,
        pairs=sum(outcomes.values()),
        both_held=outcomes["held", "held"],
        both_fell=outcomes["fell", "fell"],
        worse=outcomes["held", "fell"],
        better=outcomes["fell", "held"],
        p=mcnemar(outcomes["held", "fell"], outcomes["fell", "held"]),
        unjudged=unjudged,
        others=others,
        changes=tuple(sorted(changes, key=lambda change: change.better - change.worse)),
    )
