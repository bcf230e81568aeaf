"""Specs of LLM features, compiled into typed functions that enforce what they declare."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promptspec.errors import CallerRefused as CallerRefused
    from promptspec.errors import CallFailed as CallFailed
    from promptspec.errors import DeadlinePassed as DeadlinePassed
    from promptspec.errors import InputRefused as InputRefused
    from promptspec.errors import LedgerUnavailable as LedgerUnavailable
    from promptspec.errors import LimitReached as LimitReached
    from promptspec.errors import ModelUnavailable as ModelUnavailable
    from promptspec.errors import Moderated as Moderated
    from promptspec.errors import PromptspecError as PromptspecError
    from promptspec.errors import ReplyRefused as ReplyRefused
    from promptspec.errors import SourceUnavailable as SourceUnavailable
    from promptspec.errors import SpecError as SpecError
    from promptspec.errors import Suspended as Suspended
    from promptspec.errors import Unjudged as Unjudged
    from promptspec.errors import Violation as Violation
    from promptspec.loading import load as load
    from promptspec.runtime.held import Held as Held
    from promptspec.runtime.overrides import flags as flags
    from promptspec.runtime.overrides import replies as replies
    from promptspec.runtime.overrides import verdicts as verdicts
    from promptspec.runtime.overrides import wires as wires
    from promptspec.runtime.pieces import Piece as Piece
    from promptspec.runtime.replies import Reply as Reply
    from promptspec.runtime.reporting import areport as areport
    from promptspec.runtime.reporting import report as report
    from promptspec.safety.callers import Anyone as Anyone
    from promptspec.safety.callers import Session as Session
    from promptspec.safety.callers import SignedIn as SignedIn
    from promptspec.safety.callers import Verified as Verified
    from promptspec.safety.tokens import CallerTokens as CallerTokens

__version__ = "0.1.0"

__all__ = [
    "Anyone",
    "CallFailed",
    "CallerRefused",
    "CallerTokens",
    "DeadlinePassed",
    "Held",
    "InputRefused",
    "LedgerUnavailable",
    "LimitReached",
    "ModelUnavailable",
    "Moderated",
    "Piece",
    "PromptspecError",
    "Reply",
    "ReplyRefused",
    "Session",
    "SignedIn",
    "SourceUnavailable",
    "SpecError",
    "Suspended",
    "Unjudged",
    "Verified",
    "Violation",
    "areport",
    "flags",
    "load",
    "replies",
    "report",
    "verdicts",
    "wires",
]

#: Where each public name lives; a name is imported when it is first touched, so that `import promptspec` is cheap.
_HOMES = {
    "Anyone": "safety.callers",
    "CallFailed": "errors",
    "CallerRefused": "errors",
    "CallerTokens": "safety.tokens",
    "DeadlinePassed": "errors",
    "InputRefused": "errors",
    "LedgerUnavailable": "errors",
    "LimitReached": "errors",
    "ModelUnavailable": "errors",
    "Moderated": "errors",
    "Piece": "runtime.pieces",
    "PromptspecError": "errors",
    "Held": "runtime.held",
    "Reply": "runtime.replies",
    "ReplyRefused": "errors",
    "Session": "safety.callers",
    "SignedIn": "safety.callers",
    "SourceUnavailable": "errors",
    "SpecError": "errors",
    "Suspended": "errors",
    "Unjudged": "errors",
    "Verified": "safety.callers",
    "Violation": "errors",
    "areport": "runtime.reporting",
    "flags": "runtime.overrides",
    "load": "loading",
    "replies": "runtime.overrides",
    "report": "runtime.reporting",
    "verdicts": "runtime.overrides",
    "wires": "runtime.overrides",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'promptspec' has no attribute {name!r}")
    return getattr(import_module(f"promptspec.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])
