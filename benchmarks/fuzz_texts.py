"""Hostile text against Hypothesis' own: how fast it is drawn, and how often it holds what laws need to see.

`python -m benchmarks.fuzz_texts` measures texts of several caps, and cases of the samples in `specs/`.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.measuring import Bar, cpu_in_blocks, print_bars, print_machine, print_ratios
from promptspec.contract.types import Cap, Text
from promptspec.fuzz.boundaries import boundaries
from promptspec.fuzz.reference_unicode import SEQUENCES, category, is_known, settled
from promptspec.fuzz.strategies import cases
from promptspec.fuzz.subjects import Subject
from promptspec.fuzz.texts import Made, hostile_texts, valid_texts
from promptspec.loading import load

LITERALS = ("message", "yes", "no", "[[message]]", "[[/message]]", "hello world")
CAPS = (12, 120, 500, 2_000)
#: Shares that are asked for, in per cent.
NEAR_CAP, EACH_KIND = 10, 5
#: What a text of ours may cost beside one of Hypothesis' own.
RATE = 0.8
CASES_A_SECOND = 1_000
#: The longest that all boundaries of the samples may take, in seconds.
BOUNDARIES = 30.0

KINDS: dict[str, Callable[[str], bool]] = {
    "bidirectional": lambda t: bool(re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u0590-\u07ff]", t)),
    "tags": lambda t: bool(re.search("[\U000e0000-\U000e007f]", t)),
    "zero width": lambda t: bool(re.search("[\u200b-\u200d\u2060\ufeff\u00ad\u034f]", t)),
    "combining marks": lambda t: any(category(character).startswith("M") for character in t),
    "emoji sequences": lambda t: any(sequence in t for sequence in SEQUENCES),
    "look-alikes": lambda t: bool(re.search("[\u0430-\u0458\uff01-\uff5e\u27e6\u2329\U0001d400-\U0001d7ff]", t)),
    "fences": lambda t: "[[" in t or "The tag of this message is" in t,
    "words of the spec": lambda t: "message" in t or "hello world" in t,
}


def drawing(strategy: st.SearchStrategy[Any], seen: list[Any] | None = None) -> Callable[[int], None]:
    """Return what draws so many values of *strategy*."""

    def draw(count: int) -> None:
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(strategy)
        def take(value: Any) -> None:
            if seen is not None:
                seen.append(value)

        take()

    return draw


def measure_texts(count: int, rounds: int) -> list[Bar]:
    """Print and return how fast texts are drawn for each cap."""
    bars: list[Bar] = []
    for most in CAPS:
        type = Text(kind="text", cap=Cap(least=0, most=most))
        taken = cpu_in_blocks(
            {
                "Hypothesis": drawing(st.text(max_size=most)),
                "valid": drawing(valid_texts(type, LITERALS)),
                "hostile": drawing(hostile_texts(type, LITERALS)),
            },
            calls=count,
            rounds=rounds,
        )
        print_ratios(f"A text of at most {most:,} characters", taken, "Hypothesis")
        ours = (taken["valid"] + taken["hostile"]) / 2
        bars.append(Bar(f"rate at ..{most}", taken["Hypothesis"] / ours, RATE, at_least=True))
    return bars


def measure_shares(count: int) -> list[Bar]:
    """Print and return how often valid texts hold what laws need to see."""
    bars: list[Bar] = []
    print("\n| cap | near the cap | " + " | ".join(KINDS) + " | attacks |")
    print("|---:|" + "---:|" * (len(KINDS) + 2))
    for most in CAPS:
        type = Text(kind="text", cap=Cap(least=0, most=most))
        seen: list[Made] = []
        drawing(valid_texts(type, LITERALS), seen)(count)
        found: Counter[str] = Counter()
        for made in seen:
            text = str(made.value)
            length = len(settled(text)) if is_known(text) else len(text)
            found["near the cap"] += abs(length - most) <= 1
            found["attacks"] += bool(made.techniques)
            found.update(name for name, holds in KINDS.items() if holds(text))
        shares = {name: 100 * found[name] / len(seen) for name in ("near the cap", *KINDS, "attacks")}
        print(f"| {most} | " + " | ".join(f"{share:.1f} %" for share in shares.values()) + " |")
        bars.append(Bar(f"near the cap ..{most}", shares["near the cap"], NEAR_CAP, at_least=True, unit=" %"))
        rarest = min(KINDS, key=lambda name: shares[name])
        bars.append(Bar(f"rarest kind at ..{most} ({rarest})", shares[rarest], EACH_KIND, at_least=True, unit=" %"))
    return bars


def measure_cases(count: int, rounds: int) -> list[Bar]:
    """Print and return how fast cases of the samples are drawn, and boundaries walked."""
    subjects = [Subject(feature) for feature in load(Path("specs")).features.values()]
    taken = cpu_in_blocks({subject.name: drawing(cases(subject)) for subject in subjects}, calls=count, rounds=rounds)
    print("\n| sample | cases a second |\n|---|---:|")
    for name, seconds in taken.items():
        print(f"| {name} | {1 / seconds:,.0f} |")
    mean = sum(taken.values()) / len(taken)
    walked = cpu_in_blocks({"all": lambda _: walk(subjects)}, calls=1, rounds=1)["all"]
    return [
        Bar("cases a second, all samples", 1 / mean, CASES_A_SECOND, at_least=True),
        Bar("boundaries of all samples", walked, BOUNDARIES, unit=" s"),
    ]


def walk(subjects: list[Subject]) -> None:
    """Make every boundary case once."""
    for subject in subjects:
        for _ in boundaries(subject):
            pass


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    quick = parser.parse_args().quick
    print_machine(("hypothesis", "unicodedata2", "promptspec"))
    bars = measure_texts(500, 3 if quick else 7)
    bars += measure_shares(1_000 if quick else 4_000)
    bars += measure_cases(300, 1 if quick else 3)
    return 1 if print_bars(bars) else 0


if __name__ == "__main__":
    sys.exit(main())
