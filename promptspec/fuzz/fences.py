"""Taking a rendered message apart again: the tag that it announces, and what stands between marks that carry it.

Where a message announces a mark between words, that is taken out too; what is marked otherwise does not pass for the
value.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from promptspec.fuzz.reference_prompt import Open

_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.\[\]]*")
_ANNOUNCED: Final = re.compile(r"The tag of this message is ([0-9a-f]+)\.(?: The mark between words is (\S+)\.)?\n")
#: What JSON writes for blanks.
_WRITTEN_BLANKS: Final = ("\\n", "\\r", "\\t")


@lru_cache(maxsize=256)
def taken_apart(content: str) -> tuple[str, tuple[str | Open, ...]]:
    """Return the tag that *content* announces ("" for none), and its pieces: texts, and values out of their fences.

    A mark counts only with the tag, and a closing mark only if it names the fence that is open; whatever else looks
    like one is text.
    """
    announced = _ANNOUNCED.match(content)
    if announced is None:
        return "", ((content,) if content else ())
    tag, mark, rest = announced[1], announced[2], content[announced.end() :]
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
        text = rest[inside:closing]
        pieces.append(Open(path, unmarked(text, mark) if mark else text))
        at = closing + len(path) + len(end_of_mark) + 3
    if at < len(rest):
        pieces.append(rest[at:])
    return tag, tuple(pieces)


def mark_of(content: str) -> str:
    """Return the mark between words that *content* announces, "" for none."""
    announced = _ANNOUNCED.match(content)
    return (announced[2] or "") if announced else ""


def unmarked(text: str, mark: str) -> str:
    """Return *text* without *mark*; where it does not stand before each word after another, *text* behind a mark.

    No value begins with the mark, so that this is none.
    """
    plain = text.replace(mark, "")
    return plain if _marked(plain, mark) == text else mark + text


def _marked(text: str, mark: str) -> str:
    words = ""
    for at, character in enumerate(text):
        after_blank = at > 0 and (text[at - 1].isspace() or text[max(at - 2, 0) : at] in _WRITTEN_BLANKS)
        words += mark + character if after_blank and not character.isspace() else character
    return words
