"""Rules of expressions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from promptspec.syntax import tree
from promptspec.syntax.build.place import Build


class BuildExpressions(Build):
    """Conditions, paths and what they are made of."""

    def logic(self, c: list[Any]) -> tree.LogicExpr:
        """`a and b and c`."""
        return tree.LogicExpr(op="and" if str(c[1]) == "and" else "or", items=self._nodes(c), span=self._span(c))

    def negation(self, c: list[Any]) -> tree.NotExpr:
        """`not a`."""
        return tree.NotExpr(operand=c[1], span=self._span(c))

    def quantified(self, c: list[Any]) -> tree.QuantifiedExpr:
        """`all x in xs: body`."""
        quantifier, variable, _, over, _, body = c
        return tree.QuantifiedExpr(
            quantifier="all" if str(quantifier) == "all" else "any",
            variable=self._name(variable),
            over=over,
            body=body,
            span=self._span(c),
        )

    def compare(self, c: list[Any]) -> tree.CompareExpr:
        """`a == b`."""
        op: Any = str(c[1])
        return tree.CompareExpr(op=op, left=c[0], right=c[2], span=self._span(c))

    def membership(self, c: list[Any]) -> tree.InExpr:
        """`a in b`."""
        return tree.InExpr(item=c[0], container=c[2], span=self._span(c))

    def absence(self, c: list[Any]) -> tree.InExpr:
        """`a not in b`."""
        return tree.InExpr(item=c[0], container=c[3], negated=True, span=self._span(c))

    def matching(self, c: list[Any]) -> tree.MatchesExpr:
        """`a matches /…/`."""
        return tree.MatchesExpr(target=c[0], pattern=c[2], span=self._span(c))

    def arithmetic(self, c: list[Any]) -> tree.ArithmeticExpr:
        """`a + b`."""
        op: Any = str(c[1])
        return tree.ArithmeticExpr(op=op, left=c[0], right=c[2], span=self._span(c))

    def negative(self, c: list[Any]) -> tree.NegExpr:
        """`-a`."""
        return tree.NegExpr(operand=c[1], span=self._span(c))

    def name_expression(self, c: list[Any]) -> tree.NameExpr:
        """A name that stands alone."""
        name = self._name(c[0])
        return tree.NameExpr(name=name.text, span=name.span)

    def call(self, c: list[Any]) -> tree.CallExpr:
        """`function(arguments)`."""
        return tree.CallExpr(function=self._name(c[0]), arguments=c[2] or (), span=self._span(c))

    def call_arguments(self, c: list[Any]) -> tuple[Any, ...]:
        """What stands in a call."""
        return self._nodes(c)

    def pattern(self, c: list[Any]) -> tree.PatternExpr:
        """`/…/` as an argument."""
        return tree.PatternExpr(pattern=c[0], span=c[0].span)

    def member(self, c: list[Any]) -> tree.MemberExpr:
        """`a.b`."""
        return tree.MemberExpr(target=c[0], name=self._name(c[2]), span=self._span(c))

    def parenthesised(self, c: list[Any]) -> Any:
        """`(a)` is a, standing where its parentheses stand."""
        return replace(c[1], span=self._span(c))

    def list_expression(self, c: list[Any]) -> tree.ListExpr:
        """`[a, b]`."""
        return tree.ListExpr(items=c[1] or (), span=self._span(c))

    def list_items(self, c: list[Any]) -> tuple[Any, ...]:
        """What stands in a list."""
        return self._nodes(c)

    def value(self, c: list[Any]) -> tree.LiteralExpr:
        """A literal."""
        return tree.LiteralExpr(value=c[0], span=c[0].span)

    def paths(self, c: list[Any]) -> tuple[Any, ...]:
        """`a, b.c`."""
        return self._nodes(c)
