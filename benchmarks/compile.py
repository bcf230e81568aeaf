"""What compiling many features costs, and importing what was built: `python -m benchmarks.compile`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import peers
from benchmarks.features import write_small_specs
from benchmarks.measuring import Bar, print_bars, print_machine
from benchmarks.start import cpu_of_imports

_COUNTS = (1, 100, 1_000)
_MOST = _COUNTS[-1]
_LOAD = "import promptspec\nloaded = promptspec.load({specs!r})\nloaded.sort_message_{one}\n"


@dataclass(frozen=True, slots=True)
class Run:
    """CPU seconds, seconds by the clock, and the most MiB resident of a process."""

    cpu: float
    wall: float
    memory: float


def main() -> int:
    rounds = 1 if "--quick" in sys.argv[1:] else 3
    print_machine(("lark", "pydantic", "typer", "baml-py"))
    bars: list[Bar] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for count in _COUNTS:
            write_small_specs(folder / f"specs{count}", count)
        _cold(bars, folder, rounds)
        _again(bars, folder, rounds)
        _imports(bars, folder, rounds)
    return 1 if print_bars(bars) else 0


def _cold(bars: list[Bar], folder: Path, rounds: int) -> None:
    found: dict[int, Run] = {}
    print("\nCold `promptspec build`\n\n| features | CPU s | by the clock | MiB |\n|---:|---:|---:|---:|")
    for count in _COUNTS:
        runs = [
            _run(_build(folder, count, f"out{count}-{turn}"), cache=folder / f"cache{count}-{turn}")
            for turn in range(rounds)
        ]
        found[count] = run = _median(runs)
        print(f"| {count:,} | {run.cpu:.2f} | {run.wall:.2f} | {run.memory:.0f} |")
    one, some, most = (found[count] for count in _COUNTS)
    each = ((some.cpu - one.cpu) / (_COUNTS[1] - 1), (most.cpu - some.cpu) / (_MOST - _COUNTS[1]))
    print(f"\nA feature more: {each[0] * 1e3:.1f} ms up to {_COUNTS[1]}, {each[1] * 1e3:.1f} ms beyond")
    bars.append(Bar(f"cold build of {_MOST:,}", most.cpu, 6, unit=" s"))
    bars.append(Bar(f"cold build of {_MOST:,}, memory", most.memory, 300, unit=" MiB"))
    bars.append(Bar("a feature more beyond a hundred, over one before", each[1] / each[0], 1.25))


def _again(bars: list[Bar], folder: Path, rounds: int) -> None:
    cache = folder / f"cache{_MOST}-0"
    build = _build(folder, _MOST, f"out{_MOST}-0")
    load = [sys.executable, "-c", _LOAD.format(specs=str(folder / f"specs{_MOST}"), one=7)]
    _run(load, cache=cache)
    print("\nNothing changed\n\n| what | CPU s | by the clock | MiB |\n|---|---:|---:|---:|")
    for what, command in (("`promptspec build`", build), ("`promptspec.load`, one feature used", load)):
        run = _median([_run(command, cache=cache) for _ in range(2 * rounds + 1)])
        print(f"| {what} | {run.cpu:.2f} | {run.wall:.2f} | {run.memory:.0f} |")
        bars.append(Bar(f"{what}, nothing changed", run.cpu, 0.3, unit=" s"))


def _imports(bars: list[Bar], folder: Path, rounds: int) -> None:
    ours = f"out{_MOST}-0"
    os.rename(folder / ours, folder / "ours")
    statements = {"the built package, one feature used": "from ours import sort_message_7"}
    names = [f"SortMessage{number}" for number in range(_MOST)]
    try:
        before = time.perf_counter()
        peers.generate_baml(folder / "baml", 1, names)
        print(f"\n`baml-cli generate` for as many: {time.perf_counter() - before:.2f} s by the clock")
    except (OSError, subprocess.SubprocessError, ImportError) as error:
        print(f"left out: BAML ({type(error).__name__})")
    else:
        statements["BAML's client"] = "from baml_client.sync_client import b"
    statements["the built package, all features used"] = "import ours\nfor name in dir(ours): getattr(ours, name)"
    found = cpu_of_imports(statements, [folder, folder / "baml"], rounds, written=False)
    print(f"\nFirst import, {_MOST:,} features\n\n| what | CPU s | MiB more |\n|---|---:|---:|")
    for what, (cpu, memory) in found.items():
        print(f"| {what} | {cpu:.2f} | {memory / 1024:.0f} |")
    if "BAML's client" in found:
        (cpu, memory), baml = found["the built package, one feature used"], found["BAML's client"]
        bars.append(Bar("first import, over BAML's client", cpu / baml[0], 0.1))
        bars.append(Bar("memory of the import, over BAML's client", memory / baml[1], 0.1))


def _build(folder: Path, count: int, out: str) -> list[str]:
    return [sys.executable, "-m", "promptspec", "build", str(folder / f"specs{count}"), "--out", str(folder / out)]


def _run(command: list[str], *, cache: Path) -> Run:
    environment = {**os.environ, "PROMPTSPEC_CACHE": str(cache)}
    before = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, cwd=cache.parent)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Run(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def _median(runs: list[Run]) -> Run:
    return Run(*(statistics.median(getattr(run, name) for run in runs) for name in ("cpu", "wall", "memory")))


if __name__ == "__main__":
    raise SystemExit(main())
