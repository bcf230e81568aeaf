"""The fuzzer: cases through all laws against bare generation of the same cases, `pr` on all samples, memory.

`python -m benchmarks.fuzz [speed] [profile] [memory]`; without a name, all three. Run it from the root of the project.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, seed, settings

from benchmarks.measuring import Bar, print_bars, print_machine, resident_bytes
from promptspec.fuzz.cases import Case
from promptspec.fuzz.judging import Judge
from promptspec.fuzz.laws import LAWS
from promptspec.fuzz.profiles import PROFILES
from promptspec.fuzz.running import Plan, fuzz_feature
from promptspec.fuzz.stage import Stage
from promptspec.fuzz.strategies import cases
from promptspec.fuzz.subjects import Subject
from promptspec.fuzz.trial import Trial
from promptspec.loading import load

SPECS = Path(__file__).parents[1] / "specs"
CASES = 400
ROUNDS = 3
MANY = 50_000


def bare(subject: Subject, count: int) -> None:
    """Draw *count* cases and do nothing with them."""

    @settings(max_examples=count, deadline=None, database=None, phases=(Phase.generate,))
    @given(cases(subject))
    def drawn(case: object) -> None:
        del case

    seed(1)(drawn)()


def judged(subject: Subject, count: int, number: int = 1) -> None:
    """Draw the same *count* cases, call the feature with each and judge it by every law."""
    stage = Stage(subject)
    judge = Judge(subject, LAWS)

    @settings(max_examples=count, deadline=None, database=None, phases=(Phase.generate,))
    @given(cases(subject))
    def drawn(case: Case) -> None:
        judge.count(case)
        assert judge.first_fall(Trial(stage, case)) is None

    seed(number)(drawn)()
    stage.close()


def rate(run: Callable[[Subject, int], None], subject: Subject) -> float:
    """Return the cases a CPU second."""
    gc.collect()
    before = time.process_time()
    run(subject, CASES)
    return CASES / (time.process_time() - before)


def speed(features: dict[str, Any]) -> list[Bar]:
    """Compare both rates of each sample in alternating blocks."""
    ratios: list[float] = []
    print("\n| feature | bare, cases/s | all laws, cases/s | ratio |\n|---|---:|---:|---:|")
    for name, feature in features.items():
        subject = Subject(feature)
        bare(subject, 50)
        judged(subject, 50)
        taken = [(rate(bare, subject), rate(judged, subject)) for _ in range(ROUNDS)]
        one, other = (statistics.median(each) for each in zip(*taken, strict=True))
        ratios.append(other / one)
        print(f"| {name} | {one:,.0f} | {other:,.0f} | {other / one:.2f} |", flush=True)
    return [Bar("cases through all laws over bare generation, median", statistics.median(ratios), 0.4, at_least=True)]


def profile(features: dict[str, Any]) -> list[Bar]:
    """Run `pr` on all samples, one after the other."""
    total = 0.0
    print("\n| feature | cases | seconds | fell |\n|---|---:|---:|---:|")
    for name, feature in features.items():
        result = fuzz_feature(feature, Plan(profile=PROFILES["pr"]))
        total += result.seconds
        print(f"| {name} | {result.cases:,} | {result.seconds:.1f} | {len(result.fallen)} |", flush=True)
    return [Bar("`pr` on all samples, in one process", total, 90, unit="s")]


def memory(features: dict[str, Any]) -> list[Bar]:
    """Judge 50,000 cases of one feature and see what stays."""
    subject = Subject(features["suggest_films"])
    for number in range(2):  # until what is remembered of the last few is full
        judged(subject, 5_000, number)
    before = resident_bytes()
    grown = 0.0
    print("\n| cases | grown by, MiB |\n|---:|---:|")
    for number in range(MANY // 5_000):
        judged(subject, 5_000, 2 + number)
        grown = (resident_bytes() - before) / 2**20
        print(f"| {(number + 1) * 5_000:,} | {grown:.1f} |", flush=True)
    return [Bar(f"growth of resident memory over {MANY:,} cases", grown, 16, unit="MiB")]


def main() -> int:
    """Print what was measured; return how many bars were missed."""
    parts = {"speed": speed, "profile": profile, "memory": memory}
    chosen = sys.argv[1:] or list(parts)
    print_machine(("hypothesis", "pydantic", "openai"))
    features = load(SPECS).features
    return print_bars([bar for name in chosen for bar in parts[name](features)])


if __name__ == "__main__":
    raise SystemExit(main())
