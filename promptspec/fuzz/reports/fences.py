"""A rendered message, cut where its fences are, so that people see them.

`promptspec.fuzz.fences` takes apart what was rendered well. Here a message may be what brought a law down: every
mark is shown, also one that stands where none should.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

#: Text of the spec · the mark that opens a fence · what stands in it · the mark that closes it · a mark out of place.
Kind: TypeAlias = Literal["fixed", "open", "value", "close", "astray"]

_ANNOUNCED: Final = re.compile(r"The tag of this message is ([0-9a-f]+)\.(?: The mark between words is \S+\.)?\n")
#: Paths are far shorter; a bound keeps the search linear.
_PATH: Final = r"([^\[\]\s/](?:[^\[\]\s]|\[\d{1,9}\]){0,200})"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a message. *path* is the one that a mark names, and for a value that of its fence."""

    kind: Kind
    text: str
    path: str = ""


def parts_of(content: str, tag: str = "") -> tuple[Part, ...]:
    """Return the parts of a message, whose texts joined are *content*.

    Where *tag* is "" the message's own first line says it; a message without a tag is one fixed part. A mark is astray
    where it opens a fence inside of one, closes one that is not open, or opens one that nothing closes.
    """
    if not tag:
        announced = _ANNOUNCED.match(content)
        tag = announced[1] if announced else ""
    if not tag:
        return (Part("fixed", content),) if content else ()
    return tuple(_parts(content, tag))


def _parts(content: str, tag: str) -> Iterator[Part]:
    marks = list(re.finditer(rf"\[\[(/?){_PATH} {re.escape(tag)}\]\]", content))
    last = {mark[2]: mark.start() for mark in marks if mark[1]}
    inside, at = "", 0
    for mark in marks:
        if mark.start() > at:
            yield _between(content[at : mark.start()], inside)
        at, path = mark.end(), mark[2]
        if mark[1] and path == inside:
            yield Part("close", mark[0], path)
            inside = ""
        elif not mark[1] and not inside and last.get(path, -1) > mark.start():
            yield Part("open", mark[0], path)
            inside = path
        else:
            yield Part("astray", mark[0], path)
    if at < len(content):
        yield _between(content[at:], inside)


def _between(text: str, inside: str) -> Part:
    return Part("value", text, inside) if inside else Part("fixed", text)
