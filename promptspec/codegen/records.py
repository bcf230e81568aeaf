"""Enums, sources and records of a module."""

from __future__ import annotations

import keyword
from dataclasses import replace
from hashlib import sha256
from typing import Final

from promptspec.codegen.code import Code, Writer, code, data, joined, name
from promptspec.codegen.names import Names
from promptspec.codegen.types import Annotations
from promptspec.contract import types as t
from promptspec.contract.feature import Embedding, Live, Source
from promptspec.contract.models import Environment
from promptspec.sources.origins import origin_hash

_NOWHERE: Final = t.Origin(file="", line=0)


def emit_enum(writer: Writer, enum: t.Enumeration, names: Names) -> None:
    """Write the class of an enum."""
    writer.line(code("class $(ps.Word):", name(enum.name)))
    writer.indent()
    if enum.doc:
        writer.docstring(enum.doc)
        writer.blank()
    for member in enum.members:
        writer.line(code("$ = $", name(names.member(member.name)), data(member.name)))
        said = member.doc or member.label
        if said:
            writer.docstring(said)
    writer.dedent()


def emit_source(writer: Writer, source: Source, names: Names) -> None:
    """Write the class of a source's rows, and the source itself."""
    annotations = Annotations(names)
    writer.line(code("class $(ps.Row):", name(source.row_class)))
    writer.indent()
    writer.docstring(source.doc or f"A row of `{source.name}`.")
    writer.blank()
    writer.line(code("key_column = $", data(names.field(source.key))))
    writer.blank()
    for column in source.columns:
        attribute = names.field(column.name)
        annotation = annotations.column(column)
        if attribute == column.name:
            writer.line(code("$: $", name(attribute), annotation))
        else:
            writer.line(code("$: $ = Field(serialization_alias=$)", name(attribute), annotation, data(column.name)))
    writer.dedent()
    writer.blank(2)
    arguments = [
        code("name=$", data(source.name)),
        code("row=$", name(source.row_class)),
        code("key=$", data(names.field(source.key))),
        code("label=$", data(names.field(source.label))),
        code("columns=$", data(tuple(names.field(column.name) for column in source.columns))),
        code("module=__name__"),
    ]
    if source.kind == "rows":
        arguments.append(code("rows=$", data(tuple((row.key, row.label) for row in source.rows))))
    else:
        arguments.append(code("snapshot=$", data(snapshot_name(source))))
    arguments.append(code("content_hash=$", data(source.content_hash)))
    head = code("$ = ps.Source", name(names.source(source.name)))
    live = None if source.live is None else _live(source, source.live, names)
    if live is None:
        writer.call(head, arguments)
        return
    writer.line(code("$(", head))
    writer.indent()
    for argument in arguments:
        writer.line(code("$,", argument))
    writer.call(code("live=ps.Live"), live, tail=",")
    writer.dedent()
    writer.line(code(")"))


def _live(source: Source, live: Live, names: Names) -> list[Code] | None:
    """Return how a source is renewed while the application runs; None for one that is not."""
    if live.refresh_ms is None or live.stale_ms is None:
        return None
    reached = [
        code("ps.Env($)", data(each.name)) if isinstance(each, Environment) else data(each) for each in live.arguments
    ]
    arguments = [
        code("kind=$", data(source.kind)),
        code("arguments=($$)", joined(", ", reached), code(",") if len(reached) == 1 else code("")),
        code("kept=$", data(kept_name(source, names.module.enums))),
        code("refresh=$", Code(repr(live.refresh_ms / 1000))),
        code("stale=$", Code(repr(live.stale_ms / 1000))),
        code("time=$", Code(repr(live.time_ms / 1000))),
    ]
    if live.pin:
        arguments.append(code("pin=$", data(live.pin)))
    if live.hosts:
        arguments.append(code("hosts=$", data(live.hosts)))
    if live.private_hosts:
        arguments.append(code("private_hosts=$", data(live.private_hosts)))
    return arguments


