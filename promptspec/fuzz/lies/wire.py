"""What a liar sends: bytes of a response as a server sends them, with the pauses and cuts between them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

#: What servers that fail say of themselves; nobody is told.
SERVER_TEXT: Final = "account acct-4711 is over its quota"


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing comes for so many *seconds*."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection ends here."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No connection is made."""


Piece: TypeAlias = Pause | Cut | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One response. *before* happens ahead of its headers; *text* is what the model said, where it said something."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    before: tuple[Piece, ...] = ()
    body: tuple[bytes | Piece, ...] = ()
    text: str | None = None


def says(api: str, text: str, *, finish: str = "stop") -> Response:
    """Return the complete answer *text*, in the envelope of *api* (`chat` or `responses`)."""
    return Response(body=(envelope(api, text, finish=finish),), text=text)


def envelope(api: str, text: str, *, finish: str = "stop") -> bytes:
    """Return the JSON of a response that holds *text*; lone surrogates travel as escapes."""
    if api == "chat":
        message = {"role": "assistant", "content": text, "refusal": None}
        content: object = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "model": "liar",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    else:
        none: list[object] = []
        part = {"type": "output_text", "text": text, "annotations": none}
        content = {
            "id": "resp_1",
            "object": "response",
            "model": "liar",
            "status": "completed" if finish == "stop" else "incomplete",
            "incomplete_details": None if finish == "stop" else {"reason": finish},
            "output": [{"type": "message", "role": "assistant", "status": "completed", "content": [part]}],
            "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2},
        }
    return json.dumps(content).encode()
