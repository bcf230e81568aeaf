"""Safety practices by name: what a feature waives, and what the policies of a project ask of all features."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from promptspec.contract.types import Origin

#: Practices that a feature can be without: the closed list of what `waive` takes, in the order of the card.
PRACTICES: Final = (
    "moderate",
    "attack",
    "review",
    "tone",
    "example",
    "caller",
    "report",
    "limitations",
    "evaluate",
)
#: What a policy may ask every feature for: practices, but for the caller, which has levels, and other clauses.
ASKED: Final = (
    *(practice for practice in PRACTICES if practice != "caller"),
    "sample",
    "test",
    "keep",
    "calls",
    "spend",
)

Side: TypeAlias = Literal["input", "output"]

#: The sides that `moderate` has, and no other practice.
SIDES: Final[tuple[Side, ...]] = ("input", "output")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """`waive moderate input because "…"`: *practice* is left out on purpose, on *sides* where it has them."""

    practice: str
    sides: tuple[Side, ...] = ()
    because: str
    origin: Origin


# Policies

SizedKind: TypeAlias = Literal["text", "line", "code", "list", "set", "turns", "image"]
SizeUnit: TypeAlias = Literal["chars", "words", "bytes", "tokens", "items"]
Bounded: TypeAlias = Literal["prompt", "reply", "thinking", "cost", "time", "keep", "retries", "repairs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Must:
    """`every feature must moderate input`: the clause stands in each, for each of *sides*."""

    practice: str
    sides: tuple[Side, ...] = ()
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class NoneOver:
    """`no text over 2_000 chars`: no field of this *kind* of type may hold more. Images are counted in bytes."""

    kind: SizedKind
    most: int
    unit: SizeUnit
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """`reply at most 800 tokens`: what a call may use of *subject*.

    Tokens, US dollars for the `cost` of a call, milliseconds for `time` and `keep`, or a count.
    """

    subject: Bounded
    most: Decimal
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAtLeast:
    """`caller at least signed_in`."""

    level: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class MayWaive:
    """`may waive review`: a waiver of it satisfies the policy."""

    practice: str
    sides: tuple[Side, ...] = ()
    origin: Origin


PolicyRule: TypeAlias = Must | NoneOver | AtMost | CallerAtLeast | MayWaive


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """`policy company { … }`: every feature of the project keeps *rules*."""

    name: str
    rules: tuple[PolicyRule, ...]
    origin: Origin
