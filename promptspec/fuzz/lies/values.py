"""Values of JSON as liars handle them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from promptspec.contract.json_text import json_text
from promptspec.contract.types import ObjectConstant

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json


def entries_of(value: Json) -> Mapping[str, object]:
    """Return the fields of an object, none of anything else."""
    none: Mapping[str, object] = {}
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else none


def items_of(value: Json) -> list[object]:
    """Return the items of a list, none of anything else."""
    none: list[object] = []
    return list(cast("list[object]", value)) if isinstance(value, list | tuple) else none


def plain(value: object) -> Json:
    """Return *value*, which may hold constants of a spec, as JSON: decimals as Decimal, dates as text."""
    if isinstance(value, ObjectConstant):
        return {name: plain(item) for name, item in value.entries}
    if value is None or isinstance(value, str | bool | int | Decimal):
        return value
    return read(json_text(value))


def read(text: str) -> Json:
    """Return the value of JSON *text* that was written here, decimals exact."""
    return json.loads(text, parse_float=Decimal)
