"""`promptspec callers`: who a hash stands for, and who is suspended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from promptspec.cli.ending import FINE, REFUSED, USAGE, Stop, ending
from promptspec.cli.ledgers import (
    ByOption,
    ReasonOption,
    confirm,
    iso,
    ledger_environment,
    moment,
    now,
    open_ledger_there,
    who,
    why,
)
from promptspec.cli.options import Format, FormatOption, JsonOption

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.ledger.callers import Known

HELP: Final = "Find who a caller's hash stands for, suspend callers, restore them, and forget them."

_Hash = Annotated[str, typer.Argument(metavar="HASH", help="What a vendor knows a caller by.", show_default=False)]


def find(
    ctx: typer.Context, hash: _Hash, by: ByOption = "", format: FormatOption = Format.TEXT, json: JsonOption = False
) -> None:
    """Say who a hash stands for, and whether they are suspended. The trail says that you asked.

    Ends with 1 where nothing is known of the hash.
    """
    desk: Desk = ctx.obj
    json = json or format is Format.JSON
    with ending(desk, json=json):
        from promptspec.cli.json_output import pretty
        from promptspec.ledger import callers
        from promptspec.safety.suspension import find_by_other_keys

        _must_be_hash(hash)
        name, ledger = who(by), open_ledger_there(desk)
        with ledger.writing() as connection:
            known = callers.find(connection, hash)
            if known.identity is None:
                known = find_by_other_keys(connection, known, desk.environment)
            if known.identity is not None:
                callers.looked_up(connection, hash, at=now(), by=name)
        is_known = known.identity is not None or known.standing is not None
        if json:
            desk.say(pretty(_data(known)))
        elif not is_known:
            desk.say("nothing is known of this hash")
        else:
            _say(desk, known)
        raise typer.Exit(FINE if is_known else REFUSED)


def suspend(
    ctx: typer.Context,
    hash: _Hash,
    reason: ReasonOption = "",
    by: ByOption = "",
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Refuse all calls of a caller from now on, by each of their hashes. A reason is needed."""
    _change(ctx.obj, hash, "suspend", reason=reason, by=by, json=json or format is Format.JSON)


def restore(
    ctx: typer.Context,
    hash: _Hash,
    reason: ReasonOption = "",
    by: ByOption = "",
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Let a caller call again. Ends with 1 where they were not suspended."""
    _change(ctx.obj, hash, "restore", reason=reason, by=by, json=json or format is Format.JSON)


def forget(
    ctx: typer.Context,
    hash: _Hash,
    by: ByOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether that is meant.")] = False,
    format: FormatOption = Format.TEXT,
    json: JsonOption = False,
) -> None:
    """Delete the id that a hash stands for, for good. Whether the hash is suspended stays.

    Ends with 1 where nobody is kept under the hash.
    """
    desk: Desk = ctx.obj
    json = json or format is Format.JSON
    with ending(desk, json=json):
        from promptspec.cli.json_output import pretty
        from promptspec.ledger import callers

        _must_be_hash(hash)
        name, ledger = who(by), open_ledger_there(desk)
        confirm(desk, "Nobody will know any more who this hash stands for. Forget it?", yes=yes)
        with ledger.writing() as connection:
            hashes = callers.forget(connection, hash, at=now(), by=name)
        if hashes:
            ledger.scrub()
        _tell(desk, "forgotten", hashes, json=json, pretty=pretty)


#: The commands of the group, in the order in which they are listed.
COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "find": find,
    "suspend": suspend,
    "restore": restore,
    "forget": forget,
}


def _change(desk: Desk, hash: str, what: str, *, reason: str, by: str, json: bool) -> None:
    with ending(desk, json=json):
        from promptspec.cli.json_output import pretty
        from promptspec.ledger import callers
        from promptspec.ledger.opening import ledger_of
        from promptspec.safety.suspension import hashes_by_each_key

        _must_be_hash(hash)
        name, because = who(by), why(reason, needed=what == "suspend")
        # Somebody may be suspended before anything else is written.
        ledger = ledger_of(ledger_environment(desk.environment)) if what == "suspend" else open_ledger_there(desk)
        with ledger.writing() as connection:
            hashes = hashes_by_each_key(connection, hash, desk.environment)
            change = callers.suspend if what == "suspend" else callers.restore
            changed = change(connection, hashes, at=now(), by=name, reason=because)
        _tell(desk, "suspended" if what == "suspend" else "restored", changed, json=json, pretty=pretty)


def _tell(desk: Desk, done: str, hashes: tuple[str, ...], *, json: bool, pretty: Callable[[object], str]) -> None:
    if json:
        desk.say(pretty({done: list(hashes)}))
    elif not hashes:
        desk.say(f"nothing to do: nobody was {done}")
    else:
        for each in hashes:
            desk.say(f"{done}  {each}")
    # Whoever suspends somebody twice has what they want.
    raise typer.Exit(FINE if hashes or done == "suspended" else REFUSED)


def _must_be_hash(text: str) -> None:
    from promptspec.safety.callers import is_hash

    if not is_hash(text):
        raise Stop(USAGE, "this is no hash of a caller", help="it looks like `k1.` and 43 letters, digits, `-` and `_`")


def _say(desk: Desk, known: Known) -> None:
    from promptspec.diagnostics.foreign import escape

    desk.say(f"hash       {known.hash}")
    if known.identity is not None:
        desk.say(f"caller     {known.identity.kind} {escape(known.identity.id)}")
        desk.say(f"level      {known.identity.level}")
    else:
        desk.say("caller     nobody is kept under this hash")
    if known.since is not None:
        desk.say(f"since      {moment(known.since)}")
    for other in known.others:
        desk.say(f"also       {other}")
    standing = known.standing
    if standing is not None:
        word = "suspended" if standing.is_suspended else "restored "
        desk.say(f"{word}  {moment(standing.at)} by {escape(standing.by)}")
        if standing.reason:
            desk.say(f"reason     {escape(standing.reason)}")


def _data(known: Known) -> dict[str, Any]:
    identity, standing = known.identity, known.standing
    return {
        "hash": known.hash,
        "kind": identity.kind if identity else None,
        "id": identity.id if identity else None,
        "level": identity.level if identity else None,
        "since": iso(known.since),
        "others": list(known.others),
        "suspended": standing is not None and standing.is_suspended,
        "standing": None
        if standing is None
        else {"at": iso(standing.at), "by": standing.by, "reason": standing.reason},
    }
