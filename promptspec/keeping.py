"""Work that need not be done again: what a build or a load made, under the hashes of everything that it read.

A record is a JSON file in the user's cache folder. It counts only while all that it was made from is the same: the
compiler, the settings of the project, the list of specs, every byte of every file that was read, and the day, since
an example may depend on it; and while every file that was written still is what was written. Times of files play no
part. Work with errors is never kept, and the warnings of kept work are told again.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from promptspec.ports import FileRefused
from promptspec.project import MOST_SPEC, Project, Unusable, find_project, read_regular, spec_files

if TYPE_CHECKING:
    from promptspec.api import Compilation
    from promptspec.diagnostics.model import Diagnostic
    from promptspec.text import SpecText

Task = Literal["build", "load"]

#: The largest record, and the largest file that a compilation may have read, in bytes.
_MOST_RECORD: Final = 64 * 1024 * 1024
_MOST_READ: Final = 64 * 1024 * 1024 * 1024
#: How long a record is kept, in seconds.
_LONGEST: Final = 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of work that was done before: its warnings, and what the caller kept beside them."""

    project: Project
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, SpecText] = field(repr=False)
    more: Mapping[str, Any] = field(repr=False)


def cache_folder() -> Path:
    """Return this user's cache folder, made with mode 0700. Raises Unusable where somebody else could write in it."""
    base = os.environ.get("PROMPTSPEC_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "promptspec"
    )
    folder = Path(base)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise Unusable(f"the cache folder `{folder}` cannot be made: {error.strerror}") from None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o022):
        raise Unusable(f"others can write in the cache folder `{folder}`: `chmod 700` it, or set `PROMPTSPEC_CACHE`")
    return folder


def find(task: Task, paths: Sequence[Path], out: Path | None = None) -> Kept | None:
    """Return what is kept of *task* for the specs that *paths* name, or None where it has to be done.

    A build has its files below *out*; a load keeps in `more["folder"]` where its files are.
    """
    try:
        files = spec_files(paths)
        project = find_project(files[0])
        named = {real.relative_to(project.root).as_posix(): real for real in map(Path.resolve, files)}
        record = json.loads(read_regular(_place(task, project, sorted(named), out), "record", most=_MOST_RECORD))
        return _judged(record, project, named, out or Path(record["more"]["folder"]))
    except (Unusable, FileRefused, OSError, ValueError, KeyError, TypeError):
        return None


def keep(
    task: Task,
    compilation: Compilation,
    outputs: Mapping[str, str],
    *,
    out: Path | None = None,
    more: Mapping[str, object] | None = None,
) -> None:
    """Keep what *compilation* came to: *outputs* are the hashes of all files that it wrote, by name below its folder.

    Nothing is kept of one with errors, nor of one whose vectors were not made yet, nor where the cache folder cannot be
    used.
    """
    if compilation.has_errors() or _lacks_vectors(compilation):
        return
    record = {
        "made_with": _compiler(),
        "day": _day(),
        "settings": _settings(compilation.project),
        "read": dict(sorted({pair for unit in compilation.units if unit.module for pair in unit.module.read})),
        "outputs": dict(outputs),
        "diagnostics": [_plain(diagnostic) for diagnostic in compilation.diagnostics],
        "more": dict(more or {}),
    }
    try:
        place = _place(task, compilation.project, sorted(compilation.named), out)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        temporary = place.with_suffix(f".{os.urandom(8).hex()}")
        temporary.write_text(json.dumps(record), encoding="utf-8")
        os.replace(temporary, place)
        _forget_old(place.parent)
    except (Unusable, OSError):
        return


def _lacks_vectors(compilation: Compilation) -> bool:
    """Say whether a file of vectors is missing: once it is there, the work has to be done again."""
    features = (feature for unit in compilation.units if unit.module for feature in unit.module.features)
    found = [each.embedding for feature in features for each in feature.shortlists if each.embedding is not None]
    return any(not each.content_hash for each in found)


def hash_of_file(path: Path | str) -> str:
    """Return the SHA-256 of a file. Raises OSError."""
    total = sha256()
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        while piece := os.read(descriptor, 1024 * 1024):
            total.update(piece)
    finally:
        os.close(descriptor)
    return total.hexdigest()


