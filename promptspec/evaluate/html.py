"""A report as one page for a person who decides whether to ship. It holds no script and loads nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from promptspec.evaluate.comparing import Comparison
from promptspec.evaluate.limitations import clause_of, draft_of
from promptspec.evaluate.results import Judged, RunResult
from promptspec.evaluate.scores import Confusion, Figures, Score, word
from promptspec.evaluate.wording import (
    Verdict,
    ending_of,
    group_title,
    interval_text,
    level_text,
    sentence,
    share_of,
    spent,
    verdict_of,
    why_not_run,
    why_refused,
)
from promptspec.live.markup import Element, Node, element
from promptspec.live.page import cut, document, inline, row, table
from promptspec.live.wording import counted

#: Rows that are shown; the report in JSON names all.
_MOST_ROWS: Final = 200
#: So many labels fit into a table.
_MOST_LABELS: Final = 16
_MOST_PAIRS: Final = 40
_CLASSES: Final[Mapping[Verdict, str]] = {"met": "good", "missed": "bad", "open": "open", "none": "open"}
_LEADS: Final[Mapping[Verdict, str]] = {
    "met": "Met",
    "missed": "Missed",
    "open": "Nothing is shown",
    "none": "Measured",
}


def render_html(result: RunResult, figures: Figures, comparison: Comparison | None) -> str:
    """Return the page."""
    parts = [
        *_facts(result, figures),
        *_levels(result, figures),
        *_scores("Fields", "Field", figures.fields),
        *(part for group in figures.groups for part in _scores(_title(group.by), "Group", group.scores)),
        *(part for confusion in figures.confusions for part in _confusion(confusion)),
        *_reasons("Refused, which counts as wrong", list(why_refused(result))),
        *_reasons("Could not be run", list(why_not_run(result))),
        *([_compared(comparison)] if comparison is not None else []),
        *_worst(figures.worst),
        *(() if result.setup.rehearsed else _limitations(figures)),
    ]
    body = element("body", _header(result, figures), element("main", *parts), _reading(), _footer(result))
    return document("Evaluation", body)


def _header(result: RunResult, figures: Figures) -> Element:
    verdict = verdict_of(result, figures)
    lead = element("strong", f"{_LEADS[verdict]}: ")
    notes: list[str] = []
    if not result.is_finished:
        notes.append(f"not finished: {ending_of(result)}")
    notes += result.notes
    return element(
        "header",
        element("h1", "Evaluation of ", element("code", inline(result.setup.feature))),
        element("p", lead, inline(f"{sentence(result, figures)}."), class_=f"verdict {_CLASSES[verdict]}"),
        *([element("ul", *(element("li", inline(cut(note))) for note in notes))] if notes else []),
    )


def _facts(result: RunResult, figures: Figures) -> Iterator[Element]:
    setup = result.setup
    facts = [
        ("Spec", setup.spec),
        ("Rows", f"{setup.rows:,} of {setup.file}"),
        ("Day", setup.today),
        ("Model", "none: rehearsed" if setup.rehearsed else setup.model or "as the spec says"),
        ("Used", spent(result)),
        ("A row is right by", ", ".join(setup.deciding)),
        ("Refused", f"{figures.refused:,}, counted as wrong"),
        ("Not run", f"{figures.not_run:,}, counted as nothing"),
    ]
    pairs = [element("div", element("dt", name), element("dd", inline(cut(text)))) for name, text in facts]
    yield element("dl", *pairs)


def _levels(result: RunResult, figures: Figures) -> Iterator[Element]:
    if not figures.levels:
        return
    yield element("h2", "Declared levels")
    if result.setup.rehearsed:
        yield element("p", "A rehearsal cannot meet or miss a level.", class_="open")
        return
    told = [level_text(level, finished=result.is_finished) for level in figures.levels]
    yield element("ul", *(element("li", inline(f"{each}.")) for each in told))


def _title(by: str) -> str:
    title = group_title(by)
    return f"By {title}"


def _scores(title: str, column: str, scores: Sequence[Score]) -> Iterator[Element]:
    if not scores:
        return
    rows = [
        row(
            (column, inline(cut(score.name))),
            ("Right", f"{score.right:,} of {score.rows:,}"),
            ("Share", share_of(score)),
            ("With 95 % confidence", interval_text(score.interval)),
        )
        for score in scores
    ]
    yield element("h2", inline(title))
    yield table("Rows that are right", (column, "Right", "Share", "With 95 % confidence"), rows)


def _confusion(confusion: Confusion) -> Iterator[Element]:
    pairs = confusion.pairs()
    if not pairs:
        return
    yield element("h2", "What ", element("code", inline(confusion.field)), " was taken for")
    if len(confusion.labels) > _MOST_LABELS or len(confusion.said) > _MOST_LABELS:
        rows = [
            row(("Labelled", inline(cut(label))), ("Taken for", inline(cut(said))), ("Rows", str(count)))
            for label, said, count in pairs[:_MOST_PAIRS]
        ]
        yield table("Confusions, most often first", ("Labelled", "Taken for", "Rows"), rows)
        return
    columns = ("Labelled", *(cut(said) for said in confusion.said))
    rows = [
        row(("Labelled", inline(cut(label))), *((cut(said), _cell(confusion, label, said)) for said in confusion.said))
        for label in confusion.labels
    ]
    yield table("Rows by label, down, and by what was said, across", columns, rows)


def _cell(confusion: Confusion, label: str, said: str) -> Node:
    count = confusion.counts.get((label, said), 0)
    if not count:
        return "0"
    return str(count) if label == said else element("strong", str(count), class_="bad")


def _reasons(title: str, reasons: Sequence[tuple[str, int]]) -> Iterator[Element]:
    if not reasons:
        return
    yield element("h2", title)
    yield element("ul", *(element("li", inline(cut(why)), f": {counted(count, 'row')}") for why, count in reasons))


def _compared(found: Comparison) -> Element:
    facts = [
        f"right in both {found.both_right}, wrong in both {found.both_wrong}",
        f"worse: {found.worse} right then and wrong now",
        f"better: {found.better} wrong then and right now",
        f"McNemar's exact test: p = {found.p:.4f}",
        *([f"{counted(found.others, 'row')} cannot be compared"] if found.others else []),
        *found.notes,
    ]
    return element(
        "section",
        element("h2", "Against ", element("code", inline(found.first))),
        element("p", inline(f"{counted(found.pairs, 'row')} in common, by {', '.join(found.fields)}.")),
        element("ul", *(element("li", inline(cut(fact))) for fact in facts)),
    )


def _worst(rows: Sequence[Judged]) -> Iterator[Element]:
    if not rows:
        return
    yield element("h2", f"{counted(len(rows), 'row')} went wrong")
    yield from (_wrong(each) for each in rows[:_MOST_ROWS])
    if len(rows) > _MOST_ROWS:
        yield element("p", f"{counted(len(rows) - _MOST_ROWS, 'more row')} in the report in JSON.")


def _wrong(judged: Judged) -> Element:
    if judged.outcome == "refused":
        told = [element("p", "Refused: ", inline(cut(judged.why)))]
    else:
        rows = [
            row(
                ("Field", inline(name)),
                ("Labelled", inline(cut(word(judged.expected[name])))),
                ("Said", inline(cut(word(judged.said[name])))),
            )
            for name, right in judged.right.items()
            if not right
        ]
        told = [table("Fields that are wrong", ("Field", "Labelled", "Said"), rows)]
    name = f"line-{judged.line}"
    given = element("pre", inline(cut(judged.given)), tabindex="0", role="region", aria_label="the input")
    return element("article", element("h3", f"Line {judged.line}", id=name), given, *told, aria_labelledby=name)


def _limitations(figures: Figures) -> Iterator[Element]:
    lines = draft_of(figures)
    if lines:
        yield element("h2", "A draft of limitations")
        yield element("p", "For a person to edit: it speaks of the rows of the file, and of no others.")
        yield element("pre", inline(clause_of(lines)))


def _reading() -> Element:
    return element(
        "aside",
        element("h2", "How to read this page", id="reading"),
        element(
            "p",
            "A row is right where every field that decides is as labelled. A reply that the feature refused counts as "
            "wrong. A row that could not be run counts as nothing, and keeps every level from being met. Intervals are "
            "Wilson's, with 95 % confidence: they speak of inputs like those of the file. Where many groups are looked "
            "at, some lie apart by chance.",
        ),
        aria_labelledby="reading",
    )


def _footer(result: RunResult) -> Element:
    setup = result.setup
    return element("footer", element("p", inline(f"run {setup.run}, promptspec {setup.version}")))
