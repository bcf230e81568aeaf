"""What a call may raise: one tree of errors under PromptspecError."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule that a value broke: where (`input.lines[3].sku`), which rule, and what it asks for.

    *message* never holds the value itself, nor any part of it.
    """

    path: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message} [{self.rule}]"


class PromptspecError(Exception):
    """The root of all errors of this package.

    `code` is stable and for programs; `user_message` is safe to show to an end user; `detail` is for the
    developer's log and holds no input text, no reply text and no secret. `violations` are the rules that were
    broken, for errors that list them.
    """

    code: str = "error"
    user_message: str = "Something went wrong."
    violations: tuple[Violation, ...] = ()

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.user_message)
        self.detail = detail


class SpecError(PromptspecError):
    """A spec does not compile. `diagnostics` says what is wrong with it."""

    code = "spec_error"
    user_message = "This feature is not available."

    def __init__(self, detail: str = "", *, diagnostics: Sequence[object] = ()) -> None:
        super().__init__(detail)
        self.diagnostics = tuple(diagnostics)


class CallerRefused(PromptspecError):
    """Not enough is known of the caller."""

    code = "caller_refused"
    user_message = "Please sign in to use this feature."


class Suspended(CallerRefused):
    """The caller is suspended."""

    code = "suspended"
    user_message = "This account cannot use this feature."


class LimitReached(PromptspecError):
    """A declared limit on calls or spending is reached."""

    code = "limit_reached"
    user_message = "Too many requests. Please try again later."


class _Violated(PromptspecError):
    """An error that lists the rules that were broken."""

    def __init__(self, violations: Sequence[Violation], detail: str = "") -> None:
        self.violations = tuple(violations)
        super().__init__(detail or "; ".join(map(str, self.violations)))


class InputRefused(_Violated):
    """The input breaks the rules in `violations`; nothing was sent."""

    code = "input_refused"
    user_message = "Some of the input is not valid."


#: After a model was asked, every refusal shows the end user this one sentence (rule 22).
NO_ANSWER = "No answer can be given right now. Please try again later."


class Moderated(PromptspecError):
    """Moderation flagged the input or the reply, or could not answer. *asked* says that a model was asked before."""

    code = "moderated"
    user_message = "This request cannot be answered."

    def __init__(self, detail: str = "", *, asked: bool = False) -> None:
        super().__init__(detail)
        if asked:
            self.user_message = NO_ANSWER


class ModelUnavailable(PromptspecError):
    """No model could be asked, or none answered: no key, no connection, 401, 429, 5xx after all retries."""

    code = "model_unavailable"
    user_message = NO_ANSWER


class ReplyRefused(_Violated):
    """The model's reply breaks the rules in `violations`, is incomplete, or is a refusal."""

    code = "reply_refused"
    user_message = NO_ANSWER


class Unjudged(ReplyRefused):
    """A rule of the reply could not be judged, which counts as broken."""

    code = "unjudged"


class SourceUnavailable(PromptspecError):
    """The snapshot of a source is missing, damaged or stale."""

    code = "source_unavailable"
    user_message = NO_ANSWER


class LedgerUnavailable(PromptspecError):
    """The ledger that this feature needs cannot be read or written."""

    code = "ledger_unavailable"
    user_message = NO_ANSWER


class DeadlinePassed(PromptspecError):
    """The declared `time` ran out."""

    code = "deadline_passed"
    user_message = NO_ANSWER


class Stale(PromptspecError):
    """A held reply no longer passes the checks on today's snapshot."""

    code = "stale"
    user_message = NO_ANSWER


class InFlight(PromptspecError):
    """A call with the same idempotency key is under way."""

    code = "in_flight"
    user_message = "This request is already being answered."


class CallFailed(PromptspecError):
    """A bug of this package, or a callable of the user raised; the cause is chained."""

    code = "call_failed"
    user_message = NO_ANSWER
