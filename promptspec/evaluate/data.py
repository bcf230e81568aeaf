"""A report as plain data for a program."""

from __future__ import annotations

from dataclasses import asdict

from promptspec.evaluate.comparing import Comparison
from promptspec.evaluate.limitations import draft_of
from promptspec.evaluate.results import Judged, RunResult
from promptspec.evaluate.scores import Figures, Score
from promptspec.evaluate.wording import REHEARSED, sentence, verdict_of


def data_of(result: RunResult, figures: Figures, comparison: Comparison | None) -> dict[str, object]:
    """Return the report as plain data. Inputs stay out of it: rows are named by their line and a hash."""
    return {
        "setup": asdict(result.setup),
        "sentence": sentence(result, figures),
        "verdict": verdict_of(result, figures),
        "warning": REHEARSED if result.setup.rehearsed else "",
        "finished": result.is_finished,
        "ended": result.ended,
        "left": result.left,
        "not_run": figures.not_run,
        "refused": figures.refused,
        "calls": result.calls,
        "prompt_tokens": result.prompt_tokens,
        "reply_tokens": result.reply_tokens,
        "calls_by_worst_case": result.uncounted,
        "dollars": result.dollars,
        "all": _score(figures.whole),
        "fields": [_score(score) for score in figures.fields],
        "levels": [
            {"field": level.field, "at_least": level.share, "met": level.is_met, "inside_interval": level.is_open}
            for level in figures.levels
        ],
        "groups": [{"by": group.by, "scores": [_score(score) for score in group.scores]} for group in figures.groups],
        "confusions": [
            {
                "field": confusion.field,
                "counts": [
                    {"labelled": label, "said": said, "rows": count}
                    for (label, said), count in sorted(confusion.counts.items())
                ],
            }
            for confusion in figures.confusions
        ],
        "limitations": [] if result.setup.rehearsed else list(draft_of(figures)),
        "comparison": None if comparison is None else asdict(comparison),
        "rows": [_row(row, result) for row in result.judged],
        "notes": list(result.notes),
    }


def _score(score: Score) -> dict[str, object]:
    interval = score.interval
    return {
        "name": score.name,
        "right": score.right,
        "rows": score.rows,
        "share": round(score.share, 6),
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
    }


def _row(row: Judged, result: RunResult) -> dict[str, object]:
    return {
        "line": row.line,
        "key": row.key,
        "outcome": row.outcome,
        "is_right": row.is_right(result.setup.deciding),
        "why": row.why,
        "right": dict(row.right),
        "expected": dict(row.expected),
        "said": dict(row.said),
    }
