"""Sources outside of the project: their origins as written, and the snapshots that were pulled of them (rule 1)."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.metadata import entry_points
from typing import Final

from promptspec.check.addresses import environment_of, may_reach
from promptspec.check.desk import Desk, report_refused
from promptspec.check.functions_of_projects import is_listed
from promptspec.check.scope import Scope
from promptspec.check.source_columns import described, read_columns
from promptspec.check.source_rows import settled
from promptspec.check.source_settings import duration, read_settings
from promptspec.check.types import Types
from promptspec.contract.feature import Live, Source
from promptspec.contract.models import Environment
from promptspec.models.origins import Origin, listed_for
from promptspec.ports import FileRefused
from promptspec.sources.addresses import PostgreSQL, SQLite, is_one_query, read_database, read_web_address
from promptspec.sources.judging import judge_file
from promptspec.sources.pulled import NotPulled, open_pulled, time_text
from promptspec.sources.python_rows import GROUP
from promptspec.sources.reading import MOST_STREAMED
from promptspec.syntax import tree
from promptspec.text import Span

#: How long an origin may take where the spec does not say, in milliseconds.
_TIMES: Final = {"http": 10_000}
_USUAL_TIME: Final = 30_000
_STALE_AFTER: Final = 10

_CALLABLE: Final = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_CREDENTIALS: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*@|[?&](?:user|password|passfile|service)=")


def installed_kinds() -> tuple[str, ...]:
    """Return the kinds of sources that installed packages bring, by what is written of them; none is imported."""
    return tuple(sorted({found.name for found in entry_points(group=GROUP)}))


def snapshot_path(desk: Desk, name: tree.Name) -> str:
    """Return where the snapshot of the source *name* lies, relative to the root."""
    return desk.beside(f"snapshots/{name.text}.sqlite", name.span)


def check_live(desk: Desk, scope: Scope, types: Types, declared: tree.SourceDeclaration) -> Source | None:
    """Return the checked source with the rows of its snapshot; None after a report.

    What is declared is noted in *scope* whether there is a snapshot or not, so that it can be pulled.
    """
    settings = read_settings(desk, declared)
    arguments = _arguments(desk, declared)
    columns = None if settings is None else read_columns(desk, types, declared, settings)
    if settings is None or arguments is None or columns is None:
        return None
    if not _can_refresh(desk, declared, settings, arguments):
        return None
    path = snapshot_path(desk, declared.name)
    live = _live(desk, declared.kind.text, settings, arguments)
    source = described(desk, declared, settings, columns, path=path, live=live)
    scope.live[source.name] = source
    return _with_rows(desk, scope, declared, source)


def _with_rows(desk: Desk, scope: Scope, declared: tree.SourceDeclaration, source: Source) -> Source | None:
    pull = f"run `promptspec source pull {desk.file}:{source.name}`"
    if not _is_there(desk, declared.name.span, source, pull):
        return None
    opened = desk.stream(f"snapshots/{source.name}.sqlite", declared.name.span, most=MOST_STREAMED)
    if opened is None:
        return None
    try:
        with opened, open_pulled(source, opened) as pulled:
            judged = judge_file(source, pulled.rows, name=source.path, enums=tuple(scope.enums.values()))
            if not judged.problem_count and judged.content_hash != pulled.content_hash:
                raise NotPulled("was changed after it was pulled")
    except NotPulled as why:
        desk.add("PS811", declared.name.span, f"the snapshot of `{source.name}` {why}", help=pull)
        return None
    checked = settled(desk, scope, declared, source, judged)
    return None if checked is None else replace(checked, pulled=time_text(pulled.pulled))


def _is_there(desk: Desk, span: Span, source: Source, pull: str) -> bool:
    try:
        desk.files.open(source.path, most=MOST_STREAMED).close()
    except FileRefused as refused:
        if refused.rule != "missing":
            report_refused(desk.report, span, refused)
        else:
            desk.add("PS811", span, f"source `{source.name}` was not pulled yet", help=pull)
        return False
    return True


def _live(desk: Desk, kind: str, settings: dict[str, tree.Setting], arguments: tuple[str | Environment, ...]) -> Live:
    refresh, pin = duration(settings.get("refresh")), settings.get("pin")
    origin = _origin(kind, arguments[0])
    hosts = () if origin is None else listed_for(origin, desk.settings.hosts)
    if kind in ("sql", "http") and isinstance(arguments[0], Environment):
        hosts = desk.settings.hosts
    return Live(
        arguments=arguments,
        time_ms=duration(settings.get("time")) or _TIMES.get(kind, _USUAL_TIME),
        refresh_ms=refresh,
        stale_ms=None if refresh is None else duration(settings.get("stale")) or _STALE_AFTER * refresh,
        pin=pin.value.value if pin and isinstance(pin.value, tree.StringLiteral) else "",
        hosts=tuple(sorted(set(hosts))),
        private_hosts=tuple(sorted(set(desk.settings.private_hosts))) if kind == "http" else (),
    )


def _origin(kind: str, address: str | Environment) -> Origin | None:
    if isinstance(address, Environment):
        return None
    if kind == "http":
        found = read_web_address(address)
        return None if found is None else found.origin
    database = read_database(address) if kind == "sql" else None
    return database.origin if isinstance(database, PostgreSQL) else None


def _can_refresh(
    desk: Desk,
    declared: tree.SourceDeclaration,
    settings: dict[str, tree.Setting],
    arguments: tuple[str | Environment, ...],
) -> bool:
    refresh = settings.get("refresh")
    if refresh is None or declared.kind.text != "sql" or isinstance(arguments[0], Environment):
        return True
    if isinstance(read_database(arguments[0]), SQLite):
        desk.add(
            "PS812",
            refresh.span,
            "a file of SQLite that the spec names has no `refresh`",
            help='where the application runs there is no project: name the file by `env("…")`',
        )
        return False
    return True


# Arguments


def _arguments(desk: Desk, declared: tree.SourceDeclaration) -> tuple[str | Environment, ...] | None:
    kind, written = declared.kind.text, declared.arguments
    match kind:
        case "sql":
            wanted = 'write `sql(env("DATABASE_URL"), "select id, title from films")`'
            fits = len(written) == 2 and isinstance(written[1], tree.StringLiteral)
        case "http":
            wanted = 'write `http("https://geo.example.org/cities.json")`'
            fits = len(written) == 1
        case "python":
            wanted = 'write `python("shop.orders:open_orders")`'
            fits = (
                len(written) == 1
                and isinstance(written[0], tree.StringLiteral)
                and _CALLABLE.fullmatch(written[0].value) is not None
            )
        case _:
            wanted, fits = f'write `{kind}("…")`', len(written) > 0
    if not fits:
        takes = {"sql": "a database and a query", "http": "one address", "python": "the name of one callable"}
        desk.add("PS803", declared.kind.span, f"`{kind}` takes {takes.get(kind, 'something')}", help=wanted)
        return None
    found: list[str | Environment] = []
    for each in written:
        if isinstance(each, tree.EnvCall):
            variable = environment_of(desk, each)
            if variable is None:
                return None
            found.append(variable)
        elif not _is_sound(desk, kind, each, is_first=not found):
            return None
        else:
            found.append(each.value)
    return tuple(found)


def _is_sound(desk: Desk, kind: str, written: tree.StringLiteral, *, is_first: bool) -> bool:
    text, span = written.value, written.span
    if is_first and kind != "python" and _CREDENTIALS.search(text):
        desk.add(
            "PS805",
            span,
            "an address in a spec holds no credentials",
            help='name the variable that holds it: `env("…")`, and change the password if this one was real',
        )
        return False
    match kind:
        case "python":
            return is_listed(desk, written)
        case "sql" if is_first:
            return _is_database(desk, span, text)
        case "sql":
            if is_one_query(text):
                return True
            desk.add(
                "PS803",
                span,
                "the query of a source is one SELECT",
                help="it begins with `select` or `with`, and holds no semicolon",
            )
            return False
        case "http":
            address = read_web_address(text)
            if address is None:
                desk.add(
                    "PS803", span, "this is no address", help='write `http("https://geo.example.org/cities.json")`'
                )
                return False
            if "?" in text:
                desk.add("PS805", span, "an address in a spec holds no query", help='name it by `env("…")`')
                return False
            return may_reach(desk, span, address.origin)
        case _:
            return True


def _is_database(desk: Desk, span: Span, text: str) -> bool:
    match read_database(text):
        case None:
            desk.add(
                "PS803",
                span,
                "this names no database",
                help="write `postgresql://db.example.org/shop`, or `sqlite:///data/shop.db`",
            )
            return False
        case SQLite(path=path):
            if path.startswith(("/", "\\", "~")) or ".." in path.replace("\\", "/").split("/") or ":" in path:
                desk.add(
                    "PS119",
                    span,
                    "the file of a database lies inside the project",
                    help="write `sqlite:///data/shop.db`",
                )
                return False
            return True
        case PostgreSQL(origin=origin):
            return may_reach(desk, span, origin, usual_ports=(5432,))
