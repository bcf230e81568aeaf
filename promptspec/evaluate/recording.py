"""Recordings of evaluations: a file of JSON lines each, with every byte that travelled and no secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any, Final, cast

from promptspec.evaluate.results import Judged, RunResult, Setup
from promptspec.live.exchanges import Journal, exchange_data, read_exchange

#: The form of these files; files of another are refused.
FORMAT: Final = 1
_KIND: Final = "evaluation"
#: The largest recording that is read, in bytes.
_MOST: Final = 1024 * 1024 * 1024


class Unreadable(Exception):
    """A file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recorded run. *ended* is "" where it came to its end; *left* counts the rows that it did not come to."""

    setup: Setup
    judged: tuple[Judged, ...]
    ended: str
    left: int
    notes: tuple[str, ...] = ()

    @property
    def by_key(self) -> Mapping[str, Judged]:
        """The rows by their keys."""
        return {judged.key: judged for judged in self.judged}


class Recorder:
    """Writes a run down, a row a line. Raises OSError where the file cannot be made, or is there already."""

    def __init__(self, path: Path, setup: Setup) -> None:
        self._journal = Journal(path)
        self._journal.write({"format": FORMAT, "kind": _KIND, "setup": asdict(setup)})

    @property
    def notes(self) -> list[str]:
        """A sentence where the disk took no more."""
        return self._journal.notes

    def keep(self, judged: Judged) -> None:
        """Write a row down."""
        plain = {field.name: getattr(judged, field.name) for field in fields(Judged) if field.name != "exchanges"}
        self._journal.write({**plain, "exchanges": [exchange_data(each) for each in judged.exchanges]})

    def end(self, result: RunResult) -> None:
        """Write down how the run ended."""
        self._journal.write({"ended": result.ended, "left": result.left})
        self._journal.close()


def read_recording(path: Path) -> Recording:
    """Return a recorded run; a run that was killed has no end. Raises Unreadable. Broken lines are counted."""
    try:
        if path.stat().st_size > _MOST:
            raise Unreadable(f"`{path.name}` is larger than any recording that is read")
        with path.open(encoding="utf-8", errors="replace") as lines:
            setup = _setup(path.name, next(lines, ""))
            judged: list[Judged] = []
            ended, left, broken = "killed", 0, 0
            for line in lines:
                try:
                    value = cast("dict[str, Any]", json.loads(line))
                    if "ended" in value:
                        ended, left = str(value["ended"]), int(value["left"])
                    else:
                        judged.append(_judged(value))
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                    broken += 1
    except OSError as error:
        raise Unreadable(f"`{path}` cannot be read: {error.strerror}") from None
    notes = (f"{broken} lines of {path.name} cannot be read",) if broken else ()
    return Recording(setup=setup, judged=tuple(judged), ended=ended, left=left, notes=notes)


def _setup(name: str, line: str) -> Setup:
    try:
        value = cast("dict[str, Any]", json.loads(line))
        if value["kind"] != _KIND:
            raise Unreadable(f"`{name}` is no recording of an evaluation")
        if value["format"] != FORMAT:
            raise Unreadable(f"`{name}` was written by another version of promptspec (format {value['format']})")
        return setup_of(value["setup"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unreadable(f"`{name}` is no recording of an evaluation") from None


def setup_of(value: dict[str, Any]) -> Setup:
    """Return the setup that was written down as *value*.

    Raises ValueError, KeyError, TypeError, AttributeError for others.
    """
    known = {field.name for field in fields(Setup)}
    given = {name: _frozen(item) for name, item in value.items() if name in known}
    date.fromisoformat(given["today"])
    return Setup(**given)


def _frozen(value: object) -> Any:
    return tuple(map(_frozen, cast("list[object]", value))) if isinstance(value, list) else value


def _judged(value: dict[str, Any]) -> Judged:
    exchanges = tuple(read_exchange(each) for each in value.pop("exchanges"))
    return Judged(**{**value, "slices": _frozen(value["slices"])}, exchanges=exchanges)
