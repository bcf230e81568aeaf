"""Lying models: what each answers to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptspec.fuzz.lies.known import REPLY_TECHNIQUES
from promptspec.fuzz.lies.raw import RAW
from promptspec.fuzz.lies.registry import FORMS, LIARS
from promptspec.fuzz.lies.telling import Telling
from promptspec.fuzz.lies.wire import Cut, Response

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Lie
    from promptspec.fuzz.observations import Request

__all__ = ["LIARS", "REPLY_TECHNIQUES", "answer", "is_known"]


def answer(lie: Lie, request: Request, turn: int) -> Response:
    """Return what the liar of *lie* answers to *request*, the *turn*-th of its call from 0.

    The same arguments give the same response. Raises KeyError for a liar or a form that nobody knows. What only a real
    socket can show is a cut here.
    """
    if lie.liar == "raw":
        return Response(before=(Cut(),)) if lie.form in RAW else _unknown(lie)
    return FORMS[lie.liar, lie.form].answer(Telling(lie, request, turn))


def is_known(lie: Lie) -> bool:
    """Say whether there is such a liar, and such a form of it."""
    return lie.form in RAW if lie.liar == "raw" else (lie.liar, lie.form) in FORMS


def _unknown(lie: Lie) -> Response:
    raise KeyError(lie.form)
