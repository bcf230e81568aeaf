"""Recordings of runs: a file of JSON lines each, with every byte that travelled and no secret."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, cast

from promptspec.fuzz.redteam.results import RunResult, Setup, Tried
from promptspec.live.exchanges import Journal, exchange_data, read_exchange

#: The form of these files; files of another are refused.
FORMAT: Final = 1
_RUN: Final = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
#: The largest recording that is read, in bytes.
_MOST: Final = 1024 * 1024 * 1024


class Unreadable(Exception):
    """A recording cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recorded run. *ended* is "" where it made all its attempts; *left* counts those that it did not make."""

    setup: Setup
    tried: tuple[Tried, ...]
    ended: str
    left: int
    notes: tuple[str, ...] = ()

    @property
    def by_key(self) -> Mapping[str, Tried]:
        """The attempts by their names."""
        return {tried.key: tried for tried in self.tried}


class Recorder:
    """Writes a run down, an attempt a line, into a folder that version control leaves out."""

    def __init__(self, folder: Path, setup: Setup) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ignored = folder / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="ascii")
        self.path = folder / f"{setup.run}.jsonl"
        self._journal = Journal(self.path)
        self._journal.write({"format": FORMAT, "setup": asdict(setup)})

    @property
    def notes(self) -> list[str]:
        """A sentence where the disk took no more; what was written until then stays."""
        return self._journal.notes

    def keep(self, tried: Tried) -> None:
        """Write an attempt down."""
        self._journal.write({**_entries(tried), "exchanges": [exchange_data(each) for each in tried.exchanges]})

    def end(self, result: RunResult) -> None:
        """Write down how the run ended."""
        self._journal.write({"ended": result.ended, "left": result.left})
        self._journal.close()


def find_recording(folder: Path, name: str) -> Path:
    """Return the file of the run *name*, or the file that it names itself. Raises Unreadable."""
    if _RUN.fullmatch(name):
        path = folder / f"{name}.jsonl"
        if path.is_file():
            return path
    elif Path(name).is_file():
        return Path(name)
    known = sorted(path.stem for path in folder.glob("*.jsonl"))[-5:] if folder.is_dir() else []
    raise Unreadable(
        f"there is no run `{name[:200]}`" + (f"; known are {', '.join(known)}" if known else "; none is kept")
    )


def read_recording(path: Path) -> Recording:
    """Return a recorded run; a run that was killed has no end. Raises Unreadable.

    Lines that cannot be read are counted.
    """
    if path.stat().st_size > _MOST:
        raise Unreadable(f"{path.name} is larger than any recording that is read")
    with path.open(encoding="utf-8", errors="replace") as lines:
        setup = _setup(path.name, next(lines, ""))
        tried: list[Tried] = []
        ended, left, broken = "killed", 0, 0
        for line in lines:
            try:
                value = cast("dict[str, Any]", json.loads(line))
                if "ended" in value:
                    ended, left = str(value["ended"]), int(value["left"])
                else:
                    tried.append(_tried(value))
            except (ValueError, KeyError, TypeError):
                broken += 1
    notes = (f"{broken} lines of {path.name} cannot be read",) if broken else ()
    return Recording(setup=setup, tried=tuple(tried), ended=ended, left=left, notes=notes)


def _setup(name: str, line: str) -> Setup:
    try:
        value = cast("dict[str, Any]", json.loads(line))
        version = value["format"]
    except (ValueError, KeyError, TypeError):
        raise Unreadable(f"{name} is no recording of a run") from None
    if version != FORMAT:
        raise Unreadable(f"{name} was written by another version of promptspec (format {version})")
    try:
        known = {field.name for field in fields(Setup)}
        given = {key: _frozen(item) for key, item in cast("dict[str, Any]", value["setup"]).items() if key in known}
        return Setup(**given)
    except (KeyError, TypeError, AttributeError):
        raise Unreadable(f"{name} is no recording of a run") from None


def _frozen(value: object) -> Any:
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value


def _entries(tried: Tried) -> dict[str, object]:
    return {field.name: getattr(tried, field.name) for field in fields(Tried) if field.name != "exchanges"}


def _tried(value: dict[str, Any]) -> Tried:
    exchanges = tuple(read_exchange(each) for each in value.pop("exchanges"))
    return Tried(**value, exchanges=exchanges)
