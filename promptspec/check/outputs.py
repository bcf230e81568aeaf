"""What an output must be so that a model can reply it."""

from __future__ import annotations

from promptspec.check.desk import Desk
from promptspec.check.scalars import report_no_hosts
from promptspec.check.scope import Scope
from promptspec.check.shapes import Facts
from promptspec.contract import types as t
from promptspec.contract.walking import types_in
from promptspec.syntax import tree
from promptspec.text import Span


def can_be_replied(desk: Desk, scope: Scope, facts: Facts, output: t.Record, clause: tree.OutputClause) -> bool:
    """Say whether a reply can hold every field; defaults and addresses without hosts are reported, in records too."""
    sound = True
    work: list[tuple[t.Field, tuple[str, ...]]] = [(field, (field.name,)) for field in output.fields]
    while work:
        field, path = work.pop()
        place = place_of(scope, path, clause)
        if field.has_default:
            desk.add("PS312", place, "an output has no defaults", help="a reply says every field; use `?`")
            sound = False
        type = field.type
        while isinstance(type, t.ListOf):
            type = type.item
        if isinstance(type, t.Group):
            work += [(inner, (*path, inner.name)) for inner in facts.record(type).fields]
        elif isinstance(type, t.Image):
            desk.add("PS312", place, "an `image` stands in inputs", help="a model answers in text")
            sound = False
        elif isinstance(type, t.Url) and not type.hosts:
            report_no_hosts(desk, place)
            sound = False
    return sound


def check_choices(desk: Desk, facts: Facts, output: t.Record, clause: tree.OutputClause) -> None:
    """Report sources that no reply may choose from: those that are not small, closed and pinned (rule 10)."""
    for type in types_in(output.fields, facts.record_named):
        if not isinstance(type, t.OneOfSource):
            continue
        source = facts.source(type.source)
        if source.small_keys is None:
            why, help = (
                f"has {source.size:,} rows",
                f"make a shortlist of it, `find hits = {type.source} near … top 8`, and write `one of hits`",
            )
        elif not source.trusted:
            why, help = "is open", "write `trust curated` in the source, if its file is as well kept as the spec"
        elif not source.keys_are_closed:
            why, help = "has keys that are open", "make keys of letters, digits, `.`, `_`, `:` and `-`"
        else:
            continue
        desk.add(
            "PS504",
            clause.span,
            f"a reply cannot choose from `{type.source}`, which {why}",
            help=help,
        )


def place_of(scope: Scope, path: tuple[str | int, ...], clause: tree.OutputClause) -> Span:
    """Return the field of the output that *path* of the schema leads to, as deep as the spec writes it out."""
    type, place = clause.type, clause.span
    for step in path:
        inner: tree.Type = type
        while isinstance(inner, tree.ListType):
            inner = inner.item
        fields: tuple[tree.Field, ...] = ()
        if isinstance(inner, tree.RecordType):
            fields = inner.fields
        elif isinstance(inner, tree.NamedType):
            declaration = scope.declarations.get(inner.name)
            fields = declaration.fields if isinstance(declaration, tree.RecordDeclaration) else ()
        field = next((f for f in fields if f.name.text == step), None)
        if field is not None:
            type, place = field.type, field.span
    return place
