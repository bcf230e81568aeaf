"""Rules of tone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from promptspec.syntax.tree.expressions import MemberExpr, NameExpr
from promptspec.syntax.tree.literals import NoneLiteral, NumberLiteral, PercentLiteral, RegexLiteral, StringLiteral
from promptspec.syntax.tree.nodes import Name, Node
from promptspec.syntax.tree.types import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneRule(Node):
    """One rule: `reading_grade ..8`, `avoid "synergy", /as an AI/i`, `person not first`, `judge "polite" 0.8`."""

    name: Name
    negated: bool = False
    arguments: tuple[ToneArgument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList(Node):
    """`words("lists/blocked.txt")`."""

    path: StringLiteral


ToneArgument: TypeAlias = (
    StringLiteral
    | RegexLiteral
    | NumberLiteral
    | PercentLiteral
    | Range
    | WordList
    | NameExpr
    | MemberExpr
    | NoneLiteral
)
