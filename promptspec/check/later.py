"""Clauses of the language that this version does not enforce yet: a feature that uses one is refused."""

from __future__ import annotations

from collections.abc import Iterator

from promptspec.syntax import tree
from promptspec.text import Span

_LATER: dict[type[tree.Clause], str] = {
    tree.ReservedOutput: "output … | …",
    tree.OtherwiseClause: "otherwise",
}


def later_parts(clause: tree.Clause) -> Iterator[tuple[Span, str]]:
    """Yield what this version does not enforce of *clause*, and where it stands."""
    name = _LATER.get(type(clause))
    if name is not None:
        yield clause.span, f"`{name}`"
