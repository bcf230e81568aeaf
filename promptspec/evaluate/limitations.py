"""Draft text for `limitations`: what the rows show that the feature does worse than elsewhere."""

from __future__ import annotations

from promptspec.diagnostics.foreign import shorten
from promptspec.evaluate.scores import Figures, Score
from promptspec.evaluate.wording import group_title, score_text, share_text
from promptspec.live.wording import counted

#: Groups that are told of; the worst come first.
_MOST = 12
_MOST_TEXT = 60
#: One row that is wrong is an anecdote.
_LEAST_WRONG = 2


def draft_of(figures: Figures) -> tuple[str, ...]:
    """Return a line for each group whose interval lies below the accuracy of all rows, or below the declared level.

    A level counts where one field alone has one: the rows are judged by it. The lines are a draft, which a person
    edits: rows that were not in the file are not spoken of.
    """
    level = float(figures.levels[0].share) / 100 if len(figures.levels) == 1 else 0.0
    bound = max(figures.whole.share, level)
    found = [
        (score, group.by)
        for group in figures.groups
        for score in group.scores
        if score.interval.high < bound and score.rows - score.right >= _LEAST_WRONG
    ]
    found.sort(key=lambda each: (each[0].share, each[0].name))
    return tuple(_line(score, by, figures.whole, level) for score, by in found[:_MOST])


def clause_of(lines: tuple[str, ...]) -> str:
    """Return the clause with *lines*, as a spec has it."""
    return "\n".join(['limitations """', *(f"    {line}" for line in lines), '    """'])


def _line(score: Score, by: str, whole: Score, level: float) -> str:
    name = shorten(score.name, _MOST_TEXT).replace('"', "'").replace("\\", "/")
    where = f"where the {group_title(by)} is {name}"
    rows = counted(score.rows, "row")
    of_all = f"against {share_text(whole.share)} of all"
    other = of_all if score.interval.high < whole.share else f"against a declared level of {share_text(level)}"
    return f"Is right in {score_text(score)} of {rows} {where}, {other}."
