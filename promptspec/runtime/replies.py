"""What a call returns beside the value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from promptspec.errors import PromptspecError
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
class Reply(Generic[V]):
    """A reply that has passed every check. *id* has 128 random bits; *usage* counts all attempts.

    *warnings* names what was done to the input, *rehearsed* says that no model was asked.
    """

    value: V = field(repr=False)
    id: str
    model: str
    usage: Usage
    warnings: tuple[str, ...]
    guarantees: Guarantees
    rehearsed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[V]):
    """The outcome of one row of `many`: a reply or an error."""

    index: int
    reply: Reply[V] | None = None
    error: PromptspecError | None = None


#: Bits of a reply's id (rule 29).
ID_BITS: Final = 128
