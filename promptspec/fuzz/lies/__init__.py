"""Lying models: what each answers to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptspec.contract.json_text import json_text
from promptspec.fuzz.lies.wire import Response, says

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Lie
    from promptspec.fuzz.observations import Request


def answer(lie: Lie, request: Request, turn: int) -> Response:
    """Return what the liar of *lie* answers to *request*, the *turn*-th of its call from 0."""
    api = "chat" if request.url.endswith("/chat/completions") else "responses"
    return says(api, json_text(lie.reply))
