"""Every technique by name: seeds and mutators of this package, boundaries, and ways to answer."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, cast

from promptspec.fuzz.attacks.registry import MUTATORS, SEEDS

if TYPE_CHECKING:
    from promptspec.fuzz.techniques import Technique

    TECHNIQUES: tuple[Technique, ...]

#: The other modules that list techniques, and under which name. They are imported when the table is first looked at:
#: they need more than this package does.
_ELSEWHERE: Final = (
    ("promptspec.fuzz.boundaries", "BOUNDARY_TECHNIQUES"),
    ("promptspec.fuzz.lies", "REPLY_TECHNIQUES"),
)


@cache
def techniques() -> tuple[Technique, ...]:
    """Return all techniques in the order of the reference; no two have the same name."""
    found = [*(seed.technique for seed in SEEDS), *(mutator.technique for mutator in MUTATORS)]
    for module, name in _ELSEWHERE:
        if find_spec(module) is not None:
            found += cast("tuple[Technique, ...]", getattr(import_module(module), name, ()))
    return tuple(found)


def __getattr__(name: str) -> object:
    if name == "TECHNIQUES":
        return techniques()
    raise AttributeError(name)
