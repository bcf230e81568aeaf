"""The tables of what catches what: a page of the reference, and what the table of attacks tells of each technique."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Final, cast

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
    """Return *catches* as a property of a test's report."""
    return json.dumps([[c.law, c.cases, c.phase, c.technique, c.liar] for c in catches])


def write_tables(caught: Mapping[str, str]) -> None:
    """Write both tables from the catches of all sabotages. A run of some of them alone writes nothing."""
    if set(caught) != {sabotage.name for sabotage in ALL}:
        return
    catches = {name: _decoded(text) for name, text in caught.items()}
    PAGE.write_text(_page(catches), encoding="utf-8")
    CAUGHT.write_text(json.dumps(_by_technique(catches), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _decoded(text: str) -> tuple[Catch, ...]:
    found = cast("list[tuple[str, int, str, str, str]]", json.loads(text))
    return tuple(
        Catch(law=law, cases=cases, phase=cast("object", phase), technique=technique, liar=liar)  # pyright: ignore
        for law, cases, phase, technique, liar in found
    )


def _page(catches: Mapping[str, tuple[Catch, ...]]) -> str:
    rows = "".join(
        f"| {row_key(sabotage)} | {round(median(c.cases for c in catches[sabotage.name])):,} "
        f"| {_told(catches[sabotage.name][0])} |\n"
        for sabotage in ALL
    )
    return _HEAD.format(count=len(ALL)) + rows


def row_key(sabotage: Sabotage) -> str:
    """Return the cells of a row that the code decides: name, what is broken, how, and the law."""
    broken = f"`{sabotage.rule}`" if sabotage.rule else "the runtime"
    way = sabotage.way if sabotage.rule else "runtime"
    return f"`{sabotage.name}` | {broken} | {way} | `{sabotage.law}`"


def _told(catch: Catch) -> str:
    if catch.liar:
        return f"{catch.phase}: {catch.liar}"
    return f"{catch.phase}: {catch.technique}" if catch.technique else catch.phase


def _by_technique(catches: Mapping[str, tuple[Catch, ...]]) -> dict[str, str]:
    """Return, for each technique, the sabotages that it was the first to catch."""
    found: dict[str, list[str]] = {technique.name: [] for technique in techniques()}
    for name, each in catches.items():
        for technique in dict.fromkeys(t for catch in each for t in _techniques_of(catch)):
            if technique in found and name not in found[technique]:
                found[technique].append(name)
    return {technique: _listed(names) for technique, names in sorted(found.items())}


def _techniques_of(catch: Catch) -> tuple[str, ...]:
    liar, _, form = catch.liar.partition(": ")
    return (*((catch.technique,) if catch.technique else ()), *TECHNIQUES_OF.get((liar, form), ()))


def _listed(names: list[str]) -> str:
    if not names:
        return _NOTHING
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"`{names[0]}`{more}"
