"""A reply that was reported as a test of its feature: the same input and the same reply, to be refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Module
from promptspec.syntax import tree
from promptspec.text import Span

_NOWHERE: Final = Span("", 0, 0)


def test_clause(
    feature: Feature, module: Module, *, title: str, given: object, reply: object, on: date
) -> tree.CaseClause:
    """Return a test that gives *given* to *feature* of *module*, has the model reply *reply*, and wants it refused."""
    types = {field.name: field.type for field in feature.input.fields}
    values = _object(cast("dict[str, Any]", given), types, module)
    outputs = {field.name: field.type for field in feature.output.fields}
    if feature.bare:
        replied = _literal(reply, outputs["answer"], module)
    else:
        replied = _object(cast("dict[str, Any]", reply), outputs, module)
    items: list[tree.CaseItem] = [
        tree.On(span=_NOWHERE, date=tree.DateLiteral(span=_NOWHERE, value=on)),
        tree.Given(span=_NOWHERE, values=values),
        tree.Replies(span=_NOWHERE, value=replied),
        tree.Refuses(span=_NOWHERE, path=None),
    ]
    return tree.CaseClause(span=_NOWHERE, kind="test", title=_string(title), items=tuple(items))


def with_test(spec: tree.SpecFile, feature: str, clause: tree.CaseClause) -> tree.SpecFile:
    """Return *spec* with *clause* as the last one of the feature called *feature*."""
    declarations: list[tree.Declaration] = []
    for each in spec.declarations:
        if isinstance(each, tree.FeatureDeclaration) and each.name.text == feature:
            # Comments are printed by where they stand: what is new stands where the feature ends.
            end = Span(each.span.file, each.span.end - 1, each.span.end - 1)
            each = replace(each, clauses=(*each.clauses, _moved(clause, end)))
        declarations.append(each)
    return replace(spec, declarations=tuple(declarations))


def _moved(node: Any, span: Span) -> Any:
    """Return *node* and all that it holds, as if it stood at *span*."""
    if isinstance(node, tuple):
        return tuple(_moved(each, span) for each in cast("tuple[Any, ...]", node))
    if not isinstance(node, tree.Node):
        return node
    parts = {name: _moved(getattr(node, name), span) for name in node.__dataclass_fields__ if name != "span"}
    return replace(node, span=span, **parts)


def _literal(value: Any, type: t.Type | None, module: Module) -> tree.Literal_:
    match value:
        case None:
            return tree.NoneLiteral(span=_NOWHERE)
        case bool():
            return tree.BoolLiteral(span=_NOWHERE, value=value)
        case int() | Decimal():
            return tree.NumberLiteral(span=_NOWHERE, value=Decimal(value), text=format(Decimal(value), "f"))
        case str() if isinstance(type, t.Date):
            return tree.DateLiteral(span=_NOWHERE, value=date.fromisoformat(value))
        case str():
            return _string(value)
        case list():
            item = type.item if isinstance(type, t.ListOf) else None
            items = tuple(_literal(each, item, module) for each in cast("list[Any]", value))
            return tree.ListLiteral(span=_NOWHERE, items=items)
        case dict():
            fields = module.record(type.name, type.file).fields if isinstance(type, t.Group) else ()
            return _object(cast("dict[str, Any]", value), {field.name: field.type for field in fields}, module)
        case _:
            raise TypeError(f"a text of the ledger holds a {value.__class__.__name__}")


def _object(value: dict[str, Any], types: dict[str, t.Type], module: Module) -> tree.ObjectLiteral:
    entries: list[tree.Entry] = []
    for name, item in value.items():
        literal = _literal(item, types.get(name), module)
        entries.append(tree.Entry(span=_NOWHERE, name=tree.Name(span=_NOWHERE, text=name), value=literal))
    return tree.ObjectLiteral(span=_NOWHERE, entries=tuple(entries))


def _string(text: str) -> tree.StringLiteral:
    return tree.StringLiteral(span=_NOWHERE, value=text)
