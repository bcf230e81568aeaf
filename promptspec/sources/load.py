"""A source's file to checked rows, with everything that is wrong with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from promptspec.contract.feature import Source
from promptspec.contract.types import Enumeration
from promptspec.sources.given import Given
from promptspec.sources.layout import Layout, content_hash, layout_of
from promptspec.sources.port import Row
from promptspec.sources.problems import FileProblem, Problems, RowProblem, nearest, shown
from promptspec.sources.reading import Block, RawRow, in_blocks, read_csv, read_json_rows, read_jsonl
from promptspec.sources.rows import RowJudge, is_closed_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a file holds: the rows without a problem, and the problems.

    Where there are problems the file is no source: rows are missing, and the hash is of those that are left.
    *problems* are the first twenty of *problem_count*.
    """

    layout: Layout
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
    problem_count: int
    content_hash: str
    keys_are_closed: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in the order of the file."""
        return tuple(cast("str", row[self.layout.key]) for row in self.rows)


def load_rows(source: Source, data: bytes, *, file: str = "", enums: Sequence[Enumeration] = ()) -> Loaded:
    """Return the rows of *source*, whose file *file* holds *data*; `rows` sources need neither.

    *enums* are those that the columns name. Nothing is raised for what the file says: every problem is in the
    result. Raises ValueError for a source whose columns no file can fill.
    """
    problems = Problems(file=file)
    rows = tuple(stream_rows(source, io.BytesIO(data), problems=problems, enums=enums))
    layout = layout_of(source)
    return Loaded(
        layout=layout,
        rows=rows,
        problems=tuple(problems.kept),
        problem_count=problems.count,
        content_hash=content_hash(layout, rows),
        keys_are_closed=all(is_closed_key(cast("str", row[layout.key])) for row in rows),
    )


def stream_rows(
    source: Source,
    file: BinaryIO | Given,
    *,
    problems: Problems,
    enums: Sequence[Enumeration] = (),
    most_keys: int | None = None,
    watched: frozenset[str] | None = None,
    seen: Callable[[Sequence[Row], Sequence[str]], None] | None = None,
) -> Iterator[Row]:
    """Yield the rows of *source* one by one and put what is wrong into *problems*; keeps the keys, but no row.

    With *most_keys* only that many keys are kept: those that come after them may repeat each other. With *watched*
    only these are. *seen* is told rows and their places, before they are yielded.
    """
    judge = RowJudge(source, problems, enums, most_keys=most_keys, watched=watched)
    count = 0
    try:
        parts = in_blocks(file.rows()) if isinstance(file, Given) else _raw_rows(source, file)
        for part in parts:
            if isinstance(part, Block):
                rows = judge.judge_all(part) if count + len(part) <= source.most else None
                if rows is not None:
                    count += len(rows)
                    if seen is not None and rows:
                        seen(rows, part.places())
                    yield from rows
                    continue
            for raw in part.rows() if isinstance(part, Block) else (part,):
                count += 1
                if count > source.most:
                    problems.add(_too_many(source, raw))
                    return
                if isinstance(raw, FileProblem):
                    problems.add(raw.problem)
                    continue
                row = judge.judge(raw)
                if row is not None:
                    if seen is not None:
                        seen((row,), (raw.place,))
                    yield row
        if not count and source.kind != "rows":
            what = "it" if isinstance(file, Given) else "the file"
            raise FileProblem("no_rows", f"{what} has no rows, so nothing could be chosen")
    except FileProblem as error:
        problems.add(error.problem)


def _too_many(source: Source, raw: RawRow | FileProblem) -> RowProblem:
    line, place = (raw.line, raw.place) if isinstance(raw, RawRow) else (raw.problem.line, raw.problem.place)
    return RowProblem(
        line=line,
        place=place,
        column=None,
        rule="too_many_rows",
        message=f"there are more than {source.most:,} rows; raise `most`, or shorten the file",
    )


def _raw_rows(source: Source, file: BinaryIO) -> Iterator[Block | RawRow | FileProblem]:
    match source.kind:
        case "csv":
            opened = read_csv(file)
            _check_header(source, opened.header)
            yield from opened.blocks
        case "json":
            yield from in_blocks(read_json_rows(file, source.select))
        case "jsonl":
            yield from read_jsonl(file)
        case "parquet":
            # Loaded here, because it takes 200 ms.
            from promptspec.sources.parquet import ParquetFile

            table = ParquetFile(file)
            _check_header(source, table.header, line=None)
            names = dict(source.headers)
            yield from table.blocks(tuple(names.get(column.name, column.name) for column in source.columns))
        case "rows":
            for at, row in enumerate(source.rows, start=1):
                yield RawRow(None, f"row {at}", {source.label: row.label or row.key, source.key: row.key})
        case _:
            raise ValueError(f"no file holds the rows of a source from {source.kind}")


def _check_header(source: Source, header: tuple[str, ...], *, line: int | None = 1) -> None:
    names = dict(source.headers)
    absent = [name for column in source.columns if (name := names.get(column.name, column.name)) not in header]
    if not absent:
        return
    said = ", ".join(f"`{shown(name)}`" for name in absent)
    hint = nearest(absent[0], header) if len(absent) == 1 else ""
    raise FileProblem("missing_column", f"the header has no {said}{hint}", line=line)
