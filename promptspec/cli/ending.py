"""How a command ends: its exit code, and the one message that says why."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from promptspec.errors import (
    CallerRefused,
    CallFailed,
    DeadlinePassed,
    InFlight,
    InputRefused,
    LedgerUnavailable,
    ModelUnavailable,
    PromptspecError,
    SourceUnavailable,
    Unjudged,
    Violation,
)
from promptspec.ports import FileRefused

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk

FINE: Final = 0
#: The spec or the call was refused.
REFUSED: Final = 1
#: The command line itself is wrong.
USAGE: Final = 2
#: Something outside failed: the network, a file, or this package.
OUTSIDE: Final = 3
INTERRUPTED: Final = 130
#: As if SIGPIPE had ended the process: whoever read the output has gone.
BROKEN_PIPE: Final = 141

_OUTSIDE: Final = (ModelUnavailable, SourceUnavailable, LedgerUnavailable, DeadlinePassed, InFlight)


class Stop(Exception):
    """Ends a command with an exit code and a message for the person who typed it."""

    def __init__(self, exit: int, message: str, *, code: str = "", help: str = "") -> None:
        super().__init__(message)
        self.exit = exit
        self.message = message
        self.code = code or {REFUSED: "refused", USAGE: "usage", OUTSIDE: "outside"}[exit]
        self.help = help


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a command failed. *code* is for programs, the rest for people; nothing of it is escaped yet."""

    exit: int
    code: str
    message: str
    violations: tuple[Violation, ...] = ()
    help: str = ""


def failure_of(error: Exception) -> Failure:
    """Return how a command that raised *error* ends."""
    match error:
        case Stop():
            return Failure(exit=error.exit, code=error.code, message=error.message, help=error.help)
        case CallFailed():
            return _bug(error.__cause__ if isinstance(error.__cause__, Exception) else error)
        case PromptspecError():
            violations = error.violations
            return Failure(
                exit=OUTSIDE if isinstance(error, _OUTSIDE) else REFUSED,
                code=error.code,
                message=_said(error, violations),
                violations=violations,
                help="say who calls: `--caller signed_in:u1`" if isinstance(error, CallerRefused) else "",
            )
        case FileRefused():
            return Failure(exit=OUTSIDE, code="outside", message=error.message)
        case OSError():
            where = f" `{error.filename}`" if isinstance(error.filename, str) else ""
            return Failure(exit=OUTSIDE, code="outside", message=f"{error.strerror or 'a file failed'}{where}".strip())
        case _:
            return _bug(error)


def _said(error: PromptspecError, violations: tuple[Violation, ...]) -> str:
    """Return what a developer is told: what was refused, or the detail that end users never see."""
    if not violations or isinstance(error, Unjudged):
        return error.detail or error.user_message
    return "the input was refused" if isinstance(error, InputRefused) else "the reply was refused"


def _bug(error: Exception) -> Failure:
    # The text of an unexpected error may hold anything that the command worked on.
    return Failure(
        exit=OUTSIDE,
        code="bug",
        message=f"this is a bug of promptspec ({type(error).__name__})",
        help="run it again as `promptspec --debug …`, or with PROMPTSPEC_DEBUG=1, to see where",
    )


@contextmanager
def ending(desk: Desk, *, json: bool) -> Generator[None]:
    """Turn whatever the body raises into one message and an exit code; with *json* the message is an object."""
    import typer

    try:
        yield
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except BrokenPipeError:
        desk.silence()
        raise typer.Exit(BROKEN_PIPE) from None
    except Exception as error:  # noqa: BLE001  the outermost frame of a command: nobody should meet a traceback
        raise typer.Exit(report_failure(desk, error, json=json)) from None


def report_failure(desk: Desk, error: Exception, *, json: bool) -> int:
    """Write why a command failed, and return its exit code."""
    from promptspec.cli.json_output import pretty
    from promptspec.diagnostics.foreign import escape, escape_lines

    failure = failure_of(error)
    if desk.debug:
        from traceback import format_exception

        desk.warn(escape_lines("".join(format_exception(error)).rstrip()))
    if json:
        violations = [{"path": v.path, "rule": v.rule, "message": v.message} for v in failure.violations]
        told = {"code": failure.code, "message": failure.message, "violations": violations, "help": failure.help}
        desk.say(pretty({"error": told}))
        return failure.exit
    desk.warn(f"{desk.paint('error', 'bold red', desk.errors)}: {escape(failure.message)}")
    for violation in failure.violations:
        desk.warn(f"  {escape(violation.path)}: {escape(violation.message)} [{escape(violation.rule)}]")
    if failure.help:
        desk.warn(f"{desk.paint('help', 'bold cyan', desk.errors)}: {escape(failure.help)}")
    return failure.exit
