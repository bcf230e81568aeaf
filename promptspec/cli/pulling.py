"""`promptspec source pull`: read origins, judge their rows, and write the snapshots that specs are checked against.

After that it asks for vectors of the rows that are searched by embedding.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from promptspec.cli.differing import difference_data, say_difference
from promptspec.cli.embedding import Embedded, embed, wanted_of
from promptspec.cli.ending import FINE, OUTSIDE, REFUSED, USAGE, Stop, ending
from promptspec.cli.options import Format, FormatOption

if TYPE_CHECKING:
    from promptspec.api import Compilation, Unit
    from promptspec.cli.desk import Desk
    from promptspec.contract.feature import Source
    from promptspec.sources.differing import Difference, Side
    from promptspec.sources.pulling import Pull

_Spec = Annotated[str, typer.Argument(metavar="SPEC[:SOURCE]", help="A spec, or one source of it.", show_default=False)]


def pull(
    ctx: typer.Context,
    spec: _Spec,
    check: Annotated[
        bool,
        typer.Option("--check", "--dry-run", help="Write nothing, show changes, end with 1 where there are any."),
    ] = False,
    format: FormatOption = Format.TEXT,
) -> None:
    """Read what sources from sql, http, python or a package come from, and write their snapshots; ask for vectors.

    This contacts databases and servers, runs the callables that the spec names, and sends the texts of rows to the
    models that shortlists name `by embedding`.
    """
    desk: Desk = ctx.obj
    json = format is Format.JSON
    with ending(desk, json=json):
        from promptspec.cli.json_output import pretty

        done: list[_Done] = []
        failed: list[_Failed] = []
        compilation, live = _live_sources(desk, spec, json=json)
        for pulled in live:
            found = _pull(desk, pulled, check=check)
            if isinstance(found, _Failed):
                failed.append(found)
            else:
                done.append(found)
            if not json:
                _say(desk, found, check=check)
        embedded: list[Embedded] = []
        embeds = not failed and _embeds(compilation)
        for wanted in wanted_of(desk, spec, json=json) if embeds else ():
            made = embed(desk, wanted, check=check)
            embedded.append(made)
            if not json:
                made.say(desk, check=check)
        if not done and not failed and not embedded:
            raise Stop(
                USAGE, "the spec has no source to pull", help="those of files and `rows` are read when it compiles"
            )
        if json:
            told = {"pulled": [each.facts() for each in done], "failed": [each.facts() for each in failed]}
            if embedded:
                told["embedded"] = [each.facts() for each in embedded]
            desk.say(pretty(told))
        changed = check and any(each.difference is None or not each.difference.is_empty for each in done)
        changed = changed or (check and any(each.changed for each in embedded))
        raise typer.Exit(max([each.exit for each in failed], default=REFUSED if changed else FINE))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Live:
    """A source that can be pulled, and the spec that declares it."""

    compilation: Compilation
    unit: Unit
    source: Source

    @property
    def path(self) -> Path:
        """Where its snapshot belongs."""
        return self.compilation.project.root / self.source.path

    @property
    def known(self) -> Source | None:
        """The source with the rows of the snapshot that is there, if that is sound."""
        return self.unit.checked.scope.sources.get(self.source.name) if self.unit.checked else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    source: Source
    pull: Pull
    sides: tuple[Side, Side] | None
    difference: Difference | None

    def facts(self) -> Mapping[str, Any]:
        from promptspec.sources.pulled import time_text

        return {
            "source": self.source.name,
            "rows": self.pull.rows,
            "hash": self.pull.content_hash,
            "pin": f'pin "{self.pull.content_hash}"',
            "path": self.source.path,
            "pulled": time_text(self.pull.pulled),
            "changes": None if self.difference is None else difference_data(self.difference),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failed:
    source: Source
    exit: int
    message: str
    problems: tuple[str, ...] = ()
    foreign: str = ""

    def facts(self) -> Mapping[str, Any]:
        return {"source": self.source.name, "message": self.message, "problems": self.problems, "said": self.foreign}


def _embeds(compilation: Compilation) -> bool:
    """Say whether a shortlist of these specs is made by embedding; they need not compile before they were pulled."""
    from promptspec.syntax import tree

    declared = (each for unit in compilation.units if unit.tree for each in unit.tree.declarations)
    clauses = (
        clause
        for each in declared
        if isinstance(each, tree.FeatureDeclaration | tree.DefaultsDeclaration)
        for clause in each.clauses
    )
    return any(isinstance(clause, tree.FindClause) and clause.embedding is not None for clause in clauses)


def _live_sources(desk: Desk, text: str, *, json: bool) -> tuple[Compilation, list[_Live]]:
    """Return the sources that `SPEC` or `SPEC:SOURCE` names. A spec need not compile before they were pulled."""
    from promptspec.cli.reporting import seen_from_here, write_problems
    from promptspec.cli.targets import choose, read_target

    target = read_target(text)
    compilation = desk.compiler.compile([target.path], trials=False)
    found = {
        source.name: _Live(compilation=compilation, unit=unit, source=source)
        for unit in compilation.units
        if unit.checked is not None and unit.file in compilation.named
        for source in unit.checked.scope.live.values()
    }
    if target.feature in found:
        return compilation, [found[target.feature]]
    if compilation.has_errors() and (target.feature or not found):
        write_problems(desk, *seen_from_here(compilation), json=json)
        raise typer.Exit(REFUSED)
    if target.feature:
        others = {
            each.source
            for unit in compilation.units
            for feature in (unit.module.features if unit.module is not None else ())
            for each in feature.shortlists
            if each.embedding is not None
        }
        choose(target, {*found, *others}, "source to pull")
        return compilation, []
    return compilation, list(found.values())


def _pull(desk: Desk, live: _Live, *, check: bool) -> _Done | _Failed:
    from datetime import UTC, datetime
    from tempfile import TemporaryDirectory

    from promptspec.sources.origins import OriginFailed
    from promptspec.sources.pulling import PullRefused
    from promptspec.sources.pulling import pull as pulled_into

    source, root = live.source, live.compilation.project.root
    if not live.path.parent.resolve().is_relative_to(root):
        return _Failed(source=source, exit=REFUSED, message="its folder `snapshots` lies outside the project")
    if str(root) not in sys.path:
        # As `python -m` would: callables of the project are found from its root.
        sys.path.insert(0, str(root))
    assert live.unit.checked is not None
    with TemporaryDirectory(prefix="promptspec-") as folder:
        beside = Path(folder) if check else live.path.parent
        path = beside / f".{source.name}.{os.urandom(8).hex()}.pulled"
        try:
            found = pulled_into(
                source,
                path,
                now=datetime.now(UTC),
                environment=desk.environment,
                enums=tuple(live.unit.checked.scope.enums.values()),
                root=root,
            )
            assert found is not None  # nothing was known that could be unchanged
            sides, difference = _compared(live, path)
            if not check:
                os.replace(path, live.path)
        except PullRefused as refused:
            more = refused.count - len(refused.problems)
            problems = (*map(str, refused.problems), *((f"and {more:,} further problems",) if more else ()))
            return _Failed(source=source, exit=REFUSED, message="its rows do not fit", problems=problems)
        except OriginFailed as error:
            if desk.debug:
                raise
            return _Failed(source=source, exit=OUTSIDE, message=error.message, foreign=error.foreign)
        except OSError as error:
            said = f"its snapshot cannot be written: {error.strerror or type(error).__name__}"
            return _Failed(source=source, exit=OUTSIDE, message=said)
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)
    return _Done(source=source, pull=found, sides=sides, difference=difference)


def _compared(live: _Live, path: Path) -> tuple[tuple[Side, Side] | None, Difference | None]:
    """Return what changed since the snapshot that is there; nothing where there is none that is sound."""
    from promptspec.errors import SourceUnavailable
    from promptspec.sources.differing import Side, difference
    from promptspec.sources.snapshot import open_snapshot

    known = live.known
    if known is None:
        return None, None
    try:
        old = open_snapshot(live.path, content_hash=known.content_hash)
    except SourceUnavailable:
        return None, None
    with old, open_snapshot(path) as new:
        sides = tuple(Side(snapshot=each, names=each.layout.names, key=each.layout.key) for each in (old, new))
        return (sides[0], sides[1]), difference(*sides)


def _say(desk: Desk, found: _Done | _Failed, *, check: bool) -> None:
    from promptspec.diagnostics.foreign import escape

    name = escape(found.source.name)
    if isinstance(found, _Failed):
        desk.warn(f"{desk.paint('error', 'bold red', desk.errors)}: source `{name}`: {escape(found.message)}")
        for problem in found.problems:
            desk.warn(f"  {escape(problem)}")
        if found.foreign:
            desk.warn(f"  {escape(found.foreign)}")
        return
    desk.say(f"{name}: {found.source.kind}")
    desk.say(f"  rows    {found.pull.rows:,}")
    desk.say(f"  hash    {found.pull.content_hash}")
    desk.say(f'  pin     pin "{found.pull.content_hash}"')
    if not check:
        desk.say(f"  written {escape(found.source.path)}")
    live = found.source.live
    if live is not None and live.pin and live.pin != found.pull.content_hash:
        desk.say("  the spec pins another hash: look at what changed, then pin this one")
    if found.difference is None or found.sides is None:
        desk.say("  new: there was no sound snapshot before")
    else:
        say_difference(desk, found.difference, found.sides)
