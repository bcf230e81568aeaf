"""Threads and processes that share one counter never let more through together than is declared."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from promptspec.errors import LedgerUnavailable
from promptspec.safety.counters import Counters, Taken, Use, counters_of
from safety.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.queues import Queue

DAY = 86_400_000
NOW = 1_900_000_000_000
MOST = 40


def uses(name: str) -> tuple[Use, ...]:
    return (
        Use(name=f"{name} calls", period_ms=DAY, most=MOST, amount=1),
        Use(name=f"{name} spend", period_ms=DAY, most=10_000, amount=7),
    )


def passed(counters: Counters, name: str, tries: int) -> int:
    return sum(isinstance(counters.take(uses(name), NOW), Taken) for _ in range(tries))


def test_threads_share_one_counter(counters: Counters) -> None:
    gate = Barrier(4)

    def call() -> int:
        gate.wait()
        return passed(counters, "threads", 15)

    with ThreadPoolExecutor(4) as pool:
        found = [future.result() for future in [pool.submit(call) for _ in range(4)]]
    assert sum(found) == MOST


def _passed_here(environment: Mapping[str, str], go: Callable[[], object], told: Queue[int]) -> None:
    counters = counters_of(environment)
    go()
    told.put(passed(counters, "processes", 30))


@pytest.mark.parametrize("where", ["sqlite", "postgresql", "redis"])
def test_processes_share_one_counter(where: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if where == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        environment = {"PROMPTSPEC_COUNTERS": server.url}
    elif where == "sqlite":
        environment = {"PROMPTSPEC_LEDGER": str(tmp_path / "ledger.db")}
    else:
        environment = {"PROMPTSPEC_LEDGER": str(request.getfixturevalue("ledger_on_a_server"))}
    spawn = multiprocessing.get_context("spawn")
    gate, told = spawn.Barrier(3), spawn.Queue()
    processes = [spawn.Process(target=_passed_here, args=(environment, gate.wait, told)) for _ in range(3)]
    for process in processes:
        process.start()
    found = [told.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
    assert sum(found) == MOST


def test_what_a_killed_process_had_taken_stays_taken(tmp_path: Path) -> None:
    environment = {"PROMPTSPEC_LEDGER": str(tmp_path / "ledger.db")}
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_take_and_die, args=(environment,))
    process.start()
    process.join(60)
    assert process.exitcode == -9
    assert passed(counters_of(environment), "killed", MOST) == MOST - 1


def _take_and_die(environment: Mapping[str, str]) -> None:
    import os
    import signal

    counters_of(environment).take(uses("killed"), NOW)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_ledger_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.write_text("no folder")
    counters = counters_of({"PROMPTSPEC_LEDGER": str(folder / "ledger.db")})
    with pytest.raises(LedgerUnavailable, match="cannot be opened"):
        counters.take(uses("gone"), NOW)
