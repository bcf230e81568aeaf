"""Raw rows that stand in no file: what a database or a callable gives, and what a pulled snapshot holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias
from uuid import UUID

from promptspec.sources.problems import FileProblem
from promptspec.sources.reading import RawRow

RawRows: TypeAlias = Iterator[RawRow | FileProblem]


@dataclass(frozen=True, slots=True)
class Given:
    """Rows whose cells are what `read_json` would give; each call of *rows* begins with the first."""

    rows: Callable[[], RawRows]


def as_written(cell: object) -> object:
    """Return *cell* as json would hold it, so that one set of readers judges all; what is no cell is left to them."""
    match cell:
        case bool() | int() | str() | None:
            return cell
        case float():
            return Decimal(repr(float(cell))) if math.isfinite(cell) else cell
        case Decimal():
            return cell if cell.is_finite() else float(cell)
        case datetime() | date():
            return cell.isoformat()
        case UUID():
            return str(cell)
        case _:
            return cell
