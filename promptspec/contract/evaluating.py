"""What of an output can be held against a label."""

from __future__ import annotations

from promptspec.contract.types import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Email,
    Integer,
    ListOf,
    Number,
    OneOfItems,
    OneOfShortlist,
    OneOfSource,
    Text,
    Type,
    Url,
    Words,
)


def is_compared(type: Type) -> bool:
    """Say whether values of *type* are right or wrong as they stand: all but texts, records and free JSON."""
    match type:
        case ListOf(item=item):
            return is_compared(item)
        case Words() | Choice() | Boolean() | Integer() | Number() | Date() | DateTime() | Email() | Url():
            return True
        case _:
            return isinstance(type, OneOfSource | OneOfItems | OneOfShortlist)


def compares(type: Type) -> bool:
    """Say whether values of *type* can be compared at all: those of `is_compared`, and texts letter by letter."""
    return isinstance(type.item if isinstance(type, ListOf) else type, Text) or is_compared(type)


def is_closed(type: Type) -> bool:
    """Say whether values of *type* come from a list of words, so that a table can show which is taken for which."""
    return isinstance(type, Words | Choice | Boolean | OneOfSource)
