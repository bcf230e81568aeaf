"""From a draft to a request: a fresh tag for each attempt, and what must hold before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_json

from promptspec.errors import Violation
from promptspec.models.port import Ask
from promptspec.ports import World
from promptspec.runtime.context import BUILT, Context
from promptspec.runtime.drafts import MARK_BEGIN, MARK_BITS, TAG_BITS, Draft, Message, Shown
from promptspec.runtime.host import HOST
from promptspec.runtime.repairing import add_repair, largest_repair
from promptspec.values.images import tokens_of
from promptspec.values.units import MESSAGE_OVERHEAD

if TYPE_CHECKING:
    from promptspec.runtime.plan import Plan
    from promptspec.runtime.records import Row
    from promptspec.values.echo import Echo

#: Digits of a live tag. Each may be a token; those of a tag of zeros are read three at a time.
_TAG_DIGITS: Final = TAG_BITS // 4
_TAG_MORE: Final = _TAG_DIGITS - _TAG_DIGITS // 3
_MARK_DIGITS: Final = MARK_BITS // 4
_MARK_MORE: Final = _MARK_DIGITS - _MARK_DIGITS // 3

#: Bytes of the sentence that tells a schema to a server which takes it in no other way.
_TELLING: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The examples of a feature: their *messages*, and these encoded for each API and as *text* alone.

    *pictures* counts the tokens of what is shown in them.
    """

    messages: tuple[Message, ...] = ()
    chat: bytes = b""
    responses: bytes = b""
    text: bytes = b""
    pictures: int = 0


class Attempt:
    """One call's draft, made into as many requests as it takes: to ask, to ask once more, to have a reply mended."""

    def __init__(self, *, plan: Plan, draft: Draft, examples: Examples, user: str | None, world: World) -> None:
        self._plan = plan
        self._examples = examples
        self._original = draft
        self._draft = draft
        self._user = user
        self._world = world
        self._drawn: list[str] = []
        #: The last request, None before the first.
        self.sent: Ask | None = None

    def compose(self) -> Ask:
        """Return the next request, with a tag that no request before it had."""
        tag = self._draft.draw_tag(self._world.entropy)
        mark = self._draft.draw_mark(self._world.entropy)
        self._drawn += [drawn for drawn in (tag, mark) if drawn]
        system, messages = split_system(self._draft.messages(tag, mark))
        plan = self._plan
        self.sent = Ask(
            system=system,
            messages=_joined(self._examples.chat, encode_messages(messages)),
            responses=_joined(self._examples.responses, encode_messages(messages, responses=True))
            if self._examples.chat != self._examples.responses or any(message.parts for message in messages)
            else None,
            schema=plan.schema,
            schema_name=plan.name[:64],
            reply_tokens=plan.limits.reply,
            thinking_tokens=plan.limits.thinking,
            user=self._user,
            largest_reply=plan.largest_reply,
        )
        return self.sent

    def repair(self, reply: str, broken: Sequence[Violation], *, guard_roles: bool) -> bool:
        """Make the requests from now on send *reply* back, with the rules that it has *broken*; say whether they may.

        They may not where the reply repeats the prompt, is far larger than a valid one, or makes a prompt that must not
        be sent. A later reply takes the place of an earlier one, so that requests do not grow.
        """
        if self._repeats_prompt(reply):
            return False
        before, self._draft = self._draft, self._original.continued()
        add_repair(self._draft, reply, broken)
        if not self._is_bounded() or any(self.violations(guard_roles=guard_roles)):
            self._draft = before
            return False
        return True

    def _repeats_prompt(self, reply: str) -> bool:
        echo = self.echo()
        return echo is not None and echo(reply) is not None

    def _is_bounded(self) -> bool:
        """Say whether the message that sends a reply back is of a size that was foreseen, and can be encoded."""
        message = self._draft.messages("0" * _TAG_DIGITS)[-1]  # marks follow from it, so they need no bound
        try:
            return len(message.content.encode()) <= largest_repair(self._plan.largest_reply)
        except UnicodeEncodeError:
            return False

    def violations(self, *, guard_roles: bool) -> Iterator[Violation]:
        """Yield what keeps this prompt from being sent: control tokens, and the cap on its size."""
        if guard_roles:
            from promptspec.models.control_tokens import find_control_token

            for fence in self._draft.fences():
                if find_control_token(fence.text) is not None:
                    yield Violation(
                        path=f"input.{fence.path}",
                        rule="control_token",
                        message="holds the spelling of a control token of the model",
                    )
        most = self._plan.limits.prompt
        if most is not None and not self._fits(most):
            yield Violation(path="input", rule="prompt_too_large", message=f"makes a prompt of over {most:,} tokens")

    def _fits(self, most: int) -> bool:
        """A token holds at least one byte, so bytes decide first, and the tokenizer only where they do not."""
        plan = self._plan
        mark = MARK_BEGIN + "0" * _MARK_DIGITS if plan.fence == "datamark" else ""
        texts = [message.content for message in self._draft.messages("0" * _TAG_DIGITS, mark)]
        room = most - MESSAGE_OVERHEAD * (len(texts) + 2 * len(plan.examples)) - len(plan.schema) - _TELLING
        room -= sum(tokens_of(picture.width, picture.height) for picture in self._draft.pictures())
        room -= self._examples.pictures
        if len(self._examples.text) + sum(len(text.encode()) for text in texts) <= room:
            return True
        fences = len(self._draft.fences())
        room -= _TAG_MORE * (2 * fences + len(texts)) if fences else 0
        room -= _MARK_MORE * sum(text.count(mark) for text in texts) if mark else 0
        if room <= 0:
            return False
        from promptspec.values.units import count_tokens_at_most

        return count_tokens_at_most("\n".join([self._examples.text.decode(), *texts]), room)

    def echo(self) -> Callable[[str], str | None] | None:
        """Return the judge of what a reply must not repeat: tags, marks, and runs of the prompt's private words."""
        echo = self._prompt_echo()
        if len(self._drawn) <= 1:
            return partial(echo.find, tag=self._drawn[-1] if self._drawn else "")
        return partial(_find_any, echo, tuple(self._drawn))

    def may_echo_on(self, text: str, at: int) -> bool:
        """Say whether something that a reply must not repeat may begin in *text* before *at* and end behind it."""
        echo = self._prompt_echo()
        return any(echo.may_straddle(text, at, tag) for tag in self._drawn or [""])

    def _prompt_echo(self) -> Echo:
        texts = self._original.fixed
        public = self._plan.limitations.strip()
        if public:  # shown in forms and docstrings: a reply may say it too (rule 19)
            texts = tuple(piece for text in texts for piece in text.split(public))
        return _echo_of(texts)


