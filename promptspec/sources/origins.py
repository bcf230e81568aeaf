"""Origins: where the rows of a source that is no file come from, read once, within a time and a number of rows.

Only `promptspec source pull` and the running application come here (rule 1).
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from promptspec.contract.feature import Live, Source
from promptspec.contract.models import Environment
from promptspec.sources.given import Given
from promptspec.sources.layout import layout_of
from promptspec.sources.problems import shown

_T = TypeVar("_T")

#: The most bytes of one cell of a database of SQLite.
MOST_CELL: Final = 16 * 1024 * 1024
#: Rows that go from one thread to the other at once, and how many such batches may wait.
_BATCH: Final = 500
_MOST_WAITING: Final = 8


class OriginFailed(Exception):
    """An origin cannot be read. *foreign* is what it said itself: for whoever pulls by hand, never for a log."""

    def __init__(self, message: str, *, foreign: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.foreign = shown(" ".join(foreign.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What an HTTP server said of its answer, to be sent back to it when it is asked again."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What an origin gives: *rows*, to be judged as those of *source*, whose kind says how they are written."""

    source: Source
    rows: BinaryIO | Given
    validators: Validators = Validators()


@contextmanager
def reading(
    source: Source, *, environment: Mapping[str, str], root: Path | None, known: Validators | None = None
) -> Generator[Read | None]:
    """Contact the origin of *source* and hand out what it gives; None where it says that nothing changed since *known*.

    *root* is the folder of the project, None in a running application. Raises OriginFailed, here or while rows are
    taken.
    """
    live = live_of(source)
    arguments = resolved(live.arguments, environment)
    match source.kind:
        case "sql":
            from promptspec.sources.sql import read_sql

            yield Read(source=source, rows=read_sql(source, arguments, root=root))
        case "http":
            from promptspec.sources.http import fetch

            with fetch(source, arguments[0], known=known or Validators()) as fetched:
                yield fetched
        case _:
            from promptspec.sources.python_rows import read_callable, read_kind

            read = read_callable if source.kind == "python" else read_kind
            yield Read(source=source, rows=read(source, arguments))


def live_of(source: Source) -> Live:
    """Return how the origin of *source* is read. Raises ValueError for one that has none."""
    if source.live is None:
        raise ValueError(f"{source.name} has no origin")
    return source.live


def resolved(arguments: Sequence[str | Environment], environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return *arguments* with the values of environment variables. Raises OriginFailed where one is not set."""
    found: list[str] = []
    for argument in arguments:
        if isinstance(argument, Environment):
            value = environment.get(argument.name, "")
            if not value:
                raise OriginFailed(f"the environment variable {argument.name} is not set")
            found.append(value)
        else:
            found.append(argument)
    return tuple(found)


def origin_hash(source: Source) -> str:
    """Return a hash of what a snapshot was pulled from: the kind and its arguments, and the columns.

    Names of environment variables count, their values do not.
    """
    arguments = [{"env": each.name} if isinstance(each, Environment) else each for each in live_of(source).arguments]
    facts = [source.kind, arguments, source.select, source.headers, layout_of(source).to_json()]
    return sha256(json.dumps(facts, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def within(seconds: float, rows: Callable[[Callable[[], bool]], Iterable[_T]]) -> Iterator[_T]:
    """Yield what *rows* gives in a thread of its own, all of it within *seconds*. Raises OriginFailed after that.

    What never returns is left behind in its thread. *rows* is given a predicate that says whether nobody waits any
    more. What *rows* raises is raised here.
    """
    waiting: queue.Queue[list[_T] | Exception | None] = queue.Queue(_MOST_WAITING)
    gone = threading.Event()
    deadline = time.monotonic() + seconds

    def put(item: list[_T] | Exception | None) -> None:
        while not gone.is_set():
            try:
                return waiting.put(item, timeout=0.2)
            except queue.Full:
                continue

    def work() -> None:
        batch: list[_T] = []
        try:
            for item in rows(gone.is_set):
                batch.append(item)
                if len(batch) >= _BATCH:
                    put(batch)
                    batch = []
                if gone.is_set():
                    return
        except Exception as error:  # noqa: BLE001  it is raised in the thread that waits
            put(batch)
            put(error)
        except BaseException as error:  # noqa: BLE001  nobody but the main thread ends the process
            put(OriginFailed(f"it raised {type(error).__name__}"))
        else:
            put(batch)
            put(None)

    threading.Thread(target=work, name="promptspec-origin", daemon=True).start()
    try:
        while True:
            try:
                item = waiting.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                said = f"it was not read to its end within {seconds:g} s; raise `time`, or ask for less"
                raise OriginFailed(said) from None
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield from item
    finally:
        gone.set()
