"""Taking a rendered message apart again: the tag that it announces, and what stands between marks that carry it."""

from __future__ import annotations

import re
from typing import Final

from promptspec.fuzz.reference_prompt import Open

_ANNOUNCED: Final = re.compile(r"The tag of this message is ([0-9a-f]+)\.\n")


def taken_apart(content: str) -> tuple[str, tuple[str | Open, ...]]:
    """Return the tag that *content* announces ("" for none), and its pieces: texts, and values out of their fences.

    A mark counts only with the tag, and a closing mark only if it names the fence that is open; whatever else looks
    like one is text.
    """
    announced = _ANNOUNCED.match(content)
    if announced is None:
        return "", ((content,) if content else ())
    tag, rest = announced[1], content[announced.end() :]
    mark = re.compile(r"\[\[([A-Za-z_][A-Za-z0-9_.\[\]]*) " + tag + r"\]\]")
    pieces: list[str | Open] = []
    at = 0
    while found := mark.search(rest, at):
        end = rest.find(f"[[/{found[1]} {tag}]]", found.end())
        if end < 0:
            break
        if found.start() > at:
            pieces.append(rest[at : found.start()])
        pieces.append(Open(found[1], rest[found.end() : end]))
        at = end + len(found[1]) + len(tag) + 6
    if at < len(rest):
        pieces.append(rest[at:])
    return tag, tuple(pieces)