def kept_name(source: Source, enums: tuple[t.Enumeration, ...]) -> str:
    """Return the name under which a running application keeps snapshots of *source*.

    It is another one for another origin, and wherever rows may be judged in another way.
    """
    judged = (replace(column, doc="", origin=_NOWHERE) for column in source.columns)
    words = [(enum.name, enum.origin.file, tuple(member.name for member in enum.members)) for enum in enums]
    said = repr((origin_hash(source), tuple(judged), source.most, words))
    return f"{source.name}-{sha256(said.encode()).hexdigest()[:16]}.sqlite"


def snapshot_name(source: Source) -> str:
    """Return the name of the snapshot's file, beside the module."""
    return f"{source.name}.{source.content_hash.removeprefix('sha256:')[:16]}.sqlite"


def vectors_name(source: str, embedding: Embedding) -> str:
    """Return the name of the file of vectors of *source*, beside its module; "" where they were not made yet."""
    return f"{source}.{embedding.content_hash[:16]}.vectors" if embedding.content_hash else ""


def emit_record(writer: Writer, record: t.Record, names: Names, *, base: Code | None = None) -> None:
    """Write the class of a record, an input or an output."""
    annotations = Annotations(names)
    writer.line(code("class $($):", name(record.name), base or code("ps.Record")))
    writer.indent()
    if record.doc:
        writer.docstring(record.doc)
        writer.blank()
    for field in record.fields:
        _field(writer, field, names, annotations)
    writer.dedent()


def _field(writer: Writer, field: t.Field, names: Names, annotations: Annotations) -> None:
    attribute = names.field(field.name)
    annotation = annotations.field(field.type, optional=field.optional)
    default = code("None") if field.optional else default_of(field, names) if field.has_default else None
    if attribute != field.name:
        aliases = [code("validation_alias=$", data(field.name)), code("serialization_alias=$", data(field.name))]
        given = [] if default is None else [code("default=$", default)]
        writer.call(code("$: $ = Field", name(attribute), annotation), [*given, *aliases])
    elif default is None:
        writer.line(code("$: $", name(attribute), annotation))
    else:
        writer.line(code("$: $ = $", name(attribute), annotation, default))
    if field.doc:
        writer.docstring(field.doc)


def default_of(field: t.Field, names: Names, *, keyword: bool = False) -> Code:
    """Return a field's default as Python writes it; what a model makes of it is judged like a caller's value."""
    match field.type:
        case t.Choice() if isinstance(field.default, str):
            return code("$.$", name(field.type.name), name(names.member(field.default)))
        case t.OneOfSource() if keyword:  # a caller gives the key, the model holds the row
            return data(field.default)
        case t.OneOfSource() | t.DateTime() | t.ListOf() | t.Group() | t.JsonSchema() | t.Turns():
            return code("ps.given($)", constant(field.default))
        case _:
            return data(field.default)


def constant(value: t.Constant) -> Code:
    """Return a value of a spec as Python writes it: records as dictionaries, lists as lists."""
    if isinstance(value, t.ObjectConstant):
        return code("{$}", joined(", ", (code("$: $", data(n), constant(v)) for n, v in value.entries)))
    if isinstance(value, tuple):
        return code("[$]", joined(", ", map(constant, value)))
    return data(value)


def emit_fields(writer: Writer, record: t.Record, names: Names) -> None:
    """Write the typed dictionary in which a caller gives a record."""
    annotations = Annotations(names)
    title = name(f"{record.name}Fields")
    entries = [
        (
            field.name,
            code("NotRequired[$]", annotations.keyword(field.type, optional=field.optional))
            if field.optional or field.has_default
            else annotations.keyword(field.type),
        )
        for field in record.fields
    ]
    if any(keyword.iskeyword(each) for each, _ in entries):
        pairs = joined(", ", (code("$: $", data(each), annotation) for each, annotation in entries))
        writer.line(code("$ = TypedDict($, {$})", title, data(f"{record.name}Fields"), pairs))
        return
    writer.line(code("class $(TypedDict):", title))
    writer.indent()
    writer.docstring(f"A `{record.name}` as a call gives it.")
    writer.blank()
    for each, annotation in entries:
        writer.line(code("$: $", name(each), annotation))
    writer.dedent()
