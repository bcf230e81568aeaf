"""The sentences of a report."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, TypeAlias

from promptspec.evaluate.results import RunResult
from promptspec.evaluate.scores import Figures, Level, Score
from promptspec.live.statistics import Interval
from promptspec.live.wording import counted

#: `met`: every declared level is reached. `missed`: one is not. `open`: nothing is shown, because the run was not
#: finished or rehearsed. `none`: no level is declared.
Verdict: TypeAlias = Literal["met", "missed", "open", "none"]

#: What every report of a rehearsal says.
REHEARSED = "rehearsed: the replies are made from the spec itself, and say nothing about a model"


def verdict_of(result: RunResult, figures: Figures) -> Verdict:
    """Return what the run shows of the declared levels. What was not run shows nothing."""
    if not result.is_finished:
        return "open"
    if not figures.levels:
        return "none"
    if result.setup.rehearsed:
        return "open"
    return "met" if all(level.is_met for level in figures.levels) else "missed"


def sentence(result: RunResult, figures: Figures) -> str:
    """Return what the run shows, in a sentence."""
    said = _said(result, figures)
    return f"{REHEARSED}; {said}" if result.setup.rehearsed else said


def _said(result: RunResult, figures: Figures) -> str:
    whole = figures.whole
    if not whole.rows:
        return "no row was run, so nothing is known"
    right = f"{whole.right:,} of {counted(whole.rows, 'row')} right, {score_text(whole)}"
    verdict = verdict_of(result, figures)
    if not result.is_finished:
        return f"not finished, so no level is shown to be met: {right}"
    if verdict == "missed":
        missed = [level for level in figures.levels if not level.is_met]
        return f"{level_text(missed[0])}; {right}"
    return {"met": f"every declared level is met: {right}", "open": right}.get(
        verdict, f"{right}; no level is declared"
    )


def level_text(level: Level, *, finished: bool = True) -> str:
    """Return what the rows say of a declared level; that it lies inside the interval is said."""
    declared = f"the declared {plain(level.share)} %"
    if not level.score.rows:
        return f"{level.field}: nothing is known of {declared}"
    if not finished:
        return f"{level.field}: {score_text(level.score)} so far, of {declared}"
    said = f"{level.field} {'reaches' if level.is_met else 'misses'} {declared} with {score_text(level.score)}"
    inside = "the level lies inside the interval, so that other rows might say otherwise"
    return f"{said}; {inside}" if level.is_open else said


def score_text(score: Score) -> str:
    """Return a share with its interval: `91.3 % (85.1 % to 95.2 % with 95 % confidence)`."""
    return f"{share_text(score.share)} ({interval_text(score.interval)} with 95 % confidence)"


def share_of(score: Score) -> str:
    """Return the share of a score, nothing where there are no rows."""
    return share_text(score.share) if score.rows else "-"


def share_text(share: float) -> str:
    """Return a share in percent, rounded down, so that no level seems to be reached that is not: `91.9 %`."""
    tenths = int(round(share * 1000, 6))
    return "100 %" if tenths >= 1000 else f"{tenths / 10:.1f} %"


def interval_text(interval: Interval) -> str:
    """Return an interval in percent, rounded outwards."""
    high = -int(-round(interval.high * 1000, 6) // 1)
    return f"{share_text(interval.low)} to {'100 %' if high >= 1000 else f'{high / 10:.1f} %'}"


def plain(number: Decimal) -> str:
    """Return a number as a spec writes it: `92`, `92.5`."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def spent(result: RunResult) -> str:
    """Return what the run used."""
    done = counted(len(result.judged), "row")
    if not result.calls:
        return f"{done}, nothing sent"
    tokens = f"{result.prompt_tokens:,} tokens of prompts and {result.reply_tokens:,} of replies"
    dollars = f", {result.dollars:.4f} US dollars" if result.dollars is not None else ""
    worst = f" ({counted(result.uncounted, 'call')} by the worst case)" if result.uncounted else ""
    return f"{done}, {counted(result.calls, 'call')}, {tokens}{worst}{dollars}"


def ending_of(result: RunResult) -> str:
    """Return why a run is not finished."""
    ended = result.ended
    known = {
        "": "some rows could not be run",
        "interrupt": "it was interrupted",
        "killed": "it was killed",
        **{kind: f"the budget of {kind} is spent" for kind in ("calls", "tokens", "time", "spend")},
    }
    return f"{known.get(ended, ended)}, {counted(result.left, 'row')} left"


def why_not_run(result: RunResult) -> Iterator[tuple[str, int]]:
    """Yield what kept rows from being run, and how many, most first."""
    found: dict[str, int] = {}
    for row in result.judged:
        if row.outcome == "not run":
            found[row.why] = found.get(row.why, 0) + 1
    yield from sorted(found.items(), key=lambda entry: -entry[1])


def why_refused(result: RunResult) -> Iterator[tuple[str, int]]:
    """Yield the rules that refused replies, and how many, most first."""
    found: dict[str, int] = {}
    for row in result.judged:
        if row.outcome == "refused":
            found[row.why] = found.get(row.why, 0) + 1
    yield from sorted(found.items(), key=lambda entry: -entry[1])


def group_title(by: str) -> str:
    """Return what a table of groups is called."""
    return {"length": "length of the open text", "language": "language of the open text"}.get(by, by)
