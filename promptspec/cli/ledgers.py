"""The ledger that the command line works on, and who works on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from promptspec.cli.ending import OUTSIDE, USAGE, Stop

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.ledger.opening import Ledger

ByOption: TypeAlias = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who does it, for the trail; your account where it is left out.")
]
ReasonOption: TypeAlias = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


def ledger_environment(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return *environment* with a ledger named: its own, or `.promptspec/ledger.db` in the root of this folder."""
    from promptspec.ledger.opening import LEDGER
    from promptspec.project import find_project

    if environment.get(LEDGER):
        return environment
    return {**environment, LEDGER: str(find_project(Path.cwd()).root / ".promptspec" / "ledger.db")}


def open_ledger_there(desk: Desk) -> Ledger:
    """Return the ledger, which somebody has made before. Raises LedgerUnavailable, and Stop where there is none."""
    from promptspec.ledger.opening import LEDGER, ledger_if_there

    found = ledger_if_there(ledger_environment(desk.environment))
    if found is None:
        raise Stop(
            OUTSIDE,
            "there is no ledger: nothing has been written here yet",
            code="ledger_unavailable",
            help=f"set `{LEDGER}` to the one of your application",
        )
    return found


def now() -> int:
    """Return this moment as the ledger writes it."""
    from promptspec.runtime.host import HOST

    return round(HOST.clock.now().timestamp() * 1000)


def moment(at: int) -> str:
    """Return a moment of the ledger for a person."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def iso(at: int | None) -> str | None:
    """Return a moment of the ledger for a program."""
    from datetime import UTC, datetime

    return None if at is None else datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def who(by: str) -> str:
    """Return who works here: *by*, or the account of this process."""
    return _short(by.strip() or _account(), 200, "`--by`")


def _account() -> str:
    import os

    try:
        from pwd import getpwuid

        return getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):  # no such thing here, or an account without a name
        raise Stop(USAGE, "say who you are: `--by NAME`") from None


def why(reason: str, *, needed: bool) -> str:
    """Return the *reason* of what somebody does. Raises Stop where one is *needed* and there is none."""
    if needed and not reason.strip():
        raise Stop(USAGE, 'say why: `--reason "…"`')
    return _short(reason.strip(), 2_000, "`--reason`")


def _short(text: str, most: int, name: str) -> str:
    if len(text) > most:
        raise Stop(USAGE, f"{name} has at most {most:,} characters")
    if "\0" in text or (not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)):
        raise Stop(USAGE, f"{name} holds characters that no text has")
    return text


def confirm(desk: Desk, question: str, *, yes: bool) -> None:
    """Ask, unless *yes* was said before. Raises Stop where nobody says yes, or nobody is there to ask."""
    if yes:
        return
    if not desk.may_ask:
        raise Stop(USAGE, "nobody is there to confirm it", help="say `--yes`")
    desk.errors.write(f"{question} [y/N] ")
    desk.errors.flush()
    if desk.input.readline().strip().lower() not in ("y", "yes"):
        raise typer.Abort
