"""How the check of one expression ends at its first problem: what follows would only follow from it."""

from __future__ import annotations

from typing import NoReturn

from promptspec.check.desk import Desk
from promptspec.text import Span


class Failed(Exception):
    """An expression that does not check; what is wrong has been reported."""


def fail(desk: Desk, span: Span, code: str, message: str, help: str | tuple[str, ...] = ()) -> NoReturn:
    """Report a problem and raise Failed."""
    desk.add(code, span, message, help=help)
    raise Failed
