"""Features in processes of their own, that share one counter, and one that dies in the middle of a call."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from codegen.specs import write_spec
from promptspec.errors import LimitReached
from promptspec.loading import load
from promptspec.models.port import Answer, Ask, Usage
from promptspec.ports import World
from promptspec.runtime.feature import Feature
from promptspec.safety.callers import Session
from safety.redis_server import RedisServer

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

#: A request costs at most 1,000 tokens in and 100 out: 0.00037 dollars. Of both limits one call has room for three.
SPEC = """
feature answer {
    model "gpt-5.6-luna"

    input { question: text(1..500) }

    output text(1..280)

    limits {
        prompt 1_000 tokens
        reply 100 tokens
        retries 0
        repairs 0
        calls 12 per day per feature
        spend 0.0012 usd per day per caller
    }
}
"""
KEYS = {"PROMPTSPEC_ID_KEY": "k1:" + "s" * 32, "OPENAI_API_KEY": "sk-one"}
CALLERS, TRIES, WORKERS = 6, 4, 2


class _Teller:
    """A model that answers, and says that it used as much as it may have; or ends its process."""

    name = "teller"

    def __init__(self, *, dies: bool = False) -> None:
        self._dies = dies

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        if self._dies:
            os.kill(os.getpid(), signal.SIGKILL)
        usage = Usage(input_tokens=1_000, output_tokens=100)
        return Answer(text=json.dumps({"answer": "Hello."}), model=self.name, usage=usage)


def _work(
    spec: str, environment: Mapping[str, str], callers: int, dies: bool, go: Callable[[], object], told: Queue[Any]
) -> None:
    os.environ.update(environment)
    feature: Feature[Any] = load(Path(spec)).features["answer"]

    def models(_self: object, _world: World) -> tuple[_Teller]:
        return (_Teller(dies=dies),)

    type(feature).models = models  # type: ignore[method-assign,assignment]
    go()
    passed: list[str] = []
    for at in range(callers * TRIES):
        caller = f"caller {at % callers}"
        try:
            feature.call_fields({"question": "Where is it?"}, caller=Session(caller))
        except LimitReached:
            continue
        passed.append(caller)
    told.put(passed)


@pytest.fixture(params=["sqlite", "redis"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    where = {"PROMPTSPEC_LEDGER": str(tmp_path / "ledger.db")}
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("own_redis")
        where = {"PROMPTSPEC_COUNTERS": server.url}
    return {**KEYS, **where, "PROMPTSPEC_CACHE": str(tmp_path / "cache")}


def _run(
    folder: Path, environment: Mapping[str, str], *, workers: int = 1, callers: int = 1, dies: bool = False
) -> tuple[list[str], int]:
    """Return for which callers calls passed in all *workers* together, and the exit code of the last of them."""
    spec = str(write_spec(folder / "project", SPEC))
    spawn = multiprocessing.get_context("spawn")
    gate, told = spawn.Barrier(workers), spawn.Queue()
    arguments = (spec, environment, callers, dies, gate.wait, told)
    processes = [spawn.Process(target=_work, args=arguments) for _ in range(workers)]
    for process in processes:
        process.start()
    passed = [] if dies else [caller for _ in processes for caller in told.get(timeout=120)]
    for process in processes:
        process.join(60)
    return passed, processes[-1].exitcode or 0


def test_processes_never_let_more_through_together_than_is_declared(
    environment: dict[str, str], tmp_path: Path
) -> None:
    passed, _ = _run(tmp_path, environment, workers=WORKERS, callers=CALLERS)
    assert len(passed) == 12
    assert max(passed.count(caller) for caller in passed) <= 3


def test_what_a_process_had_reserved_that_died_stays_reserved(environment: dict[str, str], tmp_path: Path) -> None:
    _, code = _run(tmp_path, environment, dies=True)
    assert code == -signal.SIGKILL
    passed, _ = _run(tmp_path, environment)
    assert len(passed) == 2
