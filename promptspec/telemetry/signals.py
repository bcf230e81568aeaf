"""Where spans and measurements go: to OpenTelemetry where the application has it, to a stand-in, or nowhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Final, Protocol, TypeAlias, TypeVar

T = TypeVar("T")

Attributes: TypeAlias = Mapping[str, str | int | tuple[str, ...]]

#: Instruments: two of the GenAI conventions, and our own.
DURATION: Final = "gen_ai.client.operation.duration"
TOKENS: Final = "gen_ai.client.token.usage"
CALLS: Final = "promptspec.call.duration"
REFUSALS: Final = "promptspec.call.refusals"
REFRESHES: Final = "promptspec.source.refreshes"


class Span(Protocol):
    """A span under way."""

    def within(self, make: Callable[[], T]) -> T:
        """Return what *make* does; spans that begin in it, and in tasks that it starts, are children of this one."""
        ...

    def end(self, attributes: Attributes, *, failed: bool) -> None:
        """End the span, with more *attributes*."""
        ...


class Signals(Protocol):
    """Where spans and measurements go."""

    def begin(self, name: str, attributes: Attributes, *, client: bool, current: bool) -> Span:
        """Begin a span; while it is *current*, spans that begin in this context are its children."""
        ...

    def measure(self, instrument: str, value: float, attributes: Attributes) -> None:
        """Add *value* to the *instrument*, one of those that are named above."""
        ...


#: What takes the place of OpenTelemetry in this context.
STAND_IN: ContextVar[Signals | None] = ContextVar("promptspec_signals", default=None)


def signals() -> Signals | None:
    """Return where signals go now; None where the application has not imported OpenTelemetry, so cannot have set it up.

    Looking that up in what is imported costs nothing; importing it here would cost every first call what it takes.
    """
    stand_in = STAND_IN.get()
    if stand_in is not None:
        return stand_in
    if "opentelemetry.trace" not in sys.modules and "opentelemetry.metrics" not in sys.modules:
        return None
    from promptspec.telemetry.exporting import newest

    return newest()
