"""Replacing the model of a feature: in an application's tests, on the command line, in the fuzzer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from promptspec.models.port import Model
from promptspec.ports import World
from promptspec.safety.counters import Counters, MemoryCounters

if TYPE_CHECKING:
    from promptspec.ledger.opening import Ledger

#: Set to `1`, every call of the process rehearses.
REHEARSE: Final = "PROMPTSPEC_REHEARSE"


@dataclass(frozen=True, slots=True)
class Replies:
    """Scripted replies, in turn: values as `returns` writes them, with keys in place of positions."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Wires:
    """Scripted replies, in turn: the raw text of the model's answer."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Answer from the spec's own examples and types."""


def replies(*values: object) -> Replies:
    """Return a stand-in for a model that gives *values* in turn, the last one again and again."""
    return Replies(values)


def wires(*texts: str) -> Wires:
    """Return a stand-in for a model that answers with *texts* in turn, the last one again and again."""
    return Wires(texts)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Scripted verdicts, in turn, in place of a judge."""

    values: tuple[Mapping[str, float] | float | None, ...]

    def check(self, rules: Collection[str]) -> None:
        """Raise ValueError unless there are *rules* to judge, and verdicts are on these alone."""
        named = {name for value in self.values if isinstance(value, Mapping) for name in value}
        if not rules or named - set(rules):
            unknown = ", ".join(f"`{name}`" for name in sorted(named - set(rules)))
            known = ", ".join(f"`{name}`" for name in sorted(rules)) or "nothing"
            raise ValueError(f"a judge of this feature is asked about {known}" + (unknown and f", not about {unknown}"))


def verdicts(*values: Mapping[str, float] | float | None) -> Verdicts:
    """Return a stand-in for a judge that finds *values* in turn, the last one again and again.

    A value is the probability of every rule, or of those named (`{"tone_judge": 0.2}`, all others hold); None stands
    for a judge that cannot judge. Raises ValueError for what is no probability from 0 to 1.
    """
    for value in values:
        for probability in value.values() if isinstance(value, Mapping) else (value,):
            if probability is not None and not _is_probability(probability):
                raise ValueError(f"{probability!r} is no probability from 0 to 1")
    return Verdicts(values or (1.0,))


def _is_probability(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What moderation finds, in place of whoever would be asked: True is flagged, None is no answer."""

    input: bool | None
    output: bool | None


def flags(*, input: bool | None = False, output: bool | None = False) -> Flags:
    """Return a stand-in for moderation that flags the *input*, the *output*, or neither; None is no answer.

    Lists of words are looked through all the same.
    """
    return Flags(input=input, output=output)


#: A tuple of models stands in for those that the spec names, in their order.
StandIn = Replies | Wires | Rehearse | Model | tuple[Model, ...]
JudgeStandIn = Verdicts | Model | tuple[Model, ...]
#: A model stands in for every server and function that moderates; a tuple of models for those that the spec names, in
#: their order, and what is moderated beside answers stays so.
ModeratorStandIn = Flags | Model | tuple[Model, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What stands in for a feature's model, for who judges, moderates and embeds its texts, and for the world.

    *sources* that change are read as they were built, unless they are to be the newest ones in a test too. Where a
    *model* stands in, limits across calls are counted by *counters*, for as long as it does.
    """

    model: StandIn | None
    judge: JudgeStandIn | None = None
    moderator: ModeratorStandIn | None = None
    embedder: Model | None = None
    world: World | None
    used: list[int]
    sources: Literal["built", "newest"] = "built"
    judged: list[int] = field(default_factory=lambda: [0])
    ledger: Ledger | None = None
    _own: list[Ledger] = field(default_factory=list["Ledger"])
    counters: Counters = field(default_factory=MemoryCounters)

    def own_ledger(self) -> Ledger:
        """Return a ledger in memory, which ends with the override."""
        from promptspec.ledger.opening import IN_MEMORY, open_ledger

        if not self._own:
            self._own.append(open_ledger(IN_MEMORY))
        return self._own[0]

    def ledgers(self) -> tuple[Ledger, ...]:
        """Return the ledgers in which calls may have written that were made under the override."""
        return tuple(self._own) if self.ledger is None else (self.ledger,)

    def turn(self, count: int) -> int:
        """Return which of *count* scripted replies is due."""
        self.used[0] += 1
        return min(self.used[0], count) - 1

    def judge_turn(self, count: int) -> int:
        """Return which of *count* scripted verdicts is due."""
        self.judged[0] += 1
        return min(self.judged[0], count) - 1


def ledger_for(override: Override | None, world: World) -> Ledger:
    """Return the ledger of *world*; for what stands in for a model one of its own, unless it was given one.

    Raises LedgerUnavailable.
    """
    from promptspec.ledger.opening import ledger_of

    if override is not None and override.ledger is not None:
        return override.ledger
    if override is not None and override.model is not None:
        return override.own_ledger()
    return ledger_of(world.environment)


#: By the name of the feature and its module, so that one override reaches threads and tasks that copy the context.
OVERRIDES: ContextVar[Mapping[tuple[str, str], Override]] = ContextVar("promptspec_overrides", default={})  # noqa: B039 - it is replaced, never changed
