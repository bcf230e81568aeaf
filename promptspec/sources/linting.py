"""What a person should look at in a source: cells that speak to a model, or that break what they are put into."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from promptspec.models.control_tokens import find_control_token
from promptspec.sources.port import Row
from promptspec.values.instructions import find_speech
from promptspec.values.sinks import find_sinks
from promptspec.values.untyped import normalize

# Double brackets begin and end the marks of our fences; what announces their tag; what others fence with.
_FENCE: Final = re.compile(
    r"\[\[|\]\]|[⟦⟧]|\btag (?:of this message is|has changed)\b"
    r"|</?(?:untrusted|user_input|data|context|document|instructions?|system)\b",
    re.IGNORECASE,
)
# A piece that ends or begins an object or a string within one.
_JSON: Final = re.compile(r"""["}\]]\s{0,9}[,}\]]\s{0,9}["{\[]|[{,]\s{0,9}"[^"]{1,40}"\s{0,9}:|"\s{0,9}[}\]]""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A cell to look at: which row, from 1, and its key; the column; rules such as `instruction:leak` or `sink:url`."""

    row: int
    key: str
    column: str
    rules: tuple[str, ...]
    text: str


def lint_rows(rows: Iterable[Row], *, names: tuple[str, ...], key: int) -> Iterator[Finding]:
    """Yield the cells of *rows* that a person should look at; *names* are the columns, *key* is which of them keys."""
    for number, row in enumerate(rows, start=1):
        for name, cell in zip(names, row, strict=True):
            if isinstance(cell, str) and (rules := lint_text(cell)):
                yield Finding(row=number, key=str(row[key]), column=name, rules=rules, text=cell)


def lint_text(text: str) -> tuple[str, ...]:
    """Return the rules that *text* breaks, none for most texts."""
    found = [f"instruction:{name}" for name in find_speech(text)]
    found += [f"sink:{name}" for name in find_sinks(text)]
    if find_control_token(text) is not None:
        found.append("control_token")
    plain = text if text.isascii() else normalize("NFKC", text)
    if _FENCE.search(plain):
        found.append("fence")
    if _JSON.search(plain):
        found.append("json")
    return tuple(found)
