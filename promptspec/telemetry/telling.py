"""What is told of calls, of requests to models, of moderating functions, and of sources that are renewed.

Names are those of the GenAI conventions of OpenTelemetry, 1.41.0, and our own with `promptspec.` in front. Told are
names from specs, codes and numbers; nobody hands a text, a caller or a message of an error to anything here.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias, TypeVar

from promptspec.errors import PromptspecError
from promptspec.telemetry.signals import CALLS, DURATION, REFRESHES, REFUSALS, TOKENS, Attributes, Span, signals

T = TypeVar("T")

#: What a model is asked for.
Purpose: TypeAlias = Literal["reply", "judge", "moderation"]

_LOG: Final = logging.getLogger("promptspec")
#: The name of a model as it may stand in an answer; whatever else stands there is foreign text.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}")


class Telling:
    """One span and what is measured at its end; nothing where nobody listens.

    Where it is not *current*, only what runs `within` is a part of it: generators run in a context of whoever reads.
    What the application's own telemetry raises is logged by its class and never fails a call.
    """

    __slots__ = (
        "_attributes",
        "_began",
        "_client",
        "_current",
        "_failure",
        "_found",
        "_instrument",
        "_name",
        "_span",
        "_to",
    )

    def __init__(
        self, name: str, attributes: Attributes, *, instrument: str = "", client: bool = False, current: bool = True
    ) -> None:
        self._to = signals()
        self._name = name
        self._attributes = attributes
        self._instrument = instrument
        self._client = client
        self._current = current
        self._found: dict[str, str | int | tuple[str, ...]] = {}
        self._failure = ""
        self._began = 0.0
        self._span: Span | None = None

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(error)

    def begin(self) -> None:
        """Begin the span."""
        to = self._to
        if to is not None:
            self._began = time.perf_counter()
            self._span = _safely(
                lambda: to.begin(self._name, self._attributes, client=self._client, current=self._current)
            )

    def within(self, make: Callable[[], T]) -> T:
        """Return what *make* does, as a part of this."""
        return make() if self._span is None else self._span.within(make)

    def found(self, name: str, value: str | int | tuple[str, ...]) -> None:
        """Add an attribute that is known only now."""
        self._found[name] = value

    def failed(self, how: str) -> None:
        """Say *how* it failed: a code, or the name of a class."""
        self._failure = how

    def measure(self, instrument: str, value: float, attributes: Attributes) -> None:
        """Measure something of it."""
        to = self._to
        if to is not None:
            _safely(lambda: to.measure(instrument, value, attributes))

    def end(self, error: BaseException | None = None) -> None:
        """End the span, which *error* failed, and measure how long it took."""
        span = self._span
        if span is None:
            return
        self._span = None
        if error is not None and not self._failure:
            self._failure = error_type(error)
        failure = {"error.type": self._failure} if self._failure else {}
        _safely(lambda: span.end({**self._found, **failure}, failed=bool(failure)))
        if self._instrument:
            self.measure(self._instrument, time.perf_counter() - self._began, {**self._attributes, **failure})


class CallTelling(Telling):
    """One call of a feature."""

    __slots__ = ("_feature",)

    def __init__(self, feature: str, *, current: bool = True) -> None:
        named = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": feature}
        super().__init__(f"invoke_workflow {feature}", named, instrument=CALLS, current=current)
        self._feature = feature

    def end(self, error: BaseException | None = None) -> None:
        """End it, with the names of the rules that were broken, and count what was refused.

        Who leaves a stream early closes its generator, which is no failure.
        """
        if isinstance(error, GeneratorExit):
            error = None
        if isinstance(error, PromptspecError) and error.violations:
            self.found("promptspec.rules", tuple(dict.fromkeys(each.rule for each in error.violations)))
        code = error_type(error) if isinstance(error, Exception) else self._failure
        if code and self._span is not None:
            self.measure(REFUSALS, 1, {"gen_ai.workflow.name": self._feature, "error.type": code})
        super().end(error)


class FailureTelling(CallTelling):
    """A call of which is told only that it failed, before a stream of it began."""

    __slots__ = ()

    def begin(self) -> None:
        pass

    def end(self, error: BaseException | None = None) -> None:
        if error is not None:
            super().begin()
            super().end(error)


class RequestTelling(Telling):
    """One request to a model. *most_tokens* bound the answer, where it has such a bound."""

    __slots__ = ()

    def __init__(self, *, model: str, provider: str, purpose: Purpose, most_tokens: int) -> None:
        operation = "moderate" if purpose == "moderation" else "chat"
        named = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": model,
            "promptspec.purpose": purpose,
        }
        super().__init__(f"{operation} {model}", named, instrument=DURATION, client=True)
        if most_tokens:
            self.found("gen_ai.request.max_tokens", most_tokens)

    def answered(self, model: str, *, input_tokens: int | None, output_tokens: int | None) -> None:
        """Add who answered, and what it took."""
        if _NAME.fullmatch(model):
            self.found("gen_ai.response.model", model)
        for kind, count in (("input", input_tokens), ("output", output_tokens)):
            if count is not None:
                self.found(f"gen_ai.usage.{kind}_tokens", count)
                self.measure(TOKENS, count, {**self._attributes, "gen_ai.token.type": kind})


def function_telling(name: str) -> Telling:
    """Return what tells of one time that the function *name* of the application moderates."""
    return Telling(f"moderate {name}", {"gen_ai.operation.name": "moderate", "promptspec.purpose": "moderation"})


def tell_refresh(source: str, outcome: str) -> None:
    """Count one attempt to renew *source*: `taken`, `unchanged`, `refused` or `failed`."""
    to = signals()
    if to is not None:
        said = {"promptspec.source.name": source, "promptspec.refresh.outcome": outcome}
        _safely(lambda: to.measure(REFRESHES, 1, said))


def error_type(error: BaseException) -> str:
    """Return what is told of *error*: its stable code, `call_failed`, or the class of what passes on as it is."""
    if isinstance(error, PromptspecError):
        return error.code
    return "call_failed" if isinstance(error, Exception) else type(error).__name__


def _safely(make: Callable[[], T]) -> T | None:
    try:
        return make()
    except Exception as error:  # noqa: BLE001  whatever the application's telemetry raises, the call goes on
        _LOG.warning("telemetry failed: %s", type(error).__name__)
        return None
