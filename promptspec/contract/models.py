"""Where replies of a feature come from, and who judges them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from promptspec.contract.types import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`env("NAME")`."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIModel:
    """A model of OpenAI, or of a server with its API; *structured* is what `auto` was decided to be."""

    name: str
    server: str
    api: Literal["responses", "chat"]
    base_url: str | Environment | None = None
    key: Environment | None = None
    structured: Literal["json_schema", "grammar", "json_object", "prompt"]
    structured_because: str
    temperature: Decimal | None = None
    effort: str | None = None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalModel:
    """`rehearsal()`: answers from the spec's own examples and types."""

    origin: Origin


Model: TypeAlias = OpenAIModel | RehearsalModel


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeModel:
    """Who judges what cannot be counted: with *decisions* in questions of their own, else by one structured reply."""

    model: OpenAIModel
    decisions: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a model costs, in US dollars for a million tokens, as *source* said it on *seen*.

    *output* is None where nothing comes out that is paid for, as with embeddings. *cached_input* is what input costs
    that the server has read before, *cache_write* what it costs where the server keeps it for then; None is as *input*.
    Of a prompt with more than *long_after* tokens, all input costs *long_input* times as much, and all output
    *long_output* times.
    """

    input: Decimal
    output: Decimal | None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    long_after: int | None = None
    long_input: Decimal = Decimal(1)
    long_output: Decimal = Decimal(1)
    seen: date | None = None
    source: str = ""
