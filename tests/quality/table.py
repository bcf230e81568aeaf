"""The tables of what catches what: a page of the reference, and what the table of attacks tells of each technique."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final

from promptspec.fuzz.attacks.table import techniques
from promptspec.fuzz.lies.known import TECHNIQUES_OF
from quality.sabotage import Catch, Sabotage
from quality.sabotages import ALL

_REFERENCE: Final = Path(__file__).parents[2] / "docs" / "reference"
PAGE: Final = _REFERENCE / "sabotages.md"
CAUGHT: Final = _REFERENCE / "attacks-caught.json"
#: How the catches of a sabotage are called in the report of its test.
PROPERTY: Final = "caught "
_NOTHING: Final = "nothing that others miss"

_HEAD: Final = """\
# Sabotages

To know whether the fuzzer is any good, promptspec is broken on purpose: for every rule that the compiler can emit, one
build with that rule *removed* and one with it *off by one*; for every law at least three ways to break it in the
*runtime*. Each of these {count} sabotages must be caught by the law beside it, all other laws left out, from three
seeds, within the cases of the profile `pr`.

*Cases* is the median over the seeds of the cases that it took. It may differ a little from version to version. How the
fuzzer works is told in [fuzzing](../explanation/fuzzing.md), what the laws claim in [laws](laws.md), what each
technique is in [attacks](attacks.md). This page is made from the code.

| sabotage | breaks | how | law | cases | caught by |
|---|---|---|---|---|---|
"""


def encoded(catches: tuple[Catch, ...]) -> str:
    """Return the last two cells of a row: the median of the cases, and what caught the sabotage from the first seed."""
    return f"{round(median(catch.cases for catch in catches)):,} | {catches[0].told}" if catches else ""


def rows() -> dict[str, tuple[str, str]]:
    """Return what the page lists, by the name of the sabotage: the cells that the code decides, and the others."""
    lines = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else []
    found: dict[str, tuple[str, str]] = {}
    for line in lines:
        if line.startswith("| `"):
            first, cases, told = line.removeprefix("| ").removesuffix(" |").rsplit(" | ", 2)
            found[first.split("`")[1]] = (first, f"{cases} | {told}")
    return found


def likely(name: str) -> str:
    """Return what the page says that the sabotage *name* is caught by; "" where the page is to be written anew."""
    _, cells = rows().get(name, ("", ""))
    return "" if os.environ.get("PROMPTSPEC_UPDATE") else cells.partition(" | ")[2]


def write_tables(caught: Mapping[str, str]) -> None:
    """Write both tables, with *caught* for the sabotages that were run; of the others the page keeps what it says."""
    known = {name: cells for name, (_, cells) in rows().items()} | {
        name: cells for name, cells in caught.items() if cells
    }
    lines = "".join(f"| {row_key(sabotage)} | {known[sabotage.name]} |\n" for sabotage in ALL if sabotage.name in known)
    PAGE.write_text(_HEAD.format(count=len(ALL)) + lines, encoding="utf-8")
    table = _by_technique({sabotage.name: known[sabotage.name] for sabotage in ALL if sabotage.name in known})
    CAUGHT.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def row_key(sabotage: Sabotage) -> str:
    """Return the cells of a row that the code decides: name, what is broken, how, and the law."""
    broken = f"`{sabotage.rule}`" if sabotage.rule else "the runtime"
    way = sabotage.way if sabotage.rule else "runtime"
    return f"`{sabotage.name}` | {broken} | {way} | `{sabotage.law}`"


def _by_technique(cells: Mapping[str, str]) -> dict[str, str]:
    """Return, for each technique, the sabotages that it was the first to catch."""
    found: dict[str, list[str]] = {technique.name: [] for technique in techniques()}
    for name, cell in cells.items():
        _, _, told = cell.partition(" | ")[2].partition(": ")
        liar, _, form = told.partition(": ")
        for technique in (told, *TECHNIQUES_OF.get((liar, form), ())):
            if technique in found:
                found[technique].append(name)
    return {technique: _listed(names) for technique, names in sorted(found.items())}


def _listed(names: list[str]) -> str:
    if not names:
        return _NOTHING
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"`{names[0]}`{more}"
