"""Sources in generated modules: a key is looked up in the snapshot, and nothing else is a member."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from pydantic_core import CoreSchema, core_schema

from promptspec.errors import SourceUnavailable
from promptspec.runtime.context import context_of
from promptspec.runtime.records import Record, Row
from promptspec.runtime.values import break_rule
from promptspec.values.reading import exact_integer

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import GetCoreSchemaHandler, ValidationInfo

    from promptspec.runtime.plan import Env
    from promptspec.sources.port import Snapshot
    from promptspec.sources.refreshing import Changing, Status

R = TypeVar("R", bound=Row)

#: Held while a source gets what renews it, so that threads do not get one each.
_ONE_EACH: Final = threading.Lock()

#: Unknown, removed and not-offered keys all say this (rule 22), so that a message tells nobody what exists.
NOT_ON_OFFER = "must be one of the values on offer"


@dataclass(frozen=True, kw_only=True)
class Live:
    """How a source that changes is renewed: its origin, and how often. Times are in seconds.

    *kept* is the name under which newer snapshots lie in the folder of snapshots; another origin, or other columns,
    have another name.
    """

    kind: str
    arguments: tuple[str | Env, ...]
    kept: str
    refresh: float
    stale: float
    time: float
    pin: str = ""
    hosts: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Source(Generic[R]):
    """A dropdown source. *columns* are the attributes of *row* in the order of the snapshot's cells.

    *snapshot* is the name of a file beside the module *module*; *rows* are written in place of one. With *live* newer
    snapshots take its place.
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
    live: Live | None = None

    @cached_property
    def built(self) -> Snapshot:
        """The snapshot that was built with the module. Raises SourceUnavailable."""
        if not self.snapshot:
            from promptspec.sources.snapshot import MemorySnapshot

            return MemorySnapshot(
                rows=self.rows,
                key=self.columns.index(self.key),
                label=self.columns.index(self.label),
                content_hash=self.content_hash,
            )
        from promptspec.sources.snapshot import open_snapshot

        return open_snapshot(self.beside(self.snapshot), content_hash=self.content_hash)

    @cached_property
    def as_built(self) -> Source[R]:
        """This source with the rows that were built, whatever its origin holds today."""
        return self if self.live is None else replace(self, live=None)

    def newest(self) -> Snapshot:
        """Return the newest snapshot that there is. Raises SourceUnavailable where there is none, or it is stale."""
        if self.live is None:
            return self.built
        from promptspec.sources.refreshing import REFRESHER

        REFRESHER.watch(self.changing)
        return self.changing.current()

    @property
    def changing(self) -> Changing:
        """What renews this source, and counts. Raises ValueError for a source that does not change."""
        known: Changing | None = self.__dict__.get("_changing")
        if known is not None:
            return known
        from promptspec.runtime.live import changing_of

        with _ONE_EACH:
            made: Changing = self.__dict__.get("_changing") or changing_of(self)
            self.__dict__["_changing"] = made
            return made

    @property
    def status(self) -> Status | None:
        """What is served, since when, and how the refreshes went; None for a source that does not change."""
        return None if self.live is None else self.changing.status

    def find(self, key: str, *, snapshot: Snapshot | None = None) -> R | None:
        """Return the row with exactly this key, or None: in the newest snapshot, or in *snapshot*.

        Raises SourceUnavailable where there is no snapshot.
        """
        cells = (self.newest() if snapshot is None else snapshot).row(key)
        return None if cells is None else self.made(cells)

    def __iter__(self) -> Iterator[R]:
        """Yield all rows, in the order of the source."""
        return map(self.made, self.newest().rows())

    def __len__(self) -> int:
        return len(self.newest())

    def search(self, text: str, most: int = 10) -> tuple[tuple[str, str], ...]:
        """Return up to *most* (key, label) that fit what a person has typed, best first."""
        return self.newest().search(text, most)

    def near(self, key: str, *, snapshot: Snapshot | None = None) -> tuple[str, ...]:
        """Return keys that are spelt like *key*: for a developer's log, never for an end user."""
        return (self.newest() if snapshot is None else snapshot).near(key)

    def beside(self, name: str) -> Path:
        """Return the path of the file *name* beside the source's module."""
        from pathlib import Path

        path = sys.modules[self.module].__file__
        if path is None:
            raise SourceUnavailable(f"the module of source `{self.name}` has no file to find its snapshot by")
        return Path(path).with_name(name)

    def nearest(
        self,
        near: str,
        columns: Sequence[str],
        *,
        snapshot: Snapshot,
        top: int,
        above: float,
        keeps: Callable[[tuple[Any, ...]], bool] | None,
        equal: Sequence[tuple[str, object]] = (),
    ) -> tuple[R, ...]:
        """Return the up to *top* rows of *snapshot* whose *columns* are nearest to *near*, best first.

        Of the cells of each *keeps* is true, if given, which it is only of rows whose columns *equal* these values, and
        none is less near than *above*. Raises SourceUnavailable where the snapshot has no index that this takes.
        """
        searched = tuple(self.columns.index(column) for column in columns)
        found = snapshot.nearest(
            near,
            searched=searched,
            top=top,
            above=above,
            keeps=keeps,
            equal=[(self.columns.index(column), str(value)) for column, value in equal],
        )
        return tuple(self.made(each.row) for each in found)

    def made(self, cells: tuple[Any, ...]) -> R:
        """Return the row that has these *cells*."""
        return self.row.model_construct(**dict(zip(self.columns, cells, strict=True)))


@dataclass(frozen=True)
class one_of:
    """A key of *source*; the field holds the row."""

    source: Source[Any]

    def judge(self, value: object, info: ValidationInfo) -> Row:
        """Return the row, of the snapshot that the call has pinned."""
        key: object = getattr(value, self.source.key, None) if isinstance(value, self.source.row) else value
        if not isinstance(key, str):
            break_rule("type", "must be a key")
        snapshot = self.source.built if self.source.live is None else context_of(info).pins.of(self.source)
        row = self.source.find(key, snapshot=snapshot)
        if row is None:
            self._log_near(key, snapshot)
            break_rule("one_of", NOT_ON_OFFER)
        return row

    def _log_near(self, key: str, snapshot: Snapshot) -> None:
        import logging

        log = logging.getLogger("promptspec")
        if log.isEnabledFor(logging.DEBUG):
            near = self.source.near(key, snapshot=snapshot)
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
    """An entry of the input list or the shortlist *field*: on the wire its position from 1, or 0 for none where that is
    allowed.
    """

    field: str
    optional: bool = False

    def judge(self, value: object, info: ValidationInfo) -> object:
        """Return the entry itself, or None."""
        if value is None and self.optional:  # missing and null are one (rule 15)
            return None
        # A web framework looks at a reply that was delivered.
        if isinstance(value, Record | Row) and info.context is None:
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
