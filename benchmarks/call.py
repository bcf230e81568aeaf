"""What one call costs, beside peers: `python -m benchmarks.call`."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import peers
from benchmarks.features import NOTE, TITLE, built_module
from benchmarks.measuring import RAW_MICROS, Bar, cpu_in_blocks, print_bars, print_machine, print_ratios, resident_bytes
from benchmarks.server import REPLY, running
from promptspec.errors import InputRefused
from promptspec.models.port import Answer, Ask, Usage

_PACKAGES = ("openai", "httpx2", "aiohttp", "pydantic", "instructor", "pydantic-ai-slim", "baml-py")
_US = "promptspec"
_FIELDS: Mapping[str, Any] = {"mood": "calm", "title": TITLE, "note": NOTE}
_MEGABYTE = 1024 * 1024


def main() -> int:
    quick = "--quick" in sys.argv[1:]
    rounds, calls = (3, 60) if quick else (9, 200)
    print_machine(_PACKAGES)
    bars: list[Bar] = []
    with running() as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        features = {count: built_module(folder, port, count).review_film for count in (0, 50, 200)}
        _one_call(bars, features[0], port, folder, calls, rounds)
        _asynchronous(bars, features[0], port, folder, calls, rounds)
        _few_shot(bars, features, port, max(calls // 4, 20), rounds)
        _in_flight(bars, features[0], port, folder, 640 if quick else 1280, rounds)
        _own_checks(bars, features, port, calls * 5, rounds)
        _too_much(bars, features[0])
        _memory(bars, features[0], 2_000 if quick else 20_000)
    return 1 if print_bars(bars) else 0


def _repeat(call: peers.Sync) -> Callable[[int], None]:
    def run(calls: int) -> None:
        for _ in range(calls):
            call()

    return run


def _one_call(bars: list[Bar], feature: Any, port: int, folder: Path, calls: int, rounds: int) -> None:
    makers: dict[str, Callable[[], peers.Sync]] = {
        "raw httpx2": lambda: peers.raw(port),
        "openai create": lambda: peers.create(port),
        "openai parse": lambda: peers.parse(port),
        "Instructor": lambda: peers.instructor(port),
        "BAML": lambda: peers.baml(port, folder / "baml"),
    }
    callers: dict[str, Callable[[int], None]] = {_US: _repeat(lambda: feature(**_FIELDS))}
    callers |= {name: _repeat(call) for name, maker in makers.items() if (call := _made(name, maker)) is not None}
    found = cpu_in_blocks(callers, calls=calls, rounds=rounds)
    print_ratios("CPU of one synchronous call", found, "raw httpx2")
    bars.append(Bar("one call, over `create`", found[_US] / found["openai create"], 0.6))
    if "Instructor" in found:
        bars.append(Bar("one call, over Instructor", found[_US] / found["Instructor"], 0.4))


def _asynchronous(bars: list[Bar], feature: Any, port: int, folder: Path, calls: int, rounds: int) -> None:
    loop = asyncio.new_event_loop()

    def repeat(call: peers.Async) -> Callable[[int], None]:
        async def several(calls: int) -> None:
            for _ in range(calls):
                await call()

        return lambda calls: loop.run_until_complete(several(calls))

    makers: dict[str, Callable[[], peers.Async]] = {
        "openai create": lambda: peers.create_async(port),
        "Pydantic AI": lambda: peers.pydantic_ai_async(port),
        "BAML": lambda: peers.baml_async(port, folder / "baml"),
    }
    callers = {_US: repeat(lambda: feature.aio(**_FIELDS))}
    callers |= {name: repeat(call) for name, maker in makers.items() if (call := _made(name, maker)) is not None}
    found = cpu_in_blocks(callers, calls=calls, rounds=rounds)
    print_ratios("CPU of one asynchronous call", found, "openai create")
    bars.append(Bar("one call (async), over `create`", found[_US] / found["openai create"], 0.6))
    if "Pydantic AI" in found:
        bars.append(Bar("one call (async), over Pydantic AI", found[_US] / found["Pydantic AI"], 0.2))
    loop.run_until_complete(loop.shutdown_asyncgens())


def _few_shot(bars: list[Bar], features: Mapping[int, Any], port: int, calls: int, rounds: int) -> None:
    callers = {
        f"{_US}, {count} pairs": _repeat(lambda feature=feature: feature(**_FIELDS))
        for count, feature in features.items()
    }
    callers |= {f"openai create, {count} pairs": _repeat(peers.create(port, count)) for count in (0, 50)}
    found = cpu_in_blocks(callers, calls=calls, rounds=rounds)
    print_ratios("CPU of one call with few-shot pairs", found, f"{_US}, 0 pairs")
    bars.append(Bar("50 pairs, over `create`", found[f"{_US}, 50 pairs"] / found["openai create, 50 pairs"], 0.08))
    bars.append(Bar("200 pairs, over none", found[f"{_US}, 200 pairs"] / found[f"{_US}, 0 pairs"], 2))


def _in_flight(bars: list[Bar], feature: Any, port: int, folder: Path, calls: int, rounds: int) -> None:
    loop = asyncio.new_event_loop()
    makers: dict[str, Callable[[], peers.Async]] = {
        _US: lambda: lambda: feature.aio(**_FIELDS),
        "openai create": lambda: peers.create_async(port),
        "BAML": lambda: peers.baml_async(port, folder / "baml"),
    }
    callers = {name: call for name, maker in makers.items() if (call := _made(name, maker)) is not None}
    rates: dict[str, list[float]] = {name: [] for name in callers}
    for turn in range(rounds + 1):
        for name, call in callers.items():
            before = time.perf_counter()
            loop.run_until_complete(_many(call, calls, 64))
            if turn:  # the first only warms up
                rates[name].append(calls / (time.perf_counter() - before))
    loop.run_until_complete(loop.shutdown_asyncgens())
    found = {name: statistics.median(each) for name, each in rates.items()}
    print_ratios("Calls a second, 64 in flight", found, "openai create", scale=1, unit="calls/s")
    bars.append(Bar("64 in flight, over `create`", found[_US] / found["openai create"], 2.5, at_least=True))
    if "BAML" in found:
        bars.append(Bar("64 in flight, over BAML", found[_US] / found["BAML"], 1.2, at_least=True))


async def _many(call: peers.Async, calls: int, at_once: int) -> None:
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(work() for _ in range(at_once)))


class _AtOnce:
    """A model that answers without a network."""

    name = "at once"

    def __init__(self) -> None:
        import json

        self._text = json.dumps(REPLY)

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        return Answer(text=self._text, model=self.name, usage=Usage())


def _own_checks(bars: list[Bar], features: Mapping[int, Any], port: int, calls: int, rounds: int) -> None:
    def repeat(feature: Any) -> Callable[[int], None]:
        async def several(calls: int) -> None:
            with feature.override(model=_AtOnce()):
                for _ in range(calls):
                    await feature.aio(**_FIELDS)

        return lambda calls: asyncio.run(several(calls))

    callers = {f"{count} pairs": repeat(feature) for count, feature in features.items()}
    callers["raw httpx2"] = _repeat(peers.raw(port))
    found = cpu_in_blocks(callers, calls=calls, rounds=rounds)
    print_ratios("CPU of all checks, the network aside", found, "raw httpx2")
    own = found["0 pairs"]
    print(f"\nall checks of our own: {own * 1e6:.0f} µs here; the bar of 60 µs is for a raw call of {RAW_MICROS} µs")
    bars.append(Bar("all checks of our own, over raw httpx2", own / found["raw httpx2"], 60 / RAW_MICROS))


def _too_much(bars: list[Bar], feature: Any) -> None:
    kinds = {"letters": "a", "spaces": " ", "combining marks": "\u0301\u0323", "growing": "\ufdfa", "emoji": "😀"}
    found: dict[str, float] = {}
    for field in _FIELDS:
        for kind, unit in kinds.items():
            text = unit * (_MEGABYTE // len(unit.encode()))
            taken: list[float] = []
            for _ in range(5):
                before = time.thread_time()
                try:
                    feature.render(**{**_FIELDS, field: text})
                except InputRefused:
                    taken.append(time.thread_time() - before)
                else:
                    raise SystemExit(f"a megabyte in `{field}` was accepted")
            found[f"{field}, {kind}"] = statistics.median(taken)
    print_ratios("A megabyte in a field, refused", found, next(iter(found)))
    bars.append(Bar("a megabyte in a field, the slowest", max(found.values()) * 1e3, 1, unit=" ms"))


def _memory(bars: list[Bar], feature: Any, calls: int) -> None:
    repeat = _repeat(lambda: feature(**_FIELDS))
    repeat(max(calls // 10, 500))
    before = resident_bytes()
    repeat(calls)
    grown = (resident_bytes() - before) / _MEGABYTE
    bars.append(Bar(f"memory grown over {calls:,} calls", max(grown, 0.0), 1, unit=" MiB"))


def _made(name: str, maker: Callable[[], Any]) -> Any:
    """Return a peer's call after one trial, or None, having said why it is left out."""
    try:
        return maker()
    except Exception as error:  # noqa: BLE001  a peer that is missing or broken is told, not measured
        print(f"left out: {name} ({type(error).__name__}: {str(error)[:200]})")
        return None


if __name__ == "__main__":
    raise SystemExit(main())
