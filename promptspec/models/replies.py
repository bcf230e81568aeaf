"""The body of a 200 response to the text of a complete answer, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from promptspec.errors import ReplyRefused, Violation
from promptspec.models.port import Answer, Unavailable, Usage
from promptspec.models.servers import Api
from promptspec.values.reading import Unreadable, read_json

# Fixed texts: nothing that a server says reaches an exception.
_MESSAGES = {
    "incomplete": "the model must finish its answer; it stopped early",
    "filtered": "the answer must not be withheld by the server's content filter",
    "refused": "the model must answer; it declined",
    "tool_call": "the answer must be text; the model called a tool",
    "empty": "the answer must hold text",
    "malformed": "the server must send a well-formed response",
    "too_large": "the response must not be many times larger than the largest valid reply",
}

# The code of an error says that a filter spoke where it holds one of these; vendors spell it in many ways.
_FILTER_MARKS = ("content_filter", "content_policy", "moderation", "responsibleai", "invalid_prompt", "flagged")

_AGAIN_CODES = frozenset({"server_error", "rate_limit_exceeded"})


def refusal(rule: str) -> ReplyRefused:
    """Return the error for a reply that broke *rule* before its text was judged."""
    return ReplyRefused([Violation(path="reply", rule=rule, message=_MESSAGES[rule])])


def read_answer(body: bytes, *, api: Api, model: str) -> Answer:
    """Return the answer in the *body* of a 200 response.

    Raises ReplyRefused with one of the rules `incomplete`, `filtered`, `refused`, `tool_call`, `empty`,
    `malformed`, and Unavailable where the server says in a 200 that it failed. An answer beside an error is none.
    """
    envelope = read_body(body)
    answer = _read_chat(envelope, model) if api == "chat" else read_response(envelope, model)
    moderation = envelope.get("moderation")
    if not is_object(moderation):
        return answer
    from promptspec.models.moderations import read_inline

    found_in, found_out = read_inline(moderation.get("input")), read_inline(moderation.get("output"))
    return replace(answer, found_in=found_in, found_out=found_out)


def read_body(body: bytes) -> Mapping[str, object]:
    """Return the object in the *body* of a 200 response. Raises as `read_answer` where it is none, or an error."""
    envelope = read_envelope(body)
    if not is_object(envelope):
        raise refusal("malformed")
    if envelope.get("error") is not None:
        raise failure_in(envelope["error"])  # whatever stands beside it
    return envelope


def is_filtered(body: bytes) -> bool:
    """Return whether the *body* of an error response says that a content filter or moderation refused."""
    try:
        envelope = read_json(body)
    except Unreadable:
        return False
    error = envelope.get("error") if is_object(envelope) else None
    return is_object(error) and _names_filter(error)


def _names_filter(error: Mapping[str, object]) -> bool:
    inner = error.get("innererror")
    codes = [error.get("code"), error.get("type"), inner.get("code") if is_object(inner) else None]
    said = " ".join(code.lower() for code in codes if isinstance(code, str))
    return any(mark in said for mark in _FILTER_MARKS)


def failure_in(error: object) -> ReplyRefused | Unavailable:
    """Return what the *error* of a 200 response means."""
    if is_object(error):
        if _names_filter(error):
            return refusal("filtered")
        code = error.get("code")
        if isinstance(code, str) and code in _AGAIN_CODES:
            return Unavailable("the server answered 200 and says that it failed", again=True, status=200)
    return refusal("malformed")


def _read_chat(envelope: Mapping[str, object], model: str) -> Answer:
    choices = envelope.get("choices")
    if not is_array(choices) or len(choices) != 1:  # never more than one is asked for
        raise refusal("malformed")
    choice = choices[0]
    message = choice.get("message") if is_object(choice) else None
    if not is_object(choice) or not is_object(message) or not is_by_assistant(message):
        raise refusal("malformed")
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        raise refusal("filtered")
    if message.get("refusal"):
        raise refusal("refused")
    if message.get("tool_calls") or message.get("function_call") or finish in ("tool_calls", "function_call"):
        raise refusal("tool_call")
    if finish != "stop":
        # `length`, and also null, a missing or an unknown reason: nothing says that the answer is complete.
        raise refusal("incomplete")
    content = message.get("content")
    if content is None or content == "":
        raise refusal("empty")
    if not isinstance(content, str):
        raise refusal("malformed")
    return Answer(text=content, model=model, usage=usage_in(envelope, "prompt_tokens", "completion_tokens"))


def read_response(envelope: Mapping[str, object], model: str) -> Answer:
    _check_status(envelope)
    texts = [text for item in _items(envelope.get("output")) if (text := _text_of_item(item)) is not None]
    if not texts:
        raise refusal("empty")
    if len(texts) > 1:  # which of them is the answer cannot be known
        raise refusal("malformed")
    if texts[0] == "":
        raise refusal("empty")
    return Answer(text=texts[0], model=model, usage=usage_of(envelope))


def _check_status(envelope: Mapping[str, object]) -> None:
    status = envelope.get("status")
    if status == "completed":
        return
    if status == "incomplete":
        details = envelope.get("incomplete_details")
        reason = details.get("reason") if is_object(details) else None
        raise refusal("filtered" if reason == "content_filter" else "incomplete")
    raise refusal("malformed" if status == "failed" or not isinstance(status, str) else "incomplete")


def _text_of_item(item: Mapping[str, object]) -> str | None:
    kind = item.get("type")
    if kind == "reasoning" or (kind == "message" and item.get("phase") == "commentary"):
        return None
    if kind != "message":
        # Whatever is neither thinking nor text is an attempt to act: no tool was offered.
        raise refusal("tool_call" if isinstance(kind, str) else "malformed")
    if not is_by_assistant(item):
        raise refusal("malformed")
    text = ""
    for part in _items(item.get("content")):
        if part.get("type") == "refusal":
            raise refusal("refused")
        piece = part.get("text")
        if part.get("type") != "output_text" or not isinstance(piece, str):
            raise refusal("malformed")
        text += piece
    if item.get("status", "completed") != "completed":
        raise refusal("incomplete")
    return text


def is_by_assistant(message: Mapping[str, object]) -> bool:
    return message.get("role") in ("assistant", None)  # some servers leave it out


def usage_of(envelope: Mapping[str, object]) -> Usage:
    """Return the tokens that *envelope* counts in the words of the Responses API."""
    return usage_in(envelope, "input_tokens", "output_tokens")


def usage_in(envelope: Mapping[str, object], said_in: str, said_out: str) -> Usage:
    """Return the tokens that *envelope* counts under these names."""
    usage = envelope.get("usage")
    if not is_object(usage):
        return Usage()
    return Usage(input_tokens=_count(usage.get(said_in)), output_tokens=_count(usage.get(said_out)))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def read_envelope(body: bytes) -> object:
    try:
        return read_json(body)
    except Unreadable:
        pass
    # Raised out here, so that nothing of the text hangs on the exception as its context.
    raise refusal("malformed")


def _items(value: object) -> list[Mapping[str, object]]:
    if not is_array(value):
        raise refusal("malformed")
    items: list[Mapping[str, object]] = []
    for item in value:
        if not is_object(item):
            raise refusal("malformed")
        items.append(item)
    return items


def is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    """Say whether *value* is an object of JSON."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[Sequence[object]]:
    """Say whether *value* is an array of JSON."""
    return isinstance(value, list)
