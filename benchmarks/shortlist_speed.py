"""What shortlists cost at ten thousand and one million texts of 200 characters: `python -m benchmarks.shortlist_speed`.

The words of the texts are made up, and as frequent as words are: the n-th as often as 1 / (n + 1).
"""

from __future__ import annotations

import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.measuring import print_machine
from promptspec.sources.building import build_snapshot
from promptspec.sources.find_index import Near
from promptspec.sources.layout import Layout
from promptspec.sources.port import Row
from promptspec.sources.snapshot import FileSnapshot, open_snapshot

SIZES = (10_000, 1_000_000)
CHARACTERS = 200
WORDS = 60_000
CALLS = 30
LAYOUT = Layout(names=("id", "body"), kinds=("text", "text"), key=0, label=1)


class Texts:
    """Texts of made-up words."""

    def __init__(self, seed: int) -> None:
        letters = random.Random(1)
        self.words = [
            "".join(letters.choices("abcdefghijklmnoprstuvwz", k=letters.randint(2, 11))) for _ in range(WORDS)
        ]
        self._frequent = list(itertools.accumulate(1 / (at + 2) for at in range(WORDS)))
        self.dice = random.Random(seed)

    def text(self) -> str:
        """Return a text of about 200 characters."""
        drawn = self.dice.choices(self.words, cum_weights=self._frequent, k=CHARACTERS // 5)
        return " ".join(drawn)[:CHARACTERS]

    def rows(self, count: int) -> Iterator[Row]:
        """Yield so many rows."""
        for at in range(count):
            yield f"k{at}", self.text()

    def slips(self) -> str:
        """Return ten words, each with another last letter."""
        return " ".join(f"{word[:-1]}x" for word in self.text().split()[:10])


def main() -> None:
    """Print what building and asking took."""
    print_machine(())
    print(
        "| rows | build s | file MiB | a text ms | with slips ms | common words ms | rare words ms | 2,000 chars ms |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "texts.sqlite"
            began = time.perf_counter()
            build_snapshot(LAYOUT, Texts(2).rows(size), path, searchable=False, near=Near((1,)))
            built = time.perf_counter() - began
            with open_snapshot(path) as snapshot:
                took = [_median(snapshot, make) for make in _makers(Texts(3))]
            told = " | ".join(f"{each * 1e3:.1f}" for each in took)
            print(f"| {size:,} | {built:.0f} | {path.stat().st_size / 2**20:.0f} | {told} |", flush=True)


def _makers(asked: Texts) -> tuple[Callable[[], str], ...]:
    """Return what makes the texts of each column."""
    dice, words = asked.dice, asked.words
    return (
        asked.text,
        asked.slips,
        lambda: " ".join(dice.choices(words[:12], k=8)),
        lambda: " ".join(dice.choices(words[WORDS // 2 :], k=8)),
        lambda: " ".join(dice.choices(words[3_000:], k=300)),
    )


def _median(snapshot: FileSnapshot, make: Callable[[], str]) -> float:
    """Return the median of the seconds that a shortlist takes of what *make* makes."""
    took: list[float] = []
    for _ in range(CALLS):
        near = make()
        began = time.perf_counter()
        snapshot.nearest(near, searched=(1,), top=20, above=0.0, keeps=_all)
        took.append(time.perf_counter() - began)
    return median(took)


def _all(_row: Row) -> bool:
    return True


if __name__ == "__main__":
    main()
