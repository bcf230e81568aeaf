"""What a closed field may be, as a list to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from promptspec.contract.types import Boolean, Choice, OneOfSource, Type, Words
from promptspec.sources.search import fold, fold_query, rank

if TYPE_CHECKING:
    from promptspec.contract.feature import Module

#: A key and the label that people see, which may be "".
Entry: TypeAlias = "tuple[str, str]"


class Source(Protocol):
    """A source of a generated module."""

    @property
    def name(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    def find(self, key: str, /) -> object | None: ...
    def search(self, text: str, most: int = 10, /) -> tuple[Entry, ...]: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...


class Choices(Protocol):
    """A closed list of choices."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    def find(self, text: str, most: int) -> list[Entry]:
        """Return up to *most* that fit what was typed, best first; the first ones for ""."""
        ...

    def has(self, key: str) -> bool:
        """Say whether *key* is exactly the key of one."""
        ...

    def value(self, key: str) -> object:
        """Return what a call takes for the choice with *key*."""
        ...


@dataclass(frozen=True, slots=True)
class Listed:
    """A few choices, by key, with their labels."""

    labels: Mapping[str, str]
    values: Mapping[str, object]

    @property
    def count(self) -> int:
        return len(self.labels)

    def find(self, text: str, most: int) -> list[Entry]:
        if not text:
            return list(islice(self.labels.items(), most))
        query = fold_query(text)
        ranked = [(rank(query, key, fold(label)), key, label) for key, label in self.labels.items()]
        return [(key, label) for place, key, label in sorted(ranked, key=_by_place) if place is not None][:most]

    def has(self, key: str) -> bool:
        return key in self.labels

    def value(self, key: str) -> object:
        return self.values.get(key, key)


@dataclass(frozen=True, slots=True)
class Sourced:
    """The rows of a source."""

    source: Source

    @property
    def count(self) -> int:
        return len(self.source)

    def find(self, text: str, most: int) -> list[Entry]:
        if text:
            return list(self.source.search(text, most))
        return [(str(getattr(row, self.source.key)), self._label(row)) for row in islice(self.source, most)]

    def has(self, key: str) -> bool:
        return self.source.find(key) is not None

    def value(self, key: str) -> object:
        return key

    def _label(self, row: object) -> str:
        return str(getattr(row, self.source.label, ""))


def choices_of(module: Module, type: Type, sources: tuple[Source, ...]) -> Choices | None:
    """Return the choices that a field of *type* offers, or None where it takes what is typed."""
    match type:
        case Choice():
            members = module.enum(type).members
            return Listed({member.name: member.label for member in members}, {})
        case Words():
            return Listed(dict.fromkeys(type.words, ""), {})
        case Boolean():
            return Listed({"yes": "", "no": ""}, {"yes": True, "no": False})
        case OneOfSource(where=None):
            source = next((source for source in sources if source.name == type.source), None)
            return None if source is None else Sourced(source)
        case _:
            return None


def _by_place(entry: tuple[int | None, str, str]) -> int:
    return 9 if entry[0] is None else entry[0]
