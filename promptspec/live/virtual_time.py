"""An event loop whose time moves only when everything waits: what takes thirty seconds takes a millisecond."""

from __future__ import annotations

import asyncio
import selectors


def virtual_loop() -> asyncio.AbstractEventLoop:
    """Return a loop on a time of its own, in seconds from 0."""
    return _Loop(_Selector())


class _Selector(selectors.SelectSelector):
    """Waits for nothing: where the loop would sleep, its time moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:  # nothing is due, ever: only a thread can go on
            return super().select(None)
        self.now += max(timeout, 0.0)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, selector: _Selector) -> None:
        self._time = selector
        super().__init__(selector)

    def time(self) -> float:
        return self._time.now
