"""Every type that fields hold, those in lists and records too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from promptspec.contract.types import Field, Group, ListOf, Record, Type


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
