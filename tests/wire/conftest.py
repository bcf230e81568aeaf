"""A real clock and fixed randomness for calls on the wire."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest


class _Clock:
    def monotonic(self) -> float:
        return time.monotonic()

    def today(self) -> date:
        return datetime.now(UTC).date()

    def now(self) -> datetime:
        return datetime.now(UTC)


class _Entropy:
    def token(self, bits: int) -> str:
        return "80" * (bits // 8)


@pytest.fixture
def world_clock():
    """The clock of this machine."""
    return _Clock()


@pytest.fixture
def entropy():
    """Randomness that is always the same."""
    return _Entropy()