def _judged(record: Any, project: Project, named: Mapping[str, Path], out: Path) -> Kept | None:
    """Return what *record* keeps if nothing of what it rests on has changed; *named* are the real paths of specs."""
    same = (
        record["made_with"] == _compiler()
        and record["day"] == _day()
        and record["settings"] == _settings(project)
        and all(hash_of_file(f"{out}/{name}") == known for name, known in record["outputs"].items())
    )
    if not same:
        return None
    told = {
        str(span[0]) for each in record["diagnostics"] for span in (each["span"], *(at for at, _ in each["labels"]))
    }
    contents: dict[str, bytes] = {}
    for name, known in record["read"].items():
        if name in named:  # the caller may name what they like, as when they compile it
            data = read_regular(named[name], name, most=MOST_SPEC)
        elif name in told:
            data = project.files.read(name, most=_MOST_READ)
        else:
            with project.files.open(name, most=_MOST_READ) as file:
                if file_digest(file, "sha256").hexdigest() != known:
                    return None
            continue
        if sha256(data).hexdigest() != known:
            return None
        if name in told:
            contents[name] = data
    return Kept(
        project=project,
        diagnostics=tuple(_diagnostic(each) for each in record["diagnostics"]),
        texts=_texts(contents),
        more=record["more"],
    )


def _place(task: Task, project: Project, named: Sequence[str], out: Path | None) -> Path:
    key = json.dumps([task, str(project.root), *named, str(out.resolve()) if out else ""])
    return cache_folder() / "kept" / f"{sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}.json"


def _day() -> str:
    return datetime.now(UTC).date().isoformat()


def _settings(project: Project) -> list[list[str]]:
    settings = project.settings
    named = (settings.environment, settings.hosts, settings.private_hosts, settings.functions)
    return [*map(list, named), [f"{model} {price}" for model, price in settings.prices], [settings.policy]]


@cache
def _compiler() -> str:
    """Return the hash of all that turns specs into modules: this package, the installed versions, and Python."""
    total = sha256(sys.version.encode())
    for place in filter(os.path.isdir, sys.path):
        for name in sorted(name for name in os.listdir(place) if name.endswith((".dist-info", ".egg-info"))):
            total.update(f"\0{name}".encode("utf-8", "surrogatepass"))
    package = Path(__file__).parent
    for folder in sorted([str(package), str(package.parent / "grammar")]):
        for path in _files(folder):
            total.update(f"\0{path}\0{hash_of_file(path)}".encode())
    return total.hexdigest()


def _files(folder: str) -> list[str]:
    found: list[str] = []
    for home, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each != "__pycache__"]
        found += [os.path.join(home, name) for name in names if name.endswith((".py", ".lark"))]
    return sorted(found)


def _plain(diagnostic: Diagnostic) -> dict[str, object]:
    def place(span: Any) -> list[object]:
        return [span.file, span.start, span.end]

    return {
        "code": diagnostic.code,
        "message": diagnostic.message,
        "span": place(diagnostic.span),
        "note": diagnostic.note,
        "labels": [[place(label.span), label.message] for label in diagnostic.labels],
        "help": list(diagnostic.help),
    }


def _diagnostic(plain: Mapping[str, Any]) -> Diagnostic:
    from promptspec.diagnostics.catalogue import CATALOGUE
    from promptspec.diagnostics.model import Diagnostic, Label
    from promptspec.text import Span

    return Diagnostic(
        code=plain["code"],
        severity=CATALOGUE[plain["code"]].severity,
        message=plain["message"],
        span=Span(*plain["span"]),
        note=plain["note"],
        labels=tuple(Label(span=Span(*place), message=message) for place, message in plain["labels"]),
        help=tuple(plain["help"]),
    )


def _texts(contents: Mapping[str, bytes]) -> dict[str, SpecText]:
    from promptspec.text import SpecText

    return {name: SpecText(name, data.decode()) for name, data in contents.items()}


def _forget_old(folder: Path) -> None:
    """Remove records that nobody has made anew for a month, and what an interrupted process left."""
    limit = time.time() - _LONGEST
    with os.scandir(folder) as found:
        for old in cast("Iterable[os.DirEntry[str]]", found):
            with suppress(FileNotFoundError):  # another process was faster
                if old.stat(follow_symlinks=False).st_mtime < limit:
                    os.unlink(old.path)
