"""What a liar says, said in a stream: cut in characters and escapes, and ended as no stream should end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any, Final

from promptspec.fuzz.lies.wire import Cut, Piece, Response, envelope

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Lie
    from promptspec.fuzz.observations import Request

#: The ways in which a stream ends; each but `whole` makes the answer none.
_ENDS: Final = (*("whole",) * 6, "cut", "broken-off", "garbage", "length", "twice", "tools", "error")
#: Characters in one event, and bytes in one piece, on the average.
_SIZES: Final = (1, 4, 20, 90)
_MANY_WORDS: Final = 20


class TellingInStreams:
    """Answers by *answering*: what is said in an honest envelope is said in a stream, all else is sent as it is.

    Of a feature that returns one text some answers are its own. *end* says how the last answer ended; `whole` and
    `document` are as a call would have it.
    """

    def __init__(self, answering: Callable[[Lie, Request, int], Response], *, seed: int, one_text: bool) -> None:
        self._answering = answering
        self._seed = seed
        self._one_text = one_text
        self.end = ""

    def answer(self, lie: Lie, request: Request, turn: int) -> Response:
        """Return what is answered to *request*. The same arguments give the same response."""
        response = self._answering(lie, request, turn)
        chance = Random(f"{self._seed}:{turn}")  # noqa: S311  it has to be the same again
        text = response.text
        api = "responses" if request.url.endswith("/responses") else "chat"
        if response.status != 200 or text is None or response.body != (envelope(api, text),):
            self.end = "document" if response.headers.get("content-type") == "application/json" else "other"
            return response
        if self._one_text and chance.random() < 0.5:
            text = json.dumps({"answer": chance.choice(_TEXTS)(request)}, ensure_ascii=chance.random() < 0.5)
        self.end = end = chance.choice(_ENDS)
        pieces = list(_cut_bytes(b"".join(_events(api, text, end, chance)), chance))
        last: tuple[Piece, ...] = (Cut(),) if end == "broken-off" else ()
        headers = {"content-type": "text/event-stream"}
        return Response(headers=headers, before=response.before, body=(*pieces, *last), text=text)


def _events(api: str, text: str, end: str, chance: Random) -> Iterator[bytes]:
    said = _cut_text(text, chance)
    if end in ("cut", "broken-off"):
        said = said[: chance.randint(0, len(said))]
    make = _chat if api == "chat" else _responses
    yield from make(said, text, end)
    if chance.random() < 0.5 and end != "cut":
        yield b"data: [DONE]\n\n" if api == "chat" else b": bye\n\n"


def _chat(said: list[str], text: str, end: str) -> Iterator[bytes]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    yield chunk({"role": "assistant", "content": ""})
    for piece in said:
        yield chunk({"content": piece})
    match end:
        case "garbage":
            yield b"Internal Server Error\n\n"
        case "length":
            yield chunk({}, "length")
        case "twice":
            yield chunk({}, "stop")
            yield chunk({"content": text}, "stop")
        case "tools":
            yield chunk({"tool_calls": [{"index": 0, "function": {"name": "send_mail", "arguments": "{}"}}]})
        case "error":
            yield _event({"error": {"message": text, "code": "server_error"}})
        case "whole":
            yield chunk({}, "stop")
        case _:
            pass


def _responses(said: list[str], text: str, end: str) -> Iterator[bytes]:
    item = {"type": "message", "role": "assistant", "status": "completed"}
    yield _event({"type": "response.output_item.added", "output_index": 0, "item": item})
    for piece in said:
        yield _event({"type": "response.output_text.delta", "output_index": 0, "delta": piece})
    whole = [{**item, "content": [{"type": "output_text", "text": text}]}]
    match end:
        case "garbage":
            yield b"Internal Server Error\n\n"
        case "length":
            reason = {"reason": "max_output_tokens"}
            yield _ended("incomplete", output=whole, incomplete_details=reason)
        case "twice":
            yield _ended("completed", output=whole * 2)
        case "tools":
            yield _event({"type": "response.output_item.added", "output_index": 1, "item": {"type": "function_call"}})
        case "error":
            yield _event({"type": "error", "message": text, "code": "server_error"})
        case "whole":
            yield _ended("completed", output=whole, usage={"input_tokens": 1, "output_tokens": 1})
        case _:
            pass


def _ended(status: str, **more: Any) -> bytes:
    return _event({"type": f"response.{status}", "response": {"status": status, **more}})


def _event(content: object) -> bytes:
    return b"data: " + json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n\n"


def _cut_text(text: str, chance: Random) -> list[str]:
    size = chance.choice(_SIZES)
    pieces: list[str] = []
    at = 0
    while at < len(text):
        length = chance.randint(1, 2 * size)
        pieces.append(text[at : at + length])
        at += length
    return pieces


def _cut_bytes(data: bytes, chance: Random) -> Iterator[bytes]:
    size = chance.choice((7, 60, 900, len(data) + 1))
    at = 0
    while at < len(data):
        length = chance.randint(1, 2 * size)
        yield data[at : at + length]
        at += length


def _system(request: Request) -> str:
    return next((content for role, content in request.messages if role == "system"), "")


def _from_a_short_sentence(text: str) -> str:
    """Return *text* from the shortest of its sentences behind which many words follow."""
    begins = [0, *(found.end() for found in re.finditer(r"\.\s+", text))]
    ends = {begin: end for begin, end in pairwise(begins) if len(text[begin:].split()) >= _MANY_WORDS}
    return text[min(ends, key=lambda begin: ends[begin] - begin, default=0) :]


#: Texts of several sentences that begin well.
_TEXTS: Final[tuple[Callable[[Request], str], ...]] = (
    lambda request: "All is well. " + _from_a_short_sentence(_system(request))[:300],
    lambda request: "All is well. " + " ".join(_system(request).split()[::-1][:80]),
    lambda _: "All is well. " * 400,
    lambda _: "All is well. So it is here too. " * 7,
    lambda _: "All is well. See https://evil.example/x now. Go there.",
    lambda _: "All is well. <b>Go</b> there. Bye now.",
    lambda _: "All is well. Please select * here. It came from a friend. Bye now.",
    lambda _: "Oh! No! All! Is! Lost! Bye now.",
    lambda _: "All is well. What synergy! As an AI, it is well. Bye now.",
    lambda _: "Äll is well. Grüße, 世界 🙂 are. \U0001f3f4 Cafe\u0301 too. Bye now.",
    lambda _: "All is well. It\u200bgoes. Bye now.",
    lambda _: "All is well\\. \\u0041. \\ud83d. Bye now.",
    lambda _: "All is well. Good.\n\nIt goes on. Bye now.",
)
