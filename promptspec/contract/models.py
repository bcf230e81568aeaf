"""Where replies of a feature come from, and who judges them."""

from __future__ import annotations

from dataclasses import dataclass
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
