"""A bar that moves while many specs are compiled, or many rows are run."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from promptspec.cli.desk import Desk

#: Up to so many specs are compiled before a bar would be read.
_FEW: Final = 20


@contextmanager
def progress_of(desk: Desk, paths: Sequence[Path], *, quiet: bool) -> Generator[Callable[[str], None] | None]:
    """Yield what to call with the name of each spec that is done, or None where no bar is shown.

    A bar is shown on a terminal, for more than 20 specs, on standard error, and is gone at the end.
    """
    count = len(desk.compiler.spec_files(paths)) if not quiet and _shows_bars(desk) else 0
    if count <= _FEW:
        yield None
        return
    with bar_of(desk, count, quiet=quiet) as advance:
        yield None if advance is None else lambda _file: advance()


@contextmanager
def bar_of(desk: Desk, count: int, *, quiet: bool) -> Generator[Callable[[], None] | None]:
    """Yield what to call after each of *count* steps, or None where no bar is shown: it is shown on a terminal."""
    if quiet or not _shows_bars(desk):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress

    bar = Progress(
        BarColumn(), MofNCompleteColumn(), console=Console(file=desk.errors, force_terminal=True), transient=True
    )
    with bar:
        task = bar.add_task("", total=count)
        yield lambda: bar.advance(task)


def _shows_bars(desk: Desk) -> bool:
    return desk.errors.isatty() and desk.colours(desk.errors)
