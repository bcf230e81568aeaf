"""A model pointed at a test server, and one request to it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from promptspec.errors import ReplyRefused
from promptspec.models.openai_api import OpenAIModel
from promptspec.models.port import Answer, Ask, Model, Unavailable

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["reply", "tone"],
    "properties": {"reply": {"type": "string", "maxLength": 40}, "tone": {"enum": ["warm", "cold"]}},
}

KEY = "sk-test-0123456789-secret"


def make_ask(**changes: Any) -> Ask:
    """Return a small request."""
    fields: dict[str, Any] = {
        "system": "Be brief.",
        "messages": b'{"role":"user","content":"hello"}',
        "schema": json.dumps(SCHEMA).encode(),
        "schema_name": "answer",
        "reply_tokens": 600,
        "thinking_tokens": 0,
        "user": "u-hash",
        "largest_reply": 200,
    }
    return Ask(**(fields | changes))


def make_model(base_url: str | None, *, key: str = KEY, **changes: Any) -> OpenAIModel:
    """Return a model at *base_url* whose key is in a made-up environment."""
    fields: dict[str, Any] = {
        "name": "tiny",
        "server": "llama_cpp",
        "api": "chat",
        "structured": "json_schema",
        "base_url": base_url,
        "key_env": "TEST_KEY",
        "hosts": ("127.0.0.1",),
        "environment": {"TEST_KEY": key},
    }
    return OpenAIModel(**(fields | changes))


def ask_once(model: Model, ask: Ask | None = None, *, seconds: float = 10.0) -> Answer:
    """Ask in an event loop of its own."""
    return asyncio.run(model.ask(ask or make_ask(), seconds=seconds))


def outcome(model: Model, ask: Ask | None = None, *, seconds: float = 10.0) -> str:
    """Ask, and return `answer`, the broken rule, `again`, `not again` or `late`. Anything else that rises is a bug."""
    try:
        ask_once(model, ask, seconds=seconds)
    except ReplyRefused as refused:
        return refused.violations[0].rule
    except Unavailable as failure:
        return "again" if failure.again else "not again"
    except TimeoutError:
        return "late"
    return "answer"


def stream_once(model: OpenAIModel, ask: Ask | None = None, *, seconds: float = 10.0) -> tuple[list[str], Answer]:
    """Stream in an event loop of its own; return the pieces of the text, and the answer."""
    pieces: list[str] = []
    return pieces, asyncio.run(model.stream(ask or make_ask(), seconds=seconds, more=pieces.append))


def stream_outcome(model: OpenAIModel, ask: Ask | None = None, *, seconds: float = 10.0) -> str:
    """Stream, and return what `outcome` returns."""
    try:
        stream_once(model, ask, seconds=seconds)
    except ReplyRefused as refused:
        return refused.violations[0].rule
    except Unavailable as failure:
        return "again" if failure.again else "not again"
    except TimeoutError:
        return "late"
    return "answer"
