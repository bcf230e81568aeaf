"""Checked expressions to Python expressions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import assert_never

from promptspec.codegen.code import Code, code, data, joined, name, path
from promptspec.codegen.names import Names
from promptspec.contract import expressions as e

_ROOTS = {"input": "x", "output": "y", "caller": "caller"}


@dataclass(frozen=True, slots=True)
class Expressions:
    """Emits expressions in the names of one module; *row* is what a condition on rows calls the row."""

    names: Names
    row: str = "row"

    def emit(self, expression: e.Expression) -> Code:
        """Return the Python expression, safe to put anywhere: compound ones stand in parentheses."""
        match expression:
            case e.Constant(value=value):
                return data(value)
            case e.Reference():
                return self._reference(expression)
            case e.ListOfExpressions(items=items):
                return code("[$]", joined(", ", map(self.emit, items)))
            case e.KeyOf(row=row, path=steps, many=False):
                return code("$.$", self.emit(row), path(map(self.names.field, steps)))
            case e.KeyOf(row=row, path=steps):
                return code("[each.$ for each in $]", path(map(self.names.field, steps)), self.emit(row))
            case e.Position(variable=variable):
                return name(f"{self.names.variable(variable)}_number")
            case e.Present(value=value):
                return self.emit(value)
            case e.Call():
                return self._call(expression)
            case e.Search():
                return self._search(expression)
            case e.Negative(operand=operand):
                return code("(-$)", self.emit(operand))
            case e.Arithmetic(op=op, left=left, right=right):
                return _binary(op, self.emit(left), self.emit(right))
            case e.Compare(op="==", left=left, right=e.Constant(value=None)):
                return code("($ is None)", self.emit(left))
            case e.Compare(op="!=", left=left, right=e.Constant(value=None)):
                return code("($ is not None)", self.emit(left))
            case e.Compare(op=op, left=left, right=right):
                return _binary(op, self.emit(left), self.emit(right))
            case e.Contains(item=item, container=container, negated=True):
                return code("($ not in $)", self.emit(item), self.emit(container))
            case e.Contains(item=item, container=container):
                return code("($ in $)", self.emit(item), self.emit(container))
            case e.Not(operand=operand):
                return code("(not $)", self.emit(operand))
            case e.Logic(op="and", items=items):
                return code("($)", joined(" and ", map(self.emit, items)))
            case e.Logic(items=items):
                return code("($)", joined(" or ", map(self.emit, items)))
            case e.Quantified():
                return self._quantified(expression)
            case _:
                assert_never(expression)

    def _reference(self, reference: e.Reference) -> Code:
        if reference.members is not None:
            at = reference.members
            object_ = replace(
                reference,
                steps=reference.steps[:at],
                through=tuple(index for index in reference.through if index < at),
                members=None,
            )
            return code("ps.member($, $)", self.emit(object_), joined(", ", map(data, reference.steps[at:])))
        if reference.root == "today":
            return code("today")
        if reference.root == "answer":
            steps: tuple[str, ...] = ("y", "answer", *map(self.names.field, reference.steps))
        elif reference.root == "variable":
            first, *rest = reference.steps
            steps = (self.names.variable(first), *map(self.names.field, rest))
        elif reference.root == "caller":
            steps = ("caller", *reference.steps)
        else:
            root = self.row if reference.root == "row" else _ROOTS[reference.root]
            steps = (root, *map(self.names.field, reference.steps))
        if not reference.through:
            return path(steps)
        # Steps of the spec begin after the root; through a list, each later step maps over its items.
        offset = len(steps) - len(reference.steps)
        cuts = [offset + at for at in reference.through]
        listed = path(steps[: cuts[0]])
        clauses = [code("for item in $", listed)]
        last = "item"
        for number, (start, end) in enumerate(pairwise(cuts), 2):
            inner = path((last, *steps[start:end]))
            last = f"item{number}"
            clauses.append(code("for $ in $", name(last), inner))
        return code("[$ $]", path((last, *steps[cuts[-1] :])), joined(" ", clauses))

    def _call(self, call: e.Call) -> Code:
        arguments = [self.emit(argument) for argument in call.arguments]
        match call.function:
            case "len":
                return code("len($)", *arguments)
            case "words":
                return code("ps.words($)", *arguments)
            case "lower":
                return code("ps.lower($)", *arguments)
            case "distinct":
                return code("ps.distinct($)", *arguments)
            case "sum":
                return code("ps.total($)", *arguments)
            case "min":
                return code("min($)", *arguments)
            case "max":
                return code("max($)", *arguments)
            case "abs":
                return code("abs($)", *arguments)
            case "contains":
                return code("ps.contains($, $)", *arguments)
            case "starts_with":
                return code("$.startswith($)", *arguments)
            case "ends_with":
                return code("$.endswith($)", *arguments)
            case _:
                assert_never(call.function)

    def _search(self, search: e.Search) -> Code:
        text, pattern = self.emit(search.text), data(search.pattern)
        insensitive = code(", ignore_case=True") if search.ignore_case else code("")
        if search.full:
            return code("ps.matches($, $$)", text, pattern, insensitive)
        return code("ps.search($, $$)", text, pattern, insensitive)

    def _quantified(self, quantified: e.Quantified) -> Code:
        variable = name(self.names.variable(quantified.variable))
        body, over = self.emit(quantified.body), self.emit(quantified.over)
        if quantified.quantifier == "all":
            return code("all($ for $ in $)", body, variable, over)
        return code("any($ for $ in $)", body, variable, over)


def _binary(op: str, left: Code, right: Code) -> Code:
    match op:
        case "+":
            return code("($ + $)", left, right)
        case "-":
            return code("($ - $)", left, right)
        case "*":
            return code("($ * $)", left, right)
        case "==":
            return code("($ == $)", left, right)
        case "!=":
            return code("($ != $)", left, right)
        case "<":
            return code("($ < $)", left, right)
        case "<=":
            return code("($ <= $)", left, right)
        case ">":
            return code("($ > $)", left, right)
        case ">=":
            return code("($ >= $)", left, right)
        case _:
            raise ValueError("not an operator")


def rounds(expression: e.Expression) -> bool:
    """Say whether *expression* holds arithmetic that would have to round if it overflowed."""
    return any(
        isinstance(part, e.Arithmetic | e.Negative) or (isinstance(part, e.Call) and part.function in ("sum", "abs"))
        for part in e.walk(expression)
    )
