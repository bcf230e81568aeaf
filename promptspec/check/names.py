"""What bare names mean where an expression stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from promptspec.check.shapes import Facts, Typed, value_of
from promptspec.contract import expressions as e
from promptspec.contract import types as t


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What bare names mean in one place. *roots* are `input`, `output`, `caller`; *tested* paths are not none."""

    bare: Mapping[str, Typed]
    roots: Mapping[str, Mapping[str, Typed]]
    whole: Mapping[str, Typed] = field(default_factory=dict[str, Typed])
    clashes: Mapping[str, str] = field(default_factory=dict[str, str])
    tested: frozenset[str] = frozenset()
    steps: int = 1

    def knowing(self, paths: frozenset[str]) -> Names:
        """Return these names, with *paths* known to be there."""
        return replace(self, tested=self.tested | paths) if paths - self.tested else self

    def having(self, name: str, value: Typed, *, steps: int = 1) -> Names:
        """Return these names and one more, inside a loop of *steps* rounds."""
        return replace(self, bare={**self.bare, name: value}, steps=self.steps * max(steps, 1))

    def seen(self, value: Typed) -> Typed:
        """Return *value*, no longer optional where it has been tested."""
        return replace(value, optional=False) if value.optional and value.path in self.tested else value


def references(fields: tuple[t.Field, ...], root: Literal["input", "output"], facts: Facts) -> dict[str, Typed]:
    """Return what the fields of *root* are where an expression names them."""
    prefix = "" if root == "input" else f"{root}."
    return {
        each.name: value_of(each, facts, e.Reference(root=root, steps=(each.name,)), f"{prefix}{each.name}")
        for each in fields
    }
