"""Sources as commands name them: `SPEC:SOURCE`, or the file of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from promptspec.cli.ending import REFUSED
from promptspec.cli.reporting import seen_from_here, write_problems
from promptspec.cli.targets import choose, read_target

if TYPE_CHECKING:
    from promptspec.api import Compilation
    from promptspec.cli.desk import Desk
    from promptspec.contract.feature import Source
    from promptspec.sources.port import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A source of a spec, and what it was compiled with."""

    compilation: Compilation
    file: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An open snapshot, what it is called, and its columns."""

    name: str
    snapshot: Snapshot
    columns: tuple[str, ...]
    key: int


def sources_of(desk: Desk, text: str, *, json: bool) -> list[Named]:
    """Return the sources that `SPEC` or `SPEC:SOURCE` names. Stops where the spec does not compile."""
    target = read_target(text)
    compilation = desk.compiler.compile([target.path], trials=False)
    if compilation.has_errors():
        write_problems(desk, *seen_from_here(compilation), json=json)
        raise typer.Exit(REFUSED)
    found = {
        source.name: Named(compilation=compilation, file=unit.file, source=source)
        for unit in compilation.units
        if unit.module is not None and unit.file in compilation.named
        for source in unit.module.sources
    }
    if target.feature or not found:
        return [found[choose(target, found, "source")]]
    return list(found.values())


def open_source(desk: Desk, text: str, *, json: bool) -> Opened:
    """Return the one source that `SPEC:SOURCE` names, or the snapshot in a file. Stops where that is unclear."""
    if text.endswith(".sqlite") and Path(text).is_file():
        from promptspec.sources.snapshot import open_snapshot

        opened = open_snapshot(text)
        return Opened(name=text, snapshot=opened, columns=opened.layout.names, key=opened.layout.key)
    found = sources_of(desk, text, json=json)
    if len(found) != 1:
        choose(read_target(text), [named.source.name for named in found], "source")
    return open_named(desk, found[0])


def open_named(desk: Desk, named: Named) -> Opened:
    """Return the snapshot of a source, built where it is not there yet."""
    from promptspec.sources.layout import layout_of
    from promptspec.sources.memory import MemorySnapshot
    from promptspec.sources.snapshot import open_snapshot

    source, layout = named.source, layout_of(named.source)
    snapshot: Snapshot
    if source.kind == "rows":
        rows = [(row.key, row.label) for row in source.rows]
        snapshot = MemorySnapshot.of(layout, rows)
    else:
        path = desk.compiler.snapshots(named.compilation)[source.origin.file, source.name]
        snapshot = open_snapshot(path, content_hash=source.content_hash)
    return Opened(name=source.name, snapshot=snapshot, columns=layout.names, key=layout.key)
