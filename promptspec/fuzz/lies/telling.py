"""What a liar has at hand when it answers: the request, the honest reply, and where in it the lie goes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from promptspec.contract.json_text import json_text
from promptspec.fuzz.lies.wire import Response, says

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json, Lie, Place
    from promptspec.fuzz.lies.sites import Site
    from promptspec.fuzz.observations import Request

#: What a form goes to: the whole reply, or each text, or each value in it.
Goes: TypeAlias = Literal["whole", "text", "value"]

_TAG: Final = re.compile(r"The tag of this message is ([0-9a-f]+)\.(?: The mark between words is (\S+)\.)?")
_HOLE: Final = "\ue000hole\ue000"


@dataclass(frozen=True)
class Telling:
    """One lie, told in answer to one request, the *turn*-th of its call from 0."""

    lie: Lie
    request: Request
    turn: int

    @property
    def api(self) -> str:
        """`chat` or `responses`."""
        return "chat" if self.request.url.partition("?")[0].endswith("/chat/completions") else "responses"

    @cached_property
    def honest(self) -> str:
        """The honest reply, as JSON."""
        return json_text(self.lie.reply)

    @cached_property
    def messages(self) -> tuple[tuple[str, str], ...]:
        """The (role, content) of the request."""
        return self.request.messages

    @property
    def system(self) -> str:
        """The text of the system messages."""
        return "\n".join(content for role, content in self.messages if role == "system")

    @property
    def asked(self) -> str:
        """The text of what is asked: the user's messages after the last example."""
        asked: list[str] = []
        for role, content in self.messages:
            asked = [*asked, content] if role == "user" else []
        return "\n".join(asked)

    @property
    def tag(self) -> str:
        """The live tag, or "" where nothing is fenced: the last one, since examples come first and have their own."""
        return self.tags[-1] if self.tags else ""

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The tags of all messages, in order."""
        return tuple(match[1] for match in self._announced)

    @property
    def mark(self) -> str:
        """The live mark between words, or the live tag where words are not marked."""
        return (self._announced[-1][2] or self.tag) if self._announced else ""

    @cached_property
    def _announced(self) -> tuple[re.Match[str], ...]:
        return tuple(match for _, content in self.messages if (match := _TAG.match(content)) is not None)

    def say(self, text: str, *, finish: str = "stop") -> Response:
        """Answer *text*."""
        return says(self.api, text, finish=finish)

    def say_honestly(self) -> Response:
        """Answer as asked."""
        return self.say(self.honest)

    def say_in_place(self, text: str) -> Response:
        """Answer the honest reply with *text* at the place of the lie; the bare text where there is no reply.

        After *text* comes as much of the honest text as makes it no shorter than that, so that it meets its cap.
        """
        honest = value_at(self.lie.reply, self.lie.place)
        if isinstance(honest, str) and " " in honest and len(text) < len(honest) - 1:
            after = "\n" if "\n" in text.strip("\r\n") else " "
            text = text + after + honest[len(text) + 1 :]
        return self.say(put(self.lie.reply, self.lie.place, json_text(text)))

    def say_raw_in_place(self, raw: str) -> Response:
        """Answer the honest reply with *raw*, which need not be JSON, at the place of the lie."""
        return self.say(put(self.lie.reply, self.lie.place, raw))


def put(reply: Json, place: Place, raw: str) -> str:
    """Return the JSON of *reply* with *raw* in place of the value at *place*; of a place that is not there, *raw*."""
    if not place:
        return raw
    try:
        return json_text(_with(reply, place, _HOLE)).replace(f'"{_HOLE}"', raw, 1)
    except (KeyError, IndexError, TypeError):
        return raw


def value_at(reply: Json, place: Place) -> Json | None:
    """Return the value of *reply* at *place*, or None where there is none."""
    try:
        for step in place:
            reply = cast("Any", reply)[step]
    except (KeyError, IndexError, TypeError):
        return None
    return reply


def _with(value: Json, place: Place, new: Json) -> Json:
    if not place:
        return new
    first, *rest = place
    if isinstance(first, str):
        if not isinstance(value, Mapping):
            raise TypeError(first)
        entries = dict(cast("Mapping[str, Json]", value))
        entries[first] = _with(entries[first], tuple(rest), new)
        return entries
    if not isinstance(value, list | tuple):
        raise TypeError(first)
    items = list(cast("list[Json]", value))
    items[first] = _with(items[first], tuple(rest), new)
    return items


def nothing_to_choose(_site: Site) -> Iterable[str]:
    """Return the one text of a form that needs none."""
    return ("",)


@dataclass(frozen=True, kw_only=True)
class Form:
    """One way to lie. *answer* makes the response.

    *goes* says to which places it can be told; *texts* gives the texts that it can be told with at one of them.
    *hostile* forms take any text, so that attacks are drawn for them. *more*, where given, is the n-th of texts
    without end. Into so many *parts* its texts are divided at places that are of the kind of an earlier one.
    """

    name: str
    answer: Callable[[Telling], Response]
    goes: Goes = "whole"
    texts: Callable[[Site], Iterable[str]] = nothing_to_choose
    hostile: bool = False
    more: Callable[[Site, int], str] | None = None
    parts: int = 1


def in_texts(name: str, make: Callable[[Telling], str], *, hostile: bool = False) -> Form:
    """Return the form that puts what *make* returns into a text of the reply."""
    return Form(name=name, answer=lambda telling: telling.say_in_place(make(telling)), goes="text", hostile=hostile)


def fixed_in_texts(name: str, *texts: str) -> Form:
    """Return the form that puts each of *texts* into each text of the reply."""
    return Form(
        name=name, answer=lambda telling: telling.say_in_place(telling.lie.text), goes="text", texts=lambda _site: texts
    )


def documents(name: str, make: Callable[[Telling], str]) -> Form:
    """Return the form that answers the text that *make* returns."""
    return Form(name=name, answer=lambda telling: telling.say(make(telling)))


def raw_values(name: str, texts: Callable[[Site], Iterable[str]], *, parts: int = 1) -> Form:
    """Return the form that puts JSON, or what is nearly JSON, in place of values."""
    return Form(
        name=name,
        answer=lambda telling: telling.say_raw_in_place(telling.lie.text),
        goes="value",
        texts=texts,
        parts=parts,
    )
