"""References inside one JSON document."""

from __future__ import annotations

import re
from typing import Final, cast
from urllib.parse import unquote

_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,5}")


class BadReference(ValueError):
    """A `$ref` that leads nowhere in its own document; *message* holds nothing of it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def resolve(document: object, reference: object) -> tuple[str, object]:
    """Return the JSON pointer (RFC 6901) that the local *reference* writes, and what stands there.

    Raises BadReference for remote references, names (`$anchor`) and pointers that lead nowhere.
    """
    if not isinstance(reference, str):
        raise BadReference("`$ref` is a string")
    if not reference.startswith("#"):
        raise BadReference("only references inside the same file are followed")
    pointer = unquote(reference[1:])
    if pointer and not pointer.startswith("/"):
        raise BadReference("a reference is written as a path: `#/$defs/line`")
    target = document
    for step in pointer.split("/")[1:]:
        target = _step(target, step.replace("~1", "/").replace("~0", "~"))
    return pointer, target


def _step(target: object, name: str) -> object:
    if isinstance(target, dict):
        entries = cast("dict[str, object]", target)
        if name in entries:
            return entries[name]
    elif isinstance(target, list):
        items = cast("list[object]", target)
        if _INDEX.fullmatch(name) and int(name) < len(items):
            return items[int(name)]
    raise BadReference("this reference leads nowhere")
