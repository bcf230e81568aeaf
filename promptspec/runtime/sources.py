"""Sources in generated modules: a key is looked up in the snapshot, and nothing else is a member."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic_core import CoreSchema, core_schema

from promptspec.errors import SourceUnavailable
from promptspec.runtime.context import context_of
from promptspec.runtime.records import Record, Row
from promptspec.runtime.values import break_rule
from promptspec.values.reading import exact_integer

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidationInfo

    from promptspec.sources.port import Snapshot

R = TypeVar("R", bound=Row)


#: Unknown, removed and not-offered keys all say this (rule 22), so that a message tells nobody what exists.
NOT_ON_OFFER = "must be one of the values on offer"


@dataclass(frozen=True, kw_only=True)
class Source(Generic[R]):
    """A dropdown source. *columns* are the attributes of *row* in the order of the snapshot's cells.

    *snapshot* is the name of a file beside the module *module*; *rows* are written in place of one.
    """

    name: str
    row: type[R]
    key: str
    label: str
    columns: tuple[str, ...]
    module: str
    snapshot: str = ""
    content_hash: str = ""
    rows: tuple[tuple[str, str], ...] = ()

    @cached_property
    def _snapshot(self) -> Snapshot:
        if not self.snapshot:
            from promptspec.sources.snapshot import MemorySnapshot

            return MemorySnapshot(
                rows=self.rows,
                key=self.columns.index(self.key),
                label=self.columns.index(self.label),
                content_hash=self.content_hash,
            )
        from pathlib import Path

        from promptspec.sources.snapshot import open_snapshot

        path = sys.modules[self.module].__file__
        if path is None:
            raise SourceUnavailable(f"the module of source `{self.name}` has no file to find its snapshot by")
        return open_snapshot(Path(path).with_name(self.snapshot), content_hash=self.content_hash)

    def find(self, key: str) -> R | None:
        """Return the row with exactly this key, or None. Raises SourceUnavailable where there is no snapshot."""
        cells = self._snapshot.row(key)
        return None if cells is None else self._row(cells)

    def __iter__(self) -> Iterator[R]:
        """Yield all rows, in the order of the source."""
        return map(self._row, self._snapshot.rows())

    def __len__(self) -> int:
        return len(self._snapshot)

    def search(self, text: str, most: int = 10) -> tuple[tuple[str, str], ...]:
        """Return up to *most* (key, label) that fit what a person has typed, best first."""
        return self._snapshot.search(text, most)

    def near(self, key: str) -> tuple[str, ...]:
        """Return keys that are spelt like *key*: for a developer's log, never for an end user."""
        return self._snapshot.near(key)

    def _row(self, cells: tuple[Any, ...]) -> R:
        return self.row.model_construct(**dict(zip(self.columns, cells, strict=True)))


@dataclass(frozen=True)
class one_of:
    """A key of *source*; the field holds the row."""

    source: Source[Any]

    def judge(self, value: object, _info: ValidationInfo) -> Row:
        """Return the row."""
        key: object = getattr(value, self.source.key, None) if isinstance(value, self.source.row) else value
        if not isinstance(key, str):
            break_rule("type", "must be a key")
        row = self.source.find(key)
        if row is None:
            self._log_near(key)
            break_rule("one_of", NOT_ON_OFFER)
        return row

    def _log_near(self, key: str) -> None:
        import logging

        log = logging.getLogger("promptspec")
        if log.isEnabledFor(logging.DEBUG):
            near = self.source.near(key)
            log.debug("source %s has no such key; spelt alike: %s", self.source.name, ", ".join(near) or "none")

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=_as_itself(handler(_source)),
        )


def _as_itself(schema: CoreSchema) -> core_schema.PlainSerializerFunctionSerSchema:
    """Serialize what a plain validator returned by the *schema* of its type, in JSON Schemas too."""
    return core_schema.plain_serializer_function_ser_schema(_same, return_schema=schema)


def _same(value: object) -> object:
    return value


@dataclass(frozen=True)
class entry:
    """An entry of the input list *field*: on the wire its position from 1, or 0 for none where that is allowed."""

    field: str
    optional: bool = False

    def judge(self, value: object, info: ValidationInfo) -> object:
        """Return the entry itself, or None."""
        if value is None and self.optional:  # missing and null are one (rule 15)
            return None
        if isinstance(value, Record) and info.context is None:  # a web framework looks at a reply that was delivered
            return value
        position = exact_integer(value)
        if position is None:
            break_rule("type", "must be the number of an entry")
        offered = context_of(info).lists.get(self.field, ())
        if position == 0 and self.optional:
            return None
        if not 1 <= position <= len(offered):
            break_rule("one_of", NOT_ON_OFFER)
        return offered[position - 1]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge,
            json_schema_input_schema=core_schema.int_schema(ge=0 if self.optional else 1),
            serialization=_as_itself(handler(source)),
        )
