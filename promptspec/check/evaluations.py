"""The `evaluate` clause, held against the output and against the file that it names."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from promptspec.check.cases import Cases
from promptspec.check.desk import Desk
from promptspec.check.labelled import MOST_BYTES, MOST_TOLD, Labelled, read_labelled
from promptspec.contract import types as t
from promptspec.contract.evaluating import compares, is_compared
from promptspec.contract.feature import Evaluation, EvaluationTarget
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree


class Evaluations:
    """Checks the `evaluate` clause of one feature."""

    def __init__(self, *, desk: Desk, cases: Cases, output: t.Record, bare: bool) -> None:
        self._desk = desk
        self._cases = cases
        self._output = output
        self._bare = bare

    def check(self, clause: tree.EvaluateClause | None, *, asks_today: bool) -> Evaluation | None:
        """Return the checked clause, or None where there is none or after a report."""
        if clause is None:
            return None
        before = len(self._desk.report.errors)
        targets = self._targets(clause.targets)
        if not clause.targets and not any(is_compared(field.type) for field in self._output.fields):
            self._desk.add(
                "PS606",
                clause.span,
                "the output has no field that can be compared with a label",
                help="texts are compared letter by letter where a target names them; or label another output",
            )
        data = self._desk.open(clause.path.value, clause.path.span, most=MOST_BYTES)
        if data is None:
            return None
        labelled = read_labelled(data, clause.path.value)
        self._rows(clause, labelled, asks_today=asks_today)
        if len(self._desk.report.errors) > before:
            return None
        path = self._desk.beside(clause.path.value, clause.path.span)
        return Evaluation(
            path=path,
            rows=len(labelled.rows),
            targets=targets,
            content_hash=self._desk.read[path],
            origin=self._desk.origin(clause.span),
        )

    # Targets

    def _targets(self, written: Sequence[tree.Target]) -> tuple[EvaluationTarget, ...]:
        found: dict[str, tree.Target] = {}
        for target in written:
            field = self._field(target)
            if field is None or not self._is_share(target):
                continue
            if field.name in found:
                self._desk.add(
                    "PS606",
                    target.span,
                    f"`{field.name}` has two targets",
                    labels=[Label(span=found[field.name].span, message="the first one stands here")],
                    help="drop one of them",
                )
                continue
            found[field.name] = target
            if not is_compared(field.type):
                self._desk.add(
                    "PS608",
                    target.path.span,
                    f"`{field.name}` holds text, which is compared letter by letter",
                    help="a target says most for enums, words, numbers, dates, keys, and lists of those",
                )
        return tuple(EvaluationTarget(field=name, share=target.share.value) for name, target in found.items())

    def _field(self, target: tree.Target) -> t.Field | None:
        steps = _steps(target.path)
        if len(steps) > 1 and steps[0] == "output":
            steps = steps[1:]
        name = "answer" if self._bare and steps == ["output"] else steps[0]
        field = self._output.field(name)
        known = [each.name for each in self._output.fields]
        if field is None:
            self._desk.add(
                "PS606",
                target.path.span,
                f"the output has no field `{name}`",
                help=did_you_mean(name, known) or f"it has {', '.join(f'`{each}`' for each in known[:8])}",
            )
        elif len(steps) > 1 or not compares(field.type):
            self._desk.add(
                "PS606",
                target.path.span,
                f"`{'.'.join(steps)}` cannot be compared with a label",
                help="a target names a field of the output itself, which is no record and no list of records",
            )
        else:
            return field
        return None

    def _is_share(self, target: tree.Target) -> bool:
        if Decimal(0) < target.share.value <= Decimal(100):
            return True
        self._desk.add(
            "PS606", target.share.span, "a target lies above 0 % and is at most 100 %", help="write `at least 92%`"
        )
        return False

    # Rows

    def _rows(self, clause: tree.EvaluateClause, labelled: Labelled, *, asks_today: bool) -> None:
        span, told = clause.path.span, 0
        for problem in labelled.problems[:MOST_TOLD]:
            self._desk.add("PS607", span, problem, help=_help(problem))
        if len(labelled.problems) > MOST_TOLD:
            more = len(labelled.problems) - MOST_TOLD
            lines = "line has" if more == 1 else "lines have"
            self._desk.add("PS607", span, f"{more:,} more {lines} problems")
        if labelled.problems:
            return
        for row in labelled.rows:
            where = f"line {row.line} of `{clause.path.value[-40:]}`"
            if asks_today and row.on is None:
                self._desk.add(
                    "PS607",
                    span,
                    f"{where}: the feature asks what `today` is, and the row does not say it",
                    help='add `"on": "2026-01-31"` with the day that the row speaks of',
                )
                told += 1
            elif not self._cases.fits(row.given, row.returns, span, code="PS607", where=where):
                told += 1
            if told == MOST_TOLD:
                return


def _help(problem: str) -> tuple[str, ...]:
    if "is that of line" in problem:
        return ("counted twice, a row makes the result look surer than it is: drop one of them",)
    return ('a row is `{"given": {…}, "returns": …}`',) if "`given`" in problem else ()


def _steps(path: tree.NameExpr | tree.MemberExpr) -> list[str]:
    if isinstance(path, tree.NameExpr):
        return [path.name]
    assert isinstance(path.target, tree.NameExpr | tree.MemberExpr)
    return [*_steps(path.target), path.name.text]
