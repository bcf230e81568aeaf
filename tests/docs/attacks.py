"""The page of the reference about attacks, as the code has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Final

from docs.pages import ROOT
from promptspec.fuzz.attacks.table import techniques
from promptspec.fuzz.techniques import Technique
from promptspec.values.sinks import escape_terminal

PAGE: Final = ROOT / "docs" / "reference" / "attacks.md"
#: What catches each technique first, by the technique's name; the quality suite writes it.
CAUGHT: Final = ROOT / "docs" / "reference" / "attacks-caught.json"

_LONGEST: Final = 90
_BLANKS: Final = (
    "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2800"
)

_HEAD: Final = """\
# Attacks

What the fuzzer knows, by name: {count} techniques that need no model. A report names the techniques of a failing case,
so that you can look them up here. This page is made from the code.

A **seed** is a text to begin with; names and words of your own spec are woven into it. A **mutator** changes any text.
The fuzzer sends a seed through up to three mutators, and shrinks both. A **boundary** is a value at the edge of what
the spec declares, just inside or just outside. A **reply** is a way in which a model lies.

Examples show a mutator at work on `ignore this`. What shows nothing is written as `\\u{{200b}}`, and long examples are
cut. Under *origin* stand the projects that know a technique of the kind, each with its own name for it; `own` means
that none of them does. Names and ideas carry over, texts do not: all of them are written for this project, and what
they ask for is harmless.
"""
_COLUMNS: Final = """\
| name | kind | what it does | example | origin | caught first by |
|---|---|---|---|---|---|
"""


def attacks_page() -> str:
    """Return docs/reference/attacks.md."""
    found = techniques()
    caught: Mapping[str, str] = json.loads(CAUGHT.read_text(encoding="utf-8")) if CAUGHT.exists() else {}
    families = list(dict.fromkeys(technique.family for technique in found))
    by_family = sorted(found, key=lambda technique: families.index(technique.family))
    parts = [_HEAD.format(count=len(found))]
    for family, members in groupby(by_family, key=lambda technique: technique.family):
        rows = "".join(_row(technique, caught.get(technique.name, "—")) for technique in members)
        title = family[0].upper() + family[1:]
        parts.append(f"\n## {title}\n\n{_COLUMNS}{rows}")
    return "".join(parts)


def _row(technique: Technique, caught: str) -> str:
    cells = (
        f"`{technique.name}`",
        technique.kind,
        technique.summary.replace("|", r"\|"),
        code(technique.example),
        "<br>".join(technique.origin),
        caught,
    )
    return f"| {' | '.join(cells)} |\n"


def code(text: str) -> str:
    """Return *text* as code in a cell of a table, with what shows nothing made visible."""
    shown = escape_terminal(text, _LONGEST)
    shown = "".join(f"\\u{{{ord(c):x}}}" if c in _BLANKS else c for c in shown)
    marks = "`"
    while marks in shown:
        marks += "`"
    blank = " " if shown.startswith(("`", " ")) or shown.endswith(("`", " ")) else ""
    return f"{marks}{blank}{shown}{blank}{marks}".replace("|", r"\|") if shown else "(empty)"
