"""Synchronous calls on the background loop."""

from __future__ import annotations

import asyncio
import contextvars
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from promptspec.models import loop


async def _value(value: object) -> object:
    await asyncio.sleep(0)
    return value


async def _raise(error: BaseException) -> None:
    await asyncio.sleep(0)
    raise error


def test_a_result_comes_back():
    assert loop.run(lambda: _value(5)) == 5


ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, MemoryError, TimeoutError])
def test_an_error_comes_back_and_the_loop_goes_on(kind):
    with pytest.raises(kind):
        loop.run(lambda: _raise(kind()))
    assert loop.run(lambda: _value(1)) == 1


async def _this_loop() -> object:
    return asyncio.get_running_loop()


def test_calls_one_after_another_use_one_loop_in_any_thread():
    first = loop.run(_this_loop)
    found: list[object] = []
    for _ in range(3):
        thread = threading.Thread(target=lambda: found.append(loop.run(_this_loop)))
        thread.start()
        thread.join()
    assert found == [first] * 3


def test_threads_at_one_time_have_a_loop_each_and_no_more():
    barrier = threading.Barrier(8)
    found: set[object] = set()

    async def meet() -> None:
        found.add(asyncio.get_running_loop())
        await asyncio.to_thread(barrier.wait, 5)

    for _ in range(2):
        threads = [threading.Thread(target=loop.run, args=(meet,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 8 <= len(found) <= 8 + 1


def test_context_variables_of_the_caller_are_seen():
    variable = contextvars.ContextVar("variable", default=0)
    variable.set(7)

    async def read() -> int:
        return variable.get()

    assert loop.run(read) == 7


def test_work_beyond_its_time_is_cancelled():
    ended = threading.Event()

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        loop.run(slow, seconds=0.05)
    assert ended.is_set()


def test_an_interrupt_cancels_the_work_and_passes_on():
    cleaned = threading.Event()

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            cleaned.set()

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        loop.run(work)
    assert cleaned.is_set()
    assert time.monotonic() - began < 5


def test_it_works_inside_a_running_loop_its_own_too():
    async def inside() -> object:
        return loop.run(lambda: _value(3))

    assert asyncio.run(inside()) == 3
    assert loop.run(inside) == 3


def test_an_interrupt_inside_a_running_loop_cancels_the_work_too():
    cleaned = threading.Event()

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(60)
        finally:
            cleaned.set()

    async def inside() -> None:
        # Like a notebook's loop, which does not handle the signal itself.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        loop.run(work)

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(inside())
    assert cleaned.is_set()


def test_a_process_that_ends_while_work_is_under_way_ends_cleanly():
    script = """
        import asyncio, threading, warnings
        warnings.simplefilter("error")
        from promptspec.models import loop
        started = threading.Event()
        async def forever():
            started.set()
            await asyncio.sleep(3600)
        def call():
            try:
                loop.run(forever)
            except RuntimeError:
                pass
        threading.Thread(target=call, daemon=True).start()
        started.wait(5)
    """
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", textwrap.dedent(script)],
        capture_output=True, text=True, timeout=30, check=False, env=ENVIRONMENT,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_the_models_loads_no_client_library_and_no_event_loop():
    script = """
        import sys
        import promptspec.models, promptspec.models.openai_api, promptspec.models.asking, promptspec.models.loop
        import promptspec.models.scripted, promptspec.models.servers, promptspec.models.control_tokens
        print([name for name in ("openai", "httpx2", "aiohttp", "asyncio", "pydantic", "ssl") if name in sys.modules])
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True, text=True, timeout=30, check=True, env=ENVIRONMENT,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