def _find_any(echo: Echo, drawn: tuple[str, ...], text: str) -> str | None:
    """Return what *text* repeats of the prompt; each attempt had a tag, and maybe a mark, of its own."""
    return next((found for tag in drawn if (found := echo.find(text, tag=tag)) is not None), None)


@lru_cache(maxsize=256)
def _echo_of(texts: tuple[str, ...]) -> Echo:
    from promptspec.values.echo import Echo

    return Echo(texts)


def split_system(messages: Sequence[Message]) -> tuple[str, Sequence[Message]]:
    """Return the text of the system message, and the messages after it."""
    if messages and messages[0].role == "system":
        return messages[0].content, messages[1:]
    return "", messages


def encode_messages(messages: Sequence[Message], *, responses: bool = False) -> bytes:
    """Return the messages as JSON objects joined by commas, without brackets.

    Pictures are parts of a message, for which the Responses API has other names than chat.
    """
    return b",".join(
        [
            b'{"role":"%b","content":%b}'
            % (message.role.encode(), _parts(message, responses) if message.parts else to_json(message.content))
            for message in messages
        ]
    )


def _parts(message: Message, responses: bool) -> bytes:
    return b"[" + b",".join([_part(part, responses) for part in message.parts]) + b"]"


def _part(part: str | Shown, responses: bool) -> bytes:
    if isinstance(part, str):
        return b'{"type":"%b","text":%b}' % (b"input_text" if responses else b"text", to_json(part))
    url = b'"%b"' % part.url.encode()  # base64 needs no escapes
    if responses:
        return b'{"type":"input_image","image_url":' + url + b"}"
    return b'{"type":"image_url","image_url":{"url":' + url + b"}}"


def _joined(first: bytes, second: bytes) -> bytes:
    return first + b"," + second if first else second


def encode_examples(
    plan: Plan,
    render: Callable[[Any, Draft, date], None],
    shortlists: Sequence[Mapping[str, tuple[Row, ...]]],
    replies: Sequence[str],
) -> Examples:
    """Return the examples as encoded pairs of messages, rendered by the code that renders a call.

    Each pair announces its own tag, drawn from the module's hash, so that a request's static part stays the same.
    *shortlists* and *replies* are those of the examples.
    """
    messages = tuple(
        message
        for index, (found, reply) in enumerate(zip(shortlists, replies, strict=True))
        for message in _example(plan, render, index, found, reply)
    )
    shown = [part for message in messages for part in message.parts if isinstance(part, Shown)]
    return Examples(
        messages=messages,
        chat=encode_messages(messages),
        responses=encode_messages(messages, responses=True),
        text=encode_messages([Message(message.role, message.content) for message in messages]),
        pictures=sum(tokens_of(picture.width, picture.height) for picture in shown),
    )


def _example(
    plan: Plan,
    render: Callable[[Any, Draft, date], None],
    index: int,
    shortlists: Mapping[str, tuple[Row, ...]],
    reply: str,
) -> list[Message]:
    example = plan.examples[index]
    today = example.today or HOST.clock.today()
    given = plan.input.model_validate(example.given, context=Context(direction="input", today=today, pins=BUILT))
    draft = Draft(fence=plan.fence, shortlists=shortlists)
    render(given, draft, today)
    entropy = _FixedEntropy(f"{plan.seed}:{plan.name}:{index}")
    _, messages = split_system(draft.messages(draft.draw_tag(entropy), draft.draw_mark(entropy)))
    return [*messages, Message("assistant", reply)]


class _FixedEntropy:
    """Tags that follow from the module's hash."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def token(self, bits: int) -> str:
        from hashlib import sha256

        self._drawn += 1
        return sha256(f"{self._seed}:{self._drawn}".encode()).hexdigest()[: (bits + 3) // 4]
