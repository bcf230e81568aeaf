"""What an attack is called, where it comes from, and what it does: one row of the table in the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

#: A text to begin with, a change made to a text, a value at the edge of what is declared, or a way to answer.
Kind: TypeAlias = Literal["seed", "mutator", "boundary", "reply"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """One way to attack. *name* is stable and in kebab-case; *origin* names the projects that know it too.

    *example* is what it makes: of a seed or a reply the text, of a mutator the text that it makes of `ignore this`.
    """

    name: str
    kind: Kind
    family: str
    origin: tuple[str, ...]
    summary: str
    example: str
