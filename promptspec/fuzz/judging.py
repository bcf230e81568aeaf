"""Judging cases by all laws that still stand, counting, and keeping the first case that brings each law down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from promptspec.errors import PromptspecError
from promptspec.fuzz.case_json import id_of
from promptspec.fuzz.results import Fallen, LawResult
from promptspec.fuzz.trial import LawFell, Trial

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Case
    from promptspec.fuzz.laws import Law
    from promptspec.fuzz.stage import Stage
    from promptspec.fuzz.subjects import Subject


class Judge:
    """Judges the cases of one feature. A law that fell is out: what else the run finds is about the others."""

    def __init__(
        self, subject: Subject, laws: Mapping[str, Law], heard: Callable[[Case, Subject], None] | None = None
    ) -> None:
        self.subject = subject
        self._heard = heard
        self.laws = dict(laws)
        self.fallen: dict[str, Fallen] = {}
        self.phases: Counter[str] = Counter()
        self.techniques: Counter[str] = Counter()
        self.liars: Counter[str] = Counter()
        #: Failures whose claim the reference does not share: a mistake of the fuzzer's, told and not counted.
        self.doubtful: list[str] = []
        self._judged: Counter[str] = Counter()
        self._cases: Counter[str] = Counter()

    @property
    def standing(self) -> tuple[Law, ...]:
        """The laws that no case has brought down yet."""
        return tuple(law for name, law in self.laws.items() if name not in self.fallen)

    def count(self, case: Case) -> None:
        """Count a case that is put to the feature, and tell of it."""
        if self._heard is not None:
            self._heard(case, self.subject)
        self.phases[case.phase] += 1
        self.techniques.update(case.techniques)
        self.liars[case.lie.liar] += 1

    def first_fall(self, trial: Trial) -> tuple[Law, LawFell] | None:
        """Return the first standing law that does not hold, and how it fell; None where all hold."""
        cases, judged, fallen = self._cases, self._judged, self.fallen
        for name, law in self.laws.items():
            if name in fallen:
                continue
            cases[name] += 1
            try:
                judged[name] += law.judge(trial)
            except LawFell as fell:
                return law, fell
        return None

    def take(self, stage: Stage, case: Case) -> bool:
        """Judge *case* by every standing law and keep what fell. Return whether anything did."""
        self.count(case)
        trial = Trial(stage, case)
        found = False
        while fall := self.first_fall(trial):
            found = True
            if not self.keep(trial, *fall, shrunk=False):
                break
        return found

    def keep(self, trial: Trial, law: Law, fell: LawFell, *, shrunk: bool) -> bool:
        """Keep a failure, unless the reference takes the other side of the claim that it rests on."""
        claim, expected = trial.case.claim, trial.input.expected
        rests = law.name in ("accepts_valid", "refuses_invalid")
        if rests and claim is not None and expected is not None and claim.valid is bool(expected):
            self.doubtful.append(f"{law.name}: a case claims what the reference does not share ({fell.sentence})")
            return False
        self.fallen[law.name] = fallen_of(trial, law, fell, shrunk=shrunk)
        return True

    def results(self) -> tuple[LawResult, ...]:
        """Return what is known of each law."""
        return tuple(
            LawResult(
                law=law.name,
                claim=law.claim,
                degree=law.degree,
                cases=self._cases[law.name],
                judged=self._judged[law.name],
                fallen=self.fallen.get(law.name),
            )
            for law in self.laws.values()
        )


def fallen_of(trial: Trial, law: Law, fell: LawFell, *, shrunk: bool) -> Fallen:
    """Return the report of a law that fell: the case, what was sent, what was said, and where it stands in the spec."""
    subject, seen = trial.subject, trial.observation
    outcome = repr(seen.error) if isinstance(seen.error, PromptspecError) else type(seen.error).__name__
    return Fallen(
        id=id_of(trial.case, law.name, subject.name),
        law=law.name,
        claim=law.claim,
        sentence=fell.sentence,
        file=subject.module.file,
        feature=subject.name,
        line=_line(subject, trial, fell),
        case=trial.case,
        prompt=seen.requests[-1].messages if seen.requests else (),
        tag=next(iter(trial.tags), "") if trial.input.said is not None else "",
        reply=seen.answers[-1] if seen.answers else None,
        outcome=f"returned {seen.reply.value!r}"[:2_000] if seen.reply else f"raised {outcome}"[:2_000],
        shrunk=shrunk,
    )


def _line(subject: Subject, trial: Trial, fell: LawFell) -> int:
    """Return the line of the field that the failure names first, else that of the feature."""
    claim = trial.case.claim
    said = f"{claim.path if claim else ''} {fell.sentence}"
    for name, record in (("input", subject.feature.input), ("output", subject.feature.output)):
        for field in record.fields:
            if f"{name}.{field.name}" in said:
                return field.origin.line
    return subject.feature.origin.line
