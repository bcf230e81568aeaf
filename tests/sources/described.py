"""Sources as a checked spec would describe them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from promptspec.contract.feature import Source, SourceRow
from promptspec.contract.types import Cap, Field, Number, Origin, Text, Type
from promptspec.sources.load import load_rows

ORIGIN = Origin(file="films.spec", line=1)


def line(most: int = 80, least: int = 0, **options: Any) -> Text:
    return Text(kind="line", cap=Cap(least=least, most=most), **options)


def column(name: str, type: Type, **options: Any) -> Field:
    return Field(name=name, type=type, origin=ORIGIN, **options)


def source(*columns: Field, kind: Any = "csv", key: str = "id", label: str = "title", **options: Any) -> Source:
    options.setdefault("trusted", False)
    return Source(
        name="films", kind=kind, key=key, label=label, columns=columns, row_class="Film", origin=ORIGIN, **options
    )


def films(*more: Field, **options: Any) -> Source:
    return source(column("id", line(64, 1)), column("title", line(20)), *more, **options)


def plans(*rows: tuple[str, str]) -> Source:
    return films(kind="rows", rows=tuple(SourceRow(key=key, label=label) for key, label in rows))


PRICE = Number(least=Decimal(0), most=Decimal(999), places=2)


def told(described: Source, data: bytes, **options: Any) -> list[tuple[int | None, str | None, str]]:
    """Load, and tell line, column and rule of each problem."""
    loaded = load_rows(described, data, **options)
    assert loaded.problem_count == len(loaded.problems)
    return [(problem.line, problem.column, problem.rule) for problem in loaded.problems]
