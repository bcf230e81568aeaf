"""Values as JSON for programs: exact, and in ASCII, so that a terminal may show it too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from promptspec.contract.json_text import json_text

_FOREIGN: Final = re.compile(r"[^\x20-\x7e]")


def pretty(value: object, *, indent: str = "") -> str:
    """Return *value* as JSON of several lines, decimals to the last digit. Takes what `json_text` takes."""
    inner = indent + "  "
    if isinstance(value, Mapping) and value:
        entries = cast("Mapping[str, object]", value).items()
        lines = [f"{inner}{_scalar(key)}: {pretty(item, indent=inner)}" for key, item in entries]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list | tuple) and value:
        lines = [inner + pretty(item, indent=inner) for item in cast("tuple[object, ...]", value)]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return _scalar(cast("object", value))


def _scalar(value: object) -> str:
    return _FOREIGN.sub(_escaped, json_text(value))


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
