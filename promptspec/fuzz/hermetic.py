"""Watching what a piece of work does to the world outside of it: sockets, processes, files, foreign code."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from promptspec.keeping import cache_folder

_FORBIDDEN: Final = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "ctypes.dlopen",
    "webbrowser.",
)
#: Files that may be looked at anywhere: settings are looked for upwards, and Python looks for its own.
_ANYWHERE: Final = ("pyproject.toml", "/localtime", ".so", ".py", ".pyc")
_DEVICES: Final = ("/proc/self", "/dev/null", "/dev/tty")


class _Watch:
    """What was seen of the work that is watched now."""

    def __init__(self, root: Path) -> None:
        package = Path(__file__).parents[2]
        places = [root, cache_folder(), package, Path(sys.prefix), Path(sys.base_prefix)]
        places += [Path(path) for path in sysconfig.get_paths().values() if path]
        self.root = os.path.realpath(root) + os.sep
        self.allowed = tuple(os.path.realpath(place) + os.sep for place in places)
        self.seen: list[str] = []

    def take(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_FORBIDDEN):
            self.seen.append(event)
        elif event == "exec" and str(getattr(arguments[0], "co_filename", "")).startswith(self.root):
            self.seen.append("the running of code of the project")
        elif event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not (path + os.sep).startswith((*self.allowed, *_DEVICES)) and not path.endswith(_ANYWHERE):
                self.seen.append("the opening of a file outside of the project")


_watch: _Watch | None = None


@contextmanager
def watched(root: Path) -> Iterator[list[str]]:
    """Watch what the block does; yield the list of what it should not have done to anything outside of *root*.

    Threads that run meanwhile are watched too. Python has no way to take an audit hook back: it stays, and looks away.
    """
    global _watch
    _install()
    _watch = _Watch(root)
    try:
        yield _watch.seen
    finally:
        _watch = None


@cache
def _install() -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        watch = _watch
        if watch is not None:
            watch.take(event, arguments)

    sys.addaudithook(hook)
