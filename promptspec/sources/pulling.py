"""Pulling: an origin is read, each row judged, and the snapshot written that takes the place of the one before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from promptspec.contract.feature import Source
from promptspec.contract.types import Enumeration
from promptspec.sources.building import RepeatedKey, build_snapshot
from promptspec.sources.find_index import Near
from promptspec.sources.layout import layout_of
from promptspec.sources.load import stream_rows
from promptspec.sources.origins import Validators, origin_hash, reading
from promptspec.sources.port import Row
from promptspec.sources.problems import Problems, RowProblem, shown
from promptspec.sources.pulled import time_text

#: Keys that are kept, so that one that is repeated is told with both rows; later ones are told without.
_MOST_KEYS: Final = 1_000_000


class PullRefused(Exception):
    """An origin gave rows that are none of its source; *problems* are the first twenty of *count*."""

    def __init__(self, name: str, problems: Sequence[RowProblem], count: int) -> None:
        super().__init__(f"source `{name}`: {problems[0]}" + (f" (and {count - 1:,} more)" if count > 1 else ""))
        self.problems = tuple(problems)
        self.count = count


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """What was pulled into a file: how many rows, their hash, when, and what to send an HTTP server next time."""

    rows: int
    content_hash: str
    pulled: datetime
    validators: Validators


def pull(
    source: Source,
    path: Path,
    *,
    now: datetime,
    environment: Mapping[str, str],
    enums: Sequence[Enumeration] = (),
    root: Path | None = None,
    known: Validators | None = None,
    searchable: bool = False,
    near: Near | None = None,
) -> Pull | None:
    """Read the origin of *source* and write its snapshot to *path*, which is whole or not touched.

    It has what forms need if it is to be *searchable*, and with *near* what shortlists need. Returns None where the
    origin says that nothing changed since *known*. Raises OriginFailed, PullRefused where a row is wrong, and OSError
    where the file cannot be written.
    """
    with reading(source, environment=environment, root=root, known=known) as read:
        if read is None:
            return None
        problems = Problems(file=source.name)
        rows = _Counted(stream_rows(read.source, read.rows, problems=problems, enums=enums, most_keys=_MOST_KEYS))
        facts = {"origin": origin_hash(source), "pulled": time_text(now)}
        path.parent.mkdir(parents=True, exist_ok=True)
        judged = path.with_name(f".{path.name}.{os.urandom(8).hex()}.judged")
        try:
            found = build_snapshot(layout_of(source), rows, judged, searchable=searchable, near=near, facts=facts)
            if problems.count:
                raise PullRefused(source.name, problems.kept, problems.count)
            os.replace(judged, path)
        except RepeatedKey as repeated:
            for key in repeated.keys:
                message = f"the key `{shown(key)}` stands in more than one row"
                problems.add(
                    RowProblem(line=None, column=source.key, rule="repeated_key", message=message, place="somewhere")
                )
            raise PullRefused(source.name, problems.kept, problems.count) from None
        finally:
            judged.unlink(missing_ok=True)
    return Pull(rows=rows.count, content_hash=found, pulled=now, validators=read.validators)


class _Counted(Iterator[Row]):
    def __init__(self, rows: Iterator[Row]) -> None:
        self._next: Callable[[], Row] = rows.__next__
        self.count = 0

    def __next__(self) -> Row:
        row = self._next()
        self.count += 1
        return row
