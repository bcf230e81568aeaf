"""Run asynchronous work for synchronous callers, on event loops that outlive the call and keep their connections.

A caller's own thread runs the loop: handing the work to another thread and back costs half as much again as the
whole request does. Loops that nobody uses wait in a list; there are as many as there were callers at one time.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")

# Beyond it loops are closed after the call. Each holds a selector and the connections that it made.
_MOST_IDLE = 64

# How long work that was interrupted may take to clean up before the caller goes on without it.
_CLEANING_UP = 0.25

_lock = threading.Lock()
_idle: list[asyncio.Runner] = []
# Loops of a parent process share their selectors with it, and must be neither used nor collected in a child.
_inherited: list[asyncio.Runner] = []


def run(make: Callable[[], Coroutine[Any, Any, T]], *, seconds: float | None = None) -> T:
    """Run the coroutine that *make* returns, and return or raise what comes of it.

    An interrupt in the calling thread (Ctrl-C) cancels the coroutine and passes on. Work that has not ended
    *seconds* later is cancelled, and TimeoutError is raised. The calling thread may have a running event loop of its
    own, which stands still meanwhile.
    """
    import asyncio

    work = _Work(make, seconds)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run_here(work)
    return _run_in_a_thread(work, _run_here)


class _Work(Generic[T]):
    """A coroutine that is made on the loop, so that none is left unawaited."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]], seconds: float | None) -> None:
        self._make = make
        self._seconds = seconds
        self._task: asyncio.Task[Any] | None = None
        self._unwanted = False

    async def do(self) -> T:
        import asyncio

        self._task = asyncio.current_task()
        if self._unwanted:
            raise asyncio.CancelledError
        async with asyncio.timeout(self._seconds):
            # While the loop stood idle servers may have closed connections: the first turn reads that, the second
            # takes them out of the pool, and the request does not go out on a dead one.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return await self._make()

    def cancel(self) -> None:
        """Cancel the work, from any thread."""
        self._unwanted = True
        if self._task is not None:
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)


class Steps:
    """Runs pieces of work one after another on one loop, which stands still between them.

    What one of them leaves running goes on in the next. Between threads nothing is guarded.
    """

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    @property
    def have_begun(self) -> bool:
        """Whether something ran."""
        return self._runner is not None

    def run(self, make: Callable[[], Coroutine[Any, Any, T]], *, seconds: float | None = None) -> T:
        """Run the coroutine that *make* returns, as `run` of this module does."""
        import asyncio

        work = _Work(make, seconds)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._run_here(work)
        return _run_in_a_thread(work, self._run_here)

    def _run_here(self, work: _Work[T]) -> T:
        from contextvars import copy_context

        runner = self._runner = self._runner or _take()
        try:
            loop = runner.get_loop()
            return _until_done(loop, loop.create_task(work.do(), context=copy_context()))
        except BaseException as error:
            if not isinstance(error, Exception):
                # An interrupt may strike anywhere in the loop; it is not used again.
                self._runner = None
                _close(runner)
            raise

    def end(self) -> None:
        """Leave the loop to others. Nothing may be running on it."""
        runner, self._runner = self._runner, None
        if runner is not None:
            _give_back(runner)


def _run_here(work: _Work[T]) -> T:
    from contextvars import copy_context

    runner = _take()
    try:
        loop = runner.get_loop()
        result = _until_done(loop, loop.create_task(work.do(), context=copy_context()))
    except Exception:
        _give_back(runner)
        raise
    except BaseException:
        # An interrupt may strike anywhere in the loop; it is not used again.
        _close(runner)
        raise
    _give_back(runner)
    return result


# What `signal` wraps, without the enums that it makes of everything: that takes longer than most of a call's checks.
_bare: Any = sys.modules.get("_signal", signal)
_get_handler: Callable[[int], Any] = _bare.getsignal
_set_handler: Callable[[int, Any], Any] = _bare.signal


def _until_done(loop: asyncio.AbstractEventLoop, task: asyncio.Task[T]) -> T:
    """Run *task* as `asyncio.Runner.run` does: the first interrupt cancels it, a second one is raised at once."""
    if threading.current_thread() is not threading.main_thread():
        return loop.run_until_complete(task)
    if _get_handler(signal.SIGINT) is not signal.default_int_handler:
        return loop.run_until_complete(task)
    interrupts = 0

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal interrupts
        interrupts += 1
        if interrupts > 1 or task.done():
            raise KeyboardInterrupt
        task.cancel()
        loop.call_soon_threadsafe(lambda: None)  # wakes a loop that waits for the network

    try:
        _set_handler(signal.SIGINT, interrupt)
    except ValueError:  # an interpreter inside another program may leave signals to it
        return loop.run_until_complete(task)
    from asyncio import CancelledError

    try:
        return loop.run_until_complete(task)
    except CancelledError:
        if interrupts and task.uncancel() == 0:
            raise KeyboardInterrupt from None
        raise
    finally:
        if _get_handler(signal.SIGINT) is interrupt:
            _set_handler(signal.SIGINT, signal.default_int_handler)


def _run_in_a_thread(work: _Work[T], run_here: Callable[[_Work[T]], T]) -> T:
    from concurrent.futures import Future, wait
    from contextvars import copy_context

    future: Future[T] = Future()

    def target() -> None:
        try:
            future.set_result(run_here(work))
        except BaseException as error:  # noqa: BLE001  raised in the thread that waits
            future.set_exception(error)

    thread = threading.Thread(target=copy_context().run, args=(target,), name="promptspec", daemon=True)
    try:
        thread.start()  # an interrupt may strike in here, when the work is already under way
        return future.result()
    except BaseException:
        if not future.done():
            work.cancel()
            wait([future], _CLEANING_UP)
        raise


def _take() -> asyncio.Runner:
    with _lock:
        if _idle:
            return _idle.pop()
    import asyncio

    return asyncio.Runner(loop_factory=asyncio.new_event_loop)


def _give_back(runner: asyncio.Runner) -> None:
    with _lock:
        if len(_idle) < _MOST_IDLE:
            _idle.append(runner)
            return
    _close(runner)


def _close(runner: asyncio.Runner) -> None:
    # Not by the runner's own method: it waits for the threads that look up names, and starts one more to do so,
    # which Python refuses when it is about to end.
    loop = runner.get_loop()
    loop.run_until_complete(_finish(loop))
    loop.close()


async def _finish(loop: asyncio.AbstractEventLoop) -> None:
    import asyncio

    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await loop.shutdown_asyncgens()  # closes the connections of models


def _close_idle() -> None:
    while _idle:
        _close(_idle.pop())


def _forget_in_child() -> None:
    global _lock
    # Another thread of the parent may have held the lock; that thread does not exist here.
    _lock = threading.Lock()
    _inherited.extend(_idle)
    _idle.clear()


atexit.register(_close_idle)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
