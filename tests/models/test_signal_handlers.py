"""Handlers of signals are looked up and set without Python code of the standard library around them."""

from __future__ import annotations

import signal
import sys
from types import BuiltinFunctionType

import pytest

from promptspec.models import loop


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="other interpreters may have them in Python")
def test_no_enum_is_made_of_a_handler():
    assert isinstance(loop._get_handler, BuiltinFunctionType)
    assert isinstance(loop._set_handler, BuiltinFunctionType)


def test_the_handler_is_the_one_that_signal_tells_of():
    assert loop._get_handler(signal.SIGINT) is signal.getsignal(signal.SIGINT)

    def handle(_number: int, _frame: object) -> None:
        pass

    before = signal.getsignal(signal.SIGTERM)
    try:
        loop._set_handler(signal.SIGTERM, handle)
        assert signal.getsignal(signal.SIGTERM) is handle
        assert loop._get_handler(signal.SIGTERM) is handle
    finally:
        signal.signal(signal.SIGTERM, before)
