"""Every type that fields hold, those in lists and records too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from promptspec.contract.types import (
    Email,
    Field,
    Group,
    Image,
    JsonSchema,
    ListOf,
    Record,
    Text,
    Turns,
    Type,
    Url,
)


def types_in(fields: Iterable[Field], record: Callable[[str, str], Record]) -> Iterator[Type]:
    """Yield the types of *fields*, then those of their items and records, level by level.

    *record* returns the record of a name and a file. A record that several fields hold is walked for each of them.
    Entries of an input list are not followed: the list itself holds their record.
    """
    level = [field.type for field in fields]
    while level:
        yield from level
        below: list[Type] = []
        for type in level:
            if isinstance(type, ListOf):
                below.append(type.item)
            elif isinstance(type, Group):
                below += [field.type for field in record(type.name, type.file).fields]
        level = below


def foreign_texts(
    fields: Iterable[Field],
    record: Callable[[str, str], Record],
    before: tuple[str, ...] = (),
    *,
    images: bool = True,
) -> Iterator[tuple[str, ...]]:
    """Yield the paths of what somebody else has written or drawn, with `[]` for the items of a list.

    These are texts, addresses, conversations, objects by a JSON Schema and, unless *images* is false, images: all that
    is no choice, number, date or row.
    """
    for field in fields:
        yield from _foreign(field.type, record, (*before, field.name), images)


def _foreign(
    type: Type, record: Callable[[str, str], Record], path: tuple[str, ...], images: bool
) -> Iterator[tuple[str, ...]]:
    match type:
        case Text() | Email() | Url() | Turns() | JsonSchema():
            yield path
        case Image() if images:
            yield path
        case ListOf(item=item):
            yield from _foreign(item, record, (*path, "[]"), images)
        case Group():
            yield from foreign_texts(record(type.name, type.file).fields, record, path, images=images)
        case _:
            pass
