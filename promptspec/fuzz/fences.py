"""Taking a rendered message apart again: the tag that it announces, and what stands between marks that carry it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from promptspec.fuzz.reference_prompt import Open

_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]]*")
_ANNOUNCED: Final = re.compile(r"The tag of this message is ([0-9a-f]+)\.\n")


@lru_cache(maxsize=256)
def taken_apart(content: str) -> tuple[str, tuple[str | Open, ...]]:
    """Return the tag that *content* announces ("" for none), and its pieces: texts, and values out of their fences.

    A mark counts only with the tag, and a closing mark only if it names the fence that is open; whatever else looks
    like one is text.
    """
    announced = _ANNOUNCED.match(content)
    if announced is None:
        return "", ((content,) if content else ())
    tag, rest = announced[1], content[announced.end() :]
    end_of_mark = f" {tag}]]"
    pieces: list[str | Open] = []
    at = 0
    while (end := rest.find(end_of_mark, at)) >= 0:
        begin = rest.rfind("[[", at, end)
        path = rest[begin + 2 : end] if begin >= 0 else ""
        inside = end + len(end_of_mark)
        closing = rest.find(f"[[/{path}{end_of_mark}", inside) if _PATH.fullmatch(path) else -1
        if closing < 0:
            break
        if begin > at:
            pieces.append(rest[at:begin])
        pieces.append(Open(path, rest[inside:closing]))
        at = closing + len(path) + len(end_of_mark) + 3
    if at < len(rest):
        pieces.append(rest[at:])
    return tag, tuple(pieces)
