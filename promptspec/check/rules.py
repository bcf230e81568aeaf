"""What must hold in a call: `require`, `ensure`, and `where` on the rows of a choice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from promptspec.check.desk import Desk
from promptspec.check.expressions import Expressions
from promptspec.check.names import Names, references
from promptspec.check.shapes import Facts, Typed, shape, value_of
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.feature import CallerLevel, Drop, Rule
from promptspec.syntax import tree


@dataclass(slots=True, kw_only=True)
class Rules:
    """Checks the rules of one feature. *used* collects the fields of the input that they read."""

    desk: Desk
    facts: Facts
    used: set[str] = field(default_factory=set[str])

    def requires(self, clauses: list[tree.RequireClause], input: t.Record) -> tuple[Rule, ...]:
        """Return the sound ones of the `require` clauses; problems go to the report."""
        bare = references(input.fields, "input", self.facts)
        names = Names(bare=bare, roots={"input": bare})
        found = [self._rule(clause, names, f"require_{at}", "input") for at, clause in enumerate(clauses, 1)]
        return tuple(rule for rule in found if rule is not None)

    def ensures(
        self, clauses: list[tree.EnsureClause], input: t.Record, output: t.Record, *, bare: bool
    ) -> tuple[Rule, ...]:
        """Return the sound ones of the `ensure` clauses; problems go to the report."""
        names = self._names_of_reply(input, output, bare)
        found = [self._ensure(clause, names, f"ensure_{at}", output) for at, clause in enumerate(clauses, 1)]
        return tuple(rule for rule in found if rule is not None)

    def _ensure(self, clause: tree.EnsureClause, names: Names, id: str, output: t.Record) -> Rule | None:
        rule = self._rule(clause, names, id, "output")
        if rule is None or not clause.drop:
            return rule
        condition = rule.condition
        over = condition.over if isinstance(condition, e.Quantified) and condition.quantifier == "all" else None
        listed = _list_at(over, output, self.facts)
        if listed is None or not isinstance(over, e.Reference):
            self.desk.add(
                "PS320",
                clause.condition.span,
                "`else drop` leaves items out of a list of the output, and this condition goes over none",
                help="write `ensure all x in xs: … else drop`, where `xs` is a field of the output",
            )
            return None
        return replace(rule, drop=Drop(least=listed.least), path=".".join(("output", *over.steps)))

    def of_reply(self, written: tree.Expr, input: t.Record, output: t.Record, *, bare: bool) -> e.Expression | None:
        """Return a condition on the input and the reply, or None after a report."""
        names = self._names_of_reply(input, output, bare)
        found = Expressions(desk=self.desk, facts=self.facts).condition(written, names)
        if found is None:
            return None
        self.used.update(e.fields_of(found.expression, "input"))
        return found.expression

    def _names_of_reply(self, input: t.Record, output: t.Record, bare: bool) -> Names:
        inputs = references(input.fields, "input", self.facts)
        if bare:
            answer = output.fields[0]
            value = shape(answer.type, self.facts, e.Reference(root="answer"), "output", optional=answer.optional)
            return Names(bare=inputs, roots={"input": inputs}, whole={"output": value})
        outputs = references(output.fields, "output", self.facts)
        both = set(inputs) & set(outputs)
        return Names(
            bare={name: value for name, value in {**inputs, **outputs}.items() if name not in both},
            roots={"input": inputs, "output": outputs},
            clashes={name: f"write `input.{name}` or `output.{name}`" for name in both},
        )

    def _rule(
        self, clause: tree.RequireClause | tree.EnsureClause, names: Names, id: str, root: Literal["input", "output"]
    ) -> Rule | None:
        expressions = Expressions(desk=self.desk, facts=self.facts)
        when = None if clause.when is None else expressions.condition(clause.when, names)
        if clause.when is not None:
            names = names.knowing(expressions.proves(clause.when, names, True))
        condition = expressions.condition(clause.condition, names)
        if condition is None or (clause.when is not None and when is None):
            return None
        self.used.update(e.fields_of(condition.expression, "input"))
        self.used.update(e.fields_of(when.expression, "input") if when else ())
        return Rule(
            id=id,
            condition=condition.expression,
            when=when.expression if when else None,
            message=clause.message.value,
            path=_blamed(condition.expression, root),
            origin=self.desk.origin(clause.span),
        )


def _list_at(over: e.Expression | None, output: t.Record, facts: Facts) -> t.ListOf | None:
    """Return the list that *over* names, step by step through records of the output; None for any other."""
    if not isinstance(over, e.Reference) or over.root not in ("output", "answer") or over.through:
        return None
    type: t.Type | None = None
    record: t.Record | None = output
    for step in over.steps if over.root == "output" else ("answer", *over.steps):
        field = record.field(step) if record is not None else None
        type = field.type if field is not None else None
        record = facts.record(type) if isinstance(type, t.Group) else None
    return type if isinstance(type, t.ListOf) else None


def _blamed(condition: e.Expression, root: Literal["input", "output"]) -> str:
    """Return the path that a broken rule points at: the first field of *root* that it reads."""
    fields = e.fields_of(condition, root)
    return f"{root}.{fields[0]}" if fields else root


def check_where(
    desk: Desk,
    facts: Facts,
    written: tree.Expr,
    chosen: t.OneOfSource | t.OneOfItems,
    *,
    inputs: tuple[t.Field, ...],
    outputs: tuple[t.Field, ...],
    caller: CallerLevel,
) -> e.Expression | None:
    """Return the condition on a row of *chosen*, or None after a report.

    It reads the row, the *inputs* and *outputs* that stand above, and the id of a *caller* who has one.
    """
    columns = (
        facts.source(chosen.source).columns
        if isinstance(chosen, t.OneOfSource)
        else facts.record_named(chosen.record, chosen.file).fields
    )
    row = {c.name: value_of(c, facts, e.Reference(root="row", steps=(c.name,)), f"row.{c.name}") for c in columns}
    roots = {"input": references(inputs, "input", facts), "output": references(outputs, "output", facts)}
    above = {**roots["input"], **roots["output"]}
    if caller != "anyone":
        id = e.Reference(root="caller", steps=("id",))
        roots["caller"] = {"id": Typed(expression=id, kind="text", trust=t.Trust.OPEN, path="caller.id")}
    names = Names(bare={**above, **row}, roots=roots)
    found = Expressions(desk=desk, facts=facts).condition(written, names)
    return None if found is None else found.expression
