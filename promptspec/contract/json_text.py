"""Plain values and constants to compact JSON text, decimals to the last digit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Final, cast

from promptspec.contract.types import ObjectConstant

# What `json.dumps` itself calls for a string, without the encoder around it.
_quoted: Final = encode_basestring


def json_text(value: object) -> str:
    """Return *value* as JSON without blanks, keys in their own order.

    Takes what JSON has, and tuples, `ObjectConstant`, `Decimal` (written in full, never as a float), dates and
    moments (as ISO 8601 strings). Raises TypeError for anything else.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case int():
            return int.__repr__(value)
        case Decimal():
            return f"{value:f}"
        case float():
            return json.dumps(value)
        case datetime():
            text = value.isoformat()
            return json.dumps(text[:-6] + "Z" if text.endswith("+00:00") else text)
        case date():
            return json.dumps(value.isoformat())
        case ObjectConstant():
            return json_text(dict(value.entries))
        case Mapping():
            entries = cast("Mapping[object, object]", value).items()
            return "{" + ",".join(f"{_key(key)}:{json_text(item)}" for key, item in entries) + "}"
        case list() | tuple():
            return "[" + ",".join(map(json_text, cast("tuple[object, ...]", value))) + "]"
        case _:
            raise TypeError(f"a {type(value).__name__} has no form in JSON")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError("a key of a JSON object is a string")
    return _quoted(key)
