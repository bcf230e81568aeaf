"""Which conditions a reply breaks whose types are right by construction: quicker than judging all of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from promptspec.contract.expressions import Expression
from promptspec.contract.types import (
    Date,
    DateTime,
    Group,
    ListOf,
    Number,
    OneOfItems,
    OneOfShortlist,
    OneOfSource,
    Record,
    Type,
)
from promptspec.fuzz.lies.values import entries_of, items_of, plain
from promptspec.fuzz.reference_drops import leave_out
from promptspec.fuzz.reference_expressions import Names, holds
from promptspec.fuzz.reference_texts import OutOfFragment

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.subjects import Subject

_NO_LETTER: Final = re.compile(r"[^A-Za-z \n]")


def broken_conditions(subject: Subject, given: Json, reply: Json, *, surely: bool = False) -> list[tuple[str, str]]:
    """Return the (path, rule) of the conditions that *reply* breaks, as far as the reference can tell.

    Of a condition that asks too much of the reference for these texts, it is asked for their letters alone; where it
    must be *surely* so, not at all.
    """
    feature = subject.feature
    seeing = _Seeing(subject)
    try:
        names = _names(seeing, given, reply)
        seeing.input = names.input
        found = [(path, "one_of") for path, where, row in seeing.rows if not _holds(where, names, row, surely=surely)]
        left = leave_out(feature.ensures, names) if surely else None
        rules = feature.ensures
        if left is not None:
            found += left.broken
            names, rules = left.names, [rule for rule in rules if rule.drop is None]
        for rule in rules:
            asked = rule.when is None or _holds(rule.when, names, surely=surely)
            if asked and not _holds(rule.condition, names, surely=surely):
                found.append((rule.path, rule.id))
    except (OutOfFragment, ValueError, LookupError, TypeError, ArithmeticError):  # others say so
        return []
    return found


def is_reviewed(subject: Subject, given: Json, reply: Json) -> bool:
    """Say whether a person must decide on *reply*, as far as the reference can tell."""
    review = subject.feature.review
    if review is None or review.when is None:
        return review is not None
    try:
        return _holds(review.when, _names(_Seeing(subject), given, reply))
    except (OutOfFragment, ValueError, LookupError, TypeError, ArithmeticError):  # others say so
        return False


def _names(seeing: _Seeing, given: Json, reply: Json) -> Names:
    subject = seeing.subject
    seeing.input = seeing.record(subject.feature.input, entries_of(given), "input")
    seeing.rows.clear()
    seeing.shortlisted = subject.shortlisted_keys(given)
    seen = seeing.record(subject.feature.output, entries_of(reply), "output")
    return Names(input=seeing.input, output=seen, today=subject.today, caller="reader-1")


def _holds(condition: Expression, names: Names, row: object = None, *, surely: bool = False) -> bool:
    for letters_only in (False,) if surely else (False, True):
        output = cast("Mapping[str, object]", _letters(names.output)) if letters_only else names.output
        try:
            return holds(
                condition, Names(input=names.input, output=output, today=names.today, caller=names.caller, row=row)
            )
        except OutOfFragment:
            continue
    return True


def _letters(value: object) -> object:
    if isinstance(value, str):
        return _NO_LETTER.sub("x", value)
    if isinstance(value, Mapping):
        return {name: _letters(item) for name, item in entries_of(cast("object", value)).items()}
    return [_letters(item) for item in items_of(cast("object", value))] if isinstance(value, list) else value


class _Seeing:
    """Turns values of the wire into what conditions see: rows for keys, entries for positions, days for dates."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.input: Mapping[str, object] = {}
        self.shortlisted: Mapping[str, object] = {}
        self.rows: list[tuple[str, Expression, object]] = []

    def record(self, record: Record, entries: Mapping[str, object], path: str) -> dict[str, object]:
        seen: dict[str, object] = {}
        for field in record.fields:
            value = entries.get(field.name)
            if value is None and field.has_default:
                value = plain(field.default)
            seen[field.name] = None if value is None else self.value(field.type, value, f"{path}.{field.name}")
        return seen

    def value(self, type: Type, value: object, path: str) -> object:
        match type:
            case Group():
                return self.record(self.subject.record(type.name, type.file), entries_of(value), path)
            case ListOf():
                return [self.value(type.item, item, path) for item in items_of(value)]
            case OneOfSource():
                row = dict(self.subject.rows[type.source][str(value)])
                return self._kept(type.where, row, path)
            case OneOfItems():
                position = int(cast("int", value))
                entry = items_of(self.input.get(type.field))[position - 1] if position else None
                return self._kept(type.where if position else None, entry, path)
            case OneOfShortlist():
                position = int(cast("int", value))
                keys = items_of(self.shortlisted.get(type.shortlist))
                return dict(self.subject.rows[type.source][str(keys[position - 1])]) if position else None
            case Date():
                return date.fromisoformat(str(value))
            case DateTime():
                return datetime.fromisoformat(str(value))
            case Number():
                return Decimal(cast("Decimal", value))
            case _:
                return value

    def _kept(self, where: Expression | None, row: object, path: str) -> object:
        if where is not None:
            self.rows.append((path, where, row))
        return row
