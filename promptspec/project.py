"""A project on disk: its root, its settings, and the files that its specs may read."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from io import BufferedReader
from pathlib import Path
from typing import cast

from promptspec.contract.models import Price
from promptspec.ports import FileRefused, Settings

#: The largest spec file, in bytes.
MOST_SPEC = 4 * 1024 * 1024
#: The largest `pyproject.toml`, in bytes.
_MOST_SETTINGS = 1024 * 1024
#: The most that a million tokens may cost, in dollars, and the most characters of a number with a fraction.
_MOST_DOLLARS = 1_000_000
_MOST_DIGITS = 40


class Unusable(Exception):
    """What was named on the command line cannot be used; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """Reads regular files whose real path lies inside *root*, and nothing else (rule 1)."""

    root: Path

    def read(self, name: str, *, most: int) -> bytes:
        """Return the content of *name*. Raises FileRefused."""
        return read_regular(self._inside(name), shown(name), most=most)

    def open(self, name: str, *, most: int) -> BufferedReader:
        """Return *name*, opened for reading. Raises FileRefused."""
        return open_regular(self._inside(name), shown(name), most=most)

    def _inside(self, name: str) -> Path:
        if "\0" in name or name.startswith(("/", "\\", "~")) or os.path.isabs(name):
            raise FileRefused("outside", f"`{shown(name)}` is no name relative to the spec")
        try:
            real = (self.root / name).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            outside = not _lexically_inside(name)
            raise FileRefused(
                "outside" if outside else "missing",
                f"`{shown(name)}` lies outside the project" if outside else f"there is no file `{shown(name)}`",
            ) from None
        if not real.is_relative_to(self.root):
            raise FileRefused("outside", f"`{shown(name)}` lies outside the project")
        return real


def read_regular(path: Path, name: str, *, most: int) -> bytes:
    """Return the content of the regular file *path*, called *name* in messages. Raises FileRefused."""
    with open_regular(path, name, most=most) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise FileRefused("too_large", f"`{name}` has more than {most:,} bytes")
    return data


def open_regular(path: Path, name: str, *, most: int) -> BufferedReader:
    """Return the regular file *path*, called *name* in messages, opened for reading. Raises FileRefused."""
    try:
        # Without O_NONBLOCK, opening a FIFO that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        raise FileRefused(
            "missing" if missing else "unreadable",
            f"there is no file `{name}`" if missing else f"`{name}` cannot be read: {error.strerror}",
        ) from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise FileRefused("irregular", f"`{name}` is no regular file")
    if status.st_size > most:
        os.close(descriptor)
        raise FileRefused("too_large", f"`{name}` has {status.st_size:,} bytes, and {most:,} are allowed")
    return open(descriptor, "rb")


def shown(name: str) -> str:
    """Return *name* on one line, shortened; renderers escape the rest."""
    flat = "".join(c if c.isprintable() else "?" for c in name)
    return flat if len(flat) <= 80 else "…" + flat[-79:]


def _lexically_inside(name: str) -> bool:
    depth = 0
    for part in name.replace("\\", "/").split("/"):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        if depth < 0:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Project:
    """The nearest folder upwards with `[tool.promptspec]` in its `pyproject.toml`, else the spec's own folder."""

    root: Path
    settings: Settings

    @property
    def files(self) -> ProjectFiles:
        """The files that specs of this project may read."""
        return ProjectFiles(self.root)

    def name_of(self, path: Path) -> str:
        """Return *path* relative to the root, with `/`."""
        return path.resolve().relative_to(self.root).as_posix()

    def name_of_link(self, path: Path) -> str | None:
        """Return where the link *path* itself stands, relative to the root; None where that is outside too."""
        place = path.parent.resolve() / path.name
        return place.relative_to(self.root).as_posix() if place.is_relative_to(self.root) else None


def find_project(start: Path) -> Project:
    """Return the project that *start*, a file or a folder, belongs to. Raises Unusable for unreadable settings."""
    folder = start.resolve()
    if not folder.is_dir():
        folder = folder.parent
    for candidate in (folder, *folder.parents):
        settings = _settings(candidate / "pyproject.toml")
        if settings is not None:
            return Project(candidate, settings)
    return Project(folder, Settings())


