"""Two evaluations of the same rows, paired row by row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from promptspec.evaluate.recording import Unreadable, read_recording, setup_of
from promptspec.evaluate.results import RunResult, Setup
from promptspec.live.statistics import mcnemar

#: The largest report that is read, in bytes.
_MOST: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier run: by the key of each row, what of it is *right*, and the *labels* that say so, field by field.

    A row that was not run has nothing right and nothing wrong.
    """

    setup: Setup
    right: Mapping[str, Mapping[str, bool]]
    labels: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The rows that two runs have in common and both ran.

    *worse* were right in the first run and are wrong in the second, *better* the other way round; *lines* are those of
    the rows that got worse. *p* is the chance of a difference at least as large where the runs do not differ. *others*
    rows only one of the runs knows or could run, or they have another label by now. *fields* decide whether a row is
    right, in both.
    """

    first: str
    second: str
    fields: tuple[str, ...]
    pairs: int
    both_right: int
    both_wrong: int
    worse: int
    better: int
    p: float
    others: int
    lines: tuple[int, ...]
    notes: tuple[str, ...] = ()


def compare(earlier: Earlier, result: RunResult) -> Comparison:
    """Return how *result* differs from an *earlier* run on the rows in common. Raises Unreadable.

    A row is right where all fields are that decide in *result* and were measured in both.
    """
    setup = result.setup
    fields = tuple(name for name in setup.deciding if name in earlier.setup.measured)
    if not fields:
        raise Unreadable("the earlier run measured none of the fields of this one")
    both = {True: 0, False: 0}
    worse: list[int] = []
    better = pairs = 0
    for row in result.run:
        before = earlier.right.get(row.key)
        labels = earlier.labels.get(row.key, {})
        if not before or any(labels.get(name) != row.expected[name] for name in fields):
            continue
        pairs += 1
        one, other = all(before.get(name) for name in fields), row.is_right(fields)
        if one == other:
            both[one] += 1
        elif one:
            worse.append(row.line)
        else:
            better += 1
    return Comparison(
        first=earlier.setup.run,
        second=setup.run,
        fields=fields,
        pairs=pairs,
        both_right=both[True],
        both_wrong=both[False],
        worse=len(worse),
        better=better,
        p=mcnemar(len(worse), better),
        others=len(earlier.right.keys() | {row.key for row in result.judged}) - pairs,
        lines=tuple(worse),
        notes=tuple(_notes(earlier.setup, setup)),
    )


def _notes(one: Setup, other: Setup) -> list[str]:
    notes: list[str] = []
    if one.rehearsed or other.rehearsed:
        notes.append("one of the runs was rehearsed, so that the difference says nothing about a model")
    if one.feature != other.feature:
        notes.append(f"the runs are of two features, {one.feature} and {other.feature}")
    if one.deciding != other.deciding:
        notes.append(f"the earlier run was decided by {', '.join(one.deciding)}")
    return notes


def read_earlier(path: Path) -> Earlier:
    """Return an earlier run, from its recording or from what `--format json` wrote. Raises Unreadable."""
    try:
        if path.stat().st_size > _MOST:
            return _of_recording(path)
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Unreadable(f"`{path}` cannot be read: {error.strerror}") from None
    try:
        value = cast("dict[str, Any]", json.loads(text))
        rows = cast("list[dict[str, Any]]", value["rows"])
        right = {str(row["key"]): {str(name): bool(is_so) for name, is_so in row["right"].items()} for row in rows}
        labels = {str(row["key"]): {str(name): str(text) for name, text in row["expected"].items()} for row in rows}
        return Earlier(setup=setup_of(value["setup"]), right=right, labels=labels)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _of_recording(path)


def _of_recording(path: Path) -> Earlier:
    try:
        recording = read_recording(path)
    except Unreadable:
        raise Unreadable(f"`{path.name}` is neither a recording nor a report in JSON of an evaluation") from None
    rows = recording.by_key
    return Earlier(
        setup=recording.setup,
        right={key: row.right for key, row in rows.items()},
        labels={key: row.expected for key, row in rows.items()},
    )
