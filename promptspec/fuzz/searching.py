"""The search: Hypothesis draws cases, is pulled towards awkward ones, and makes what fails as small as it can."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from hypothesis import Phase, given, seed, settings, target
from hypothesis.errors import Flaky

from promptspec.fuzz.stage import Stage
from promptspec.fuzz.trial import LawFell, Trial

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

    from promptspec.fuzz.cases import Case
    from promptspec.fuzz.judging import Judge
    from promptspec.fuzz.laws import Law
    from promptspec.fuzz.profiles import Profile
    from promptspec.fuzz.progress import Progress

_LOOKING: Final = (Phase.reuse, Phase.generate, Phase.target)


class _Fell(Exception):
    """A law fell: raised to Hypothesis, which makes the case smaller as long as the same law falls."""


def search(
    stage: Stage,
    judge: Judge,
    *,
    profile: Profile,
    database: ExampleDatabase | None,
    progress: Progress,
    shrinks: bool = True,
) -> None:
    """Draw `profile.searched` cases and judge them; each law that falls is kept, and looked for no more.

    Where it *shrinks*, the case that brings a law down is made as small as can be; else the search ends with it.
    """
    while judge.standing:
        hunt = _Hunt(stage, judge, progress, shrinks=shrinks)
        try:
            hunt.run(profile, database)
        except KeyboardInterrupt:
            # What fell is told, as small as it is by now.
            if hunt.law is not None and hunt.smallest is not None:
                _keep(judge, hunt.law, hunt.smallest, progress)
            raise
        if hunt.law is None or hunt.smallest is None:
            return
        _keep(judge, hunt.law, hunt.smallest, progress)
        if not shrinks:
            return


def _keep(judge: Judge, law: Law, case: Case, progress: Progress) -> None:
    """Judge the shrunk case once more on a stage of its own, and keep the fall if it falls there too."""
    stage = Stage(judge.subject)
    trial = Trial(stage, case)
    try:
        law.judge(trial)
    except LawFell as fell:
        if judge.keep(trial, law, fell, shrunk=True):
            progress.fell(law.name)
            return
    else:
        judge.doubtful.append(f"{law.name}: a case fell in the search and held when it was tried again")
    finally:
        stage.close()
    del judge.laws[law.name]


class _Hunt:
    """One search, which ends with the first law that falls, or with none."""

    def __init__(self, stage: Stage, judge: Judge, progress: Progress, *, shrinks: bool) -> None:
        self._phases = (*_LOOKING, Phase.shrink) if shrinks else _LOOKING
        self._stage = stage
        self._judge = judge
        self._progress = progress
        self.law: Law | None = None
        #: The last case that brought the law down: Hypothesis ends with the smallest.
        self.smallest: Case | None = None

    def run(self, profile: Profile, database: ExampleDatabase | None) -> None:
        """Draw and judge cases, and shrink the first that brings a law down."""
        from promptspec.fuzz.keeping import Part
        from promptspec.fuzz.strategies import cases

        subject = self._judge.subject
        name = f"{subject.module.file}:{subject.name}"

        @settings(
            max_examples=profile.searched,
            deadline=None,
            database=None if database is None else Part(database, f"{name} {sorted(self._judge.fallen)}"),
            phases=self._phases,
            print_blob=False,
            report_multiple_bugs=False,
        )
        @given(cases(subject))
        def hunt(case: Case) -> None:
            self._try(case)

        if profile.repeatable:
            hunt = seed(int.from_bytes(sha256(f"{profile.seed}:{name}".encode()).digest()[:8]))(hunt)
        try:
            hunt()
        except (_Fell, Flaky):  # what does not fall each time is tried once more before it is kept
            return

    def _try(self, case: Case) -> None:
        trial = Trial(self._stage, case)
        if self._falls(trial):
            self.smallest = case
            # The one place where it rises: Hypothesis takes what rises elsewhere for another fault.
            raise _Fell
        _pull(trial)

    def _falls(self, trial: Trial) -> bool:
        """Say whether a law falls: any that stands, and while a case is made smaller the same one."""
        if self.law is not None:
            try:
                self.law.judge(trial)
            except LawFell:
                return True
            return False
        self._judge.count(trial.case)
        self._progress.case("search")
        fall = self._judge.first_fall(trial)
        if fall is not None:
            self.law = fall[0]
        return fall is not None


def _pull(trial: Trial) -> None:
    """Pull the search towards long prompts, many delimiters, and texts that normalising makes longer."""
    texts = [text for _, _, text in trial.input.texts]
    requests = trial.observation.requests
    if requests:
        target(float(len(requests[0].body)), label="bytes of the request")
    if texts:
        target(float(sum(text.count("[[") + text.count("]]") for text in texts)), label="delimiters")
        target(float(len(str(trial.case.given)) - sum(map(len, texts))), label="what cleaning took away")
