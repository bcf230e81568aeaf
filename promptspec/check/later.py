"""Clauses of the language that this version does not enforce yet: a feature that uses one is refused."""

from __future__ import annotations

from promptspec.syntax import tree

_LATER: dict[type[tree.Clause], str] = {
    tree.FindClause: "find",
    tree.ToneUse: "tone",
    tree.ToneClause: "tone",
    tree.ModerateClause: "moderate",
    tree.ReviewClause: "review",
    tree.SampleClause: "sample",
    tree.ReportClause: "report",
    tree.EvaluateClause: "evaluate",
    tree.KeepClause: "keep",
    tree.SecretClause: "secret",
    tree.WaiveClause: "waive",
    tree.ReservedOutput: "output … | …",
    tree.OtherwiseClause: "otherwise",
}

LATER_LIMITS = ("calls", "spend", "repairs")


def later_clause(clause: tree.Clause) -> str | None:
    """Return the name of *clause* where this version does not enforce it, else None."""
    return _LATER.get(type(clause))
