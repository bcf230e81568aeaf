"""What is counted of a run: scores, levels, groups, confusions, drafts, comparisons, and how they are worded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.api import format_text
from promptspec.evaluate.comparing import Earlier, compare
from promptspec.evaluate.limitations import clause_of, draft_of
from promptspec.evaluate.recording import Unreadable
from promptspec.evaluate.results import Judged, RunResult, Setup
from promptspec.evaluate.scores import figures_of, word
from promptspec.evaluate.wording import interval_text, level_text, share_text, verdict_of
from promptspec.live.statistics import Interval, wilson

SETUP = Setup(
    run="20260131-000000-abcd",
    version="1",
    spec="a.spec",
    feature="f",
    file="golden.jsonl",
    rows=4,
    today="2026-01-31",
    read=(("a.spec", "00"),),
    measured=("team", "urgent"),
    deciding=("team",),
    targets=(("team", "75"),),
)


def judged(line: int, team: str, said: str | None, *, groups: Mapping[str, str] | None = None, **more: Any) -> Judged:
    """Return a row labelled *team* of which *said* was said; None was refused."""
    fields: dict[str, Any] = {
        "line": line,
        "key": f"k{line}",
        "outcome": "answered" if said else "refused",
        "right": {"team": team == said, "urgent": said is not None},
        "expected": {"team": json.dumps(team), "urgent": "true"},
        "said": {"team": json.dumps(said), "urgent": "true"} if said else {},
        "slices": tuple((groups or {}).items()),
    }
    return Judged(**(fields | more))


def unknown(line: int) -> Judged:
    """Return a row that could not be run."""
    return judged(line, "a", None, outcome="not run", right={}, why="no answer")


def result(*rows: Judged, **more: Any) -> RunResult:
    return RunResult(setup=replace(SETUP, rows=len(rows)), judged=rows, **more)


def mixed(wrong: int, **groups: str) -> RunResult:
    """Return sixty rows of which the first *wrong* are wrong; the first eight are a group of their own."""
    (by,) = groups or ("vip",)
    first = groups.get(by, "true")
    return result(
        *(judged(n, "a", "b" if n <= wrong else "a", groups={by: first if n <= 8 else "false"}) for n in range(1, 61))
    )


def test_a_row_is_right_by_the_fields_that_decide_and_a_refused_one_is_wrong():
    figures = figures_of(result(judged(1, "a", "a"), judged(2, "a", "b"), judged(3, "b", None)), ["team"])
    assert (figures.whole.right, figures.whole.rows, figures.refused) == (1, 3, 1)
    assert {score.name: score.right for score in figures.fields} == {"team": 1, "urgent": 2}
    assert figures.whole.interval == wilson(1, 3)


def test_rows_that_were_not_run_count_as_nothing():
    found = result(judged(1, "a", "a"), unknown(2))
    figures = figures_of(found, [])
    assert (figures.whole.right, figures.whole.rows, figures.not_run) == (1, 1, 1)
    assert not found.is_finished
    assert verdict_of(found, figures) == "open"


@pytest.mark.parametrize(
    ("right", "rows", "share", "met"),
    [(3, 4, "75", True), (3, 4, "75.1", False), (0, 4, "0.1", False), (4, 4, "100", True), (2, 3, "66.66", True)],
)
def test_a_level_is_met_by_the_share_itself_exactly(right: int, rows: int, share: str, met: bool):
    said = ["a"] * right + ["b"] * (rows - right)
    found = result(*(judged(line, "a", each) for line, each in enumerate(said, 1)))
    found = replace(found, setup=replace(found.setup, targets=(("team", share),)))
    figures = figures_of(found, [])
    assert figures.levels[0].is_met is met
    assert verdict_of(found, figures) == ("met" if met else "missed")


def test_a_level_that_the_interval_does_not_hold_is_told_without_a_doubt():
    (level,) = figures_of(result(*(judged(line, "a", "b") for line in range(1, 101))), []).levels
    assert not level.is_open
    assert level_text(level) == "team misses the declared 75 % with 0.0 % (0.0 % to 3.7 % with 95 % confidence)"


def test_nothing_that_was_not_finished_or_was_rehearsed_meets_a_level():
    rows = [judged(line, "a", "a") for line in range(1, 5)]
    assert verdict_of(result(*rows), figures_of(result(*rows), [])) == "met"
    for other in (result(*rows, left=1), result(*rows, ended="interrupt")):
        assert verdict_of(other, figures_of(other, [])) == "open"
    rehearsed = replace(result(*rows), setup=replace(SETUP, rehearsed=True))
    assert verdict_of(rehearsed, figures_of(rehearsed, [])) == "open"


def test_groups_are_those_of_which_there_are_several_and_not_too_many():
    rows = [
        judged(line, "a", "a" if line < 20 else "b", groups={"vip": str(line % 2), "one": "x", "many": str(line)})
        for line in range(1, 31)
    ]
    (group,) = figures_of(result(*rows), []).groups
    assert (group.by, [score.rows for score in group.scores]) == ("vip", [15, 15])
    assert group.scores[0].share <= group.scores[1].share


def test_a_table_of_confusions_counts_every_row_that_was_run():
    rows = [judged(1, "a", "a"), judged(2, "a", "b"), judged(3, "a", "b"), judged(4, "b", None), unknown(5)]
    (confusion,) = figures_of(result(*rows), ["team"]).confusions
    assert confusion.counts == {("a", "a"): 1, ("a", "b"): 2, ("b", "(refused)"): 1}
    assert (confusion.labels, confusion.said) == (("a", "b"), ("a", "b", "(refused)"))
    assert confusion.pairs() == [("a", "b", 2), ("b", "(refused)", 1)]


def test_the_worst_rows_come_first():
    rows = [judged(1, "a", "b"), judged(2, "a", None), judged(3, "a", "a"), judged(4, "a", "b")]
    assert [row.line for row in figures_of(result(*rows), []).worst] == [2, 1, 4]


def test_words_are_shown_without_quotes():
    assert [word(text) for text in ('"a"', "null", "true", "1.50", '["a"]')] == ["a", "none", "true", "1.50", '["a"]']


# Wording


@given(st.integers(0, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows))))
def test_a_share_is_never_told_as_more_than_it_is_nor_an_interval_as_narrower(pair: tuple[int, int]):
    right, rows = pair
    share = right / rows if rows else 0.0
    assert float(share_text(share).removesuffix(" %")) <= 100 * share + 1e-6
    interval = wilson(right, rows)
    low, high = (float(part.removesuffix(" %")) for part in interval_text(interval).split(" to "))
    assert low <= 100 * interval.low + 1e-6
    assert high >= 100 * interval.high - 1e-6
    assert high - low <= 100 * (interval.high - interval.low) + 0.21


def test_only_a_whole_is_a_hundred_percent():
    assert (share_text(1.0), share_text(0.9999)) == ("100 %", "99.9 %")
    assert interval_text(Interval(0.0, 1.0)) == "0.0 % to 100 %"


# Limitations


def test_a_draft_names_groups_that_lie_below_by_more_than_chance():
    (line,) = draft_of(figures_of(mixed(8), []))
    assert line.startswith("Is right in 0.0 % (0.0 % to 32.5 % with 95 % confidence) of 8 rows where the vip is true")
    assert draft_of(figures_of(mixed(1), [])) == ()


def test_a_draft_is_a_clause_that_can_be_read_whatever_groups_are_called():
    lines = draft_of(figures_of(mixed(8, by='x """ } \\ \u202e {{ y }}'), []))
    assert len(lines) == 1
    spec = f"promptspec 1\n\nfeature f {{\n{clause_of(lines)}\n}}\n"
    formatted, problems, _ = format_text(spec, "f.spec")
    assert formatted is not None, problems


# Comparison


def earlier(*rows: Judged) -> Earlier:
    return Earlier(
        setup=SETUP, right={row.key: row.right for row in rows}, labels={row.key: row.expected for row in rows}
    )


def test_only_rows_that_both_runs_know_are_paired():
    before = earlier(judged(1, "a", "a"), judged(2, "a", "b"), judged(3, "a", "a"), unknown(4), judged(9, "a", "a"))
    found = compare(before, result(judged(1, "a", "b"), judged(2, "a", "a"), unknown(3), judged(4, "a", "a")))
    assert (found.pairs, found.worse, found.better, found.others) == (2, 1, 1, 3)
    assert (found.p, found.lines) == (1.0, (1,))


def test_runs_without_a_field_in_common_are_not_compared():
    before = replace(earlier(judged(1, "a", "a")), setup=replace(SETUP, measured=("other",)))
    with pytest.raises(Unreadable):
        compare(before, result(judged(1, "a", "a")))
