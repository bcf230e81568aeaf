"""Features side by side: told of one after the other, in their order, whoever is done first."""

from __future__ import annotations

import time
from functools import partial

import pytest

from promptspec.fuzz.progress import Progress
from promptspec.fuzz.results import FeatureResult
from promptspec.fuzz.workers import side_by_side

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


class Heard:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def begin(self, file: str, feature: str, laws: int) -> None:
        self.told.append(("begin", feature, laws))

    def case(self, phase: str) -> None:
        self.told.append(phase)

    def fell(self, law: str) -> None:
        self.told.append(("fell", law))

    def end(self, result: FeatureResult) -> None:
        self.told.append(("end", result.feature))


def result_of(name: str, *, finished: bool = True) -> FeatureResult:
    return FeatureResult(
        file="a.spec", feature=name, line=1, laws=(), phases={"search": 3}, techniques={}, liars={}, tried=0,
        troubles=(), seconds=0.0, finished=finished,
    )  # fmt: skip


def work(name: str, seconds: float, progress: Progress) -> tuple[FeatureResult, tuple[str, ...]]:
    progress.begin("a.spec", name, 2)
    for _ in range(3):
        progress.case("search")
    time.sleep(seconds)
    progress.fell("some_law")
    progress.end(result_of(name))
    return result_of(name), (f"a note on {name}",)


def broken(progress: Progress) -> tuple[FeatureResult, tuple[str, ...]]:
    raise ZeroDivisionError("a bug")


def test_each_feature_is_told_of_whole_and_in_its_order() -> None:
    heard = Heard()
    works = [partial(work, "slow", 0.4), partial(work, "quick", 0.0), partial(work, "last", 0.0)]
    results, notes = side_by_side(works, 2, lambda: heard)
    assert [result.feature for result in results] == ["slow", "quick", "last"]
    assert sorted(notes) == ["a note on last", "a note on quick", "a note on slow"]
    of_one = ["search", "search", "search", ("fell", "some_law")]
    assert heard.told == [
        each for name in ("slow", "quick", "last") for each in [("begin", name, 2), *of_one, ("end", name)]
    ]


def test_the_largest_is_begun_first_and_told_of_in_its_turn() -> None:
    begun: list[str] = []

    def noted(name: str, progress: Progress) -> tuple[FeatureResult, tuple[str, ...]]:
        begun.append(name)
        return result_of(name), (f"{len(begun)}: {name}",)

    works = [partial(noted, "small"), partial(noted, "large"), partial(noted, "middle")]
    results, notes = side_by_side(works, 1, Heard, sizes=[1, 3, 2])
    assert [result.feature for result in results] == ["small", "large", "middle"]
    assert sorted(notes) == ["1: large", "2: middle", "3: small"]


def test_what_breaks_in_a_worker_is_raised_here() -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError: a bug"):
        side_by_side([partial(work, "fine", 0.0), broken], 2, Heard)


def test_a_worker_that_was_broken_off_takes_nothing_more() -> None:
    def broken_off(progress: Progress) -> tuple[FeatureResult, tuple[str, ...]]:
        return result_of("first", finished=False), ()

    results, _ = side_by_side([broken_off, partial(work, "second", 0.0)], 1, Heard)
    assert [(result.feature, result.finished) for result in results] == [("first", False)]
