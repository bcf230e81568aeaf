"""A parquet file to raw rows, in batches of a few thousand; needs the extra `parquet`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, BinaryIO, Final

from promptspec.sources.problems import FileProblem
from promptspec.sources.reading import ObjectBlock, RawRow

_BATCH: Final = 4_096
#: The largest group of rows, in bytes when it is unpacked, as the file states them: one group is held at a time.
MOST_GROUP: Final = 1024 * 1024 * 1024


def is_installed() -> bool:
    """Say whether pyarrow is here."""
    return find_spec("pyarrow") is not None


class ParquetFile:
    """The names of the columns of a parquet file, and its rows, to be read once."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the end of *file*. Raises FileProblem with `unreadable_parquet`, `repeated_header` or `too_large`."""
        arrow, parquet = _arrow()
        try:
            self._file = parquet.ParquetFile(file)
            metadata = self._file.metadata
            sizes = [metadata.row_group(at).total_byte_size for at in range(metadata.num_row_groups)]
            self.header: tuple[str, ...] = tuple(self._file.schema_arrow.names)
        except (arrow.ArrowException, OSError, UnicodeDecodeError, ValueError):
            raise FileProblem("unreadable_parquet", "the file is no parquet file, or is cut off") from None
        if len(set(self.header)) != len(self.header):
            raise FileProblem("repeated_header", "two columns have one name")
        if any(not 0 <= size <= MOST_GROUP for size in sizes):
            message = f"a group of rows is larger than {MOST_GROUP:,} bytes; write smaller groups"
            raise FileProblem("too_large", message)

    def blocks(self, columns: tuple[str, ...]) -> Iterator[ObjectBlock]:
        """Yield the rows with the cells of *columns* alone; raises FileProblem where they cannot be read on."""
        arrow, _ = _arrow()
        number = 0
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH, columns=list(columns), use_threads=False):
                names = batch.schema.names
                rows: list[RawRow] = []
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    written = map(_as_written, cells)
                    rows.append(RawRow(None, f"row {number}", dict(zip(names, written, strict=True))))
                yield ObjectBlock(rows)
        except UnicodeDecodeError:
            raise FileProblem("not_utf8", "a text is no UTF-8", place=f"after row {number}") from None
        except (arrow.ArrowException, OSError, ValueError):
            place = f"after row {number}"
            raise FileProblem("unreadable_parquet", "the file cannot be read on", place=place) from None


def _as_written(cell: object) -> object:
    """Return *cell* as json would hold it, so that one set of readers judges both; what is no cell is left to them."""
    match cell:
        case bool() | int() | str() | None:
            return cell
        case float():
            return Decimal(repr(cell)) if math.isfinite(cell) else cell
        case datetime() | date():
            return cell.isoformat()
        case _:
            return cell


@cache
def _arrow() -> tuple[Any, Any]:
    return import_module("pyarrow"), import_module("pyarrow.parquet")
