"""The clauses of a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptspec.syntax.tree.cases import CaseClause, ExamplesFrom
from promptspec.syntax.tree.expressions import Expr, MemberExpr, NameExpr
from promptspec.syntax.tree.literals import (
    DurationLiteral,
    Literal_,
    NumberLiteral,
    PercentLiteral,
    Setting,
    StringLiteral,
)
from promptspec.syntax.tree.nodes import Name, Node
from promptspec.syntax.tree.prompts import FenceClause, PromptClause
from promptspec.syntax.tree.tones import ToneRule
from promptspec.syntax.tree.types import Field, Type


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelClause(Node):
    """`model "gpt-5.6-luna"` or `model small`."""

    model: StringLiteral | Name


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeClause(Node):
    """`judge by small`, or `judge by "gpt-6-luna"`."""

    model: StringLiteral | Name


@dataclass(frozen=True, slots=True, kw_only=True)
class InputClause(Node):
    """`input { fields }`."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputClause(Node):
    """`output { fields }` or `output T`, with `?`."""

    type: Type
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedOutput(Node):
    """`output Answer | NotFound`: kept for later versions."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindClause(Node):
    """`find hits = films near film by embedding small top 20 where … above 0.4`."""

    name: Name
    source: Name
    near: Expr
    embedding: Name | None = None
    top: NumberLiteral | None = None
    where: Expr | None = None
    above: NumberLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneUse(Node):
    """`tone house` in a feature."""

    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneClause(Node):
    """`tone { … }`, `tone for why, picks.title { … }`: *targets* are names or paths."""

    targets: tuple[NameExpr | MemberExpr, ...]
    rules: tuple[ToneRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireClause(Node):
    """`require E when C else "…"`."""

    condition: Expr
    when: Expr | None
    message: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsureClause(Node):
    """`ensure E when C else "…"`, `ensure all a in xs: E else drop "…"`."""

    condition: Expr
    when: Expr | None
    drop: bool
    message: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Node):
    """`reply 300 tokens`, `time 20s`, `calls 20 per minute per caller otherwise allow`, `spend 2 usd per day …`."""

    name: Name
    amount: NumberLiteral | DurationLiteral
    unit: Name | None = None
    per: tuple[Name, ...] = ()
    otherwise: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsClause(Node):
    """`limits { … }`."""

    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerClause(Node):
    """`caller session`."""

    level: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationRule(Node):
    """`block hate, violence/graphic` or `above harassment 0.4`."""

    kind: Literal["block", "above"]
    categories: tuple[Name, ...]
    threshold: NumberLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerateClause(Node):
    """`moderate input, output with openai { … }`; *by* is `openai`, or `words`/`python` with an argument."""

    targets: tuple[Name, ...]
    by: Name | None = None
    argument: StringLiteral | None = None
    rules: tuple[ModerationRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewClause(Node):
    """`review always`, `review when E { show question  within 4h  by "desk"  otherwise withhold }`."""

    when: Expr | None
    show: tuple[Name, ...] = ()
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleClause(Node):
    """`sample 2%`."""

    share: PercentLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportClause(Node):
    """`report to "mailto:…" { show reply }`."""

    target: StringLiteral
    show: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitationsClause(Node):
    """`limitations \"\"\"…\"\"\"`."""

    text: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Node):
    """`intent at least 92%` of an `evaluate` clause."""

    path: NameExpr | MemberExpr
    share: PercentLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateClause(Node):
    """`evaluate "golden.jsonl" { intent at least 92% }`."""

    path: StringLiteral
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepClause(Node):
    """`keep 30d`."""

    duration: DurationLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretClause(Node):
    """`secret field, field`."""

    fields: tuple[Name, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiveClause(Node):
    """`waive moderate input because "…"`."""

    practice: Name
    targets: tuple[Name, ...]
    because: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherwiseClause(Node):
    """`otherwise returns { … }`: kept for later versions."""

    value: Literal_


Clause: TypeAlias = (
    ModelClause
    | JudgeClause
    | InputClause
    | OutputClause
    | ReservedOutput
    | FindClause
    | PromptClause
    | FenceClause
    | ToneUse
    | ToneClause
    | RequireClause
    | EnsureClause
    | LimitsClause
    | CallerClause
    | ModerateClause
    | ReviewClause
    | SampleClause
    | ReportClause
    | LimitationsClause
    | EvaluateClause
    | KeepClause
    | SecretClause
    | WaiveClause
    | OtherwiseClause
    | CaseClause
    | ExamplesFrom
)
