"""`promptspec source`: what sources hold, what changed in them, and what to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from promptspec.cli.differing import MOST_SHOWN, difference_data, say_difference
from promptspec.cli.ending import FINE, REFUSED, ending
from promptspec.cli.options import Format, FormatOption
from promptspec.cli.pulling import pull

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.cli.sources import Named
    from promptspec.sources.differing import Side

HELP: Final = "Pull sources, say what they hold, search in them, and compare them."

_Spec = Annotated[str, typer.Argument(metavar="SPEC[:SOURCE]", help="A spec, or one source of it.", show_default=False)]
_Source = Annotated[
    str, typer.Argument(metavar="SPEC:SOURCE", help="A source, or the file of a snapshot.", show_default=False)
]


def status(ctx: typer.Context, spec: _Spec, format: FormatOption = Format.TEXT) -> None:
    """Say how many rows sources have, their hashes, whether they are pinned, how old they are, when they are stale."""
    desk: Desk = ctx.obj
    with ending(desk, json=format is Format.JSON):
        from promptspec.cli.json_output import pretty
        from promptspec.cli.sources import sources_of
        from promptspec.diagnostics.foreign import escape

        facts = [_facts(named) for named in sources_of(desk, spec, json=format is Format.JSON)]
        if format is Format.JSON:
            desk.say(pretty({"sources": facts}))
            return
        for each in facts:
            desk.say(
                f"{escape(str(each['source']))}: {each['kind']}" + (f" {escape(each['path'])}" if each["path"] else "")
            )
            desk.say(f"  rows    {each['rows']:,}")
            if each["bytes"] is not None:
                desk.say(f"  size    {each['bytes']:,} bytes")
                desk.say(f"  age     {_age(each['age_seconds'])}")
            if each["pulled"]:
                desk.say(f"  pulled  {each['pulled']}")
                desk.say(f"  stale   {each['stale'] or 'never: it has no `refresh`'}")
            desk.say(f"  hash    {each['hash']}")
            desk.say(f"  pinned  {'yes' if each['pinned'] else 'no'}")


def search(
    ctx: typer.Context,
    source: _Source,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What somebody would type into the form.")],
    most: Annotated[int, typer.Option("--most", min=1, max=1_000, help="How many rows are shown.")] = 10,
    format: FormatOption = Format.TEXT,
) -> None:
    """Search in a source as a form does: by label and key, case and accents folded, best first."""
    desk: Desk = ctx.obj
    with ending(desk, json=format is Format.JSON):
        from promptspec.cli.json_output import pretty
        from promptspec.cli.sources import open_source
        from promptspec.diagnostics.foreign import shorten

        opened = open_source(desk, source, json=format is Format.JSON)
        found = opened.snapshot.search(text, most)
        if format is Format.JSON:
            desk.say(pretty({"found": [{"key": key, "label": label} for key, label in found]}))
        else:
            for key, label in found:
                desk.say(f"{shorten(key, MOST_SHOWN)}  {shorten(label, MOST_SHOWN)}")
        raise typer.Exit(FINE if found else REFUSED)


def diff(
    ctx: typer.Context,
    old: Annotated[str, typer.Argument(metavar="OLD", help="SPEC:SOURCE, or the file of a snapshot.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same, of what it is compared with.")],
    format: FormatOption = Format.TEXT,
) -> None:
    """Say which rows were added, removed and changed. Ends with 1 where anything differs."""
    desk: Desk = ctx.obj
    with ending(desk, json=format is Format.JSON):
        from promptspec.cli.json_output import pretty
        from promptspec.sources.differing import difference

        sides = [_side(desk, each, json=format is Format.JSON) for each in (old, new)]
        found = difference(sides[0], sides[1])
        if format is Format.JSON:
            desk.say(pretty(difference_data(found)))
        else:
            say_difference(desk, found, sides)
        raise typer.Exit(FINE if found.is_empty else REFUSED)


def evaluate(
    ctx: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="SPEC:SHORTLIST", help="A shortlist of a spec, or the feature that it stands in.")
    ],
    labelled: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON Lines: a question, and the key of its row or null.")
    ],
    format: FormatOption = Format.TEXT,
) -> None:
    """Say how often a shortlist holds the right row, how far up, and none where none fits.

    No model is asked but one that a shortlist names `by embedding`.
    """
    desk: Desk = ctx.obj
    with ending(desk, json=format is Format.JSON):
        from promptspec.cli.json_output import pretty
        from promptspec.cli.shortlists import measure

        found = measure(desk, target, labelled, json=format is Format.JSON)
        if format is Format.JSON:
            desk.say(pretty(found.data()))
            return
        for line in found.lines():
            desk.say(line)


def lint(
    ctx: typer.Context,
    spec: _Spec,
    most: Annotated[int, typer.Option("--most", min=1, help="How many cells are shown; all are counted.")] = 100,
    format: FormatOption = Format.TEXT,
) -> None:
    """List cells that look like instructions, break sinks, or hold control tokens or marks of fences.

    Ends with 1 where there are any.
    """
    desk: Desk = ctx.obj
    with ending(desk, json=format is Format.JSON):
        from promptspec.cli.json_output import pretty
        from promptspec.cli.sources import open_named, sources_of
        from promptspec.diagnostics.foreign import escape, shorten
        from promptspec.sources.linting import lint_rows

        shown: list[dict[str, Any]] = []
        count = 0
        for named in sources_of(desk, spec, json=format is Format.JSON):
            opened = open_named(desk, named)
            for finding in lint_rows(opened.snapshot.rows(), names=opened.columns, key=opened.key):
                count += 1
                if count > most:
                    continue
                shown.append(
                    {
                        "source": opened.name,
                        "row": finding.row,
                        "key": finding.key,
                        "column": finding.column,
                        "rules": finding.rules,
                        "text": finding.text,
                    }
                )
        if format is Format.JSON:
            desk.say(pretty({"count": count, "findings": shown}))
        else:
            for each in shown:
                place = f"{escape(each['source'])}: row {each['row']:,} {shorten(each['key'], 40)}"
                rules = ", ".join(each["rules"])
                desk.say(f"{place}: {escape(each['column'])}: {rules}: {shorten(each['text'], MOST_SHOWN)}")
            if count > len(shown):
                desk.say(f"and {count - len(shown):,} more")
            desk.say("nothing to look at" if not count else f"{count:,} cell{'' if count == 1 else 's'} to look at")
        raise typer.Exit(REFUSED if count else FINE)


#: The commands of the group, in the order in which they are listed.
COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    "pull": pull,
    "status": status,
    "search": search,
    "diff": diff,
    "evaluate": evaluate,
    "lint": lint,
}


def _facts(named: Named) -> dict[str, Any]:
    import time

    source = named.source
    size = age = None
    stale = ""
    if source.path:
        stat = (named.compilation.project.root / source.path).stat()
        size, age = stat.st_size, max(0, int(time.time() - stat.st_mtime))
    if source.live is not None:
        from datetime import timedelta

        from promptspec.sources.pulled import read_time, time_text

        pulled = read_time(source.pulled)
        age = max(0, int(time.time() - pulled.timestamp()))
        if source.live.stale_ms is not None:
            stale = time_text(pulled + timedelta(milliseconds=source.live.stale_ms))
    return {
        "source": source.name,
        "kind": source.kind,
        "path": source.path,
        "rows": source.size,
        "bytes": size,
        "age_seconds": age,
        "hash": source.content_hash,
        "pinned": _is_pinned(named),
        "curated": source.trusted,
        "pulled": source.pulled,
        "stale": stale,
    }


def _is_pinned(named: Named) -> bool:
    from promptspec.syntax import tree

    unit = named.compilation.unit(named.source.origin.file)
    return any(
        isinstance(setting, tree.Setting) and setting.name.text == "pin"
        for declared in (unit.tree.declarations if unit.tree else ())
        if isinstance(declared, tree.SourceDeclaration) and declared.name.text == named.source.name
        for setting in declared.settings
    )


def _age(seconds: int) -> str:
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def _side(desk: Desk, text: str, *, json: bool) -> Side:
    from promptspec.cli.sources import open_source
    from promptspec.sources.differing import Side

    opened = open_source(desk, text, json=json)
    return Side(snapshot=opened.snapshot, names=opened.columns, key=opened.key)
