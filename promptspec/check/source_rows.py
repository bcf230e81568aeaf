"""Judged rows of a source to what a checker says of them, and what it knows of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from promptspec.check.desk import Desk
from promptspec.check.scope import Scope
from promptspec.contract.feature import Source
from promptspec.diagnostics import Label
from promptspec.sources.judging import Judged
from promptspec.sources.problems import RowProblem
from promptspec.syntax import tree
from promptspec.text import Span

#: A source with at most so many keys can be listed in the schema of a reply (the strict profile's enum values).
MOST_SMALL: Final = 500


def settled(
    desk: Desk, scope: Scope, declared: tree.SourceDeclaration, source: Source, judged: Judged
) -> Source | None:
    """Return *source* with what is known of its rows; None after a report of what is wrong with them."""
    place = declared.arguments[0].span if declared.arguments else declared.name.span
    for problem in judged.problems:
        desk.add(
            "PS802",
            _place_of(declared, problem) or place,
            f"`{source.path or source.name}`: {problem}",
            labels=_labels_of(declared, problem),
        )
    if judged.problem_count > len(judged.problems):
        desk.add(
            "PS802", place, f"and {judged.problem_count - len(judged.problems):,} further problems in the same file"
        )
    if judged.problem_count:
        return None
    pin = next((s for s in declared.settings if isinstance(s, tree.Setting) and s.name.text == "pin"), None)
    if pin is not None and isinstance(pin.value, tree.StringLiteral) and pin.value.value != judged.content_hash:
        desk.add(
            "PS804",
            pin.span,
            f"`{source.path}` is not the snapshot that is pinned",
            help=f'its hash is "{judged.content_hash}"',
        )
        return None
    for alike in judged.alike:
        desk.add(
            "PS809",
            place,
            f"`{source.path or source.name}`: {alike}",
            help="nobody sees which of the two is picked: correct one of them in the file",
        )
    scope.keys[source.name] = judged.keys
    return replace(
        source,
        content_hash=judged.content_hash,
        size=len(judged.keys),
        keys_are_closed=judged.keys_are_closed,
        small_keys=judged.first_keys if len(judged.keys) <= MOST_SMALL else None,
    )


def _place_of(declared: tree.SourceDeclaration, problem: RowProblem) -> Span | None:
    """Return where the row that *problem* tells of is written, if it is written in the spec."""
    number = problem.place.removeprefix("row ")
    return declared.rows[int(number) - 1].span if declared.rows and number.isdecimal() else None


def _labels_of(declared: tree.SourceDeclaration, problem: RowProblem) -> tuple[Label, ...]:
    """Point at what the spec says of the column that *problem* tells of."""
    columns = (field for each in declared.settings if isinstance(each, tree.Columns) for field in each.fields)
    return tuple(
        Label(span=column.span, message="the column is declared here")
        for column in columns
        if column.name.text == problem.column
    )
