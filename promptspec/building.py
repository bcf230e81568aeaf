"""Modules, contracts and snapshots on disk: written whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from promptspec.api import Compilation, Unit, sidecars
from promptspec.check.sources import MOST_BYTES
from promptspec.codegen.package import emit_package
from promptspec.codegen.records import snapshot_name
from promptspec.contract.feature import Source
from promptspec.errors import SourceUnavailable
from promptspec.keeping import hash_of_file
from promptspec.sources.building import build_snapshot
from promptspec.sources.layout import layout_of
from promptspec.sources.load import load_rows
from promptspec.sources.snapshot import open_snapshot, verify_snapshot

_SNAPSHOT = re.compile(r"[^.]+\.[0-9a-f]{16}\.sqlite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The files that were written, and the SHA-256 of all that stand there now, by name below the folder."""

    written: tuple[Path, ...]
    hashes: Mapping[str, str]


def build(compilation: Compilation, out: Path) -> tuple[Path, ...]:
    """As `build_all`, for those who only ask what was written."""
    return build_all(compilation, out).written


def build_all(compilation: Compilation, out: Path) -> Built:
    """Write the modules of a compilation below *out*; what is the same stays untouched.

    Each file is written beside its place and moved there, so that nobody ever sees half of one. Raises OSError.
    """
    written: list[Path] = []
    texts = _texts(compilation)
    for name, text in texts.items():
        path = out / name
        if _differs(path, text):
            _write(path, text.encode())
            written.append(path)
    expected = {out / name for name in texts}
    hashes = {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}
    for unit, source in _snapshots(compilation):
        path = out / _folder(compilation, unit) / snapshot_name(source)
        expected.add(path)
        if not _has_snapshot(path, source):
            path.parent.mkdir(parents=True, exist_ok=True)
            data = compilation.project.files.read(source.path, most=MOST_BYTES)
            module = unit.module
            assert module is not None
            loaded = load_rows(source, data, file=source.path, enums=module.enums)
            build_snapshot(layout_of(source), loaded.rows, path)
            written.append(path)
        hashes[path.relative_to(out).as_posix()] = hash_of_file(path)
    for folder in {path.parent for path in expected}:
        for old in folder.glob("*.sqlite"):
            if old not in expected and _SNAPSHOT.fullmatch(old.name):
                old.unlink(missing_ok=True)
    return Built(written=tuple(written), hashes=hashes)


def stale(compilation: Compilation, out: Path) -> tuple[Path, ...]:
    """Return the files below *out* that are missing or are not what `build` would write."""
    found = [out / name for name, text in _texts(compilation).items() if _differs(out / name, text)]
    for unit, source in _snapshots(compilation):
        path = out / _folder(compilation, unit) / snapshot_name(source)
        if not _holds_snapshot(path, source):
            found.append(path)
    return tuple(found)


def _texts(compilation: Compilation) -> Mapping[str, str]:
    """Return the text files of a build by their names below the package: modules, contracts, packages."""
    modules = compilation.modules
    texts: dict[str, str] = {}
    for unit in compilation.units:
        if unit.code is None or unit.module is None:
            continue
        place = "/".join(modules[unit.file])
        texts[f"{place}.py"] = unit.code
        texts |= {place + suffix: text for suffix, text in sidecars(unit.module).items()}
    texts |= emit_package([unit.module for unit in compilation.units if unit.code and unit.module], modules)
    return texts


def _folder(compilation: Compilation, unit: Unit) -> str:
    return "/".join(compilation.modules[unit.file][:-1])


def _snapshots(compilation: Compilation) -> Iterator[tuple[Unit, Source]]:
    for unit in compilation.units:
        if unit.module is None or unit.code is None:
            continue
        for source in unit.module.sources:
            if source.origin.file == unit.file and source.kind != "rows":
                yield unit, source


def _has_snapshot(path: Path, source: Source) -> bool:
    try:
        open_snapshot(path, content_hash=source.content_hash).close()
    except SourceUnavailable:
        return False
    return True


def _holds_snapshot(path: Path, source: Source) -> bool:
    """Say whether the rows themselves are those of *source*: what a file says of itself proves nothing."""
    try:
        return verify_snapshot(path) == source.content_hash
    except SourceUnavailable:
        return False


def _differs(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() != text.encode()
    except FileNotFoundError:
        return True


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(temporary, flags, 0o666)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(temporary, flags, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
