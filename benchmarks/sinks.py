"""How often ordinary sentences are refused, and what looking for sinks takes: `python -m benchmarks.sinks`."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.measuring import Bar, print_bars, print_machine
from promptspec.tone.judges import without_profanity
from promptspec.values.sinks import find_sinks

_SENTENCES = Path(__file__).parents[1] / "tests" / "values" / "data" / "sentences.txt"
_PROSE = "Two travellers part as friends, and neither of them knows why. " * 4
_SIGNS = "A price: 3.50 for the set (of two), e.g. in red; ask us - we answer 24/7. " * 4


def main() -> int:
    print_machine(("google-re2",))
    sentences = _SENTENCES.read_text(encoding="utf-8").splitlines()
    refused = [(text, find_sinks(text)) for text in sentences if find_sinks(text)]
    for text, names in refused:
        print(f"refused for {', '.join(names)}: {text}")
    profane = [text for text in sentences if not without_profanity("en", "de", "fr", "es")(text)]
    bars = [
        Bar(f"profane of {len(sentences)} ordinary sentences", 100 * len(profane) / len(sentences), 0, unit=" %"),
        Bar(f"refused of {len(sentences)} ordinary sentences", 100 * len(refused) / len(sentences), 1, unit=" %"),
        Bar("280 characters of prose", _microseconds(_PROSE[:280]), 20, unit=" µs"),
        Bar("280 characters with signs", _microseconds(_SIGNS[:280]), 1_000, unit=" µs"),
        Bar("ten times the text, over once", _microseconds(_SIGNS * 100) / _microseconds(_SIGNS * 10), 15),
    ]
    return 1 if print_bars(bars) else 0


def _microseconds(text: str) -> float:
    find_sinks(text)
    taken: list[float] = []
    for _ in range(9):
        before = time.thread_time()
        for _ in range(200):
            find_sinks(text)
        taken.append((time.thread_time() - before) / 200 * 1e6)
    return sorted(taken)[len(taken) // 2]


if __name__ == "__main__":
    raise SystemExit(main())
