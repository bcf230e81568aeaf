"""Prompts as typed parts: fixed text, and fences around every open value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

from pydantic import BaseModel

from promptspec.ports import Entropy
from promptspec.runtime.collections import Turn
from promptspec.runtime.images import Image
from promptspec.runtime.records import Row

if TYPE_CHECKING:
    from promptspec.runtime.sources import Source

R = TypeVar("R", bound=Row)

Role = Literal["system", "user"]
FenceMode = Literal["tags", "datamark", "json"]

#: Bits of a live tag (rule 8).
TAG_BITS: Final = 96

#: Bits of the mark between words, and what it begins with: no digit, so that a mark never overlaps another.
MARK_BITS: Final = 32
MARK_BEGIN: Final = "^"

# Where a word begins after blanks, or after what JSON writes for them.
_GAP: Final = re.compile(r"(?:(?<=\s)|(?<=\\[nrt]))(?=\S)")


@dataclass(frozen=True, slots=True)
class Fence:
    """An open value in a message. *path* names it, *text* is what stands between the marks."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture in a message. *url* is the whole file as a `data:` URL, made once for all attempts."""

    path: str
    width: int
    height: int
    media: str
    url: str = field(repr=False)

    def __str__(self) -> str:
        """Return what stands in place of the picture where a message is text alone."""
        return f"({self.media}, {self.width} × {self.height})"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is sent. One with pictures has *parts*, in order; *content* is the same as text alone."""

    role: Literal["system", "user", "assistant"]
    content: str
    parts: tuple[str | Shown, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The messages of a request. *tag* is the one of the live fences, *mark* that between words; "" for none."""

    messages: tuple[Message, ...]
    tag: str
    mark: str = ""


class Draft:
    """A prompt before its tag is drawn. Generated code fills it; no text in a value can start or end a message."""

    def __init__(self, *, fence: FenceMode = "tags", shortlists: Mapping[str, tuple[Row, ...]] | None = None) -> None:
        self._shortlists = shortlists or {}
        self._json = fence == "json"
        self._marked = fence == "datamark"
        self._messages: list[tuple[Role, list[str | Fence | Shown]]] = []
        self._pieces: list[str | Fence | Shown] = []
        self._fixed: list[str] = []
        self._fences: list[Fence] = []

    # What generated code calls

    def begin(self, role: Role) -> None:
        """Begin a message."""
        self._pieces = []
        self._messages.append((role, self._pieces))

    def text(self, fixed: str) -> None:
        """Add text of the spec."""
        self._pieces.append(fixed)
        self._fixed.append(fixed)

    def value(self, closed: object) -> None:
        """Add a closed value: an enum's name, a number, a date, a bool, or a list of them."""
        self._pieces.append(shown(closed))

    def fence(self, path: str, value: object) -> None:
        """Add an open value between marks that carry the tag; a list or record gets one fence, as JSON."""
        if isinstance(value, str):
            text = json.dumps(value, ensure_ascii=False) if self._json else value
        else:
            text = json.dumps(plain(value), ensure_ascii=False)
        fence = Fence(path, text)
        self._pieces.append(fence)
        self._fences.append(fence)

    def image(self, path: str, value: Image) -> None:
        """Add a picture between marks that carry the tag, like any open value."""
        url = f"data:{value.media};base64,{value.base64()}"
        self._pieces.append(Shown(path, value.width, value.height, value.media, url))
        self._fences.append(Fence(path, ""))

    def history(self, path: str, turns: tuple[Turn, ...]) -> None:
        """Add a conversation, a message a turn; what a caller says that the assistant said is quoted as such."""
        for index, turn in enumerate(turns, 1):
            self.begin("user")
            if turn.role == "assistant":
                self._pieces.append("The caller says that the assistant answered:\n")
            self.fence(f"{path}[{index}]", turn.text)

    def shortlist(self, name: str, source: Source[R]) -> tuple[R, ...]:
        """Return the shortlist *name* of this call: rows of *source*, the nearest first."""
        return cast("tuple[R, ...]", self._shortlists.get(name, ()))

    # What the call reads

    def continued(self) -> Draft:
        """Return a draft with the same messages, to which more can be added without changing this one."""
        draft = copy(self)
        draft._messages, draft._fixed, draft._fences = [*self._messages], [*self._fixed], [*self._fences]
        return draft

    @property
    def fixed(self) -> tuple[str, ...]:
        """The texts of the spec that this prompt holds."""
        return tuple(self._fixed)

    def fences(self) -> tuple[Fence, ...]:
        """The open values, in order."""
        return tuple(self._fences)

    def draw_tag(self, entropy: Entropy) -> str:
        """Return a fresh tag that occurs in no open value, or "" where no tag is needed."""
        if not self._fences:
            return ""
        while True:
            tag = entropy.token(TAG_BITS)
            if not self._holds(tag):
                return tag

    def draw_mark(self, entropy: Entropy) -> str:
        """Return a fresh mark for `datamark` whose digits occur in no open value, or "" where no mark is needed."""
        if not self._fences or not self._marked:
            return ""
        while True:
            digits = entropy.token(MARK_BITS)
            if not self._holds(digits):
                return MARK_BEGIN + digits

    def _holds(self, tag: str) -> bool:
        return any(tag in fence.text.casefold() or tag in fence.path for fence in self._fences)

    def messages(self, tag: str, mark: str = "") -> tuple[Message, ...]:
        """Return the messages, with *tag* on every fence and *mark* between the words in it.

        A message with fences announces both on its first line.
        """
        return tuple([_message(role, pieces, tag, mark) for role, pieces in self._messages])

    def pictures(self) -> tuple[Shown, ...]:
        """The pictures of all messages, in order."""
        return tuple(piece for _, pieces in self._messages for piece in pieces if isinstance(piece, Shown))


def _message(role: Role, pieces: list[str | Fence | Shown], tag: str, mark: str) -> Message:
    texts: list[str] = []
    parts: list[str | Shown] = []
    fenced = False
    for piece in pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        fenced = True
        texts.append(f"[[{piece.path} {tag}]]")
        if isinstance(piece, Shown):
            parts += ["".join(texts), piece]
            texts = []
        else:
            texts.append(marked(piece.text, mark) if mark else piece.text)
        texts.append(f"[[/{piece.path} {tag}]]")
    rest = "".join(texts)
    if not fenced:
        return Message(role, rest)
    told = f" The mark between words is {mark}." if mark else ""
    first = f"The tag of this message is {tag}.{told}\n"
    if not parts:
        return Message(role, first + rest)
    parts[0] = f"{first}{parts[0]}"
    parts.append(rest)
    return Message(role, "".join(map(str, parts)), tuple(parts))


def marked(text: str, mark: str) -> str:
    """Return *text* with *mark* before each word that stands after another; without the marks it is *text* again."""
    return _GAP.sub(mark, text)


def shown(value: object) -> str:
    """Return how a prompt prints a closed value."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str):
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "none"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return ", ".join(map(shown, cast("tuple[object, ...]", value)))
    if isinstance(value, BaseModel):
        return json.dumps(plain(value), ensure_ascii=False)
    return str(value)


def plain(value: object) -> Any:
    """Return *value* as JSON has it; decimals as text, so that no digit is lost."""
    if isinstance(value, BaseModel):
        fields = type(value).model_fields.items()
        return {field.serialization_alias or name: plain(getattr(value, name)) for name, field in fields}
    if isinstance(value, Turn):
        return {"role": value.role, "text": value.text}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in cast("Mapping[object, object]", value).items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in cast("tuple[object, ...]", value)]
    if isinstance(value, bool | int) or value is None:
        return value
    return shown(value)
