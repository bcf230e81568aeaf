"""Sources as written to sources as checked: settings, columns, and the rows that are there today."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Literal

from promptspec.check.desk import Desk
from promptspec.check.scope import Scope, pascal
from promptspec.check.types import Types
from promptspec.contract import types as t
from promptspec.contract.feature import Source, SourceRow
from promptspec.diagnostics import Label, did_you_mean
from promptspec.sources import parquet
from promptspec.sources.judging import Judged, judge_file
from promptspec.sources.layout import is_column_type
from promptspec.sources.problems import RowProblem
from promptspec.sources.reading import MOST_JSON, MOST_STREAMED
from promptspec.syntax import tree
from promptspec.text import Span

#: A label or key without a declared column is a line of at most so many characters.
MOST_PLAIN = 200
#: A source with at most so many keys can be listed in the schema of a reply (the strict profile's enum values).
MOST_SMALL = 500

_KINDS = ("csv", "json", "jsonl", "parquet", "rows")
_LATER = ("sql", "http", "python")
_LATER_SETTINGS = ("refresh", "stale", "time")
_SETTINGS = ("key", "label", "columns", "trust", "select", "most", "pin")


def check_source(desk: Desk, scope: Scope, types: Types, declared: tree.SourceDeclaration) -> Source | None:
    """Return the checked source, its rows loaded and hashed; None after a report."""
    kind = declared.kind.text
    if kind in _LATER:
        desk.later(declared.kind.span, f"a source from `{kind}`")
        return None
    if kind not in _KINDS:
        desk.add(
            "PS803",
            declared.kind.span,
            f"there is no kind of source `{kind}`",
            help=did_you_mean(kind, _KINDS + _LATER) or f"kinds of sources are {_listed(_KINDS)}",
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
        return _settled(desk, scope, declared, source, judge_file(source, BytesIO(), enums=enums))
    path = declared.arguments[0]
    assert isinstance(path, tree.StringLiteral)
    opened = desk.stream(path.value, path.span, most=MOST_JSON if kind == "json" else MOST_STREAMED)
    if opened is None:
        return None
    with opened:
        judged = judge_file(source, opened, name=source.path, enums=enums)
    return _settled(desk, scope, declared, source, judged)


def _settled(
    desk: Desk, scope: Scope, declared: tree.SourceDeclaration, source: Source, judged: Judged
) -> Source | None:
    place = declared.arguments[0].span if declared.arguments else declared.name.span
    for problem in judged.problems:
        desk.add(
            "PS802",
            _place_of(declared, problem) or place,
            f"`{source.path or source.name}`: {problem}",
            labels=_labels_of(declared, problem),
        )
    if judged.problem_count > len(judged.problems):
        desk.add(
            "PS802", place, f"and {judged.problem_count - len(judged.problems):,} further problems in the same file"
        )
    if judged.problem_count:
        return None
    pin = next((s for s in declared.settings if isinstance(s, tree.Setting) and s.name.text == "pin"), None)
    if pin is not None and isinstance(pin.value, tree.StringLiteral) and pin.value.value != judged.content_hash:
        desk.add(
            "PS804",
            pin.span,
            f"`{source.path}` is not the snapshot that is pinned",
            help=f'its hash is "{judged.content_hash}"',
        )
        return None
    for alike in judged.alike:
        desk.add(
            "PS809",
            place,
            f"`{source.path or source.name}`: {alike}",
            help="nobody sees which of the two is picked: correct one of them in the file",
        )
    scope.keys[source.name] = judged.keys
    return replace(
        source,
        content_hash=judged.content_hash,
        size=len(judged.keys),
        keys_are_closed=judged.keys_are_closed,
        small_keys=judged.first_keys if len(judged.keys) <= MOST_SMALL else None,
    )


def _place_of(declared: tree.SourceDeclaration, problem: RowProblem) -> Span | None:
    """Return where the row that *problem* tells of is written, if it is written in the spec."""
    number = problem.place.removeprefix("row ")
    return declared.rows[int(number) - 1].span if declared.rows and number.isdecimal() else None


def _labels_of(declared: tree.SourceDeclaration, problem: RowProblem) -> tuple[Label, ...]:
    """Point at what the spec says of the column that *problem* tells of."""
    columns = (field for each in declared.settings if isinstance(each, tree.Columns) for field in each.fields)
    return tuple(
        Label(span=column.span, message="the column is declared here")
        for column in columns
        if column.name.text == problem.column
    )


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


def _file(
    desk: Desk, types: Types, declared: tree.SourceDeclaration, kind: Literal["csv", "json", "jsonl", "parquet"]
) -> Source | None:
    if len(declared.arguments) != 1 or not isinstance(declared.arguments[0], tree.StringLiteral):
        desk.add(
            "PS803",
            declared.kind.span,
            f"`{kind}` takes the name of one file",
            help=f'write `{kind}("data/films.{kind}")`',
        )
        return None
    settings = _settings(desk, types, declared)
    if settings is None:
        return None
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
    if columns is None:
        return None
    trust, select, most = settings.get("trust"), settings.get("select"), settings.get("most")
    if select is not None and kind != "json":
        desk.add("PS803", select.span, "`select` is for json", help="drop it")
        return None
    return Source(
        name=declared.name.text,
        kind=kind,
        key=key,
        label=label,
        columns=columns,
        row_class=f"{pascal(declared.name.text)}Row",
        trusted=trust is not None,
        path=desk.beside(declared.arguments[0].value),
        select=select.value.value if select and isinstance(select.value, tree.StringLiteral) else "",
        headers=headers,
        most=int(most.value.value) if most and isinstance(most.value, tree.NumberLiteral) else 10_000_000,
        doc=declared.doc.text if declared.doc else "",
        origin=desk.origin(declared.span),
    )


def _settings(desk: Desk, types: Types, declared: tree.SourceDeclaration) -> dict[str, tree.Setting] | None:
    found: dict[str, tree.Setting] = {}
    sound = True
    for setting in declared.settings:
        if isinstance(setting, tree.Columns):
            continue
        name = setting.name.text
        if name in _LATER_SETTINGS:
            desk.later(setting.span, f"`{name}`")
            sound = False
        elif name not in _SETTINGS:
            desk.add(
                "PS803",
                setting.name.span,
                f"a source has no setting `{name}`",
                help=did_you_mean(name, _SETTINGS) or f"settings are {_listed(_SETTINGS)}",
            )
            sound = False
        elif name in found:
            desk.add(
                "PS201",
                setting.name.span,
                f"`{name}` is set twice",
                labels=[Label(span=found[name].span, message="first set here")],
                help="drop one of them",
            )
            sound = False
        elif not _fits(setting):
            examples = {
                "key": "key id",
                "label": "label title",
                "trust": "trust curated",
                "select": 'select "$.items[*]"',
                "most": "most 20_000_000",
                "pin": 'pin "sha256:…"',
            }
            desk.add("PS803", setting.value.span, f"`{name}` does not take this", help=f"write `{examples[name]}`")
            sound = False
        else:
            found[name] = setting
    return found if sound else None


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _fits(setting: tree.Setting) -> bool:
    value = setting.value
    match setting.name.text:
        case "key" | "label":
            return isinstance(value, tree.WordLiteral | tree.StringLiteral)
        case "trust":
            return isinstance(value, tree.WordLiteral) and value.name == "curated"
        case "select" | "pin":
            return isinstance(value, tree.StringLiteral)
        case _:
            return (
                isinstance(value, tree.NumberLiteral) and value.value == int(value.value) and 0 < value.value <= 10**9
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
