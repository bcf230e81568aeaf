"""The groups that rows are counted in: by closed inputs, by labels, by the length and the language of open text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, cast

from promptspec.contract.evaluating import is_closed
from promptspec.contract.feature import Feature, Module
from promptspec.contract.json_text import json_text
from promptspec.contract.types import Boolean, Choice, Group, ListOf, Record, Text, Turns, Type, Words
from promptspec.tone.extras import missing_for
from promptspec.tone.languages import language_of

#: The way of forming groups that needs the extra `tone`.
LANGUAGE: Final = "language"
LENGTH: Final = "length"
#: Fewer rows than this are not cut into three by length.
_LEAST: Final = 6


def slices_of(
    module: Module, feature: Feature, rows: Sequence[tuple[Mapping[str, object], Mapping[str, object]]]
) -> list[tuple[tuple[str, str], ...]]:
    """Return the groups of each row, given and right values, as pairs of what they are formed by and their name."""
    texts = ["\n".join(open_texts(module, feature.input, given)) for given, _ in rows]
    borders = _tertiles([len(text) for text in texts])
    languages = has_text(module, feature) and missing_for("language") is None
    found: list[tuple[tuple[str, str], ...]] = []
    for (given, right), text in zip(rows, texts, strict=True):
        pairs = [*_closed(feature.input, given), *_labels(feature.output, right)]
        if borders:
            pairs.append((LENGTH, _length(len(text), borders)))
        if languages:
            pairs.append((LANGUAGE, language_of(text) or "too short to say"))
        found.append(tuple(pairs))
    return found


def has_text(module: Module, feature: Feature) -> bool:
    """Say whether the input holds open text."""
    return any(_holds_text(module, field.type) for field in feature.input.fields)


def open_texts(module: Module, record: Record, value: Mapping[str, object]) -> Iterator[str]:
    """Yield all open texts of an input."""
    for field in record.fields:
        yield from _texts(module, field.type, value.get(field.name))


def _closed(record: Record, given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for field in record.fields:
        if isinstance(field.type, Choice | Words | Boolean):
            value = given.get(field.name, field.default if field.has_default else None)
            yield field.name, _word(value)


def _labels(record: Record, right: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for field in record.fields:
        if is_closed(field.type):
            yield f"label of {field.name}", _word(right.get(field.name))


def _word(value: object) -> str:
    return "none" if value is None else str(value) if isinstance(value, str) else json_text(value)


def _tertiles(lengths: Sequence[int]) -> tuple[int, ...]:
    """Return the lengths that cut the rows into at most three groups of nearly the same size."""
    if len(lengths) < _LEAST or not any(lengths):
        return ()
    ordered = sorted(lengths)
    borders = {ordered[(len(ordered) - 1) // 3], ordered[2 * (len(ordered) - 1) // 3]} - {ordered[-1]}
    return tuple(sorted(borders))


def _length(length: int, borders: tuple[int, ...]) -> str:
    least = 0
    for border in borders:
        if length <= border:
            return f"{least:,} to {border:,} characters"
        least = border + 1
    return f"{least:,} characters and more"


def _holds_text(module: Module, type: Type) -> bool:
    match type:
        case Text() | Turns():
            return True
        case ListOf(item=item):
            return _holds_text(module, item)
        case Group(name=name, file=file):
            return any(_holds_text(module, field.type) for field in module.record(name, file).fields)
        case _:
            return False


def _texts(module: Module, type: Type, value: object) -> Iterator[str]:
    match type:
        case Text() if isinstance(value, str):
            yield value
        case ListOf(item=item) if isinstance(value, list):
            for each in cast("list[object]", value):
                yield from _texts(module, item, each)
        case Group(name=name, file=file) if isinstance(value, dict):
            yield from open_texts(module, module.record(name, file), cast("dict[str, object]", value))
        case Turns() if isinstance(value, list):
            for turn in cast("list[object]", value):
                if isinstance(turn, dict):
                    yield from map(str, cast("dict[str, object]", turn).values())
        case _:
            return
