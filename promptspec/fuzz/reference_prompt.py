"""The reference renderer: the messages that a feature must send, worked out from the contract the obvious way.

It knows fixed text from open values as the manual does, and nothing of tags: where a fence must stand it says which
value, under which name, and the laws look whether it stands there.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.feature import Fixed, For, History, If, Part, Print
from promptspec.fuzz.reference_expressions import Names, evaluate, holds
from promptspec.fuzz.reference_images import seen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from promptspec.fuzz.subjects import Subject

    Shortlisted: TypeAlias = Mapping[str, Sequence[Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class Open:
    """An open value that must stand in a fence called *path*; of a *picture* the text says its type and size alone."""

    path: str
    text: str
    picture: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """A message that must be sent."""

    role: str
    pieces: tuple[str | Open, ...]


def expected_messages(
    subject: Subject, settled: Mapping[str, object], shortlists: Shortlisted, *, caller: str, today: date
) -> tuple[Said, ...]:
    """Return the messages of the input *settled*: rows as their cells, entries as they were given.

    *shortlists* are the rows of each shortlist by its name.
    """
    listed = tuple((name, list(rows)) for name, rows in shortlists.items())
    names = Names(input=settled, output={}, today=today, caller=caller, variables=listed)
    json_fences = subject.feature.fence == "json"
    found: list[Said] = []
    for message in subject.feature.messages:
        if isinstance(message, History):
            found.extend(_history(message.field, settled, json_fences=json_fences))
        else:
            writer = _Writer(json_fences=json_fences)
            writer.parts(message.parts, names, ())
            found.append(Said(message.role, tuple(_joined(writer.pieces))))
    return tuple(found)


def _history(field: str, settled: Mapping[str, object], *, json_fences: bool) -> Iterator[Said]:
    turns = cast("list[Mapping[str, str]]", settled.get(field) or [])
    for number, turn in enumerate(turns, 1):
        quoted = ("The caller says that the assistant answered:\n",) if turn["role"] == "assistant" else ()
        text = json.dumps(turn["text"], ensure_ascii=False) if json_fences else turn["text"]
        yield Said("user", (*quoted, Open(f"{field}[{number}]", text)))


class _Writer:
    def __init__(self, *, json_fences: bool) -> None:
        self.pieces: list[str | Open] = []
        self._json = json_fences

    def parts(self, parts: tuple[Part, ...], names: Names, rounds: tuple[tuple[str, int], ...]) -> None:
        for part in parts:
            match part:
                case Fixed(text=text):
                    self.pieces.append(text)
                case Print():
                    self._print(part, names, rounds)
                case If():
                    body = next((b.body for b in part.branches if holds(b.condition, names)), part.otherwise)
                    self.parts(body, names, rounds)
                case For():
                    items = cast("list[object]", evaluate(part.over, names) or [])
                    for number, item in enumerate(items, 1):
                        inner = replace(names, variables=(*names.variables, (part.variable, item)))
                        self.parts(part.body, inner, (*rounds, (part.variable, number)))

    def _print(self, part: Print, names: Names, rounds: tuple[tuple[str, int], ...]) -> None:
        if isinstance(part.value, e.Position):
            self.pieces.append(str(dict(rounds)[part.value.variable]))
            return
        value = evaluate(part.value, names)
        if part.trust is not t.Trust.OPEN:
            self.pieces.append(shown(value))
            return
        path = part.path
        for _, number in rounds[len(rounds) - path.count("[]") :]:
            path = path.replace("[]", f"[{number}]", 1)
        if part.kind == "image":
            self.pieces.append(_shown_image(path, cast("str", value)))
            return
        text = value if isinstance(value, str) and not self._json else json.dumps(_plain(value), ensure_ascii=False)
        self.pieces.append(Open(path, text))


def _shown_image(path: str, value: str) -> Open:
    picture = b64decode(value)
    return Open(path, seen(picture), picture)


def _joined(pieces: list[str | Open]) -> Iterator[str | Open]:
    """Yield *pieces* with neighbouring texts as one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        if text:
            yield text
        text = ""
        yield piece
    if text:
        yield text


def shown(value: object) -> str:
    """Return how a prompt prints a closed value."""
    match value:
        case True | False:
            return "true" if value else "false"
        case None:
            return "none"
        case Decimal():
            return f"{value:f}"
        case date() | datetime():
            return value.isoformat()
        case list():
            return ", ".join(map(shown, cast("list[object]", value)))
        case dict():
            return json.dumps(_plain(cast("object", value)), ensure_ascii=False)
        case _:
            return str(value)


def _plain(value: object) -> object:
    match value:
        case dict():
            return {name: _plain(item) for name, item in cast("dict[str, object]", value).items()}
        case list():
            return [_plain(item) for item in cast("list[object]", value)]
        case bool() | int() | None | str():
            return value
        case _:
            return shown(value)
