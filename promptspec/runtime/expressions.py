"""The functions of conditions: total and exact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from typing import Any, Final, TypeVar, cast

from promptspec.runtime.collections import distinct as _distinct
from promptspec.values.units import count

#: Arithmetic that would have to round has overflowed, and its condition is false (rule 15).
_EXACT: Final = Context(prec=400, traps=[Inexact, Overflow, InvalidOperation, FloatOperation])

V = TypeVar("V")


def holds(condition: Callable[[], bool], *, otherwise: bool = False) -> bool:
    """Return what *condition* says under exact arithmetic; where it overflows, *otherwise*."""
    with localcontext(_EXACT):
        try:
            return condition()
        except DecimalException:
            return otherwise


def exact(value: Callable[[], V]) -> V:
    """Return *value* under exact arithmetic. Raises DecimalException where it overflows."""
    with localcontext(_EXACT):
        return value()


def words(text: str) -> int:
    """Return the number of words as UAX #29 counts them."""
    return count(text, "words")


def lower(text: str) -> str:
    """Return *text* in lower case."""
    return text.lower()


def distinct(values: Sequence[object]) -> bool:
    """Say whether no value stands there twice."""
    return len(_distinct(tuple(values))) == len(values)


def total(values: Sequence[int | Decimal]) -> Decimal | int:
    """Return the sum; 0 for an empty list."""
    return sum(values)


def contains(text: str, part: str) -> bool:
    """Say whether *part* occurs in *text*, to the letter."""
    return part in text


def search(text: str, pattern: str, *, ignore_case: bool = False) -> bool:
    """Say whether *pattern* occurs in *text*."""
    from promptspec.values.patterns import compile_pattern

    return compile_pattern(pattern, ignore_case).search(text)


def matches(text: str, pattern: str, *, ignore_case: bool = False) -> bool:
    """Say whether *pattern* is all of *text*."""
    from promptspec.values.patterns import compile_pattern

    return compile_pattern(pattern, ignore_case).fullmatch(text)


def member(object_: Any, *path: str) -> Any:
    """Return the member at *path* of an object of a JSON Schema, or None; lists are gone through and flattened."""
    for at, step in enumerate(path):
        if isinstance(object_, list | tuple):
            return _flattened([member(item, *path[at:]) for item in cast("list[Any]", object_)])
        if not isinstance(object_, dict):
            return None
        object_ = cast("dict[str, Any]", object_).get(step)
    return object_


def _flattened(found: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for each in found:
        if isinstance(each, list):
            flat.extend(cast("list[Any]", each))
        else:
            flat.append(each)
    return flat
