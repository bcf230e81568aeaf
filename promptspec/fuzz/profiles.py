"""How long and how hard a run looks: `dev` at one's desk, `pr` in CI, `nightly` in the night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from promptspec.fuzz.cases import Phase

PHASES: Final[tuple[Phase, ...]] = ("examples", "boundaries", "search", "sequences")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """*searched* cases a feature are drawn and judged by every law. *boundaries* None means all of them.

    *repeatable* runs draw the same cases every time from *seed*; others keep what they found in a database.
    """

    name: str
    searched: int
    boundaries: int | None = None
    sequences: int = 20
    repeatable: bool = False
    seed: int = 0
    phases: tuple[Phase, ...] = PHASES


PROFILES: Final[Mapping[str, Profile]] = {
    "dev": Profile(name="dev", searched=100, boundaries=500, sequences=5),
    "pr": Profile(name="pr", searched=200, repeatable=True),
    "nightly": Profile(name="nightly", searched=50_000, sequences=500),
}
