"""What changed between two snapshots, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.sources.differing import Difference, Side
    from promptspec.sources.port import Cell

#: Characters of a cell that are shown on a terminal.
MOST_SHOWN: Final = 80


def plain(cell: Cell) -> object:
    """Return a cell as JSON shows it."""
    from promptspec.sources.layout import store

    return cell if isinstance(cell, bool) else store(cell)


def difference_data(found: Difference) -> dict[str, object]:
    """Return a difference for programs."""
    return {
        "added": found.added,
        "removed": found.removed,
        "changed": found.changed,
        "columns_added": found.columns_added,
        "columns_removed": found.columns_removed,
        "first_added": [{name: plain(cell) for name, cell in row.items()} for row in found.first_added],
        "first_removed": [{name: plain(cell) for name, cell in row.items()} for row in found.first_removed],
        "first_changed": [
            {
                "key": change.key,
                "cells": {name: {"old": plain(old), "new": plain(new)} for name, old, new in change.cells},
            }
            for change in found.first_changed
        ],
    }


def say_difference(desk: Desk, found: Difference, sides: Sequence[Side]) -> None:
    """Write a difference for people."""
    from promptspec.diagnostics.foreign import escape, shorten

    def cell(value: object) -> str:
        return "nothing" if value is None else shorten(str(value), MOST_SHOWN)

    for sign, names in (("-", found.columns_removed), ("+", found.columns_added)):
        for name in names:
            desk.say(f"{sign} column {escape(name)}")
    for sign, side, rows, count in (
        ("-", sides[0], found.first_removed, found.removed),
        ("+", sides[1], found.first_added, found.added),
    ):
        for row in rows:
            rest = "  ".join(cell(value) for name, value in row.items() if name != side.names[side.key])
            desk.say(f"{sign} {cell(row[side.names[side.key]])}  {rest}".rstrip())
        if count > len(rows):
            desk.say(f"{sign} and {count - len(rows):,} more")
    for change in found.first_changed:
        told = "; ".join(f"{escape(name)}: {cell(old)} → {cell(new)}" for name, old, new in change.cells)
        desk.say(f"~ {cell(change.key)}  {told}")
    if found.changed > len(found.first_changed):
        desk.say(f"~ and {found.changed - len(found.first_changed):,} more")
    desk.say(f"{found.added:,} added, {found.removed:,} removed, {found.changed:,} changed")
