"""What the search found before, in the project's folder; a disk that takes nothing more is told of, and stops nothing.

Hypothesis' own database of folders keeps silent about what it could not write, so that a full disk would look like a
search with nothing to remember.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import ExampleDatabase

from promptspec.fuzz.failures import ready


@contextmanager
def notes_of_hypothesis(folder: Path) -> Iterator[None]:
    """Let Hypothesis keep its own notes (tables of Unicode, and the like) in *folder*, and nothing where one works."""
    set_hypothesis_home_dir(folder)
    try:
        yield
    finally:
        set_hypothesis_home_dir(None)


class Kept(ExampleDatabase):
    """Values as files below *folder*, a folder a key. What the disk refuses is said once in *notes*."""

    def __init__(self, folder: Path, notes: list[str]) -> None:
        super().__init__()
        self._folder = folder
        self._notes = notes

    def save(self, key: bytes, value: bytes) -> None:
        """Save *value* under *key*, whole or not at all."""
        path = self._path(key, value)
        draft = path.with_suffix(f".{os.getpid()}")
        try:
            ready(self._folder)
            path.parent.mkdir(exist_ok=True)
            try:
                draft.write_bytes(value)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            self._say(error)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Return the values of *key*, as far as they can be read."""
        found: list[bytes] = []
        try:
            for path in sorted(self._of(key).glob("*.case")):
                found.append(path.read_bytes())
        except OSError as error:
            self._say(error)
        return found

    def delete(self, key: bytes, value: bytes) -> None:
        """Delete *value* of *key*, if it is there."""
        try:
            self._path(key, value).unlink(missing_ok=True)
        except OSError as error:
            self._say(error)

    def __repr__(self) -> str:
        return f"Kept({self._folder})"

    def _of(self, key: bytes) -> Path:
        return self._folder / sha256(key).hexdigest()[:16]

    def _path(self, key: bytes, value: bytes) -> Path:
        return self._of(key) / f"{sha256(value).hexdigest()[:16]}.case"

    def _say(self, error: OSError) -> None:
        note = f"cases cannot be kept for the next run: {error.strerror or type(error).__name__}"
        if note not in self._notes:
            self._notes.append(note)


class Part(ExampleDatabase):
    """The part of *database* called *name*: Hypothesis forgets what does not fail, and another search is no judge."""

    def __init__(self, database: ExampleDatabase, name: str) -> None:
        super().__init__()
        self._database = database
        self._name = name.encode("utf-8", "surrogatepass") + b"\0"

    def save(self, key: bytes, value: bytes) -> None:
        """Save *value* under *key*."""
        self._database.save(self._name + key, value)

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """Return the values of *key*."""
        return self._database.fetch(self._name + key)

    def delete(self, key: bytes, value: bytes) -> None:
        """Delete *value* of *key*, if it is there."""
        self._database.delete(self._name + key, value)
