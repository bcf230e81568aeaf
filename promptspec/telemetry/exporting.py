"""Signals to the API of OpenTelemetry, which the application's own providers export.

This module imports that API and is itself imported only where the application has imported it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from opentelemetry import context, metrics, trace

from promptspec.telemetry.signals import CALLS, DURATION, REFRESHES, REFUSALS, TOKENS, Attributes

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context

T = TypeVar("T")

#: The version of the conventions that names are taken from.
SCHEMA: Final = "https://opentelemetry.io/schemas/1.41.0"
_SCOPE: Final = "promptspec"

# The bounds that the conventions recommend.
_SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_COUNTS: Final = tuple(4**power for power in range(14))


class Exporting:
    """The tracer and the instruments of one pair of providers."""

    def __init__(self, tracers: trace.TracerProvider, meters: metrics.MeterProvider) -> None:
        self.providers = (tracers, meters)
        self._tracer = tracers.get_tracer(_SCOPE, schema_url=SCHEMA)
        meter = meters.get_meter(_SCOPE, schema_url=SCHEMA)
        histograms = (
            (DURATION, "s", "Duration of one request to a model.", _SECONDS),
            (TOKENS, "{token}", "Tokens of one request to a model.", _COUNTS),
            (CALLS, "s", "Duration of one call of a feature.", _SECONDS),
        )
        counters = (
            (REFUSALS, "{call}", "Calls that ended in an error, by its code."),
            (REFRESHES, "{refresh}", "Attempts to renew a source, by what became of them."),
        )
        self._histograms = {
            name: meter.create_histogram(name, unit, what, explicit_bucket_boundaries_advisory=bounds)
            for name, unit, what, bounds in histograms
        }
        self._counters = {name: meter.create_counter(name, unit, what) for name, unit, what in counters}

    def begin(self, name: str, attributes: Attributes, *, client: bool, current: bool) -> _Exported:
        kind = trace.SpanKind.CLIENT if client else trace.SpanKind.INTERNAL
        return _Exported(self._tracer.start_span(name, kind=kind, attributes=dict(attributes)), current=current)

    def measure(self, instrument: str, value: float, attributes: Attributes) -> None:
        histogram = self._histograms.get(instrument)
        if histogram is not None:
            histogram.record(value, dict(attributes))
        else:
            self._counters[instrument].add(value, dict(attributes))


class _Exported:
    """A span of OpenTelemetry. It records no exception: messages and stack traces hold texts."""

    def __init__(self, span: trace.Span, *, current: bool) -> None:
        self._span = span
        self._token = self._attach() if current else None

    def _attach(self) -> Token[Context]:
        return context.attach(trace.set_span_in_context(self._span))

    def within(self, make: Callable[[], T]) -> T:
        token = self._attach()
        try:
            return make()
        finally:
            context.detach(token)

    def end(self, attributes: Attributes, *, failed: bool) -> None:
        if self._token is not None:
            context.detach(self._token)
        self._span.set_attributes(dict(attributes))
        if failed:
            self._span.set_status(trace.Status(trace.StatusCode.ERROR))
        self._span.end()


_last: Exporting | None = None


def newest() -> Exporting:
    """Return the signals of the providers that are set now; made once for each pair of them."""
    global _last
    providers = (trace.get_tracer_provider(), metrics.get_meter_provider())
    last = _last
    if last is None or last.providers[0] is not providers[0] or last.providers[1] is not providers[1]:
        last = _last = Exporting(*providers)
    return last
