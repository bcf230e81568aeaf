"""Expressions: what rules, conditions and templates compute with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptspec.syntax.tree.literals import (
    BoolLiteral,
    DateLiteral,
    DurationLiteral,
    NoneLiteral,
    NumberLiteral,
    PercentLiteral,
    RegexLiteral,
    StringLiteral,
)
from promptspec.syntax.tree.nodes import Name, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class NameExpr(Node):
    """A name that stands alone."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberExpr(Node):
    """`target.name`."""

    target: Expr
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralExpr(Node):
    """A literal: string, number, percent, date, duration, bool or none."""

    value: StringLiteral | NumberLiteral | PercentLiteral | DurationLiteral | DateLiteral | BoolLiteral | NoneLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternExpr(Node):
    """A pattern as an argument: `contains(x, /…/)`."""

    pattern: RegexLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExpr(Node):
    """`[a, b]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallExpr(Node):
    """`function(arguments)`."""

    function: Name
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NegExpr(Node):
    """`-operand`."""

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class ArithmeticExpr(Node):
    """`left op right`, left-associative."""

    op: Literal["+", "-", "*"]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareExpr(Node):
    """`left op right`; comparisons do not chain."""

    op: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class InExpr(Node):
    """`item in container`, or `item not in container`."""

    item: Expr
    container: Expr
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchesExpr(Node):
    """`target matches /…/`: a full match."""

    target: Expr
    pattern: RegexLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExpr(Node):
    """`not operand`."""

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicExpr(Node):
    """`a and b and c`, or the same with `or`: two or more items, flattened."""

    op: Literal["and", "or"]
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantifiedExpr(Node):
    """`all x in xs: body`, or `any x in xs: body`; the body reaches as far as it can."""

    quantifier: Literal["all", "any"]
    variable: Name
    over: Expr
    body: Expr


Expr: TypeAlias = (
    NameExpr
    | MemberExpr
    | LiteralExpr
    | PatternExpr
    | ListExpr
    | CallExpr
    | NegExpr
    | ArithmeticExpr
    | CompareExpr
    | InExpr
    | MatchesExpr
    | NotExpr
    | LogicExpr
    | QuantifiedExpr
)
