"""A stream of server-sent events to the text of an answer, piece by piece, and to the answer at its end.

What a stream says is read as strictly as the body of a response is: whatever is no event of the API, comes twice or
is left open at the end makes the answer none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, Protocol

from promptspec.models.port import Answer, Usage
from promptspec.models.replies import (
    failure_in,
    is_array,
    is_by_assistant,
    is_object,
    read_envelope,
    read_response,
    refusal,
    usage_in,
)
from promptspec.models.servers import Api

#: Is told of each piece of the text as it comes. Nothing in it has been judged.
More = Callable[[str], None]

#: A stream says few characters in each event of some hundred bytes, and thinks in events of its own.
_LARGER_THAN_TEXT: Final = 512

_FIELDS: Final = (b"event", b"id", b"retry")


class Events:
    """Cuts a `text/event-stream` into the data of its events (WHATWG HTML, 9.2.6), with \\n or \\r\\n behind lines.

    Of one event, and of what has no end yet, at most *largest* bytes are kept. Raises ReplyRefused with the rule
    `too_large`, or `malformed` for a line that the standard would skip.
    """

    def __init__(self, *, largest: int) -> None:
        self._largest = largest
        self._room = largest * _LARGER_THAN_TEXT
        self._open = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the data of each event that *data* completes."""
        self._room -= len(data)
        if self._room < 0:
            raise refusal("too_large")
        *lines, self._open = (self._open + data).split(b"\n")
        for line in lines:
            event = self._line(line.removesuffix(b"\r"))
            if event is not None:
                yield event
        if len(self._open) + self._size > self._largest:
            raise refusal("too_large")

    def _line(self, line: bytes) -> bytes | None:
        if not line:
            data, self._data, self._size = self._data, [], 0
            return b"\n".join(data) if data else None
        name, _, value = line.partition(b":")
        if name == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value)
        elif name and name not in _FIELDS:  # without a name it is a comment, which keeps the connection open
            raise refusal("malformed")
        if self._size > self._largest:
            raise refusal("too_large")
        return None


class StreamReader(Protocol):
    """Reads the events of one API."""

    def take(self, data: bytes) -> Answer | None:
        """Take in one event; return the answer where it is the last one. Raises what `read_answer` raises."""
        ...

    def end(self) -> Answer:
        """Return the answer of a stream that has ended. Raises what `read_answer` raises."""
        ...


def reader_of(api: Api, *, model: str, largest: int, more: More) -> StreamReader:
    """Return the reader of a stream of *api*; its text has at most *largest* bytes, *more* is told of each piece."""
    text = _Text(largest=largest, more=more)
    return _ChatReader(model, text) if api == "chat" else _ResponsesReader(model, text)


class _Text:
    """The text of an answer, as far as it has come."""

    def __init__(self, *, largest: int, more: More) -> None:
        self._room = largest
        self._more = more
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        if not piece:
            return
        self._room -= len(piece.encode())
        if self._room < 0:
            raise refusal("too_large")
        self._pieces.append(piece)
        self._more(piece)

    def whole(self) -> str:
        return "".join(self._pieces)


class _ChatReader:
    """Chunks of a chat completion, `[DONE]` behind them."""

    def __init__(self, model: str, text: _Text) -> None:
        self._model = model
        self._text = text
        self._usage = Usage()
        self._finished = False

    def take(self, data: bytes) -> Answer | None:
        if data.strip() == b"[DONE]":
            return self.end()
        chunk = _object(data)
        if is_object(chunk.get("usage")):
            self._usage = usage_in(chunk, "prompt_tokens", "completion_tokens")
        choices = chunk.get("choices")
        if not is_array(choices) or len(choices) > 1:
            raise refusal("malformed")
        if choices:
            self._take_choice(choices[0])
        return None

    def _take_choice(self, choice: object) -> None:
        delta = choice.get("delta") if is_object(choice) else None
        if not is_object(choice) or choice.get("index", 0) != 0 or not is_object(delta) or not is_by_assistant(delta):
            raise refusal("malformed")
        finish = choice.get("finish_reason")
        if finish == "content_filter":
            raise refusal("filtered")
        if delta.get("refusal"):
            raise refusal("refused")
        if delta.get("tool_calls") or delta.get("function_call") or finish in ("tool_calls", "function_call"):
            raise refusal("tool_call")
        content = delta.get("content")
        if content is not None and not isinstance(content, str):
            raise refusal("malformed")
        if self._finished and (content or finish is not None):
            raise refusal("malformed")  # which of two ends is the end cannot be known
        self._text.add(content or "")
        if finish is not None:
            if finish != "stop":
                raise refusal("incomplete")
            self._finished = True

    def end(self) -> Answer:
        if not self._finished:
            raise refusal("incomplete")
        text = self._text.whole()
        if not text:
            raise refusal("empty")
        return Answer(text=text, model=self._model, usage=self._usage)


class _ResponsesReader:
    """Events of the Responses API, of which the last holds the whole response."""

    def __init__(self, model: str, text: _Text) -> None:
        self._model = model
        self._text = text
        self._beside: set[object] = set()
        self._answers: set[object] = set()

    def take(self, data: bytes) -> Answer | None:
        event = _object(data)
        match event.get("type"):
            case "response.output_item.added":
                self._take_item(event)
            case "response.output_text.delta":
                self._take_text(event)
            case "response.refusal.delta" | "response.refusal.done":
                raise refusal("refused")
            case "error":
                raise failure_in(event)
            case "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled":
                return self._whole(event)
            case kind if not isinstance(kind, str):
                raise refusal("malformed")
            case _:
                pass
        return None

    def _take_item(self, event: Mapping[str, object]) -> None:
        item, place = event.get("item"), _place(event)
        kind = item.get("type") if is_object(item) else None
        if not is_object(item) or not isinstance(kind, str):
            raise refusal("malformed")
        if kind == "message" and item.get("phase") != "commentary":
            if not is_by_assistant(item):
                raise refusal("malformed")
            self._answers.add(place)
        elif kind in ("message", "reasoning"):
            self._beside.add(place)
        else:
            raise refusal("tool_call")

    def _take_text(self, event: Mapping[str, object]) -> None:
        piece, place = event.get("delta"), _place(event)
        if place in self._beside:
            return
        self._answers.add(place)
        if not isinstance(piece, str) or len(self._answers) > 1:
            raise refusal("malformed")
        self._text.add(piece)

    def _whole(self, event: Mapping[str, object]) -> Answer:
        response = event.get("response")
        if not is_object(response):
            raise refusal("malformed")
        if response.get("error") is not None:
            raise failure_in(response["error"])
        answer = read_response(response, self._model)
        said = self._text.whole()
        if not said:
            self._text.add(answer.text)
        elif said != answer.text:
            raise refusal("malformed")
        return answer

    def end(self) -> Answer:
        raise refusal("incomplete")


def _place(event: Mapping[str, object]) -> int | str | None:
    place = event.get("output_index", event.get("item_id"))
    if place is not None and not isinstance(place, int | str):
        raise refusal("malformed")
    return place


def _object(data: bytes) -> Mapping[str, object]:
    event = read_envelope(data)
    if not is_object(event):
        raise refusal("malformed")
    if event.get("error") is not None:
        raise failure_in(event["error"])
    return event
