"""What a calibration found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from promptspec.diagnostics.foreign import escape
from promptspec.live.statistics import percent, wilson
from promptspec.live.wording import counted
from promptspec.runtime.opinions import Judged
from promptspec.trials.calibration import confusion_of, statement_of

if TYPE_CHECKING:
    from promptspec.trials.calibration import BrokenLine, Calibration, Confusion, Found, Labelled

#: Thresholds at which the same answers are counted again.
_THRESHOLDS: Final = (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
#: So many lines are named of each kind.
_MOST_NAMED: Final = 20


def data_of(name: str, run: Calibration, lines: Sequence[Labelled], broken: Sequence[BrokenLine]) -> dict[str, Any]:
    """Return what was found as JSON has it; shares stand beside the bounds in which they lie with 95 % confidence."""
    found = _in_order(run)
    confusion = confusion_of(found)
    unjudged = [each for each in found if each.holds is None]
    data: dict[str, Any] = {
        "rule": name,
        "statement": statement_of(run.rule),
        "lines": len(lines),
        "done": len(found),
        "calls": run.calls,
        "broken_lines": [{"line": each.line, "why": each.why} for each in broken],
        "confusion": _confusion(confusion),
        "precision": _share(confusion.refused_rightly, confusion.refused),
        "recall": _share(confusion.refused_rightly, confusion.broken),
        "could_not_judge": _share(len(unjudged), len(found)) | {"lines": [each.line for each in unjudged]},
        "wrong_lines": [each.line for each in found if each.holds not in (None, each.labelled)],
    }
    if isinstance(run.rule, Judged):
        data["threshold"] = float(run.rule.threshold)
        data["at"] = [
            {
                "threshold": threshold,
                "precision": _share(at.refused_rightly, at.refused),
                "recall": _share(at.refused_rightly, at.broken),
            }
            for threshold, at in _at(found)
        ]
    return data


def render(name: str, run: Calibration, lines: Sequence[Labelled], broken: Sequence[BrokenLine]) -> Iterator[str]:
    """Yield the lines of a report."""
    found = _in_order(run)
    confusion = confusion_of(found)
    unjudged = [each for each in found if each.holds is None]
    threshold = f", {run.rule.threshold} likely" if isinstance(run.rule, Judged) else ""
    yield f"{escape(name)}: {escape(statement_of(run.rule))}{threshold}"
    yield f"  {len(found)} of {counted(len(lines), 'text')}, {counted(run.calls, 'request')}"
    yield ""
    yield "                         refused   passed"
    yield f"  labelled as a breach  {confusion.refused_rightly:>8} {confusion.passed_wrongly:>8}"
    yield f"  labelled as fine      {confusion.refused_wrongly:>8} {confusion.passed_rightly:>8}"
    yield ""
    yield f"  precision        {_told(confusion.refused_rightly, confusion.refused)} of what is refused is a breach"
    yield f"  recall           {_told(confusion.refused_rightly, confusion.broken)} of breaches are refused"
    yield f"  could not judge  {_told(len(unjudged), len(found))} of texts; a call refuses them too"
    if isinstance(run.rule, Judged):
        yield ""
        yield "  the same answers at other thresholds:"
        for at, confused in _at(found):
            precision = _told(confused.refused_rightly, confused.refused)
            yield f"    {at:<5} precision {precision}, recall {_told(confused.refused_rightly, confused.broken)}"
    wrong = [each for each in found if each.holds not in (None, each.labelled)]
    yield from _named("wrong on", [str(each.line) for each in wrong])
    yield from _named("could not judge", [f"{each.line} ({escape(each.why)})" for each in unjudged])
    yield from _named("no labelled text on", [f"{each.line} ({escape(each.why)})" for each in broken])
    if len(found) < len(lines):
        yield f"  not looked at: {counted(len(lines) - len(found), 'text')}; `--calls` allows more requests"


def _in_order(run: Calibration) -> list[Found]:
    return [run.found[line] for line in sorted(run.found)]


def _at(found: Sequence[Found]) -> Iterator[tuple[float, Confusion]]:
    for threshold in _THRESHOLDS:
        yield threshold, confusion_of(found, threshold=threshold)


def _confusion(confusion: Confusion) -> dict[str, int]:
    return {
        "refused_rightly": confusion.refused_rightly,
        "refused_wrongly": confusion.refused_wrongly,
        "passed_rightly": confusion.passed_rightly,
        "passed_wrongly": confusion.passed_wrongly,
    }


def _share(hits: int, trials: int) -> dict[str, Any]:
    """Return a share with Wilson's interval; it is null where nothing was tried."""
    interval = wilson(hits, trials)
    return {
        "hits": hits,
        "of": trials,
        "share": hits / trials if trials else None,
        "low": interval.low,
        "high": interval.high,
    }


def _told(hits: int, trials: int) -> str:
    if not trials:
        return "nothing to say (0 of 0)"
    interval = wilson(hits, trials)
    return f"{percent(hits / trials)} ({hits} of {trials}; 95 %: {percent(interval.low)} to {percent(interval.high)})"


def _named(what: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        more = f" and {len(lines) - _MOST_NAMED} more" if len(lines) > _MOST_NAMED else ""
        yield f"  {what} line{'' if len(lines) == 1 else 's'} {', '.join(lines[:_MOST_NAMED])}{more}"
