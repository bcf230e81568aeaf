"""What an expression yields, as far as the checker needs to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from promptspec.contract import types as t
from promptspec.contract.expressions import Expression, Kind, Reference
from promptspec.contract.feature import Source
from promptspec.contract.types import Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A checked expression and what it yields.

    *type* is the declared type where there is one; *item* is what a list holds; *path* names the value in fences
    and in what is known of optionals; *most* is how many items a list may have at most. *content* is the trust of
    what the expression reads beyond the presence of values, where that is less than its *trust*.
    """

    expression: Expression
    kind: Kind
    type: t.Type | None = None
    item: Typed | None = None
    optional: bool = False
    trust: Trust = Trust.FIXED
    path: str = ""
    most: int = 1
    content: Trust | None = None

    @property
    def reads(self) -> Trust:
        """The trust of what is read beyond presence."""
        return self.trust if self.content is None else self.content

    @property
    def least(self) -> int:
        """How many items a list has at least."""
        return self.type.least if isinstance(self.type, t.ListOf | t.Turns) else 0


class Facts(Protocol):
    """What the declarations say."""

    def record(self, group: t.Group) -> t.Record:
        """Return the record that *group* names."""
        ...

    def record_named(self, name: str, file: str) -> t.Record:
        """Return the record called *name* of *file*."""
        ...

    def source(self, name: str) -> Source:
        """Return the source called *name*."""
        ...

    def members(self, choice: t.Choice) -> tuple[str, ...]:
        """Return the words of an enum."""
        ...

    def kind(self, name: str) -> str | None:
        """Return what *name* is declared as (`enum`, `source`, …), or None."""
        ...


_RANK = {Trust.FIXED: 0, Trust.CLOSED: 1, Trust.OPEN: 2}


def most_open(*levels: Trust) -> Trust:
    """Return the most open of *levels*."""
    return max(levels, key=_RANK.__getitem__, default=Trust.FIXED)


def kind_of(type: t.Type) -> Kind:
    """Return the kind of value that a field of *type* holds."""
    match type:
        case t.Text() | t.Words() | t.Choice() | t.Email() | t.Url():
            return "text"
        case t.Integer() | t.Number():
            return "number"
        case t.Boolean():
            return "bool"
        case t.Date():
            return "date"
        case t.DateTime():
            return "datetime"
        case t.Group() | t.OneOfSource() | t.OneOfItems() | t.OneOfShortlist():
            return "row"
        case t.ListOf() | t.Turns():
            return "list"
        case t.JsonSchema():
            return "object"
        case t.Image():
            return "image"


def trust_of(type: t.Type, facts: Facts) -> Trust:
    """Return how far a value of *type* is to be trusted, printed whole."""
    match type:
        case t.Words() | t.Choice() | t.Integer() | t.Number() | t.Boolean() | t.Date() | t.DateTime():
            return Trust.CLOSED
        case t.Text() | t.Email() | t.Url() | t.JsonSchema() | t.Turns() | t.Image():
            return Trust.OPEN
        case t.OneOfSource(source=name):
            source = facts.source(name)
            return column_trust(source, source.key)
        case t.OneOfItems() | t.OneOfShortlist():
            return Trust.CLOSED  # it prints as its number
        case t.ListOf(item=item):
            return trust_of(item, facts)
        case t.Group():
            return most_open(*(trust_of(field.type, facts) for field in facts.record(type).fields))


def column_trust(source: Source, column: str) -> Trust:
    """Return how far a value of *column* is to be trusted."""
    return Trust.CLOSED if source.is_closed(column) else Trust.OPEN


def value_of(field: t.Field, facts: Facts, expression: Expression, path: str) -> Typed:
    """Return what the field yields at *expression*."""
    return shape(field.type, facts, expression, path, optional=field.optional)


def shape(type: t.Type, facts: Facts, expression: Expression, path: str, *, optional: bool = False) -> Typed:
    """Return what a value of *type* is at *expression*."""
    item: Typed | None = None
    most = 1
    if isinstance(type, t.ListOf):
        item = shape(type.item, facts, expression, f"{path}[]")
        most = type.most
    elif isinstance(type, t.Turns):
        item = Typed(expression=expression, kind="row", type=type, trust=Trust.OPEN, path=f"{path}[]")
        most = type.most
    return Typed(
        expression=expression,
        kind=kind_of(type),
        type=type,
        item=item,
        optional=optional,
        trust=trust_of(type, facts),
        path=path,
        most=most,
    )


def variable_of(item: Typed, name: str) -> Typed:
    """Return what a loop's variable is, for each *item*."""
    root = Reference(root="variable", steps=(name,))
    inner = replace(item.item, expression=root) if item.item else None
    return replace(item, expression=root, item=inner)


def key_path(type: t.Type | None, facts: Facts) -> tuple[str, ...] | None:
    """Return the steps from a row of *type* to its key, or None where it has none."""
    match type:
        case t.OneOfSource(source=name) | t.OneOfShortlist(source=name):
            return (facts.source(name).key,)
        case t.OneOfItems(record=name, file=file):
            return _record_key(facts.record_named(name, file), facts)
        case t.Group():
            return _record_key(facts.record(type), facts)
        case _:
            return None


def _record_key(record: t.Record, facts: Facts) -> tuple[str, ...] | None:
    key = record.key
    if key is None:
        return None
    further = key_path(key.type, facts)
    return (key.name, *(further or ()))


def row_identity(type: t.Type | None, facts: Facts) -> tuple[str, ...] | None:
    """Return what two rows must share to be compared: the source, or the record of the list."""
    match type:
        case t.OneOfSource(source=name) | t.OneOfShortlist(source=name):
            return ("source", name)
        case t.OneOfItems(record=name, file=file) | t.Group(name=name, file=file):
            record = facts.record_named(name, file)
            key = record.key
            inner = row_identity(key.type, facts) if key else None
            return inner or ("record", name, file)
        case _:
            return None
