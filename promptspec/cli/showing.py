"""The value of a reply: as plain data, and as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import cast

from promptspec.contract.json_text import json_text
from promptspec.diagnostics.foreign import escape, escape_lines


def plain_data(value: object) -> object:
    """Return *value* in what JSON has, decimals and dates as they are, fields by the names of the spec."""
    from pydantic import BaseModel

    match value:
        case BaseModel():
            return plain_data(value.model_dump(by_alias=True))
        case Enum():
            return value.value
        case Mapping():
            entries = cast("Mapping[object, object]", value).items()
            return {str(key): plain_data(item) for key, item in entries}
        case list() | tuple():
            return [plain_data(item) for item in cast("tuple[object, ...]", value)]
        case _:
            return value


def lines_of(data: object) -> Iterator[str]:
    """Yield lines that show plain data: a field a line, what has parts indented below. All of it is escaped."""
    match data:
        case Mapping() if data:
            for name, item in cast("Mapping[str, object]", data).items():
                yield from _entry(f"{escape(name)}:", item)
        case list() if data:
            for item in cast("list[object]", data):
                yield from _entry("-", item)
        case str():
            yield from escape_lines(data).split("\n")
        case list() | Mapping():
            yield "nothing"
        case None:
            yield "none"
        case _:
            yield escape(json_text(data).strip('"'))


def _entry(lead: str, item: object) -> Iterator[str]:
    lines = list(lines_of(item))
    if len(lines) == 1 and not (isinstance(item, Mapping | list) and item):
        yield f"{lead} {lines[0]}"
    elif lead == "-":
        yield from (f"{'  ' if index else '- '}{line}" for index, line in enumerate(lines))
    else:
        yield lead
        yield from (f"  {line}" for line in lines)