def _settings(path: Path) -> Settings | None:
    try:
        content = read_regular(path, str(path), most=_MOST_SETTINGS).decode()
        table: object = tomllib.loads(content, parse_float=_number)
    except FileRefused as refused:
        if refused.rule == "missing":
            return None
        raise Unusable(refused.message) from None
    except RecursionError:
        raise Unusable(f"`{path}` is nested too deeply") from None
    except ValueError as error:  # no UTF-8, no TOML, or a number of thousands of digits
        raise Unusable(f"`{path}` is no TOML: {shown(str(error))}") from None
    for step in ("tool", "promptspec"):
        table = cast("dict[str, object]", table).get(step) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return None
    found = cast("dict[str, object]", table)
    known = ("env", "hosts", "private_hosts", "functions", "prices", "policy")
    for key in found:
        if key not in known:
            has = ", ".join(f"`{name}`" for name in known)
            raise Unusable(f"`{path}`: `[tool.promptspec]` has no setting `{shown(key)}`; it has {has}")
    return Settings(
        environment=_names(path, found, "env"),
        hosts=_names(path, found, "hosts"),
        private_hosts=_names(path, found, "private_hosts"),
        functions=_names(path, found, "functions"),
        prices=_prices(path, found.get("prices", {})),
        policy=_policy(path, found.get("policy", "")),
    )


def _policy(path: Path, value: object) -> str:
    if not isinstance(value, str):
        raise Unusable(
            f"`{path}`: `policy` in `[tool.promptspec]` is the name of a spec, as in `policies/company.spec`"
        )
    return value


def _number(written: str) -> Decimal:
    """Return a TOML number with a fraction, exactly. Raises ValueError for one of very many digits."""
    if len(written) > _MOST_DIGITS:
        raise ValueError(f"a number has more than {_MOST_DIGITS} digits")
    try:
        return Decimal(written.replace("_", ""))
    except InvalidOperation:
        raise ValueError(f"`{written}` is too large a number") from None


def _prices(path: Path, table: object) -> tuple[tuple[str, Price], ...]:
    """Return `[tool.promptspec.prices]`: a table of US dollars a model, for a million tokens. Raises Unusable."""
    where = f"`{path}`: `[tool.promptspec.prices]`"
    if not isinstance(table, dict):
        raise Unusable(f"{where} is a table, with one entry a model")
    found: list[tuple[str, Price]] = []
    for model, entry in cast("dict[str, object]", table).items():
        named = f"{where}: `{shown(model)}`"
        if not isinstance(entry, dict):
            raise Unusable(f"{named} is a table, as in `{{ input = 0.2, output = 1.2 }}`")
        amounts = {key: _amount(named, key, value) for key, value in cast("dict[str, object]", entry).items()}
        if "input" not in amounts:
            raise Unusable(f"{named} says no `input`")
        found.append(
            (
                model,
                Price(
                    input=amounts["input"],
                    output=amounts.get("output"),
                    cached_input=amounts.get("cached_input"),
                    cache_write=amounts.get("cache_write"),
                    source="pyproject.toml",
                ),
            )
        )
    return tuple(sorted(found, key=lambda pair: pair[0]))


def _amount(named: str, key: str, value: object) -> Decimal:
    known = ("input", "output", "cached_input", "cache_write")
    if key not in known:
        has = ", ".join(f"`{name}`" for name in known)
        raise Unusable(f"{named} has no amount `{shown(key)}`; it has {has}")
    amount = Decimal(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else None
    if amount is None or not amount.is_finite() or not 0 <= amount <= _MOST_DOLLARS:
        raise Unusable(f"{named}: `{key}` is a number of dollars from 0 to {_MOST_DOLLARS:,} for a million tokens")
    return amount


def _names(path: Path, table: dict[str, object], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in cast("list[object]", value)):
        raise Unusable(f"`{path}`: `{key}` in `[tool.promptspec]` is a list of strings")
    return tuple(cast("list[str]", value))


def spec_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return the spec files that *paths* name: files themselves, and those below folders that carry the header.

    Raises Unusable where a path does not exist, or nothing is found.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            for each in sorted(path.rglob("*.spec")):
                if each.is_file() and not any(part.startswith(".") for part in each.relative_to(path).parts):
                    found[each] = None
        elif path.exists():
            found[path] = None
        else:
            raise Unusable(f"there is no file or folder `{shown(str(path))}`")
    if not found:
        raise Unusable(f"there is no spec file in `{shown(', '.join(map(str, paths)))}`")
    return tuple(found)
