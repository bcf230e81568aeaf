"""CPU time in alternating blocks, and tables of ratios with the bar beside them."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

#: CPU microseconds of a raw `httpx2` call where bars in microseconds were set: they travel as ratios to it.
RAW_MICROS = 250


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar that was set before anything was measured: *value* must be at most (or at least) *limit*."""

    what: str
    value: float
    limit: float
    at_least: bool = False
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def cpu_in_blocks(callers: Mapping[str, Callable[[int], None]], *, calls: int, rounds: int) -> dict[str, float]:
    """Return the median CPU seconds a call of each caller, which all run *calls* calls in each of *rounds* rounds.

    The CPU time is that of all threads of this process. Blocks alternate, so that what disturbs the machine for a
    while disturbs all of them.
    """
    for run in callers.values():
        run(max(calls // 4, 5))
    taken: dict[str, list[float]] = {name: [] for name in callers}
    for _ in range(rounds):
        for name, run in callers.items():
            gc.collect()
            before = time.process_time()
            run(calls)
            taken[name].append((time.process_time() - before) / calls)
    return {name: statistics.median(each) for name, each in taken.items()}


def print_ratios(title: str, figures: Mapping[str, float], base: str, *, scale: float = 1e6, unit: str = "µs") -> None:
    """Print what each took, and its ratio to *base*."""
    print(f"\n{title}\n")
    print(f"| what | {unit} | ratio |\n|---|---:|---:|")
    for name, figure in figures.items():
        print(f"| {name} | {_short(figure * scale)} | {figure / figures[base]:.2f} |")


def print_bars(bars: Sequence[Bar]) -> int:
    """Print the bars and how they were met; return how many were missed."""
    print("\n| bar | measured | set | |\n|---|---:|---:|---|")
    for bar in bars:
        sign = "≥" if bar.at_least else "≤"
        print(
            f"| {bar.what} | {_short(bar.value)}{bar.unit} | {sign} {_short(bar.limit)}{bar.unit} "
            f"| {'PASS' if bar.met else 'MISS'} |"
        )
    missed = sum(not bar.met for bar in bars)
    print(f"\n{len(bars) - missed} of {len(bars)} bars met", flush=True)
    return missed


def print_machine(packages: Sequence[str]) -> None:
    """Print what was measured on, and with."""
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} cores")
    print(", ".join(f"{name} {_version(name)}" for name in packages), file=sys.stdout, flush=True)


def resident_bytes() -> int:
    """Return the resident memory of this process."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.3g}"
