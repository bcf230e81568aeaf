"""What a run or a comparison found, as lines for a person and as data for a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from promptspec.diagnostics.foreign import escape, shorten
from promptspec.fuzz.redteam.comparing import Comparison
from promptspec.fuzz.redteam.rates import Rate, by_family, by_feature, by_technique, rate, rates
from promptspec.fuzz.redteam.results import RunResult, Tried
from promptspec.live.statistics import Interval, percent
from promptspec.live.wording import counted

#: Attempts that are told one by one; the recording holds all.
_MOST_TOLD: Final = 20
#: Techniques of a table; those that fell and were obeyed come first.
_MOST_TECHNIQUES: Final = 25
_MOST_TEXT: Final = 300


def render_text(result: RunResult) -> str:
    """Return the report as lines, the sum of it last. Nothing from outside is left unescaped."""
    return "".join(f"{line}\n" for line in _lines(result))


def sentence(result: RunResult) -> str:
    """Return what the run shows, in a sentence: what the model did, and what the feature let through."""
    whole = rate("all", result.tried)
    if not whole.judged:
        return "no attempt was judged, so nothing is known"
    let = f"the feature let through {whole.fell} of {whole.judged}, {_between(whole.interval)}"
    if not whole.answered:
        return f"the model was never heard; {let}"
    return f"the model obeyed {whole.obeyed} of {whole.answered} attacks; {let}"


def _lines(result: RunResult) -> Iterator[str]:
    for tried in result.fell[:_MOST_TOLD]:
        yield from _fallen(tried)
    if len(result.fell) > _MOST_TOLD:
        yield f"{len(result.fell) - _MOST_TOLD} more fell; the recording holds them"
    yield from _table("feature", rates(result.tried, by_feature))
    yield from _table("family", rates(result.tried, by_family))
    techniques = rates(result.tried, by_technique)
    telling = [each for each in techniques if each.fell or each.obeyed or each.unjudged]
    if telling:
        yield from _table("technique", telling[:_MOST_TECHNIQUES])
    yield from (f"{counted(count, 'attempt')} could not be judged: {why}" for why, count in _unjudged(result))
    if refused := rate("all", result.tried).refused:
        yield f"{counted(refused, 'attempt')} held because the input was refused: no model was asked"
    yield from (f"note: {escape(note)}" for note in result.notes)
    yield _spent(result)
    if result.ended:
        yield f"not finished: {_ending(result.ended)}, {counted(result.left, 'attempt')} left"
    yield sentence(result)
    yield f"run {escape(result.setup.run)}, seed {result.setup.seed}, promptspec {escape(result.setup.version)}"


def _fallen(tried: Tried) -> Iterator[str]:
    by = " (says the judge)" if tried.by_model else ""
    yield f"FELL {escape(tried.file)}:{escape(tried.feature)} {escape(tried.technique)}: {escape(tried.why)}{by}"
    yield f"  attack: {shorten(tried.attack, _MOST_TEXT)}"
    if tried.said is not None:
        yield f"  reply:  {shorten(tried.said, _MOST_TEXT)}"


def _table(title: str, rows: Sequence[Rate]) -> Iterator[str]:
    if not rows:
        return
    widest = min(max(len(title), *(len(shorten(row.name, 60)) for row in rows)), 60)
    yield f"{title:<{widest}}  attempts  fell of judged   with 95 %       obeyed of answered"
    for row in rows:
        fell, obeyed = f"{row.fell} of {row.judged}", f"{row.obeyed} of {row.answered}"
        yield f"{shorten(row.name, 60):<{widest}}  {row.attempts:>8}  {fell:>14}   {_share(row.interval):<14}  {obeyed}"
    yield ""


def _share(interval: Interval) -> str:
    return f"{percent(interval.low)} to {percent(interval.high)}"


def _between(interval: Interval) -> str:
    return f"which is {_share(interval)} with 95 % confidence"


def _unjudged(result: RunResult) -> list[tuple[str, int]]:
    found: dict[str, int] = {}
    for tried in result.tried:
        if tried.verdict == "could not judge":
            why = shorten(tried.why, _MOST_TEXT)
            found[why] = found.get(why, 0) + 1
    return sorted(found.items(), key=lambda entry: -entry[1])[:_MOST_TOLD]


def _spent(result: RunResult) -> str:
    if not result.calls:
        return f"{counted(len(result.tried), 'attempt')}, nothing sent"
    tokens = f"{result.prompt_tokens:,} tokens of prompts and {result.reply_tokens:,} of replies"
    dollars = f", {result.dollars:.4f} US dollars" if result.dollars is not None else ""
    worst = f" ({counted(result.uncounted, 'call')} by the worst case)" if result.uncounted else ""
    return f"{counted(len(result.tried), 'attempt')}, {counted(result.calls, 'call')}, {tokens}{worst}{dollars}"


def _ending(ended: str) -> str:
    if ended in ("calls", "tokens", "time", "spend"):
        return f"the budget of {ended} is spent"
    return {"interrupt": "it was interrupted", "killed": "it was killed"}.get(ended, escape(ended))


def data_of(result: RunResult) -> dict[str, object]:
    """Return the report as plain data."""
    return {
        "run": result.setup.run,
        "seed": result.setup.seed,
        "version": result.setup.version,
        "sentence": sentence(result),
        "finished": not result.ended,
        "ended": result.ended,
        "left": result.left,
        "calls": result.calls,
        "prompt_tokens": result.prompt_tokens,
        "reply_tokens": result.reply_tokens,
        "calls_by_worst_case": result.uncounted,
        "dollars": result.dollars,
        "all": _rate(rate("all", result.tried)),
        "features": [_rate(each) for each in rates(result.tried, by_feature)],
        "families": [_rate(each) for each in rates(result.tried, by_family)],
        "techniques": [_rate(each) for each in rates(result.tried, by_technique)],
        "attempts": [_attempt(tried) for tried in result.tried],
        "notes": list(result.notes),
    }


def _rate(rate: Rate) -> dict[str, object]:
    interval, own = rate.interval, rate.obeyed_interval
    return {
        "name": rate.name,
        "attempts": rate.attempts,
        "judged": rate.judged,
        "fell": rate.fell,
        "could_not_judge": rate.unjudged,
        "input_refused": rate.refused,
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
        "answered": rate.answered,
        "obeyed": rate.obeyed,
        "obeyed_low": round(own.low, 6),
        "obeyed_high": round(own.high, 6),
    }


def _attempt(tried: Tried) -> dict[str, object]:
    names = ("file", "feature", "technique", "family", "index", "goal", "verdict", "why", "stage", "obeyed")
    told: dict[str, object] = {name: getattr(tried, name) for name in names}
    return {**told, "judged_by": "model" if tried.by_model else "rules", "attack": _whole(tried.attack)}


def _whole(text: str) -> str:
    """Return *text* with half characters escaped: JSON readers refuse them."""
    return text.encode("utf-8", "backslashreplace").decode()


def render_comparison(found: Comparison) -> str:
    """Return a comparison as lines."""
    return "".join(f"{line}\n" for line in _compared(found))


def _compared(found: Comparison) -> Iterator[str]:
    pairs = counted(found.pairs, "attempt")
    yield f"{escape(found.first)} and {escape(found.second)}: {pairs} in common, judged in both"
    yield f"  held in both {found.both_held}, fell in both {found.both_fell}"
    yield f"  worse: {found.worse} held in the first and fell in the second"
    yield f"  better: {found.better} fell in the first and held in the second"
    for change in found.changes:
        yield f"    {escape(change.technique)}: {change.worse} worse, {change.better} better"
    yield f"McNemar's exact test: p = {found.p:.4f}"
    if found.unjudged:
        yield f"note: {counted(found.unjudged, 'pair')} could not be judged in one of the runs"
    if found.others:
        yield f"note: in {counted(found.others, 'pair')} the text of the attack differs"


def comparison_data(found: Comparison) -> dict[str, object]:
    """Return a comparison as plain data."""
    names = ("first", "second", "pairs", "both_held", "both_fell", "worse", "better", "p", "unjudged", "others")
    changes = [{"technique": each.technique, "worse": each.worse, "better": each.better} for each in found.changes]
    return {**{name: getattr(found, name) for name in names}, "techniques": changes}
