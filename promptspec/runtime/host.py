"""The ports of this process: its clock, its randomness, its environment."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime

from promptspec.ports import World


class SystemClock:
    """The clocks of the operating system."""

    def monotonic(self) -> float:
        return time.monotonic()

    def today(self) -> date:
        return datetime.now(UTC).date()

    def now(self) -> datetime:
        return datetime.now(UTC)


class SystemEntropy:
    """The randomness of the operating system."""

    def token(self, bits: int) -> str:
        return os.urandom((bits + 7) // 8).hex()


HOST = World(clock=SystemClock(), entropy=SystemEntropy(), environment=os.environ)
