"""Clauses of the language that this version does not enforce yet: a feature that uses one is refused."""

from __future__ import annotations

from collections.abc import Iterator

from promptspec.syntax import tree
from promptspec.text import Span

_LATER: dict[type[tree.Clause], str] = {
    tree.ReservedOutput: "output … | …",
    tree.OtherwiseClause: "otherwise",
}

LATER_LIMITS = ("calls", "spend")


def later_parts(clause: tree.Clause) -> Iterator[tuple[Span, str]]:
    """Yield what this version does not enforce of *clause*, and where it stands: the whole clause, or a part."""
    match clause:
        case tree.LimitsClause(limits=limits):
            for limit in limits:
                if limit.name.text in LATER_LIMITS:
                    yield limit.span, f"`limits {{ {limit.name.text} }}`"
        case _:
            name = _LATER.get(type(clause))
            if name is not None:
                yield clause.span, f"`{name}`"
