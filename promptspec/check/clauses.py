"""The clauses of a feature: its own, and those that it takes from `defaults`."""

from __future__ import annotations

import re
from typing import TypeVar

from promptspec.check.desk import Desk
from promptspec.check.later import later_parts
from promptspec.check.scope import Scope
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree

C = TypeVar("C", bound=tree.Clause)

#: Clauses that may stand in a feature more than once.
_REPEATABLE = (
    tree.FindClause,
    tree.RequireClause,
    tree.EnsureClause,
    tree.CaseClause,
    tree.ExamplesFrom,
    tree.ToneUse,
    tree.ToneClause,
    tree.ModerateClause,
    tree.WaiveClause,
)
_NAMES: dict[type[tree.Clause], str] = {
    tree.ModelClause: "model",
    tree.JudgeClause: "judge",
    tree.InputClause: "input",
    tree.OutputClause: "output",
    tree.PromptClause: "prompt",
    tree.FenceClause: "fence",
    tree.LimitsClause: "limits",
    tree.CallerClause: "caller",
    tree.LimitationsClause: "limitations",
    tree.EvaluateClause: "evaluate",
    tree.ReviewClause: "review",
    tree.ReportClause: "report",
    tree.SampleClause: "sample",
    tree.KeepClause: "keep",
    tree.SecretClause: "secret",
}


class Clauses:
    """Finds clauses by their kind. *torn* says that something in the feature could not be read."""

    def __init__(self, desk: Desk, scope: Scope, declared: tree.FeatureDeclaration) -> None:
        self._desk = desk
        self._scope = scope
        self._declared = declared
        self._lost = False
        self.torn = any(d.code < "PS2" and d.span.within(declared.span) for d in desk.report.errors)
        self._found = self._gathered()

    def _gathered(self) -> tuple[tree.Clause, ...]:
        """Return the feature's clauses, after those that it takes from `defaults` and does not replace."""
        own = self._declared.clauses
        mine = {type(clause) for clause in own if not isinstance(clause, _REPEATABLE)}
        shared: list[tree.Clause] = []
        for name in self._declared.defaults:
            declaration = self._scope.declarations.get(name.text)
            if not isinstance(declaration, tree.DefaultsDeclaration):
                self._lost = True
                if name.text in self._scope.lost:
                    continue
                known = [n for n in self._scope.declarations if self._scope.kind(n) == "defaults"]
                self._desk.add(
                    "PS202", name.span, f"there are no defaults `{name.text}`", help=did_you_mean(name.text, known)
                )
                continue
            shared += [clause for clause in declaration.clauses if type(clause) not in mine]
        clauses = (*shared, *own)
        self._refuse_twice(clauses)
        for clause in clauses:
            for span, what in later_parts(clause):
                self._desk.later(span, what)
        return clauses

    def _refuse_twice(self, clauses: tuple[tree.Clause, ...]) -> None:
        seen: dict[type[tree.Clause], tree.Clause] = {}
        for clause in clauses:
            kind = type(clause)
            if kind in _NAMES and kind in seen:
                self._desk.add(
                    "PS206",
                    clause.span,
                    f"`{_NAMES[kind]}` stands twice in this feature",
                    labels=[Label(span=seen[kind].span, message="it stands here first")],
                    help="join them, or drop one",
                )
            seen.setdefault(kind, clause)

    def is_shared(self, clause: tree.Clause) -> bool:
        """Say whether *clause* comes from `defaults`."""
        return all(each is not clause for each in self._declared.clauses)

    def all(self, kind: type[C]) -> list[C]:
        """Return the clauses of *kind*, in order."""
        return [clause for clause in self._found if isinstance(clause, kind)]

    def one(self, kind: type[C]) -> C | None:
        """Return the first clause of *kind*, or None."""
        found = self.all(kind)
        return found[0] if found else None

    def required(self, kind: type[C], example: str) -> C | None:
        """Return the clause of *kind*, or None after a report that shows *example*."""
        found = self.one(kind)
        if found is None and not self._lost and not self._is_torn(kind):
            self._desk.add(
                "PS207",
                self._declared.name.span,
                f"feature `{self._declared.name.text}` has no `{_NAMES[kind]}`",
                help=f"add `{example}`",
            )
        return found

    def _is_torn(self, kind: type[tree.Clause]) -> bool:
        """Say whether a clause of *kind* stands in the feature and could not be read, which has been said."""
        if kind is tree.OutputClause and self.one(tree.ReservedOutput):
            return True
        span = self._declared.span
        written = self._desk.text.content[span.start : span.end]
        return self.torn and re.search(rf"(?:^|\{{)[ \t]*{_NAMES[kind]}\b(?!\s*:)", written, re.MULTILINE) is not None
