"""What a run found: plain data that every report is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptspec.fuzz.cases import Case

#: How far a rule is guaranteed, from the strongest down.
Degree: TypeAlias = Literal["by construction", "enforced", "unforgeable", "persuasion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """A law that does not hold, and the smallest case that shows it.

    *id* names the failure for `--replay`. *file* and *line* are the place in the spec, *path* the field, where known.
    *prompt* is the (role, content) of each message of the request, *reply* the model's text, each as they were.
    *shrunk* says whether the search made the case as small as it could. *together* are the cases that were called at
    one time, *case* among them, the first of them cancelled after *cut* seconds; () where it was called alone.
    """

    id: str
    law: str
    claim: str
    sentence: str
    file: str
    feature: str
    line: int
    case: Case
    prompt: tuple[tuple[str, str], ...] = ()
    tag: str = ""
    reply: str | None = None
    outcome: str = ""
    shrunk: bool = False
    together: tuple[Case, ...] = ()
    cut: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LawResult:
    """What is known of one law of one feature after *cases* cases, of which *judged* said something about it."""

    law: str
    claim: str
    degree: Degree
    cases: int
    judged: int
    fallen: Fallen | None = None

    @property
    def held(self) -> bool | None:
        """Whether the law held; None where no case said anything about it."""
        return None if not self.judged and self.fallen is None else self.fallen is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An example, test or attack of the spec that did not go as it says."""

    kind: str
    title: str
    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureResult:
    """What was found of one feature. *phases* counts cases by phase, *techniques* and *liars* by name.

    *tried* counts the examples, tests and attacks of the spec; *names* are those that went well, where known.
    """

    file: str
    feature: str
    line: int
    laws: tuple[LawResult, ...]
    phases: Mapping[str, int]
    techniques: Mapping[str, int]
    liars: Mapping[str, int]
    tried: int
    troubles: tuple[Trouble, ...]
    seconds: float
    finished: bool = True
    names: tuple[str, ...] = ()

    @property
    def cases(self) -> int:
        """All cases that were run."""
        return sum(self.phases.values())

    @property
    def fallen(self) -> tuple[Fallen, ...]:
        """The laws that fell."""
        return tuple(law.fallen for law in self.laws if law.fallen is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """What a whole run found. *notes* are sentences about the run itself: a corpus with broken lines, a full disk."""

    version: str
    profile: str
    seed: int
    features: tuple[FeatureResult, ...]
    notes: tuple[str, ...] = ()
    finished: bool = True

    @property
    def holds(self) -> bool:
        """Whether every law held and every example, test and attack went as it says."""
        return all(not feature.fallen and not feature.troubles for feature in self.features)
