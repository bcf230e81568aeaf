"""Features put to the test side by side, each in a process of its own that begins as a copy of this one.

What one of them tells while it runs is passed on as it comes; what the others tell waits until it is their turn, so
that whoever listens hears of one feature after the other.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from queue import Empty
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Phase
    from promptspec.fuzz.progress import Progress
    from promptspec.fuzz.results import FeatureResult


class Work(Protocol):
    """Puts one feature to the test, telling a progress of it; returns what was found, and sentences about the run."""

    def __call__(self, progress: Progress, /) -> tuple[FeatureResult, tuple[str, ...]]:
        """Do it."""
        ...


#: Cases that a worker counts before it tells of them.
_MANY: Final = 200
_PATIENCE: Final = 0.5


def usable_processes() -> int:
    """Return how many processes may run side by side: 1 where a process cannot be copied, or has threads to lose."""
    if not hasattr(os, "fork") or sys.platform == "darwin" or threading.active_count() > 1:
        return 1
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def side_by_side(
    works: Sequence[Work], jobs: int, listen: Callable[[], Progress], *, sizes: Sequence[int] = ()
) -> tuple[list[FeatureResult], list[str]]:
    """Do all *works*, *jobs* at a time; return what was found, in their order, and the sentences about the run.

    The largest by *sizes* are begun first, so that no long one is left to the end.
    *listen* returns who is told of the run; it is called once the workers have begun, since it may start threads.
    Ctrl-C is passed on: what the workers have found by then is returned. Raises what a worker raised.
    """
    context = multiprocessing.get_context("fork")
    said: Any = context.Queue()
    taken = context.Value("i", 0)
    order = sorted(range(len(works)), key=lambda index: -sizes[index]) if sizes else range(len(works))
    workers = [context.Process(target=_worker, args=(works, order, taken, said), daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    return _Listener(len(works), workers, said).hear(listen())


class _Listener:
    """Hears the workers out."""

    def __init__(self, count: int, workers: Sequence[Any], said: Any) -> None:
        self._workers = workers
        self._said = said
        self._waiting: dict[int, list[Any]] = {index: [] for index in range(count)}
        self._turn = 0
        self._results: dict[int, FeatureResult] = {}
        self._notes: list[str] = []

    def hear(self, progress: Progress) -> tuple[list[FeatureResult], list[str]]:
        """Return the results once every worker has ended."""
        try:
            while self._hear_one(progress):
                pass
        except KeyboardInterrupt:
            for worker in self._workers:
                if worker.is_alive() and worker.pid is not None:
                    os.kill(worker.pid, signal.SIGINT)
            while self._hear_one(progress):
                pass
        finally:
            for worker in self._workers:
                worker.join(_PATIENCE)
                if worker.is_alive():
                    worker.kill()
        self._tell_the_rest(progress)
        return [self._results[index] for index in sorted(self._results)], self._notes

    def _hear_one(self, progress: Progress) -> bool:
        """Take one message; False once nobody is left to send one."""
        try:
            index, what, *more = self._said.get(timeout=_PATIENCE)
        except Empty:
            return any(worker.is_alive() for worker in self._workers)
        if what == "failed":
            raise more[0]
        if what == "ended":
            self._results[index], notes = more
            self._notes.extend(note for note in notes if note not in self._notes)
        self._waiting[index].append((what, *more))
        self._tell(progress)
        return len(self._results) < len(self._waiting)

    def _tell(self, progress: Progress) -> None:
        """Tell of the feature whose turn it is, and of those after it that have ended."""
        while self._turn in self._waiting:
            for what, *more in self._waiting[self._turn]:
                _pass_on(progress, what, more)
            self._waiting[self._turn].clear()
            if self._turn not in self._results:
                return
            self._turn += 1

    def _tell_the_rest(self, progress: Progress) -> None:
        """Tell of features that were broken off, or that ended after one that was."""
        for index in sorted(self._waiting):
            for what, *more in self._waiting[index]:
                _pass_on(progress, what, more)


def _pass_on(progress: Progress, what: str, more: Sequence[Any]) -> None:
    match what:
        case "begin":
            progress.begin(*more)
        case "cases":
            for _ in range(more[1]):
                progress.case(more[0])
        case "fell":
            progress.fell(more[0])
        case _:
            progress.end(more[0])


def _worker(works: Sequence[Work], order: Sequence[int], taken: Any, said: Any) -> None:
    """Do what nobody has taken yet, in this *order*, until there is nothing left or somebody interrupts."""
    gc.freeze()  # what there is by now lives to the end of the process: it need not be looked through for garbage
    while True:
        with taken.get_lock():
            turn = int(taken.value)
            taken.value += 1
        if turn >= len(works):
            return
        index = order[turn]
        try:
            done: tuple[FeatureResult, tuple[str, ...]] = works[index](_Passed(index, said))
        except KeyboardInterrupt:
            return
        except Exception as error:  # noqa: BLE001  raised again by whoever waits
            said.put((index, "failed", _portable(error)))
            return
        said.put((index, "ended", *done))
        if not done[0].finished:
            return


def _portable(error: Exception) -> Exception:
    """Return an error that can be sent: foreign ones may hold what cannot."""
    from promptspec.errors import PromptspecError

    if isinstance(error, PromptspecError | OSError):
        return error
    return cast("Exception", RuntimeError(f"{type(error).__name__}: {error}"))


class _Passed:
    """A progress that sends what it is told."""

    def __init__(self, index: int, said: Any) -> None:
        self._index = index
        self._said = said
        self._phase: Phase | None = None
        self._count = 0

    def begin(self, file: str, feature: str, laws: int) -> None:
        """Send that a feature begins."""
        self._said.put((self._index, "begin", file, feature, laws))

    def case(self, phase: Phase) -> None:
        """Count a case, and send the count now and then."""
        if phase != self._phase or self._count >= _MANY:
            self._flush()
            self._phase = phase
        self._count += 1

    def fell(self, law: str) -> None:
        """Send that a law fell."""
        self._flush()
        self._said.put((self._index, "fell", law))

    def end(self, result: FeatureResult) -> None:
        """Send the last count; the result itself is sent by the worker."""
        del result
        self._flush()

    def _flush(self) -> None:
        if self._count:
            self._said.put((self._index, "cases", self._phase, self._count))
        self._count = 0
