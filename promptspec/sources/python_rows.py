"""Rows from Python: `python("module:callable")`, and kinds of sources that packages bring as entry points."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import partial
from importlib import import_module
from typing import Any, Final, Protocol, TypeAlias, cast

from promptspec.contract.feature import Source
from promptspec.sources.given import Given, as_written
from promptspec.sources.origins import OriginFailed, live_of, within
from promptspec.sources.problems import FileProblem, shown
from promptspec.sources.reading import RawRow

#: The group of entry points in which packages name their kinds of sources.
GROUP: Final = "promptspec.sources"
_END: Final = object()

#: What a callable may return: rows, or something that gives them.
Rows: TypeAlias = Iterable[Mapping[str, object]] | AsyncIterable[Mapping[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """What the spec says of a source, for a kind that reads it: the headers it needs, and its bounds."""

    name: str
    columns: tuple[str, ...]
    most: int
    seconds: float


class Kind(Protocol):
    """A kind of source, as an entry point names it.

    It is given the arguments of the spec, those in `env(…)` as their values, and yields one mapping for each row.
    """

    def __call__(self, *arguments: str, settings: SourceSettings) -> Any: ...


def read_callable(source: Source, arguments: tuple[str, ...]) -> Given:
    """Return the rows that the callable `module:name` gives; it is imported when they are taken."""

    def call() -> object:
        module, _, name = arguments[0].partition(":")
        try:
            found: Any = import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise OriginFailed(f"`{shown(arguments[0])}` cannot be imported", foreign=said) from error
        if not callable(found):
            raise OriginFailed(f"`{shown(arguments[0])}` is no callable")
        return found()

    return Given(partial(_rows, source, call))


def read_kind(source: Source, arguments: tuple[str, ...]) -> Given:
    """Return the rows that the entry point called as the kind of *source* gives."""
    from importlib.metadata import entry_points

    headers = dict(source.headers)

    def call() -> object:
        found = next(iter(entry_points(group=GROUP, name=source.kind)), None)
        if found is None:
            raise OriginFailed(f"no installed package brings the kind `{source.kind}`")
        try:
            kind = cast("Kind", found.load())
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            raise OriginFailed(f"the kind `{source.kind}` cannot be imported", foreign=said) from error
        settings = SourceSettings(
            name=source.name,
            columns=tuple(headers.get(column.name, column.name) for column in source.columns),
            most=source.most,
            seconds=live_of(source).time_ms / 1000,
        )
        return kind(*arguments, settings=settings)

    return Given(partial(_rows, source, call))


def _rows(source: Source, call: Callable[[], object]) -> Iterator[RawRow | FileProblem]:
    number = 0
    taken = within(live_of(source).time_ms / 1000, lambda gone: _called(source, call))
    for number, item in enumerate(taken, start=1):
        place = f"row {number}"
        try:
            cells = _cells(item)
        except Exception as error:
            raise OriginFailed(f"row {number} raised {type(error).__name__}", foreign=str(error)) from error
        if cells is None:
            message = f"a row must be a mapping with the columns as its names, not {_kind_of(item)}"
            yield FileProblem("not_an_object", message, place=place)
        else:
            yield RawRow(None, place, cells)


def _called(source: Source, call: Callable[[], object]) -> Iterator[object]:
    # In the thread that reads; what is raised here is raised in the one that waits.
    number = 0
    try:
        for number, item in enumerate(_flat(call()), start=1):  # noqa: B007  it is told once the loop has ended
            yield item
    except (OriginFailed, GeneratorExit):
        raise
    except Exception as error:
        after = f" after row {number}" if number else ""
        said = f"it raised {type(error).__name__}{after}"
        raise OriginFailed(said, foreign=str(error)) from error


def _flat(given: object) -> Iterator[object]:
    """Yield the items of whatever a callable may return."""
    if inspect.isawaitable(given):
        import asyncio

        given = asyncio.run(_awaited(given))
    if isinstance(given, AsyncIterable):
        yield from _drained(cast("AsyncIterable[object]", given))
        return
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | Mapping):
        raise OriginFailed(f"it must return rows, one mapping each, not {_kind_of(cast('object', given))}")
    yield from cast("Iterable[object]", given)


async def _awaited(given: Any) -> Any:
    found = await given
    # What was begun in this loop must be ended in it.
    if not isinstance(found, AsyncIterable):
        return found
    return [item async for item in cast("AsyncIterable[object]", found)]


def _drained(given: AsyncIterable[object]) -> Iterator[object]:
    import asyncio

    with asyncio.Runner() as runner:
        items = aiter(given)
        while (item := runner.run(_next(items))) is not _END:
            yield item


async def _next(items: Any) -> object:
    return await anext(items, _END)


def _cells(item: object) -> Mapping[str, object] | None:
    if isinstance(item, Mapping):
        given = cast("Mapping[object, object]", item)
        return {key: as_written(cell) for key, cell in given.items() if isinstance(key, str)}
    if is_dataclass(item) and not isinstance(item, type):
        return {field.name: as_written(getattr(item, field.name)) for field in fields(item)}
    from pydantic import BaseModel

    if isinstance(item, BaseModel):
        return {name: as_written(getattr(item, name)) for name in type(item).model_fields}
    return None


def _kind_of(value: object) -> str:
    return f"`{shown(type(value).__name__)}`"
