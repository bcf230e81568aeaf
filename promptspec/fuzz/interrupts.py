"""Ctrl-C while a feature is put to the test: heard at once, and obeyed between two cases."""

from __future__ import annotations

import signal
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType, TracebackType


#: Seconds in which a second signal says no more than the first: a terminal and a parent process may both send one.
_AGAIN: Final = 1.0


class Interrupts:
    """Hears the first SIGINT in a `with` of the main thread; a later one interrupts whatever is under way.

    An interrupt that rises by itself rises anywhere: in the middle of a call, or inside of a callback of the garbage
    collector, which lets no exception pass.
    """

    def __init__(self) -> None:
        self.asked = False
        self._hears = False
        self._at = 0.0

    def __enter__(self) -> Interrupts:
        # Who has a handler of their own, or ignores the signal, knows why.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            try:
                signal.signal(signal.SIGINT, self._hear)
                self._hears = True
            except ValueError:  # only the main thread hears signals
                pass
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._hears:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def obey(self) -> None:
        """Raise KeyboardInterrupt if somebody asked for it."""
        if self.asked:
            raise KeyboardInterrupt

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked and monotonic() - self._at > _AGAIN:
            raise KeyboardInterrupt
        if not self.asked:
            self.asked, self._at = True, monotonic()
