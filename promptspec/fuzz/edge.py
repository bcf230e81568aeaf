"""One value at the edge of a type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json

#: In place of rules: the reference is asked what the value breaks, if anything.
ASK: Final = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A value at the edge of a type, made by *technique*.

    *rules* are those of which it surely breaks one, () where it is valid, ASK where its maker does not know. *suffix*
    leads from the place of the value to the one that the violation names.
    """

    technique: str
    value: Json
    rules: tuple[str, ...] | None = ()
    suffix: str = ""
