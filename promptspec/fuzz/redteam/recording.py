"""Recordings of runs: a file of JSON lines each, with every byte that travelled and no secret."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, cast

from promptspec.fuzz.redteam.results import Exchange, RunResult, Setup, Tried

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
    """Writes a run down, an attempt a line, each on disk before the next one is waited for.

    The file is for its owner alone (mode 0600), in a folder that version control leaves out.
    """

    def __init__(self, folder: Path, setup: Setup) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ignored = folder / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n", encoding="ascii")
        self.path = folder / f"{setup.run}.jsonl"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        #: A sentence where the disk took no more; what was written until then stays.
        self.notes: list[str] = []
        self._write({"format": FORMAT, "setup": asdict(setup)})

    def keep(self, tried: Tried) -> None:
        """Write an attempt down."""
        self._write({**_entries(tried), "exchanges": [_exchange(each) for each in tried.exchanges]})

    def end(self, result: RunResult) -> None:
        """Write down how the run ended."""
        self._write({"ended": result.ended, "left": result.left})
        os.close(self._file)

    def _write(self, value: object) -> None:
        if self.notes:
            return
        left = memoryview(json.dumps(value).encode("ascii") + b"\n")
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            self.notes.append(f"the recording ends early: {error.strerror or type(error).__name__}")


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
    exchanges = tuple(_read_exchange(each) for each in value.pop("exchanges"))
    return Tried(**value, exchanges=exchanges)


def _exchange(exchange: Exchange) -> dict[str, object]:
    told: Iterator[tuple[str, object]] = (
        (field.name, getattr(exchange, field.name))
        for field in fields(Exchange)
        if field.name not in ("request", "body")
    )
    return {**dict(told), "request": _text(exchange.request), "body": _text(exchange.body)}


def _read_exchange(value: dict[str, Any]) -> Exchange:
    return Exchange(
        by=str(value["by"]),
        request=_bytes(value["request"]),
        status=int(value["status"]),
        headers=tuple((str(name), str(text)) for name, text in value["headers"]),
        body=_bytes(value["body"]),
        failed=str(value["failed"]),
        seconds=float(value["seconds"]),
    )


def _text(data: bytes) -> object:
    """Return bytes as text where they are, so that a person can read them; else in base64."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return base64.b64decode(cast("dict[str, str]", value)["base64"])
