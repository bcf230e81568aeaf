"""Work on foreign content that tells nobody of it: libraries would warn with lines of it, or log what they read."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

#: Filters of warnings are the process's, so that one thread at a time may change them.
_ONE_AT_A_TIME: Final = threading.Lock()
_QUIET: ContextVar[bool] = ContextVar("promptspec_quiet", default=False)


@contextmanager
def without_warnings() -> Iterator[None]:
    """Let nothing warn while the `with` block runs."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def without_logs(*names: str) -> Iterator[None]:
    """Let the loggers called *names* keep back what is logged in the `with` block, and nothing else."""
    for name in names:
        logger = logging.getLogger(name)
        if _is_told not in logger.filters:
            logger.addFilter(_is_told)
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)


def _is_told(_record: logging.LogRecord) -> bool:
    return not _QUIET.get()
