"""What the rules of tone cost: all of them on one text of 280 characters, each alone, and on longer texts.

`python -m benchmarks.tone` needs the extra `tone`, and no network.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal

from benchmarks import peers
from benchmarks.measuring import RAW_MICROS, Bar, cpu_in_blocks, print_bars, print_machine
from benchmarks.server import running
from promptspec.tone.judges import Judge, avoids, in_language, in_person, measured, mentions, without_profanity
from promptspec.tone.measures import MEASURES
from promptspec.tone.phrases import Phrases, Seen

#: All rules together on 280 characters, in milliseconds where a raw `httpx2` call takes RAW_MICROS.
MOST = 1.0
#: How much longer a text ten times as long may take, for each of its characters.
GROWTH = 1.5

#: Words of the largest list that moderates.
MOST_BLOCKED = 100_000

TEXT = (
    "As in the film that you picked, a long friendship is told here with patience, but the end is a sad one: "
    "“no great thing was ever easy”, says the guard. Have you seen it? It won 7 prizes – and lost 3! "
    "The refund policy of the cinema is on its web page; a wonderful evening costs about 12 euros a head."
)[:280]
PHRASES = ("synergy", "guarantee*", "as an AI", "language model", "state of the art", "C++")


def judges() -> dict[str, Judge]:
    """Return a judge of each rule."""
    found: dict[str, Judge] = {name: measured(name, Decimal(0), Decimal(30)) for name in MEASURES}
    found["language"] = in_language("en")
    found["person"] = in_person("first", "en", negated=True)
    found["avoid"] = avoids(PHRASES, ((r"as an (AI|assistant)", True),))
    found["profanity"] = without_profanity("en", "de", "fr", "es")
    found["mention"] = mentions("refund policy")
    return found


def _words(count: int) -> Iterator[str]:
    """Yield so many words and phrases that stand in no text: one in ten of two words, one in ten with any ending."""
    letters = str.maketrans("0123456789", "bcdfghjkmn")
    for number in range(count):
        word = f"z{number:06d}".translate(letters)
        yield f"{word} z" if number % 10 == 0 else f"{word}*" if number % 10 == 1 else word


def main() -> int:
    """Print what each rule costs, and whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    print_machine(("vaderSentiment", "py3langid"))
    rules = judges()
    long = " ".join([TEXT] * 10)

    def repeat(judged: list[Judge], text: str) -> Callable[[int], None]:
        def run(calls: int) -> None:
            for _ in range(calls):
                seen = Seen(text)  # as a call does: a text is folded once for all rules
                for judge in judged:
                    judge(seen)

        return run

    callers = {name: repeat([judge], TEXT) for name, judge in rules.items()}
    callers |= {"all": repeat([*rules.values()], TEXT), "all, ten times the text": repeat([*rules.values()], long)}
    with running() as port:
        raw = peers.raw(port)

        def ask(calls: int) -> None:
            for _ in range(calls):
                raw()

        callers["raw httpx2"] = ask
        taken = cpu_in_blocks(callers, calls=20 if quick else 100, rounds=5 if quick else 15)
    unit = taken["raw httpx2"] / RAW_MICROS * 1e6  # how much slower this machine is than that of the bars
    print(f"\nA text of {len(TEXT)} characters\n\n| rule | µs |\n|---|---:|")
    for name, seconds in taken.items():
        print(f"| `{name}` | {seconds * 1e6:.1f} |")
    blocked = Phrases(_words(MOST_BLOCKED))
    kilobyte = (TEXT * 4)[:1_024]

    def look(text: str) -> Callable[[int], None]:
        def run(calls: int) -> None:
            for _ in range(calls):
                blocked.found_in(text)

        return run

    looking = cpu_in_blocks(
        {"prose": look(kilobyte), "spaced": look(" ".join(kilobyte)[:1_024])},
        calls=20 if quick else 100,
        rounds=5 if quick else 15,
    )
    print(f"\nA list of {MOST_BLOCKED:,} words\n\n| text of 1,024 characters | µs |\n|---|---:|")
    for name, seconds in looking.items():
        print(f"| {name} | {seconds * 1e6:.1f} |")
    growth = taken["all, ten times the text"] / taken["all"] / (len(long) / len(TEXT))
    return int(
        bool(
            print_bars(
                [
                    Bar("all rules, 280 characters, at the bar's speed", taken["all"] * 1e3 / unit, MOST, unit=" ms"),
                    Bar("cost a character, ten times the text", growth, GROWTH),
                    Bar(f"{MOST_BLOCKED:,} words, 1 KB of prose", looking["prose"] * 1e3 / unit, MOST, unit=" ms"),
                ]
            )
        )
    )


if __name__ == "__main__":
    sys.exit(main())
