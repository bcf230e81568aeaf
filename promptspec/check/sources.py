"""Sources as written to sources as checked: settings, columns, and the rows that are there today."""

from __future__ import annotations

from io import BytesIO

from promptspec.check.desk import Desk
from promptspec.check.live_sources import check_live, installed_kinds
from promptspec.check.scope import Scope, pascal
from promptspec.check.source_columns import MOST_PLAIN, described, read_columns
from promptspec.check.source_rows import settled
from promptspec.check.source_settings import FILE_KINDS, LIVE_KINDS, listed, read_settings
from promptspec.check.types import Types
from promptspec.contract import types as t
from promptspec.contract.feature import Source, SourceRow
from promptspec.diagnostics import did_you_mean
from promptspec.sources import parquet
from promptspec.sources.judging import judge_file
from promptspec.sources.reading import MOST_JSON, MOST_STREAMED
from promptspec.syntax import tree


def check_source(desk: Desk, scope: Scope, types: Types, declared: tree.SourceDeclaration) -> Source | None:
    """Return the checked source, its rows loaded and hashed; None after a report."""
    kind = declared.kind.text
    if kind in LIVE_KINDS:
        return check_live(desk, scope, types, declared)
    if kind not in (*FILE_KINDS, "rows"):
        brought = installed_kinds()
        if kind in brought:
            return check_live(desk, scope, types, declared)
        known = (*FILE_KINDS, "rows", *LIVE_KINDS, *brought)
        desk.add(
            "PS803",
            declared.kind.span,
            f"there is no kind of source `{kind}`",
            help=did_you_mean(kind, known) or f"kinds of sources are {listed(known)}",
        )
        return None
    if kind == "parquet" and not parquet.is_installed():
        desk.add(
            "PS810",
            declared.kind.span,
            "a source from `parquet` needs pyarrow, which is not installed",
            help="install `promptspec[parquet]`",
        )
        return None
    source = _rows(desk, declared) if kind == "rows" else _file(desk, types, declared, kind)
    if source is None:
        return None
    enums = tuple(scope.enums.values())
    if kind == "rows":
        return settled(desk, scope, declared, source, judge_file(source, BytesIO(), enums=enums))
    path = declared.arguments[0]
    assert isinstance(path, tree.StringLiteral)
    opened = desk.stream(path.value, path.span, most=MOST_JSON if kind == "json" else MOST_STREAMED)
    if opened is None:
        return None
    with opened:
        judged = judge_file(source, opened, name=source.path, enums=enums)
    return settled(desk, scope, declared, source, judged)


def _rows(desk: Desk, declared: tree.SourceDeclaration) -> Source | None:
    if not declared.rows:
        desk.add("PS803", declared.span, "`rows` lists at least one row", help='write `rows { "free" "Free" }`')
        return None
    origin = desk.origin(declared.span)
    line = t.Text(kind="line", cap=t.Cap(least=0, most=MOST_PLAIN))
    return Source(
        name=declared.name.text,
        kind="rows",
        key="key",
        label="label",
        columns=(
            t.Field(name="key", type=line, key=True, origin=origin),
            t.Field(name="label", type=line, origin=origin),
        ),
        row_class=f"{pascal(declared.name.text)}Row",
        trusted=True,
        rows=tuple(
            SourceRow(key=row.key.value, label=row.label.value if row.label else row.key.value) for row in declared.rows
        ),
        doc=declared.doc.text if declared.doc else "",
        origin=origin,
    )


def _file(desk: Desk, types: Types, declared: tree.SourceDeclaration, kind: str) -> Source | None:
    if len(declared.arguments) != 1 or not isinstance(declared.arguments[0], tree.StringLiteral):
        desk.add(
            "PS803",
            declared.kind.span,
            f"`{kind}` takes the name of one file",
            help=f'write `{kind}("data/films.{kind}")`',
        )
        return None
    settings = read_settings(desk, declared)
    columns = None if settings is None else read_columns(desk, types, declared, settings)
    if settings is None or columns is None:
        return None
    path = desk.beside(declared.arguments[0].value, declared.name.span)
    return described(desk, declared, settings, columns, path=path)
