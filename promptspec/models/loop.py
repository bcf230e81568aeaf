"""One event loop in the background of a process, on which synchronous calls run their asynchronous work."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

T = TypeVar("T")

# How long work that was cancelled may take to clean up before the caller goes on without it.
_CLEANING_UP = 0.25
_SHUTTING_DOWN = 2.0


class _Background:
    """A thread with an event loop that runs until the process ends."""

    def __init__(self) -> None:
        import asyncio
        from concurrent.futures import ThreadPoolExecutor

        self.process = os.getpid()
        self.loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        # The loop's own executor is shut down by a thread more, which cannot be started any more when Python ends.
        self.executor: ThreadPoolExecutor = ThreadPoolExecutor(thread_name_prefix="promptspec")
        self.loop.set_default_executor(self.executor)
        self.thread = threading.Thread(target=self._run, name="promptspec", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        import asyncio

        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self._finish())
            self.loop.close()

    async def _finish(self) -> None:
        import asyncio

        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.loop.shutdown_asyncgens()  # closes the connections of models
        self.executor.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        """End the thread, closing what runs on it."""
        if self.process == os.getpid() and self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(_SHUTTING_DOWN)


_lock = threading.Lock()
_background: _Background | None = None
# The loop of a parent process shares its selector with it, and must be neither used nor collected in a child.
_inherited: list[_Background] = []


def run(make: Callable[[], Coroutine[Any, Any, T]], *, seconds: float | None = None) -> T:
    """Run the coroutine that *make* returns on the background loop, and return or raise what comes of it.

    An interrupt in the calling thread (Ctrl-C) cancels the coroutine and passes on. Work that has not ended
    *seconds* later is cancelled, and TimeoutError is raised.
    """
    import asyncio
    from concurrent.futures import CancelledError

    background = _started()
    if threading.current_thread() is background.thread:
        raise RuntimeError("a synchronous call cannot wait on the loop that it runs on; use the asynchronous one")
    work = _Work(make)
    try:
        # An interrupt may strike between starting the work and holding its future, so the work can end itself.
        result = asyncio.run_coroutine_threadsafe(work.do(), background.loop).result(seconds)
    except CancelledError:
        raise RuntimeError("the work was cancelled, since the process is ending") from None
    except BaseException:
        if not work.ended.is_set():
            with suppress(RuntimeError):  # the loop is closed: the process is ending
                background.loop.call_soon_threadsafe(work.cancel)
                work.ended.wait(_CLEANING_UP)
        raise
    if isinstance(result, _Ending):
        raise result.reason
    return result


class _Ending:
    """KeyboardInterrupt or SystemExit, carried to the caller: on the loop itself they would end its thread."""

    def __init__(self, reason: BaseException) -> None:
        self.reason = reason


class _Work(Generic[T]):
    """A coroutine that is made on the loop, so that none is left unawaited where the loop is gone."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._make = make
        self._task: asyncio.Task[Any] | None = None
        self.ended = threading.Event()

    async def do(self) -> T | _Ending:
        import asyncio

        self._task = asyncio.current_task()
        try:
            return await self._make()
        except (KeyboardInterrupt, SystemExit) as reason:
            return _Ending(reason)
        finally:
            self.ended.set()

    def cancel(self) -> None:
        """Cancel what has not ended; called on the loop, after the work was scheduled there."""
        if self._task is not None:
            self._task.cancel()


def _started() -> _Background:
    global _background
    background = _background
    if background is not None and background.process == os.getpid() and background.thread.is_alive():
        return background
    with _lock:
        background = _background
        if background is None or background.process != os.getpid() or not background.thread.is_alive():
            if background is not None and background.process != os.getpid():
                _inherited.append(background)
            background = _background = _Background()
            atexit.register(background.stop)
        return background


def _unlock_in_child() -> None:
    # Another thread of the parent may have held the lock; it does not exist here.
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)
