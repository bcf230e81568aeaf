"""`promptspec audit verify`: whether the trail of the ledger is what was written."""

from __future__ import annotations

from typing import Annotated

import typer

from promptspec.cli.ending import FINE, REFUSED, USAGE, Stop, ending
from promptspec.cli.ledgers import open_ledger_there
from promptspec.cli.options import Format, FormatOption


def command(
    ctx: typer.Context,
    anchor: Annotated[
        str | None, typer.Option("--anchor", metavar="N:HASH", help="What an earlier run printed, kept elsewhere.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> None:
    """Read the whole trail of the ledger, and say where it was changed, cut, or put in another order."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json):
        from promptspec.cli.json_output import pretty
        from promptspec.ledger.chain import Anchor, verify

        try:
            kept = None if anchor is None else Anchor.parse(anchor)
        except ValueError as error:
            raise Stop(USAGE, str(error)) from None
        with open_ledger_there(ctx.obj).reading() as connection:
            found = verify(connection, kept)
        broken = found.broken
        if json:
            told = None if broken is None else {"entry": broken.seq, "problem": broken.problem}
            last = None if found.anchor is None else str(found.anchor)
            ctx.obj.say(pretty({"entries": found.entries, "anchor": last, "broken": told}))
        elif broken is not None:
            ctx.obj.say(f"broken at entry {broken.seq:,}: {broken.problem}")
        else:
            count = f"{found.entries:,} {'entry' if found.entries == 1 else 'entries'}"
            ctx.obj.say(f"{count}, each as it was written")
            if found.anchor is not None:
                ctx.obj.say(f"anchor {found.anchor}")
        raise typer.Exit(FINE if broken is None else REFUSED)
