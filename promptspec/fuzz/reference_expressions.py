"""What a condition says, worked out the slow and obvious way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import (
    Context,
    Decimal,
    DecimalException,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import TypeAlias, assert_never, cast

from promptspec.contract.expressions import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Contains,
    Expression,
    KeyOf,
    ListOfExpressions,
    Logic,
    Negative,
    Not,
    Position,
    Present,
    Quantified,
    Reference,
    Search,
)
from promptspec.contract.types import Pattern
from promptspec.fuzz.reference_texts import OutOfFragment, count, matches

#: A row or record is a dict, a list a list, a decimal a Decimal; None is what is not there.
Value: TypeAlias = object


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the names of a condition stand for."""

    input: Mapping[str, Value]
    output: Mapping[str, Value]
    today: date
    caller: str = ""
    row: Value = None
    variables: tuple[tuple[str, Value], ...] = ()


class _Unknown(Exception):
    """There is no answer; the condition is false."""


def holds(condition: Expression, names: Names) -> bool:
    """Tell whether *condition* is true. What cannot be said, or would have to be rounded, is false."""
    return evaluate(condition, names) is True


def evaluate(expression: Expression, names: Names) -> Value:
    """Return what *expression* yields; None where it yields nothing, or would have to be rounded."""
    exact = Context(prec=400, traps=[Inexact, Overflow, InvalidOperation, FloatOperation])
    with localcontext(exact):
        try:
            return _value(expression, names)
        except (_Unknown, DecimalException):
            return None


def _value(expression: Expression, names: Names) -> Value:
    match expression:
        case Constant():
            return expression.value
        case Reference():
            return _reference(expression, names)
        case ListOfExpressions():
            return [_value(item, names) for item in expression.items]
        case KeyOf():
            return _key(expression, names)
        case Present():
            return _value(expression.value, names) not in (None, "", [])
        case Call():
            return _call(expression.function, [_value(argument, names) for argument in expression.arguments])
        case Search():
            pattern = Pattern(source=expression.pattern, ignore_case=expression.ignore_case)
            return matches(pattern, _text(_value(expression.text, names)), full=expression.full)
        case Negative():
            return -_number(_value(expression.operand, names))
        case Arithmetic():
            return _arithmetic(expression, names)
        case Compare():
            return _compare(expression.op, _value(expression.left, names), _value(expression.right, names))
        case Contains():
            container = _list(_value(expression.container, names))
            return (_value(expression.item, names) in container) is not expression.negated
        case Not():
            return not _truth(_value(expression.operand, names))
        case Logic():
            for item in expression.items:
                if _truth(_value(item, names)) is (expression.op == "or"):
                    return expression.op == "or"
            return expression.op == "and"
        case Quantified():
            return _quantified(expression, names)
        case Position():
            raise OutOfFragment("the number of a round stands in prompts, and in no condition")
        case _:
            assert_never(expression)


def _reference(reference: Reference, names: Names) -> Value:
    steps = list(reference.steps)
    match reference.root:
        case "input":
            value: Value = names.input
        case "output":
            value = names.output
        case "answer":
            value = names.output["answer"]
        case "row":
            value = names.row
        case "variable":
            value = dict(names.variables)[steps.pop(0)]
        case "caller":
            return names.caller
        case "today":
            return names.today
    for step in steps:
        value = _step(value, step)
    return value


def _step(value: Value, step: str) -> Value:
    if isinstance(value, list):
        # A step through a list is a step through each of its items; lists in it become one list.
        found: list[Value] = []
        for item in cast("list[Value]", value):
            inner = _step(item, step)
            found.extend(cast("list[Value]", inner)) if isinstance(inner, list) else found.append(inner)
        return found
    if isinstance(value, Mapping):
        return cast("Mapping[str, Value]", value)[step]
    raise _Unknown


def _key(expression: KeyOf, names: Names) -> Value:
    value = _value(expression.row, names)
    for step in expression.path:
        value = _step(value, step)
    return value


def _call(function: str, arguments: list[Value]) -> Value:
    first = arguments[0]
    match function:
        case "len":
            return len(first) if isinstance(first, str) else len(_list(first))
        case "words":
            return count(_text(first), "words")
        case "lower":
            return _text(first).lower()
        case "distinct":
            items = _list(first)
            return not any(item in items[:index] for index, item in enumerate(items))
        case "sum":
            total: int | Decimal = 0
            for number in _list(first):
                total = total + _number(number)
            return total
        case "min" | "max":
            numbers = [_number(number) for number in _list(first)]
            if not numbers:
                raise _Unknown
            return min(numbers) if function == "min" else max(numbers)
        case "abs":
            number = _number(first)
            return -number if number < 0 else number
        case "contains":
            if isinstance(first, str):
                return _text(arguments[1]) in first
            return arguments[1] in _list(first)
        case "starts_with":
            return _text(first).startswith(_text(arguments[1]))
        case "ends_with":
            return _text(first).endswith(_text(arguments[1]))
        case _:
            raise OutOfFragment("this function is not known")


def _arithmetic(expression: Arithmetic, names: Names) -> int | Decimal:
    left, right = _number(_value(expression.left, names)), _number(_value(expression.right, names))
    match expression.op:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right


def _compare(op: str, left: Value, right: Value) -> bool:
    if op == "==":
        return left == right
    if op == "!=":
        return left != right
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        raise _Unknown
    one, two = cast("Decimal", left), cast("Decimal", right)
    match op:
        case "<":
            return one < two
        case "<=":
            return one <= two
        case ">":
            return one > two
        case _:
            return one >= two


def _quantified(expression: Quantified, names: Names) -> bool:
    for item in _list(_value(expression.over, names)):
        inner = Names(
            input=names.input,
            output=names.output,
            today=names.today,
            caller=names.caller,
            row=names.row,
            variables=(*names.variables, (expression.variable, item)),
        )
        if _truth(_value(expression.body, inner)) is (expression.quantifier == "any"):
            return expression.quantifier == "any"
    return expression.quantifier == "all"


def _number(value: Value) -> int | Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    raise _Unknown


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    raise _Unknown


def _list(value: Value) -> list[Value]:
    if isinstance(value, list):
        return cast("list[Value]", value)
    raise _Unknown


def _truth(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    raise _Unknown
