"""What sources cost at ten thousand, one million and ten million rows: building, opening, looking up, searching.

`python -m benchmarks.sources --rows 1000000` measures one size; `--rows` may stand several times. What is generated
goes to a folder for temporary files: 3 GB for ten million rows. CPU time is that of all threads. Bars in microseconds
are read as ratios to a raw `httpx2` call of the same process.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import RAW_MICROS, Bar, cpu_in_blocks, print_bars, print_machine, resident_bytes
from promptspec.contract.feature import Source
from promptspec.contract.types import Cap, Field, Origin, Text

SIZES = (10_000, 1_000_000, 10_000_000)
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
#: Letters of other scripts, and the longest words that are made of them.
OTHERS = (
    ("оеаинтсрвлкмдпуя", 9),
    ("оеаинтсрвлкмдпуяжшч", 7),
    ("αοιετσνηυρπκμλόάί", 9),
    ("的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出", 4),
    ("कि रा मे ना स्त ही पु ल वा द य के".replace(" ", ""), 7),
)


def source() -> Source:
    """Return the source that is built: a key, and a label of three words."""
    origin = Origin(file="films.spec", line=1)
    columns = tuple(
        Field(name=name, type=Text(kind="line", cap=Cap(least=1, most=80)), origin=origin) for name in ("id", "title")
    )
    return Source(
        name="films",
        kind="csv",
        key="id",
        label="title",
        columns=columns,
        row_class="FilmsRow",
        trusted=False,
        origin=origin,
    )


def words() -> list[str]:
    """Return 50,000 words, the same each time; every tenth has an accent."""
    dice = random.Random(1)
    weights = [1 / (at + 3) for at in range(26)]
    made = {"".join(dice.choices(LETTERS, weights, k=dice.randint(3, 9))) for _ in range(80_000)}
    return [word.replace("e", "é", 1) if at % 10 == 0 else word for at, word in enumerate(sorted(made))][:50_000]


def words_of(letters: str, longest: int) -> list[str]:
    """Return 5,000 words of *letters*, the same each time."""
    dice = random.Random(letters)
    return ["".join(dice.choices(letters, k=dice.randint(2, longest))) for _ in range(5_000)]


def generate(path: Path, rows: int) -> None:
    """Write a csv file of so many rows: of 40 labels 35 are Latin, two of them with a comma and so in quotes, two
    Cyrillic, one Greek, one Chinese, and one Hindi, whose letters carry marks.
    """
    dice = random.Random(2)
    latin = words()
    others = [words_of(letters, longest) for letters, longest in OTHERS]
    with open(path, "w", encoding="utf-8", newline="", buffering=1 << 20) as file:
        file.write("id,title\n")
        for at in range(rows):
            other = at % 40 - 35
            first, second, third = dice.choices(others[other] if other >= 0 else latin, k=3)
            label = f"{first.title()} {second} {third}"
            if at % 20 == 7:
                label = f'"{first.title()}, {second} {third}"'
            file.write(f"tt{at * 7919 % rows:08},{label}\n")


def build(csv: Path, path: Path) -> dict[str, float]:
    """Build a snapshot in this process; return what it took."""
    from promptspec.sources.building import build_snapshot
    from promptspec.sources.layout import layout_of
    from promptspec.sources.load import stream_rows
    from promptspec.sources.problems import Problems

    described = source()
    problems = Problems()
    before, cpu = time.perf_counter(), time.process_time()
    with open(csv, "rb") as file:
        rows = stream_rows(described, file, problems=problems, most_keys=0)
        build_snapshot(layout_of(described), rows, path)
    assert problems.count == 0
    return {
        "seconds": time.perf_counter() - before,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "size": path.stat().st_size / 1024 / 1024,
    }


def ask(path: Path, rows: int) -> dict[str, float]:
    """Open a snapshot in this process and ask it; return what that took."""
    from promptspec.sources.snapshot import open_snapshot

    resident = resident_bytes()
    before = time.perf_counter()
    opened = open_snapshot(path)
    assert opened.row("tt00000001") is not None
    start = time.perf_counter() - before
    dice = random.Random(3)
    known = words()
    keys = [f"tt{dice.randrange(rows):08}" for _ in range(20_000)]
    starts = [dice.choice(known)[: dice.randint(2, 5)] for _ in range(2_000)]
    parts = [word[1:5] for word in dice.choices(known, k=200) if len(word) > 5]
    found = {
        "start": start,
        "member": _each(opened.row, keys),
        "prefix": _each(opened.search, starts),
        "part": _each(opened.search, parts),
    }
    found["resident"] = (resident_bytes() - resident) / 1024 / 1024
    return found | _beside_a_raw_call(opened.row, keys)


def _beside_a_raw_call(row: Callable[[str], object], keys: list[str]) -> dict[str, float]:
    """Return what a look-up and a raw call take in alternating blocks."""
    from benchmarks import peers
    from benchmarks.server import running

    with running() as port:
        raw = peers.raw(port)

        def call(calls: int) -> None:
            for _ in range(calls // 100):
                raw()

        def look_up(calls: int) -> None:
            for key in keys[:calls]:
                row(key)

        taken = cpu_in_blocks({"raw": call, "member": look_up}, calls=10_000, rounds=7)
    return {"raw": taken["raw"] * 100, "member_beside_raw": taken["member"]}


def _each(call: Callable[[str], object], texts: list[str]) -> float:
    for text in texts:  # once to have the file in the system's cache, as in a process that has been running
        call(text)
    before = time.process_time()
    for text in texts:
        call(text)
    return (time.process_time() - before) / len(texts)


def _fresh(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.sources", *arguments]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> int:
    """Print what each size took, and whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help="a size to measure, in place of all three")
    parser.add_argument("--build", nargs=2)
    parser.add_argument("--ask", nargs=2)
    given = parser.parse_args()
    if given.build:
        print(json.dumps(build(Path(given.build[0]), Path(given.build[1]))))
        return 0
    if given.ask:
        print(json.dumps(ask(Path(given.ask[0]), int(given.ask[1]))))
        return 0
    print_machine(())
    print(f"load {os.getloadavg()[0]:.1f}")
    print(
        "\n| rows | build s | CPU s | peak MiB | file MiB | member µs | prefix µs | part µs | start ms | grown MiB |\n"
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    took: dict[str, float] = {}
    folder = Path(tempfile.mkdtemp(prefix="promptspec-"))
    try:
        for rows in given.rows or SIZES:
            csv, path = folder / "films.csv", folder / f"{rows}.sqlite"
            generate(csv, rows)
            took = _fresh("--build", str(csv), str(path)) | _fresh("--ask", str(path), str(rows))
            print(
                f"| {rows:,} | {took['seconds']:.1f} | {took['cpu']:.1f} | {took['peak']:.0f} | {took['size']:.0f} "
                f"| {took['member'] * 1e6:.1f} | {took['prefix'] * 1e6:.0f} | {took['part'] * 1e6:.0f} "
                f"| {took['start'] * 1e3:.1f} | {took['resident']:.1f} |",
                flush=True,
            )
            print(
                f"beside it: a raw call {took['raw'] * 1e6:.0f} µs, a look-up {took['member_beside_raw'] * 1e6:.1f} µs"
            )
            path.unlink()
    finally:
        shutil.rmtree(folder)
    return (
        1
        if print_bars(
            [
                Bar("membership, over raw httpx2", took["member_beside_raw"] / took["raw"], 15 / RAW_MICROS),
                Bar("ten best that begin so, over raw httpx2", took["prefix"] / took["raw"], 50 / RAW_MICROS),
                Bar("resident growth", took["resident"], 64, unit=" MiB"),
                Bar("build, by the clock", took["seconds"], 120, unit=" s"),
                Bar("memory of the build", took["peak"], 200, unit=" MiB"),
                Bar("start with a ready snapshot", took["start"] * 1e3, 20, unit=" ms"),
            ]
        )
        else 0
    )


if __name__ == "__main__":
    raise SystemExit(main())
