"""Columns of a source as written: the key and the label among them, and the names that they have in the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from promptspec.check.desk import Desk
from promptspec.check.scope import pascal
from promptspec.check.source_settings import is_trusted
from promptspec.check.types import Types
from promptspec.contract import types as t
from promptspec.contract.feature import Live, Source
from promptspec.sources.layout import is_column_type
from promptspec.syntax import tree

#: A label or key without a declared column is a line of at most so many characters.
MOST_PLAIN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns are the key and the label, all of them, and *headers* where the file has other names."""

    key: str
    label: str
    columns: tuple[t.Field, ...]
    headers: tuple[tuple[str, str], ...]


def read_columns(
    desk: Desk, types: Types, declared: tree.SourceDeclaration, settings: dict[str, tree.Setting]
) -> Columns | None:
    """Return the columns of *declared*; None after a report."""
    key = _column_name(settings.get("key"))
    if key is None:
        desk.add(
            "PS803",
            declared.name.span,
            f"source `{declared.name.text}` has no `key`",
            help="write `key id`, with the name of the column",
        )
        return None
    label = _column_name(settings.get("label")) or key
    columns, headers = _columns(desk, types, declared, key, label)
    return None if columns is None else Columns(key=key, label=label, columns=columns, headers=headers)


def described(
    desk: Desk,
    declared: tree.SourceDeclaration,
    settings: dict[str, tree.Setting],
    columns: Columns,
    *,
    path: str,
    live: Live | None = None,
) -> Source:
    """Return the source that is declared, before its rows are read."""
    select, most = settings.get("select"), settings.get("most")
    return Source(
        name=declared.name.text,
        kind=declared.kind.text,
        key=columns.key,
        label=columns.label,
        columns=columns.columns,
        row_class=f"{pascal(declared.name.text)}Row",
        trusted=is_trusted(settings.get("trust")),
        path=path,
        select=select.value.value if select and isinstance(select.value, tree.StringLiteral) else "",
        headers=columns.headers,
        most=int(most.value.value) if most and isinstance(most.value, tree.NumberLiteral) else 10_000_000,
        live=live,
        doc=declared.doc.text if declared.doc else "",
        origin=desk.origin(declared.span),
    )


def _column_name(setting: tree.Setting | None) -> str | None:
    if setting is None:
        return None
    value = setting.value
    return (
        value.name
        if isinstance(value, tree.WordLiteral)
        else value.value
        if isinstance(value, tree.StringLiteral)
        else None
    )


def _columns(
    desk: Desk, types: Types, declared: tree.SourceDeclaration, key: str, label: str
) -> tuple[tuple[t.Field, ...] | None, tuple[tuple[str, str], ...]]:
    blocks = [s for s in declared.settings if isinstance(s, tree.Columns)]
    written = tuple(field for block in blocks for field in block.fields)
    columns = types.fields(written, "column", pascal(declared.name.text))
    sound = len(columns) == len(written)
    for column, field in zip(columns, written, strict=False):
        if not is_column_type(column.type):
            desk.add("PS312", field.type.span, "a column is text, a word, a number, a date, an address or a bool")
            sound = False
        if column.has_default:
            desk.add("PS312", field.span, "a column has no default")
            sound = False
    headers = tuple((f.name.text, f.header.value) for f in written if f.header is not None)
    if not sound:
        return None, headers
    origin = desk.origin(declared.span)
    plain = t.Text(kind="line", cap=t.Cap(least=0, most=MOST_PLAIN))
    names = {column.name for column in columns}
    by_header = {header: name for name, header in headers}
    missing = [name for name in dict.fromkeys((key, label)) if name not in names and name not in by_header]
    added = tuple(t.Field(name=name, type=plain, key=name == key, origin=origin) for name in missing)
    bad = [name for name in missing if not name.isidentifier()]
    if bad:
        desk.add(
            "PS803",
            declared.span,
            f"the header `{bad[0][:40]}` is no name",
            help=f'give it one in `columns`: `"{bad[0][:40]}" as key: line(..200)`',
        )
        return None, headers
    marked = tuple(replace(c, key=c.name == key) for c in columns)
    return (*added, *marked), headers
