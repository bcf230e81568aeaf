"""What a call returns beside the value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Generic, Literal, TypeVar

from promptspec.errors import PromptspecError, Violation
from promptspec.models.port import Usage
from promptspec.values.cleaning import UNICODE_VERSION
from promptspec.values.sinks import SINKS_VERSION

V = TypeVar("V", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantees:
    """The versions of what a reply was judged by."""

    unicode: str = UNICODE_VERSION
    sinks: str = str(SINKS_VERSION)
    roles: str = "by the request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request of a call and what came of it: *outcome* `answered`, `refused` for *violations*, or `unavailable`."""

    model: str
    outcome: Literal["answered", "refused", "unavailable"]
    violations: tuple[Violation, ...] = ()
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """An item that was left out of a list of the reply: where the model had it, and the `ensure` that it broke."""

    path: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How likely a judge found it that *statement* can be said of the text at *path*, or of all texts of the reply.

    It *holds* where *probability* is at least *threshold*.
    """

    rule: str
    path: str
    statement: str
    probability: float
    threshold: float
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Generic[V]):
    """A reply that has passed every check. *id* has 128 random bits; *usage* counts all *attempts* and their judging.

    *warnings* names what was done to the input, *dropped* what was left out of the reply, *judgements* what a judge
    found of it, *rehearsed* says that no model was asked for it, or no judge.
    """

    value: V = field(repr=False)
    id: str
    model: str
    usage: Usage
    warnings: tuple[str, ...]
    guarantees: Guarantees
    rehearsed: bool
    attempts: tuple[Attempt, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    judgements: tuple[Judgement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[V]):
    """The outcome of one row of `many`: a reply or an error."""

    index: int
    reply: Reply[V] | None = None
    error: PromptspecError | None = None


#: Bits of a reply's id (rule 29).
ID_BITS: Final = 128
