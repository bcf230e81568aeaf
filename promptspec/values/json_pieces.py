"""A JSON object that is still coming, to what of it is complete: its members, the items of its lists, one text."""

from __future__ import annotations

from collections.abc import Collection, Generator
from dataclasses import dataclass
from typing import Final, TypeAlias

from promptspec.values.reading import JsonValue, Unreadable, read_json

_BLANKS: Final = frozenset(" \t\n\r")
_CLOSING: Final = {"{": "}", "[": "]"}
_HEX_DIGITS: Final = 4

#: Takes one character after the other.
_Reading: TypeAlias = Generator[None, str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A complete member, or with *index* a complete item of the list that is its value."""

    name: str
    index: int | None
    value: JsonValue


class JsonPieces:
    """Reads one object as its text comes.

    The values of members called as one of *lists* are given item by item. The one called *text*, a string, is in
    `text` as far as it has come. Each value is read by the strict reader; from the first character on that cannot
    stand in an object, or a key that is repeated, nothing more is found: the whole text has to be judged at its end.
    """

    def __init__(self, *, lists: Collection[str] = (), text: str | None = None) -> None:
        self._lists = frozenset(lists)
        self._text_name = text
        self._found: list[Found] = []
        self._texts: list[str] = []
        self._names: set[str] = set()
        self._reading: _Reading | None = self._object()
        next(self._reading)

    def feed(self, text: str) -> list[Found]:
        """Take in what comes next, and return what it completes."""
        for character in text:
            if self._reading is None:
                break
            try:
                self._reading.send(character)
            except (StopIteration, Unreadable):
                self._reading = None
        found, self._found = self._found, []
        return found

    @property
    def text(self) -> str:
        """What has come of the text; half of an escape is left out."""
        if len(self._texts) > 1:
            self._texts = ["".join(self._texts)]
        return self._texts[0] if self._texts else ""

    # Each of these takes characters for as long as its part lasts. They return the character that follows the part,
    # and end the reading, by returning "" through all of them, where something stands that cannot.

    def _object(self) -> _Reading:
        here = yield from _shown()
        if here != "{":
            return ""
        here = yield from _shown()
        while here == '"':
            name = yield from _raw('"')
            key = read_json(name)
            here = yield from _shown()
            if here != ":" or not isinstance(key, str) or key in self._names:
                return ""
            self._names.add(key)
            here = yield from _shown()
            here = yield from self._member(key, here)
            if here != ",":
                return ""
            here = yield from _shown()
        return ""

    def _member(self, name: str, here: str) -> _Reading:
        if name == self._text_name and here == '"':
            yield from self._live()
            return (yield from _shown())
        if name in self._lists and here == "[":
            return (yield from self._list(name))
        return (yield from self._value(name, None, here))

    def _list(self, name: str) -> _Reading:
        here = yield from _shown()
        index = 0
        while here != "]":
            here = yield from self._value(name, index, here)
            index += 1
            if here not in (",", "]"):
                return ""
            if here == ",":
                here = yield from _shown()
                if here == "]":
                    return ""
        return (yield from _shown())

    def _value(self, name: str, index: int | None, here: str) -> _Reading:
        if here == '"' or here in _CLOSING:
            raw = yield from _raw(here)
            self._found.append(Found(name, index, read_json(raw)))
            return (yield from _shown())
        pieces: list[str] = []
        while here not in _BLANKS and here not in ",]}":
            pieces.append(here)
            here = yield
        self._found.append(Found(name, index, read_json("".join(pieces))))
        return here if here not in _BLANKS else (yield from _shown())

    def _live(self) -> _Reading:
        """Take a string, character by character, up to its closing quote."""
        while True:
            here = yield
            if here == '"':
                return ""
            if here != "\\":
                self._add(here)
                continue
            escape = yield from _escape()
            if escape[1] == "u" and 0xD800 <= int(escape[2:], 16) <= 0xDBFF:
                # Half of a character: the other half must follow.
                if (yield) != "\\":
                    raise Unreadable("surrogate")
                escape += yield from _escape()
            self._add(escape)

    def _add(self, raw: str) -> None:
        if len(raw) == 1 and " " <= raw < "\x7f":
            self._texts.append(raw)
        else:
            self._texts.append(str(read_json(f'"{raw}"')))


def _shown() -> _Reading:
    """Return the next character that is no blank."""
    here = yield
    while here in _BLANKS:
        here = yield
    return here


def _escape() -> _Reading:
    """Return an escape whose backslash has come."""
    kind = yield
    if kind != "u":
        return "\\" + kind
    digits = ""
    while len(digits) < _HEX_DIGITS:
        digits += yield
    if not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise Unreadable("syntax")
    return "\\u" + digits


def _raw(opening: str) -> _Reading:
    """Return the text of a string, a list or an object from its *opening*, which has come, to its end."""
    raw = [opening]
    open = [] if opening == '"' else [_CLOSING[opening]]
    in_string = opening == '"'
    while True:
        here = yield
        raw.append(here)
        if in_string:
            if here == "\\":
                raw.append((yield))
            elif here == '"':
                in_string = False
        elif here == '"':
            in_string = True
        elif here in _CLOSING:
            open.append(_CLOSING[here])
        elif open and here == open[-1]:
            open.pop()
        if not open and not in_string:
            return "".join(raw)
