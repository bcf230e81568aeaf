"""How deep a tree is, measured without recursion: a hostile spec must not overflow a stack of ours."""

from __future__ import annotations

from typing import Final

from promptspec.syntax import tree

MOST_BRACKETS: Final = 64
MOST_LEVELS: Final = 100


def parts_of_expression(expression: tree.Expr) -> tuple[tree.Expr, ...]:
    """Return the expressions that stand directly inside *expression*."""
    match expression:
        case tree.MemberExpr():
            return (expression.target,)
        case tree.ListExpr() | tree.LogicExpr():
            return expression.items
        case tree.CallExpr():
            return expression.arguments
        case tree.NegExpr() | tree.NotExpr():
            return (expression.operand,)
        case tree.ArithmeticExpr() | tree.CompareExpr():
            return (expression.left, expression.right)
        case tree.InExpr():
            return (expression.item, expression.container)
        case tree.MatchesExpr():
            return (expression.target,)
        case tree.QuantifiedExpr():
            return (expression.over, expression.body)
        case _:
            return ()


def is_too_deep(expression: tree.Expr) -> bool:
    """Say whether *expression* has more than `MOST_LEVELS` levels."""
    level: list[tree.Expr] = [expression]
    for _ in range(MOST_LEVELS):
        level = [part for node in level for part in parts_of_expression(node)]
        if not level:
            return False
    return True


def is_type_too_deep(type_: tree.Type) -> bool:
    """Say whether *type_* has more than `MOST_BRACKETS` lists of lists."""
    for _ in range(MOST_BRACKETS):
        match type_:
            case tree.ListType() | tree.TurnsType():
                type_ = type_.item
            case _:
                return False
    return True
