"""What is asked of a model, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One attempt: the messages of one request, already encoded.

    *system* is the text of the one system message. *messages* is what follows it: encoded JSON objects
    `{"role":…,"content":…}` joined by commas, without brackets; the static ones (examples) and the live ones.
    *schema* is the wire JSON Schema of the reply, encoded. *reply_tokens* caps the visible reply, *thinking_tokens*
    is added to it on the wire. *responses* are the messages as the Responses API takes them, where that makes a
    difference: it has other names for pictures. *user* is the keyed hash of the caller, or None for `caller anyone`.
    difference: it has other names for pictures. *user* is the keyed hash of the caller, or None for `caller anyone`.
    *largest_reply* is the size in bytes of the largest valid reply. *questions* are the names of the members of a
    schema of probabilities, each with what is asked, for a model that is asked for decisions. *moderator* is the model
    that is to look at the request and its answer meanwhile. A moderator is asked about the texts that are *looked_at*,
    and about *pictures*, each a `data:` URL; nothing else of this is sent to it. A model of embeddings is asked for a
    vector of each of the texts.
    """

    system: str
    messages: bytes
    schema: bytes
    schema_name: str
    reply_tokens: int
    thinking_tokens: int
    user: str | None
    largest_reply: int
    responses: bytes | None = None
    questions: tuple[tuple[str, str], ...] = ()
    moderator: str | None = None
    looked_at: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of all attempts of a call, as the servers counted them; None where no server said."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a moderation finds of one text: whether it is *flagged*, and by category a flag and a score from 0 to 1."""

    flagged: bool
    categories: Mapping[str, bool]
    scores: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The text that a model gave as its complete answer. Nothing in it has been judged.

    *found* is what a moderator found of each text that it was asked about. *found_in* and *found_out* are what the
    server found of the request and of the answer, where it was to look at them; None where it could not say.
    *vectors* are those of the texts that a model of embeddings was asked about, each of length 1.
    """

    text: str
    model: str
    usage: Usage
    rehearsed: bool = False
    found: tuple[Finding, ...] = ()
    found_in: tuple[Finding, ...] | None = None
    found_out: tuple[Finding, ...] | None = None
    vectors: tuple[tuple[float, ...], ...] = ()


class Model(Protocol):
    """Something that can be asked once."""

    @property
    def name(self) -> str:
        """The model's name, for logs and replies."""
        ...

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        """Send one request and return the answer, within *seconds*.

        Raises Unavailable for what another attempt or another model may answer (connection, 408, 409, 429, 5xx) and
        for what it may not (401, 403, 404, other 4xx, no key), ReplyRefused for an answer that is refused,
        filtered, incomplete, empty, too large or malformed, and TimeoutError when *seconds* have passed.
        """
        ...


@runtime_checkable
class StreamingModel(Model, Protocol):
    """A model that says its answer while it comes. Of others a stream has the whole answer at once."""

    async def stream(self, ask: Ask, *, seconds: float, more: Callable[[str], None]) -> Answer:
        """Send one request and return the answer as `ask` does; *more* is told of each piece of its text before."""
        ...


@runtime_checkable
class ProvidedModel(Model, Protocol):
    """A model that says who provides it, in the words of telemetry."""

    @property
    def provider(self) -> str:
        """Return the provider's name."""
        ...


def provider_of(model: Model) -> str:
    """Return who provides *model*, `other` where it does not say."""
    return model.provider if isinstance(model, ProvidedModel) else "other"


class Unavailable(Exception):
    """No answer. *again* says whether another attempt may help; *after* is the server's Retry-After in seconds."""

    def __init__(self, detail: str, *, again: bool, after: float | None = None, status: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.again = again
        self.after = after
        self.status = status


#: Makes the request of the next attempt; each attempt gets fresh fence tags.
Compose = Callable[[], Ask]
