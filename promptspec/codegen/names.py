"""Which Python name stands for what in one module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from promptspec.contract.feature import Module
from promptspec.contract.names import (
    TAKEN_BY_MODELS,
    TAKEN_BY_MODULES,
    field_name,
    function_name,
    member_name,
    python_name,
    source_name,
    top_names,
)

#: Names that generated methods use for themselves.
_LOCAL = frozenset({"x", "y", "out", "today", "caller", "row", "self"})


@dataclass(frozen=True)
class Names:
    """The names of one module. *modules* tells, by spec file, where each module stands below the package."""

    module: Module
    modules: Mapping[str, tuple[str, ...]]

    @cached_property
    def _top(self) -> frozenset[str]:
        """All names at the top of the module, which no field may hide."""
        return top_names(self.module)

    def field(self, name: str) -> str:
        """Return the attribute and keyword of a field or column."""
        return field_name(name, self._top)

    def member(self, name: str) -> str:
        """Return the attribute of an enum's member."""
        return member_name(name)

    def source(self, name: str) -> str:
        """Return the constant of a source."""
        return source_name(name)

    def function(self, name: str) -> str:
        """Return the function of a feature."""
        return function_name(name)

    def variable(self, name: str) -> str:
        """Return the variable of a loop."""
        return python_name(name, self._top | TAKEN_BY_MODELS | TAKEN_BY_MODULES | _LOCAL)

    def relative(self, file: str) -> tuple[int, tuple[str, ...]]:
        """Return how many dots, and which names, lead from this module to that of *file*."""
        here, there = self.modules[self.module.file], self.modules[file]
        shared = 0
        while shared < len(here) - 1 and shared < len(there) - 1 and here[shared] == there[shared]:
            shared += 1
        return len(here) - shared, there[shared:]
