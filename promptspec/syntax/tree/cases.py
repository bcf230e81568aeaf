"""What examples, tests and attacks say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptspec.syntax.tree.expressions import MemberExpr, NameExpr
from promptspec.syntax.tree.literals import DateLiteral, Literal_, ObjectLiteral, StringLiteral
from promptspec.syntax.tree.nodes import Name, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(Node):
    """`given { … } as signed_in "u1"`."""

    values: ObjectLiteral
    level: Name | None = None
    caller: StringLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns(Node):
    """`returns value`."""

    value: Literal_


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuses(Node):
    """`refuses film`, `refuses output.picks`: *path* as written, or None for `refuses` alone."""

    path: NameExpr | MemberExpr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies(Node):
    """`replies value`: what the model answers, with keys in place of positions."""

    value: Literal_


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire(Node):
    """`wire \"\"\"…\"\"\"`: the raw text of the model's answer."""

    text: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class On(Node):
    """`on 2026-01-31`: what `today` is."""

    date: DateLiteral


CaseItem: TypeAlias = Given | Returns | Refuses | Replies | Wire | On


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClause(Node):
    """`example "…" { … }`, `test "…" { … }` or `attack "…" { … }`."""

    kind: Literal["example", "test", "attack"]
    title: StringLiteral
    items: tuple[CaseItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamplesFrom(Node):
    """`examples from "data/shots.jsonl"`."""

    path: StringLiteral
