"""Where a running application keeps what it pulled: one folder of the user's, one file a source, for all processes."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from promptspec.sources.origins import OriginFailed, Validators

#: The environment variable that names the folder.
FOLDER: Final = "PROMPTSPEC_SNAPSHOTS"
_MOST_NOTE: Final = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What stands beside a snapshot: its hash, when its origin last said that it is so, what an HTTP server said."""

    content_hash: str
    renewed: datetime
    validators: Validators


def snapshot_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder for snapshots, made with mode 0700. Raises OriginFailed where others can write in it."""
    cache = environment.get("PROMPTSPEC_CACHE") or os.path.join(
        environment.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "promptspec"
    )
    folder = Path(environment.get(FOLDER) or os.path.join(cache, "snapshots"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise OriginFailed(f"the folder for snapshots cannot be made: {error.strerror}") from error
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o022):
        raise OriginFailed(f"others can write in the folder for snapshots: `chmod 700` it, or set `{FOLDER}`")
    return folder


@contextmanager
def alone(path: Path) -> Generator[bool]:
    """Hold the lock file *path* while the body runs; hand out False where another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        yield _lock(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            from importlib import import_module

            windows = import_module("msvcrt")
            windows.locking(descriptor, windows.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def write_note(path: Path, note: Note) -> None:
    """Write *note* in the place of the one that is there."""
    facts = {
        "content_hash": note.content_hash,
        "renewed": note.renewed.timestamp(),
        "etag": note.validators.etag,
        "last_modified": note.validators.last_modified,
    }
    partial = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        partial.write_text(json.dumps(facts), encoding="utf-8")
        os.replace(partial, path)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


def read_note(path: Path) -> Note | None:
    """Return the note at *path*; None where there is none that can be read."""
    try:
        with open(path, "rb") as file:
            facts: object = json.loads(file.read(_MOST_NOTE))
        if not isinstance(facts, dict):
            return None
        told = cast("dict[str, object]", facts)
        return Note(
            content_hash=str(told["content_hash"]),
            renewed=datetime.fromtimestamp(float(str(told["renewed"])), UTC),
            validators=Validators(etag=str(told["etag"]), last_modified=str(told["last_modified"])),
        )
    except (OSError, ValueError, KeyError, OverflowError, RecursionError):
        return None
