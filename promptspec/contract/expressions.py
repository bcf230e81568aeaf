"""Checked expressions: names resolved, types known, everything total."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

#: What an expression yields. "row" is a record, a row of a source or an entry of a list; "none" is the literal.
Kind: TypeAlias = Literal["text", "number", "bool", "date", "datetime", "list", "row", "object", "image", "none"]

Function: TypeAlias = Literal[
    "len", "words", "lower", "distinct", "sum", "min", "max", "abs", "contains", "starts_with", "ends_with"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """A value written in the expression."""

    value: str | int | Decimal | bool | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A value by its path. *root* is where it starts:

    "input" and "output" are the two records, "answer" is an output that is one type, "row" is the row that a
    `where` is asked of, "variable" is a loop variable (the first step is its name), "caller" and "today" speak
    for themselves. *steps* are names of fields; a step through a list maps over its items and flattens, which
    *through* marks by the number of steps before each list that is gone through: the last is the number of all steps
    where each item yields a list. From the step *members* on they lead into an object of a JSON Schema.
    """

    root: Literal["input", "output", "answer", "row", "variable", "caller", "today"]
    steps: tuple[str, ...] = ()
    through: tuple[int, ...] = ()
    members: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOfExpressions:
    """`[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyOf:
    """The key of a row or entry, or with *many* the keys of a list of them. *path* leads from a row to its key."""

    row: Expression
    path: tuple[str, ...]
    many: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The number of the round that the loop of *variable* is in, from 1: what an entry prints, and is answered by."""

    variable: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """The value is there: not none, and no empty text or list."""

    value: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function of the language; *kinds* are those of its arguments."""

    function: Function
    arguments: tuple[Expression, ...]
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """`contains(x, /…/)`: the pattern occurs in *text*; *full* (`matches`) means that it is all of it."""

    text: Expression
    pattern: str
    ignore_case: bool
    full: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """`-operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """Exact `+ - *` on numbers."""

    op: Literal["+", "-", "*"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare:
    """A comparison of two values of one kind."""

    op: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains:
    """`item in container`, or `not in`."""

    item: Expression
    container: Expression
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """`not operand`."""

    operand: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic:
    """`and`, `or`, from left to right; the rest is not asked once the answer is known."""

    op: Literal["and", "or"]
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantified:
    """`all variable in over: body`, `any …`."""

    quantifier: Literal["all", "any"]
    variable: str
    over: Expression
    body: Expression


Expression: TypeAlias = (
    Constant
    | Reference
    | ListOfExpressions
    | KeyOf
    | Position
    | Present
    | Call
    | Search
    | Negative
    | Arithmetic
    | Compare
    | Contains
    | Not
    | Logic
    | Quantified
)


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield *expression* and everything that it is made of, from left to right."""
    yield expression
    for part in _parts(expression):
        yield from walk(part)


def _parts(expression: Expression) -> tuple[Expression, ...]:
    match expression:
        case ListOfExpressions(items=items) | Logic(items=items):
            return items
        case (
            KeyOf(row=inner) | Present(value=inner) | Negative(operand=inner) | Not(operand=inner) | Search(text=inner)
        ):
            return (inner,)
        case Call(arguments=arguments):
            return arguments
        case Arithmetic(left=left, right=right) | Compare(left=left, right=right):
            return (left, right)
        case Contains(item=item, container=container):
            return (item, container)
        case Quantified(over=over, body=body):
            return (over, body)
        case Constant() | Reference() | Position():
            return ()


def fields_of(expression: Expression | None, root: Literal["input", "output"]) -> tuple[str, ...]:
    """Return the fields of the input or output that *expression* reads, in order and once each."""
    if expression is None:
        return ()
    found = (
        part.steps[0] for part in walk(expression) if isinstance(part, Reference) and part.root == root and part.steps
    )
    return tuple(dict.fromkeys(found))
