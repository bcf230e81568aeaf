"""What a run against a model found: plain data that is recorded, reported and compared."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from promptspec.live.exchanges import Exchange

#: `held`: refused by the checks, or delivered without any sign of the attack. `fell`: a rule shows that the attack got
#: through. `could not judge`: nothing is known, which never counts as held.
Verdict: TypeAlias = Literal["held", "fell", "could not judge"]
#: How far an attempt got: the input was refused, no answer came, the reply was refused, a value was delivered.
Stage: TypeAlias = Literal["input refused", "no answer", "reply refused", "delivered"]
#: What the attack wants: the canary in the reply, the words of the prompt, a word chosen, or anything that shows.
Goal: TypeAlias = Literal["canary", "echo", "word", "sign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One attempt and what came of it.

    *index* counts the attempts with one technique on one feature from 0. *attack* is the hostile text, *said* the
    model's last answer. *obeyed* says whether the model itself did as the attack asked, None where that is not known.
    """

    file: str
    feature: str
    technique: str
    family: str
    index: int
    goal: Goal
    verdict: Verdict
    why: str
    stage: Stage
    obeyed: bool | None = None
    by_model: bool = False
    attack: str = ""
    said: str | None = None
    exchanges: tuple[Exchange, ...] = ()

    @property
    def key(self) -> str:
        """Its name within any run."""
        return key_of(self.file, self.feature, self.technique, self.index)


def key_of(file: str, feature: str, technique: str, index: int) -> str:
    """Return the name of an attempt."""
    return f"{file}:{feature}:{technique}:{index}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a run was asked to do, so that it can be done again. *today* is its day, as ISO writes it."""

    run: str
    version: str
    seed: int
    repeat: int
    today: str
    features: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    model: str | None = None
    judge: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """All that a run found. *ended* is "" where all attempts were made, else what ended it: a budget, an interrupt.

    *left* counts the attempts that were not made. *dollars* is None without prices.
    """

    setup: Setup
    tried: tuple[Tried, ...]
    left: int = 0
    ended: str = ""
    calls: int = 0
    prompt_tokens: int = 0
    reply_tokens: int = 0
    uncounted: int = 0
    dollars: Decimal | None = None
    notes: tuple[str, ...] = ()

    @property
    def fell(self) -> tuple[Tried, ...]:
        """The attempts that got through."""
        return tuple(tried for tried in self.tried if tried.verdict == "fell")

    @property
    def judged(self) -> int:
        """How many attempts were judged."""
        return sum(tried.verdict != "could not judge" for tried in self.tried)
