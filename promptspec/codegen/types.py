"""Checked types to annotations: of a model's field, and of a keyword of the call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from promptspec.codegen.code import Code, code, data, joined, name
from promptspec.codegen.names import Names
from promptspec.contract import types as t


@dataclass(frozen=True, slots=True)
class Annotations:
    """Emits annotations in the names of one module."""

    names: Names

    def field(self, type: t.Type, *, optional: bool = False) -> Code:
        """Return the annotation of a field that holds a judged value."""
        if isinstance(type, t.OneOfItems):
            if optional:
                return code("Annotated[$ | None, ps.entry($, optional=True)]", name(type.record), data(type.field))
            return code("Annotated[$, ps.entry($)]", name(type.record), data(type.field))
        if isinstance(type, t.OneOfShortlist):
            row = self._row_of(type)
            if optional:
                return code("Annotated[$ | None, ps.entry($, optional=True)]", row, data(type.shortlist))
            return code("Annotated[$, ps.entry($)]", row, data(type.shortlist))
        judged = self._judged(type)
        return code("$ | None", judged) if optional else judged

    def _row_of(self, type: t.OneOfSource | t.OneOfShortlist) -> Code:
        return name(self.names.module.source(type.source, type.file).row_class)

    def _judged(self, type: t.Type) -> Code:
        match type:
            case t.Text():
                return code("Annotated[str, $]", self.text(type))
            case t.Words(words=words):
                return code("Annotated[$, ps.word($)]", self._literal(words), data(words))
            case t.Choice():
                return name(type.name)
            case t.Group():
                return name(type.name)
            case t.OneOfSource():
                return code("Annotated[$, ps.one_of($)]", self._row_of(type), name(self.names.source(type.source)))
            case t.OneOfItems() | t.OneOfShortlist():
                return self.field(type)
            case t.Integer(least=least, most=most):
                return code("Annotated[int, ps.integer($, $)]", data(least), data(most))
            case t.Number(least=low, most=high, places=places):
                return code("Annotated[Decimal, ps.number($, $, $)]", data(low), data(high), data(places))
            case t.Boolean():
                return code("Annotated[bool, ps.boolean()]")
            case t.Date():
                return code("Annotated[dt.date, ps.day($)]", self._days(type))
            case t.DateTime():
                return code("Annotated[dt.datetime, ps.moment()]")
            case t.Email():
                return code("Annotated[str, ps.email()]")
            case t.Url(hosts=hosts):
                return code("Annotated[str, ps.url($)]", data(hosts) if hosts else code(""))
            case t.ListOf(item=item, least=least, most=most, unique=unique):
                alone = code(", unique=True") if unique else code("")
                inner = self.field(item)
                return code("Annotated[tuple[$, ...], ps.items($, $$)]", inner, data(least), data(most), alone)
            case t.Turns(item=item, least=least, most=most):
                said = self.text(item)
                return code(
                    "Annotated[tuple[Annotated[ps.Turn, ps.turn($)], ...], ps.items($, $)]",
                    said,
                    data(least),
                    data(most),
                )
            case t.Image(most=most):
                return code("Annotated[ps.Image, ps.image($)]", data(most))
            case t.JsonSchema(schema=schema):
                return code("Annotated[Mapping[str, object], ps.schema_object($)]", data(schema))
            case _:
                assert_never(type)

    def text(self, type: t.Text) -> Code:
        """Return the judge of a text."""
        parts = [data(type.cap.least), data(type.cap.most)]
        if type.cap.unit != "chars":
            parts.append(code("unit=$", data(type.cap.unit)))
        if type.kind == "line":
            parts.append(code('kind="line"'))
        if type.pattern is not None:
            parts.append(code("pattern=$", data(type.pattern.source)))
            if type.pattern.ignore_case:
                parts.append(code("ignore_case=True"))
        if type.links:
            parts.append(code("links=$", data(type.links)))
        if type.queries:
            parts.append(code("queries=$", data(type.queries)))
        if type.markdown:
            parts.append(code("markdown=True"))
        if type.code:
            parts.append(code("code=$", data(type.code)))
        return code("ps.text($)", joined(", ", parts))

    def _days(self, type: t.Date) -> Code:
        parts: list[Code] = []
        if type.least is not None:
            parts.append(code("least=$", data(type.least)))
        if type.most is not None:
            parts.append(code("most=$", data(type.most)))
        return joined(", ", parts)

    def _literal(self, words: tuple[str, ...]) -> Code:
        return code("Literal[$]", joined(", ", map(data, words)))

    def column(self, field: t.Field) -> Code:
        """Return the annotation of a column: the plain Python type of a cell that was judged when it was loaded."""
        plain = self._plain(field.type)
        return code("$ | None", plain) if field.optional else plain

    def _plain(self, type: t.Type) -> Code:
        match type:
            case t.Integer():
                return code("int")
            case t.Number():
                return code("Decimal")
            case t.Boolean():
                return code("bool")
            case t.Date():
                return code("dt.date")
            case t.DateTime():
                return code("dt.datetime")
            case _:
                return code("str")

    def returned(self, type: t.Type, *, optional: bool = False) -> Code:
        """Return the plain type of a judged value, as a caller gets it."""
        match type:
            case t.Words(words=words):
                found = self._literal(words)
            case t.Choice(name=called) | t.Group(name=called) | t.OneOfItems(record=called):
                found = name(called)
            case t.OneOfSource() | t.OneOfShortlist():
                found = self._row_of(type)
            case t.ListOf(item=item):
                found = code("tuple[$, ...]", self.returned(item))
            case t.Turns():
                found = code("tuple[ps.Turn, ...]")
            case t.JsonSchema():
                found = code("Mapping[str, object]")
            case t.Image():
                found = code("ps.Image")
            case _:
                found = self._plain(type)
        return code("$ | None", found) if optional else found

    def keyword(self, type: t.Type, *, optional: bool = False) -> Code:
        """Return the annotation of a keyword of the call: what a caller may give."""
        given = self._given(type)
        return code("$ | None", given) if optional else given

    def _given(self, type: t.Type) -> Code:
        match type:
            case t.Words(words=words):
                return self._literal(words)
            case t.Choice():
                members = tuple(member.name for member in self.names.module.enum(type).members)
                return code("$ | $", name(type.name), self._literal(members))
            case t.Group():
                return name(f"{type.name}Fields")
            case t.Text() | t.OneOfSource() | t.Email() | t.Url() | t.OneOfItems() | t.OneOfShortlist():
                return code("str")
            case t.Number():
                return code("Decimal | int")
            case t.Integer() | t.Boolean() | t.Date() | t.DateTime():
                return self._plain(type)
            case t.ListOf(item=item):
                return code("Sequence[$]", self._given(item))
            case t.Turns():
                return code("Sequence[ps.Turn | ps.TurnFields]")
            case t.JsonSchema():
                return code("Mapping[str, object]")
            case t.Image():
                return code("bytes")
            case _:
                assert_never(type)
