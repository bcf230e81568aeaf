"""What was seen when a case was run: every byte that travelled, what the call gave, and what it logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.fuzz.reference_images import bytes_of, seen
from promptspec.runtime.replies import Reply

if TYPE_CHECKING:
    from promptspec.fuzz.gates import Written

#: The one status that an answer comes with.
_ANSWERED: Final = 200


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it left. *headers* have lower-case names; *at* is the time in seconds since the call began."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    at: float = 0.0

    @cached_property
    def content(self) -> dict[str, Any]:
        """The JSON object of the body."""
        import json

        return cast("dict[str, Any]", json.loads(self.body))

    @cached_property
    def messages(self) -> tuple[tuple[str, str], ...]:
        """The (role, content) of every message, in order, whichever API was spoken; images as the manual tells them."""
        messages = [(str(message["role"]), self._shown(message["content"])) for message in self._listed]
        content = self.content
        return (("system", str(content["instructions"])), *messages) if "instructions" in content else tuple(messages)

    @cached_property
    def images(self) -> tuple[bytes, ...]:
        """The images in all messages, in order; b"" for what is none."""
        listed = [message["content"] for message in self._listed if not isinstance(message["content"], str)]
        urls = [self._url(part) for content in listed for part in _parts(content)]
        return tuple(bytes_of(url) for url in urls if url is not None)

    @property
    def _listed(self) -> list[dict[str, Any]]:
        return self.content.get("messages", self.content.get("input", []))

    def _shown(self, content: object) -> str:
        return content if isinstance(content, str) else "".join(map(self._said, _parts(content)))

    def _said(self, part: object) -> str:
        url = self._url(part)
        if url is not None:
            return seen(bytes_of(url))
        if not isinstance(part, dict):
            return str(part)
        named = cast("dict[str, Any]", part)
        known = named.get("type") == ("text" if "messages" in self.content else "input_text")
        return str(named.get("text")) if known else "(an unknown part)"

    def _url(self, part: object) -> str | None:
        """Return the URL of an image as the API that is spoken has it, None for another part."""
        named = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
        if "messages" not in self.content:
            return str(named["image_url"]) if named.get("type") == "input_image" else None
        return str(named["image_url"]["url"]) if named.get("type") == "image_url" else None


def _parts(content: object) -> list[Any]:
    """Return the parts of a message: one text, or a list of texts and images."""
    return cast("list[Any]", content) if isinstance(content, list) else [content]


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One request to a judge: after how many to models, to which judge by its place, and what came back.

    *found* are the probabilities that it said, by the names of the statements; None where it said nothing of the kind.
    """

    request: Request
    after: int
    place: int
    status: int | None
    found: Mapping[str, Decimal] | None


@dataclass(frozen=True, kw_only=True)
class Looked:
    """One time that a moderator was asked: after how many requests to models, and which, by its place in the spec.

    A function of the application is shown texts without a *request*. *found* is what was said of them, as the wire has
    it; None where nothing was. There was to be a finding for each of so many *texts*.
    """

    request: Request | None
    after: int
    place: int
    status: int | None
    texts: int
    found: object
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What came of one call. Exactly one of *reply* and *error* is set.

    *texts* are what the model said to each request, None where it said nothing whole; *log* is what was logged
    while the call ran (for every fourth seed at every level, else from INFO up) and what Python prints of the error;
    *seconds* is the time on the call's own clock; *told* is what telemetry was told, for every fourth seed.
    """

    requests: tuple[Request, ...]
    texts: tuple[str | None, ...]
    reply: Reply[Any] | None
    error: BaseException | None
    log: str
    seconds: float
    #: Which model was asked each time, by its place in `first a, b`.
    asked: tuple[int, ...] = field(default=())
    #: The bodies of the answers that came whole, b"" for others.
    bodies: tuple[bytes, ...] = field(default=())
    #: What status each request was answered with; None where none came.
    statuses: tuple[int | None, ...] = field(default=())
    #: What a judge was asked.
    judged: tuple[Judged, ...] = field(default=())
    #: What moderators were asked.
    looked_at: tuple[Looked, ...] = field(default=())
    #: What the server said of moderation beside each answer; None where it was not asked to.
    beside: tuple[Mapping[str, object] | None, ...] = field(default=())
    told: str = ""
    #: Whether the reply was held for a person, who then let it through.
    held: bool = False
    #: What the ledger has of the call; None where the feature keeps nothing.
    written: Written | None = None

    @cached_property
    def sent_back(self) -> tuple[str | None, ...]:
        """For each request the reply that it must send back: the last whole answer before it; None for the first."""
        found: list[str | None] = []
        last: str | None = None
        for status, text in zip_longest(self.statuses, self.texts):
            found.append(last)
            if status == _ANSWERED and text is not None:
                last = text
        return tuple(found)

    @cached_property
    def is_done(self) -> bool:
        """Whether the last answer says of itself that it is complete; True where its body is not plain JSON."""
        import json

        try:
            content = json.loads(self.bodies[-1]) if self.bodies else None
        except ValueError:
            return True
        match content:
            case {"choices": [{"finish_reason": finish}]}:
                return finish == "stop"
            case {"choices": [{}]} | {"output": _}:
                return cast("dict[str, object]", content).get("status") == "completed"
            case _:
                return True

    @cached_property
    def asking(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The (role, content) of the messages of each request, without the one that sends a reply back."""
        return tuple(
            request.messages if reply is None else request.messages[:-1]
            for request, reply in zip(self.requests, self.sent_back, strict=True)
        )

    @property
    def answers(self) -> tuple[str, ...]:
        """What the model said, in order."""
        return tuple(text for text in self.texts if text is not None)


@dataclass(frozen=True, kw_only=True)
class Streamed:
    """What came of one call that was streamed.

    *texts* are what the model said to each request; *end* is how the last of them ended: `whole` in a stream,
    `document` where the server sent no stream, and in another way where nothing says that it is an answer.
    """

    requests: tuple[Request, ...]
    texts: tuple[str | None, ...]
    pieces: tuple[Any, ...]
    reply: Reply[Any] | None
    error: BaseException | None
    end: str
