"""A report as lines for a person. Nothing from outside is left unescaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from promptspec.diagnostics.foreign import escape, shorten
from promptspec.evaluate.comparing import Comparison
from promptspec.evaluate.results import Judged, RunResult
from promptspec.evaluate.scores import Confusion, Figures, Score, word
from promptspec.evaluate.wording import (
    ending_of,
    group_title,
    interval_text,
    level_text,
    sentence,
    share_of,
    spent,
    why_not_run,
    why_refused,
)
from promptspec.live.wording import counted

#: Rows, groups and confusions that are told one by one; the other reports hold all.
_MOST_TOLD: Final = 10
_MOST_TEXT: Final = 160
#: So many labels fit into a table of a terminal.
_MOST_LABELS: Final = 8
_MOST_NAME: Final = 40


def render_text(result: RunResult, figures: Figures, comparison: Comparison | None) -> str:
    """Return the report as lines, the sum of it last."""
    return "".join(f"{line}\n" for line in _lines(result, figures, comparison))


def _lines(result: RunResult, figures: Figures, comparison: Comparison | None) -> Iterator[str]:
    for row in figures.worst[:_MOST_TOLD]:
        yield from _wrong(row)
    if len(figures.worst) > _MOST_TOLD:
        yield f"{counted(len(figures.worst) - _MOST_TOLD, 'more row')} went wrong; the other reports hold them"
    yield from _table("field", figures.fields)
    for group in figures.groups:
        yield from _table(group_title(group.by), group.scores[:_MOST_TOLD])
    for confusion in figures.confusions:
        yield from _confusion(confusion)
    for why, count in list(why_refused(result))[:_MOST_TOLD]:
        verb = "was" if count == 1 else "were"
        yield f"{counted(count, 'row')} {verb} refused, which counts as wrong: {shorten(why, _MOST_TEXT)}"
    for why, count in list(why_not_run(result))[:_MOST_TOLD]:
        yield f"{counted(count, 'row')} could not be run: {shorten(why, _MOST_TEXT)}"
    if comparison is not None:
        yield from _compared(comparison)
    yield from (f"note: {escape(note)}" for note in result.notes)
    yield from (
        escape(level_text(level, finished=result.is_finished)) for level in figures.levels if not result.setup.rehearsed
    )
    yield spent(result)
    if not result.is_finished:
        yield f"not finished: {escape(ending_of(result))}"
    yield escape(sentence(result, figures))
    setup = result.setup
    yield f"run {escape(setup.run)} of {escape(setup.spec)}:{escape(setup.feature)}, promptspec {escape(setup.version)}"


def _wrong(row: Judged) -> Iterator[str]:
    yield f"WRONG line {row.line}: {shorten(row.given, _MOST_TEXT)}"
    if row.outcome == "refused":
        yield f"  refused: {shorten(row.why, _MOST_TEXT)}"
        return
    for name, right in row.right.items():
        if not right:
            label, said = shorten(word(row.expected[name]), _MOST_NAME), shorten(word(row.said[name]), _MOST_NAME)
            yield f"  {escape(name)}: {said}, labelled {label}"


def _table(title: str, scores: Sequence[Score]) -> Iterator[str]:
    if not scores:
        return
    names = [shorten(score.name, _MOST_NAME) for score in scores]
    widest = max(len(title), *map(len, names))
    yield ""
    yield f"{escape(title):<{widest}}   right of rows     share   with 95 %"
    for score, name in zip(scores, names, strict=True):
        right = f"{score.right:,} of {score.rows:,}"
        yield f"{name:<{widest}}  {right:>14}  {share_of(score):>8}   {interval_text(score.interval)}"


def _confusion(confusion: Confusion) -> Iterator[str]:
    pairs = confusion.pairs()
    if not pairs:
        return
    yield ""
    if len(confusion.labels) > _MOST_LABELS or len(confusion.said) > _MOST_LABELS:
        yield f"{escape(confusion.field)}: labelled, and taken for"
        for label, said, count in pairs[:_MOST_TOLD]:
            yield f"  {shorten(label, _MOST_NAME)}: {shorten(said, _MOST_NAME)}, {counted(count, 'time')}"
        return
    names = [shorten(said, 12) for said in confusion.said]
    labels = [shorten(label, _MOST_NAME) for label in confusion.labels]
    title = f"{escape(confusion.field)} labelled"
    widest = max(len(title), *map(len, labels))
    yield f"{title:<{widest}}  taken for " + "  ".join(f"{name:>12}" for name in names)
    for label, name in zip(confusion.labels, labels, strict=True):
        cells = "  ".join(f"{confusion.counts.get((label, said), 0) or '.':>12}" for said in confusion.said)
        yield f"{name:<{widest}}            {cells}"


def _compared(found: Comparison) -> Iterator[str]:
    yield ""
    by = escape(", ".join(found.fields))
    yield f"against {escape(found.first)}: {counted(found.pairs, 'row')} in common, by {by}"
    yield f"  right in both {found.both_right}, wrong in both {found.both_wrong}"
    lines = f", in lines {', '.join(map(str, found.lines[:_MOST_TOLD]))}" if found.lines else ""
    yield f"  worse: {found.worse} right then and wrong now{lines}"
    yield f"  better: {found.better} wrong then and right now"
    yield f"McNemar's exact test: p = {found.p:.4f}"
    if found.others:
        yield f"note: {counted(found.others, 'row')} cannot be compared: not run in both, or labelled anew"
    yield from (f"note: {escape(note)}" for note in found.notes)
