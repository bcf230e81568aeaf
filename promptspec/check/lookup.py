"""From a name as written to the value that it means in one place."""

from __future__ import annotations

from typing import NoReturn

from promptspec.check.desk import Desk
from promptspec.check.failing import fail
from promptspec.check.names import Names
from promptspec.check.scope import article
from promptspec.check.shapes import Facts, Typed
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.types import Trust
from promptspec.diagnostics import did_you_mean
from promptspec.syntax import tree


def value_called(desk: Desk, facts: Facts, written: tree.NameExpr, names: Names) -> Typed:
    """Return what a name that stands alone means. Raises Failed after a report."""
    name = written.name
    if name == "today":
        return Typed(expression=e.Reference(root="today"), kind="date", trust=Trust.CLOSED, type=t.Date())
    if name in names.clashes:
        fail(
            desk, written.span, "PS209", f"`{name}` is a field of the input and of the output", help=names.clashes[name]
        )
    found = names.bare.get(name) or names.whole.get(name)
    if found is not None:
        return names.seen(found)
    if name in names.roots:
        fail(desk, written.span, "PS316", f"`{name}` alone is no value", help=f"name a field: `{name}.…`")
    _nothing(desk, facts, written, names)


def field_of_root(desk: Desk, written: tree.MemberExpr, names: Names) -> Typed | None:
    """Return what `input.note` means; None where *written* does not begin with a root. Raises Failed after a report."""
    if not isinstance(written.target, tree.NameExpr):
        return None
    root, name = written.target.name, written.name.text
    if root not in names.roots or root in names.bare:
        return None
    found = names.roots[root].get(name)
    if found is None:
        known = did_you_mean(name, names.roots[root])
        fail(desk, written.name.span, "PS202", f"`{root}` has no `{name}`", help=known)
    return names.seen(found)


def _nothing(desk: Desk, facts: Facts, written: tree.NameExpr, names: Names) -> NoReturn:
    """Report a name that means no value; one that is declared at the top of a file is told what it is."""
    name = written.name
    kind = facts.kind(name)
    if kind is None:
        known = did_you_mean(name, [*names.bare, *names.roots, *names.whole])
        fail(desk, written.span, "PS202", f"there is nothing called `{name}` here", help=known)
    choosing = [
        field
        for field, value in names.bare.items()
        if isinstance(value.type, t.OneOfSource) and value.type.source == name
    ]
    fail(
        desk,
        written.span,
        "PS202",
        f"`{name}` is {article(kind)}, not a value",
        help=()
        if kind != "source"
        else f"`{choosing[0]}` holds a row of it: write `{choosing[0]}`"
        if choosing
        else f"let the input choose a row, as in `chosen: one of {name}`, and write `chosen`",
    )
