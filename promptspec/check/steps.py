"""A step with a dot: from a value to one of its fields, columns, members or roles."""

from __future__ import annotations

from dataclasses import replace

from promptspec.check.desk import Desk
from promptspec.check.failing import fail
from promptspec.check.members import member_of, names_of
from promptspec.check.shapes import Facts, Typed, column_trust, shape, value_of
from promptspec.check.wording import in_words, short, test_first
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.types import Trust
from promptspec.diagnostics import did_you_mean
from promptspec.syntax import tree


def step(desk: Desk, facts: Facts, target: Typed, written: tree.MemberExpr, *, template: bool = False) -> Typed:
    """Return what stands at `.name` of *target*, in a *template* or in a rule. Raises Failed after a report."""
    name = written.name.text
    if target.optional:
        shown = short(written.target)
        fail(
            desk,
            written.target.span,
            "PS317",
            f"`{shown}` may be missing here",
            help=test_first(shown, template=template),
        )
    if target.kind == "list" and target.item is not None:
        return _through(desk, facts, target, written, template=template)
    path = f"{target.path}.{name}"
    expression = _further(target.expression, name)
    match target.type:
        case t.Group() | t.OneOfItems():
            record = (
                facts.record(target.type)
                if isinstance(target.type, t.Group)
                else facts.record_named(target.type.record, target.type.file)
            )
            field = record.field(name)
            if field is not None:
                return value_of(field, facts, expression, path)
            known = [f.name for f in record.fields]
        case t.OneOfSource(source=source_name) | t.OneOfShortlist(source=source_name):
            source = facts.source(source_name)
            column = source.column(name)
            if column is not None:
                value = value_of(column, facts, expression, path)
                # Which rows a shortlist has follows from what a caller wrote, however well the rows are kept.
                found = isinstance(target.type, t.OneOfShortlist)
                return replace(value, trust=Trust.OPEN if found else column_trust(source, name))
            known = [c.name for c in source.columns]
        case t.Turns(item=item):
            if name == "text":
                return shape(item, facts, expression, path)
            if name == "role":
                return shape(t.Words(words=("user", "assistant")), facts, expression, path)
            known = ["role", "text"]
        case t.JsonSchema():
            member = member_of(target.type, name)
            if member is not None:
                inside = _into(target.expression, name)
                return _opened(shape(member.type, facts, inside, path, optional=member.optional))
            known = list(names_of(target.type))
            if name in known:
                fail(
                    desk, written.name.span, "PS316", f"`{name}` may be of several types", help="print the whole object"
                )
        case _:
            fail(
                desk,
                written.name.span,
                "PS202",
                f"`{short(written.target)}` is {in_words(target.kind)} and has no `{name}`",
            )
    fail(desk, written.name.span, "PS202", f"`{short(written.target)}` has no `{name}`", help=did_you_mean(name, known))


def _through(desk: Desk, facts: Facts, target: Typed, written: tree.MemberExpr, *, template: bool) -> Typed:
    """A step through a list maps over its items; a list in an item is flattened."""
    assert target.item is not None
    if target.item.kind == "list":
        shown = short(written.target)
        fail(
            desk,
            written.name.span,
            "PS316",
            f"`{shown}` is a list of lists, and a path goes through one list at a time",
            help=f"write `all xs in {shown}: all x in xs: x.{written.name.text} …`",
        )
    item = replace(target.item, optional=False)
    inner = step(desk, facts, item, written)
    if inner.optional:
        name, shown = written.name.text, short(written.target)
        fail(
            desk,
            written.name.span,
            "PS317",
            f"`{name}` may be missing in some of `{shown}`",
            help="loop and test: `{% for x in " + shown + " %}{% if x." + name + " %}…{% endif %}{% endfor %}`"
            if template
            else f"write `all x in {shown}: x.{name} != none and …`",
        )
    reference = target.expression
    if not isinstance(reference, e.Reference):
        fail(desk, written.span, "PS316", "this list has no name to step through")
    steps = (*reference.steps, written.name.text)
    members = inner.expression.members if isinstance(inner.expression, e.Reference) else None
    through = tuple(dict.fromkeys((*reference.through, len(reference.steps))))
    mapped = replace(reference, steps=steps, through=through, members=members)
    if inner.kind == "list" and inner.item is not None:
        mapped = replace(mapped, through=(*through, len(steps)))
        flat = inner.type
        if isinstance(flat, t.ListOf):
            flat = replace(flat, least=target.least * flat.least, most=target.most * inner.most)
        return replace(inner, expression=mapped, type=flat, most=target.most * inner.most, path=inner.path)
    return Typed(
        expression=mapped,
        kind="list",
        type=t.ListOf(item=inner.type, least=target.least, most=target.most) if inner.type else None,
        item=inner,
        trust=inner.trust,
        path=inner.path,
        most=target.most,
    )


def _into(expression: e.Expression, name: str) -> e.Expression:
    """Return *expression* with a step into an object of a JSON Schema."""
    further = _further(expression, name)
    if isinstance(further, e.Reference) and further.members is None:
        return replace(further, members=len(further.steps) - 1)
    return further


def _opened(value: Typed) -> Typed:
    """Members of an object of a JSON Schema are open, whatever their types."""
    item = _opened(value.item) if value.item else None
    return replace(value, trust=Trust.OPEN, item=item)


def _further(expression: e.Expression, name: str) -> e.Expression:
    if isinstance(expression, e.Reference):
        return replace(expression, steps=(*expression.steps, name))
    raise TypeError(f"no step from {type(expression).__name__}")
