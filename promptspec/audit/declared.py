"""The declarations of a module, as the checks ask for them."""

from __future__ import annotations

from dataclasses import dataclass

from promptspec.contract import types as t
from promptspec.contract.feature import Module, Source


@dataclass(frozen=True, slots=True)
class Declared:
    """What the declarations of *module* say."""

    module: Module

    def record(self, group: t.Group) -> t.Record:
        """Return the record that *group* names."""
        return self.module.record(group.name, group.file)

    def record_named(self, name: str, file: str) -> t.Record:
        """Return the record called *name* of *file*."""
        return self.module.record(name, file)

    def source(self, name: str) -> Source:
        """Return the source called *name*."""
        return next(source for source in self.module.sources if source.name == name)

    def members(self, choice: t.Choice) -> tuple[str, ...]:
        """Return the words of an enum."""
        return tuple(member.name for member in self.module.enum(choice).members)

    def kind(self, name: str) -> str | None:
        """Return what *name* is declared as, or None."""
        for what, found in (
            ("enum", self.module.enums),
            ("record", self.module.records),
            ("source", self.module.sources),
            ("feature", self.module.features),
        ):
            if any(each.name == name for each in found):
                return what
        return None
