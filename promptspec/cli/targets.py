"""`SPEC:FEATURE`: which feature a command means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from promptspec.cli.ending import USAGE, Stop

_NAME: Final = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Target:
    """A spec and the name of a feature; "" means the only one that it has."""

    path: Path
    feature: str


def read_target(text: str) -> Target:
    """Return what `SPEC:FEATURE` or `SPEC` names. Stops where there is no such file."""
    path, separator, feature = text.rpartition(":")
    if not separator or not _NAME.fullmatch(feature) or Path(text).exists():
        path, feature = text, ""
    found = Path(path)
    if found.is_dir():
        raise Stop(USAGE, f"`{path}` is a folder; name one spec of it", help="as in `films.spec:suggest_films`")
    if not found.exists():
        raise Stop(USAGE, f"there is no file `{path}`")
    return Target(found, feature)


def choose_feature(target: Target, names: Iterable[str]) -> str:
    """Return the name of the feature that *target* means, of those that its spec has. Stops where that is unclear."""
    return choose(target, names, "feature")


def choose(target: Target, names: Iterable[str], what: str) -> str:
    """Return the one of *names*, each a *what* of the spec, that *target* means. Stops where that is unclear."""
    from promptspec.diagnostics import did_you_mean

    known = sorted(names)
    listed = ", ".join(f"`{name}`" for name in known)
    if target.feature in known:
        return target.feature
    if target.feature:
        near = did_you_mean(target.feature, known)
        help = near[0] if near else f"it has {listed}" if known else "it has none"
        raise Stop(USAGE, f"`{target.path}` has no {what} `{target.feature}`", help=help)
    if len(known) != 1:
        help = f"it has {listed}" if known else ""
        raise Stop(USAGE, f"name one {what} of `{target.path}`, as in `SPEC:{what.upper()}`", help=help)
    return known[0]
