"""How often attacks got through: by technique, family and feature, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promptspec.fuzz.redteam.results import Tried
from promptspec.live.statistics import Interval, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Of the attempts called *name*: how many were judged, how many fell, and what the models themselves did.

    The model *answered* so many, and did as it was asked in *obeyed* of them. *refused* were refused as inputs, so that
    no model was asked.
    """

    name: str
    attempts: int
    judged: int
    fell: int
    unjudged: int
    refused: int
    answered: int
    obeyed: int

    @property
    def interval(self) -> Interval:
        """The share that falls, with 95 % confidence."""
        return wilson(self.fell, self.judged)

    @property
    def obeyed_interval(self) -> Interval:
        """The share that the models obey by themselves, with 95 % confidence."""
        return wilson(self.obeyed, self.answered)


def rate(name: str, tried: Sequence[Tried]) -> Rate:
    """Return the rate of some attempts."""
    return Rate(
        name=name,
        attempts=len(tried),
        judged=sum(one.verdict != "could not judge" for one in tried),
        fell=sum(one.verdict == "fell" for one in tried),
        unjudged=sum(one.verdict == "could not judge" for one in tried),
        refused=sum(one.stage == "input refused" for one in tried),
        answered=sum(one.obeyed is not None for one in tried),
        obeyed=sum(one.obeyed is True for one in tried),
    )


def rates(tried: Sequence[Tried], by: Callable[[Tried], str]) -> tuple[Rate, ...]:
    """Return the rate of each group that *by* names: those that fall most first, then by name."""
    groups: dict[str, list[Tried]] = {}
    for one in tried:
        groups.setdefault(by(one), []).append(one)
    found = [rate(name, group) for name, group in groups.items()]
    return tuple(sorted(found, key=lambda each: (-each.fell, -each.obeyed, each.name)))


def by_feature(tried: Tried) -> str:
    """The feature of an attempt."""
    return f"{tried.file}:{tried.feature}"


def by_family(tried: Tried) -> str:
    """The family of its technique."""
    return tried.family


def by_technique(tried: Tried) -> str:
    """Its technique."""
    return tried.technique
