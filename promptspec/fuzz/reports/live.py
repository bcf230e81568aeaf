"""A run while it runs: one moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TextIO

from promptspec.fuzz.reports.terminal import shown
from promptspec.live.wording import counted

if TYPE_CHECKING:
    from types import TracebackType

    from promptspec.fuzz.cases import Phase
    from promptspec.fuzz.results import FeatureResult

#: Seconds between two drawings, and between two lines of a log.
_DRAW: Final = 0.25
_TELL: Final = 30.0


class _Counting:
    """Counts cases, and looks up only when the next thing is to be shown: a case costs well under a microsecond."""

    def __init__(self, every: float, clock: Callable[[], float]) -> None:
        self._every = every
        self._clock = clock
        self._began = self._last = self._due = clock()
        self._laws = self._fallen = self._cases = self._seen = 0
        self._phase: str = ""
        #: Cases a second between the last two times that it was looked.
        self._speed = 0
        self._name = ""

    def begin(self, file: str, feature: str, laws: int) -> None:
        """Begin to count for a feature."""
        self._name, self._laws = f"{shown(file)}: {shown(feature)}", laws
        self._began = self._last = self._clock()
        self._due = self._began + self._every
        self._fallen = self._cases = self._seen = 0
        self._phase = ""
        self._began_feature()

    def case(self, phase: Phase) -> None:
        """Count a case."""
        self._cases += 1
        if (now := self._clock()) >= self._due:
            self._phase, self._due = phase, now + self._every
            self._speed = round((self._cases - self._seen) / max(now - self._last, 1e-6))
            self._last, self._seen = now, self._cases
            self._look()

    def _began_feature(self) -> None: ...

    def _look(self) -> None: ...


class PlainProgress(_Counting):
    """Lines for a log: when a feature is taken up, when a law falls, every half minute, and at the end."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(_TELL, clock)
        self._stream = stream

    def fell(self, law: str) -> None:
        """Tell that a law fell."""
        self._say(f"    FELL {shown(law)}, case {self._cases + 1:,}")

    def end(self, result: FeatureResult) -> None:
        """Tell what was done."""
        seconds = max(result.seconds, 1e-6)
        fell = counted(len(result.fallen), "law") + " fell" if result.fallen else "no law fell"
        broken = "" if result.finished else "; broken off"
        speed = f"{round(result.cases / seconds):,} a second"
        self._say(f"    {counted(result.cases, 'case')} in {seconds:.1f} s ({speed}); {fell}{broken}")

    def _began_feature(self) -> None:
        self._say(f"fuzzing {self._name}, {counted(self._laws, 'law')}")

    def _look(self) -> None:
        self._say(f"    {counted(self._cases, 'case')}, {self._phase}, {self._speed:,} a second")

    def _say(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


class LiveProgress(_Counting):
    """One line that moves, four times a second, and is gone at the end. Use it in a `with`."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(_DRAW, clock)
        self._stream = stream
        self._live: Any = None
        self._features = 0
        self._total_fallen = 0

    def __enter__(self) -> LiveProgress:
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._stream, force_terminal=True, highlight=False)
        # No thread draws: it would take its turns from the cases.
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def fell(self, law: str) -> None:
        """Show that a law fell."""
        self._fallen += 1
        self._total_fallen += 1
        self._draw()

    def end(self, result: FeatureResult) -> None:
        """Count the feature as done."""
        self._features += 1
        self._draw()

    def _began_feature(self) -> None:
        self._draw()

    def _look(self) -> None:
        self._draw()

    def _draw(self) -> None:
        from rich.text import Text

        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{self._laws - self._fallen} of {counted(self._laws, 'law')} stand", "red" if self._fallen else "")
        if self._total_fallen:
            line.append(f" · {self._total_fallen} FELL", "red bold")
        line.append(f" · {counted(self._cases, 'case')}")
        if self._phase:
            line.append(f" · {self._phase} · {self._speed:,} a second")
        line.append(f" · {counted(self._features, 'feature')} done")
        line.append(f" · {self._name}", "bold")
        if self._live is not None:
            self._live.update(line, refresh=True)
