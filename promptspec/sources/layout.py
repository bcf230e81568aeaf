"""The columns of a snapshot: their names, their kinds, how a cell is written down, and the content hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar, cast

from promptspec.sources.port import Cell, Row

if TYPE_CHECKING:
    from promptspec.contract.feature import Source
    from promptspec.contract.types import Type

#: What a cell is in Python; texts, enum words and addresses are all "text".
CellKind: TypeAlias = Literal["text", "int", "decimal", "bool", "date", "datetime"]
#: A cell as it is stored and hashed: what both JSON and SQLite hold without loss.
Stored: TypeAlias = str | int | None
T = TypeVar("T")

_FORMAT: Final = "promptspec-rows-1"
_BETWEEN: Final = "],["
_LINES: Final = "]\n["
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Names and kinds of the columns in their order, and which of them hold the key and the label."""

    names: tuple[str, ...]
    kinds: tuple[CellKind, ...]
    key: int
    label: int

    def to_json(self) -> str:
        """Return the canonical JSON text, which is hashed."""
        return _JSON({"names": self.names, "kinds": self.kinds, "key": self.key, "label": self.label})

    @classmethod
    def from_json(cls, text: str) -> Layout:
        """Return the layout that *to_json* wrote; raises ValueError, KeyError or TypeError for anything else."""
        facts = cast("dict[str, Any]", json.loads(text))
        return cls(
            names=tuple(facts["names"]), kinds=tuple(facts["kinds"]), key=int(facts["key"]), label=int(facts["label"])
        )


def layout_of(source: Source) -> Layout:
    """Return the layout of the rows of *source*; the label is the key where no column is named as the label.

    Raises ValueError for a key or a column that no row can have; `check` never lets such a source through.
    """
    from promptspec.contract.types import Text

    names = tuple(column.name for column in source.columns)
    if source.key not in names:
        raise ValueError(f"the key column {source.key!r} is not among the columns of {source.name!r}")
    key = names.index(source.key)
    if not isinstance(source.columns[key].type, Text):
        raise ValueError(f"the key column {source.key!r} of {source.name!r} is no text")
    label = names.index(source.label) if source.label in names else key
    return Layout(names=names, kinds=tuple(kind_of(column.type) for column in source.columns), key=key, label=label)


def kind_of(type: Type) -> CellKind:
    """Return what a cell of *type* is in Python; raises ValueError for a type that no column can have."""
    # Here and above, because whoever only opens a snapshot needs no contract, which takes 40 ms to import.
    from promptspec.contract import types as t

    match type:
        case t.Text() | t.Words() | t.Choice() | t.Email() | t.Url():
            return "text"
        case t.Integer():
            return "int"
        case t.Number():
            return "decimal"
        case t.Boolean():
            return "bool"
        case t.Date():
            return "date"
        case t.DateTime():
            return "datetime"
        case _:
            raise ValueError(f"no column can hold {type.__class__.__name__}")


def is_column_type(type: Type) -> bool:
    """Tell whether a column of a source may have this type."""
    try:
        kind_of(type)
    except ValueError:
        return False
    return True


def store(cell: Cell) -> Stored:
    """Return *cell* as it is stored; `restore` gives it back exactly, decimals with the digits they had."""
    match cell:
        case bool():
            return int(cell)
        case Decimal():
            return format(cell, "f")
        case datetime() | date():
            return cell.isoformat()
        case _:
            return cell


_RESTORE: Final[dict[str, Callable[[Any], Cell]]] = {
    "decimal": Decimal,
    "bool": bool,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}


class Restorer:
    """Stored rows of one layout back to rows; a layout of texts and whole numbers costs nothing."""

    __slots__ = ("_steps",)

    def __init__(self, layout: Layout) -> None:
        self._steps = tuple((at, _RESTORE[kind]) for at, kind in enumerate(layout.kinds) if kind in _RESTORE)

    def __call__(self, stored: tuple[Stored, ...]) -> Row:
        if not self._steps:
            return stored
        cells: list[Cell] = list(stored)
        for at, restore in self._steps:
            cell = cells[at]
            if cell is not None:
                cells[at] = restore(cell)
        return tuple(cells)


class ContentHash:
    """SHA-256 over a layout and the rows in the order of the file; the same on every machine.

    What is hashed is one line of compact JSON for the layout and one for each row, so neither the file's quoting
    nor its line breaks nor SQLite's pages show in it.
    """

    __slots__ = ("_hash",)

    def __init__(self, layout: Layout) -> None:
        self._hash = hashlib.sha256(f"{_FORMAT}\n{layout.to_json()}\n".encode())

    def add(self, stored: Iterable[Stored]) -> None:
        """Count one more row in."""
        self._hash.update((_JSON(list(stored)) + "\n").encode())

    def add_all(self, rows: Sequence[tuple[Stored, ...]]) -> None:
        """Count many rows in, one after the other."""
        text = _JSON(rows)
        # What parts two rows may stand in a cell, too.
        if text.count(_BETWEEN) == len(rows) - 1:
            self._hash.update(f"{text[1:-1].replace(_BETWEEN, _LINES)}\n".encode())
        else:
            for stored in rows:
                self.add(stored)

    def digest(self) -> str:
        """Return `sha256:` and 64 hexadecimal digits."""
        return f"sha256:{self._hash.hexdigest()}"


class Storer:
    """Rows of one layout to rows as they are stored; a layout of texts and whole numbers costs nothing."""

    __slots__ = ("_columns",)

    def __init__(self, layout: Layout) -> None:
        self._columns = tuple(at for at, kind in enumerate(layout.kinds) if kind not in ("text", "int"))

    def __call__(self, rows: Sequence[Row]) -> Sequence[tuple[Stored, ...]]:
        if not self._columns:
            return cast("Sequence[tuple[Stored, ...]]", rows)
        columns = [cast("Sequence[Stored]", column) for column in zip(*rows, strict=True)]
        for at in self._columns:
            columns[at] = list(map(store, columns[at]))
        return list(zip(*columns, strict=True))


def label_of(row: Row, key: int, label: int) -> str:
    """Return what people see of *row*: its label cell, or its key where that is empty."""
    cell = row[key] if row[label] is None else row[label]
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(store(cell))


def labels_of(layout: Layout, rows: Sequence[Row]) -> list[str]:
    """Return what people see of each of *rows*, as `label_of` does."""
    labels = [row[layout.label] for row in rows]
    if set(map(type, labels)) <= {str}:
        return cast("list[str]", labels)
    return [label_of(row, layout.key, layout.label) for row in rows]


def content_hash(layout: Layout, rows: Iterable[Row]) -> str:
    """Return the content hash of *rows*, read once."""
    total = ContentHash(layout)
    store_all = Storer(layout)
    for some in in_batches(rows):
        total.add_all(store_all(some))
    return total.digest()


def in_batches(rows: Iterable[T], most: int = 2_000) -> Iterator[list[T]]:
    """Yield *rows* in lists of *most*, the last of which may be shorter; at least one row is in each."""
    left = iter(rows)
    while batch := list(islice(left, most)):
        yield batch
