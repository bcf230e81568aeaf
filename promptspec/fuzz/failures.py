"""Failures on disk: a file each in the project's own folder, so that they are tried first next time and replayed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from promptspec.diagnostics.foreign import shorten
from promptspec.fuzz.case_json import decode, encode
from promptspec.fuzz.cases import Case
from promptspec.fuzz.results import Fallen

#: Where failures are kept, below the root of a project.
FOLDER: Final = Path(".promptspec") / "fuzz"
#: The form of these files; files of another are left alone.
FORMAT: Final = 1
_MOST: Final = 4 * 1024 * 1024
_ID: Final = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure of an earlier run: the law that fell, of which feature of which spec, and the case.

    *together* are the cases that were called at one time, the first of them cancelled after *cut* seconds.
    """

    id: str
    law: str
    file: str
    feature: str
    case: Case
    together: tuple[Case, ...] = ()
    cut: float | None = None


class Unreplayable(Exception):
    """A failure cannot be replayed; the message says why."""


class Failures:
    """The failures kept below *folder* (`.promptspec/fuzz` of the project)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of_project(cls, root: Path) -> Failures:
        """Return the failures of the project at *root*."""
        return cls(root / FOLDER)

    def keep(self, fallen: Fallen) -> None:
        """Write a failure down. Raises OSError where the disk does not take it."""
        ready(self._folder)
        kept = {
            "format": FORMAT,
            "law": fallen.law,
            "file": fallen.file,
            "feature": fallen.feature,
            "sentence": fallen.sentence,
            "case": json.loads(encode(fallen.case)),
            "together": [json.loads(encode(case)) for case in fallen.together],
            "cut": fallen.cut,
        }
        path = self._folder / f"{fallen.id}.json"
        draft = path.with_suffix(f".{os.getpid()}.part")
        try:
            draft.write_text(json.dumps(kept, indent=1) + "\n", encoding="ascii")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def forget(self, id: str) -> None:
        """Throw a failure away: it was tried again, and holds."""
        (self._folder / f"{id}.json").unlink(missing_ok=True)

    def of(self, file: str, feature: str) -> Iterator[Failure]:
        """Yield the failures of one feature; files that cannot be read are left alone."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob("*.json")):
            try:
                failure = self._read(path)
            except Unreplayable:
                continue
            if (failure.file, failure.feature) == (file, feature):
                yield failure

    def find(self, id: str) -> Failure:
        """Return the failure called *id*. Raises Unreplayable for one that is unknown or of another version."""
        path = self._folder / f"{id}.json"
        if not _ID.fullmatch(id) or not path.is_file():
            known = [path.stem for path in sorted(self._folder.glob("*.json"))[:5]] if self._folder.is_dir() else []
            raise Unreplayable(
                f"there is no failure `{id[:40]}`" + (f"; known are {', '.join(known)}" if known else "; none is kept")
            )
        return self._read(path)

    def _read(self, path: Path) -> Failure:
        try:
            if path.stat().st_size > _MOST:
                raise Unreplayable(f"the failure {path.stem} is larger than any that is written")
            kept = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
            version = kept["format"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise Unreplayable(f"the file of failure {path.stem} cannot be read") from None
        if version != FORMAT:
            other = f"format {shorten(str(version), 20)}"
            raise Unreplayable(f"failure {path.stem} was written by another version of promptspec ({other})")
        try:
            return _failure(path.stem, kept)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Unreplayable(f"the file of failure {path.stem} cannot be read") from None


def ready(folder: Path) -> None:
    """Make *folder*, which version control leaves alone. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="ascii")


def _failure(id: str, kept: dict[str, Any]) -> Failure:
    cut = kept.get("cut")
    return Failure(
        id=id,
        law=str(kept["law"]),
        file=str(kept["file"]),
        feature=str(kept["feature"]),
        case=decode(json.dumps(kept["case"])),
        together=tuple(decode(json.dumps(case)) for case in kept.get("together", [])),
        cut=None if cut is None else float(cut),
    )
