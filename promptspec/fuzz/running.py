"""A run: every feature that was named, phase after phase, until each law fell or stood for all cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptspec.fuzz.cases import VALID, Case, Json
from promptspec.fuzz.interrupts import Interrupts
from promptspec.fuzz.judging import Judge
from promptspec.fuzz.known_inputs import known_inputs
from promptspec.fuzz.laws import LAWS, Law
from promptspec.fuzz.lies.accepted import an_honest_reply
from promptspec.fuzz.profiles import PROFILES, Profile
from promptspec.fuzz.progress import Progress, Silent
from promptspec.fuzz.results import Fallen, FeatureResult, Trouble
from promptspec.fuzz.specs_own import examples
from promptspec.fuzz.stage import Stage
from promptspec.fuzz.subjects import Subject

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

    from promptspec.contract import feature as contract
    from promptspec.fuzz.failures import Failures
    from promptspec.runtime.feature import Feature as Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a run looks.

    *laws* are those that judge. *corpus* are cases from outside, by feature. *failures* keeps what fell and gives it
    back; None keeps nothing. *database* is Hypothesis' own. *heard* is called with every case that was judged.
    *notes* collects sentences about the run itself. With *first* the run of a feature ends with the first law that
    falls, whose case is not made smaller. *root* is that of the project, where the specs are at hand. *prepared* are
    the cases that nobody draws, where they were made before by `prepare`.
    """

    profile: Profile = PROFILES["dev"]
    laws: Mapping[str, Law] = field(default_factory=lambda: LAWS)
    corpus: Callable[[Subject], Iterable[Case]] | None = None
    failures: Failures | None = None
    database: ExampleDatabase | None = None
    heard: Callable[[Case, Subject], None] | None = None
    notes: list[str] = field(default_factory=list[str])
    first: bool = False
    root: Path | None = None
    prepared: Sequence[Case] | None = None


def fuzz_feature(running: Running[Any], plan: Plan, progress: Progress | None = None) -> FeatureResult:
    """Put one feature to the test and return what was found.

    Ctrl-C ends the test of this feature: what was found so far is returned, with `finished` false.
    """
    progress = progress or Silent()
    began = time.monotonic()
    subject = Subject(running, root=plan.root)
    judge = Judge(subject, plan.laws, plan.heard)
    troubles: list[Trouble] = []
    progress.begin(subject.module.file, subject.name, len(plan.laws))
    finished = True
    with Interrupts() as interrupts:
        stage = Stage(subject, interrupts.obey)
        try:
            _judge_cases(stage, judge, plan, progress, troubles)
        except KeyboardInterrupt:
            finished = False
        finally:
            stage.close()
    finished = finished and not interrupts.asked
    _settle_failures(subject, judge, plan, finished=finished)
    plan.notes.extend(f"{subject.name}: {doubt}" for doubt in dict.fromkeys(judge.doubtful))
    result = FeatureResult(
        file=subject.module.file,
        feature=subject.name,
        line=subject.feature.origin.line,
        laws=judge.results(),
        phases=dict(judge.phases),
        techniques=dict(judge.techniques),
        liars=dict(judge.liars),
        tried=len(subject.feature.cases) + len(subject.feature.examples),
        troubles=tuple(troubles),
        seconds=time.monotonic() - began,
        finished=finished,
    )
    progress.end(result)
    return result


def _judge_cases(stage: Stage, judge: Judge, plan: Plan, progress: Progress, troubles: list[Trouble]) -> None:
    """Judge the cases of every phase, until no law stands or none is left."""
    for case in prepare(judge.subject, plan) if plan.prepared is None else plan.prepared:
        before = set(judge.fallen)
        judge.take(stage, case)
        progress.case(case.phase)
        for law in judge.fallen.keys() - before:
            progress.fell(law)
            _trouble(case, judge, law, troubles)
        if not judge.standing or (plan.first and judge.fallen):
            break
    _search(stage, judge, plan, progress)


def prepare(subject: Subject, plan: Plan) -> Iterator[Case]:
    """Yield the cases that nobody draws: those that failed before, those of the spec and from outside, boundaries."""
    from promptspec.fuzz.boundaries import boundaries

    phases = plan.profile.phases
    if "examples" in phases:
        if plan.failures is not None:
            for failure in plan.failures.of(subject.module.file, subject.name):
                yield replace(failure.case, phase="examples")
        yield from examples(subject)
        for attack in subject.feature.cases:
            if attack.kind == "attack":
                yield from attack_cases(subject, attack)
        if plan.corpus is not None:
            yield from plan.corpus(subject)
    if "boundaries" in phases:
        every = chain(boundaries(subject), _reply_boundaries(subject))
        yield from every if plan.profile.boundaries is None else _spread(every, plan.profile.boundaries)


def _spread(cases: Iterable[Case], most: int) -> Iterator[Case]:
    """Yield about *most* of *cases*, spread over all of them, so that each kind is met."""
    every = list(cases)
    # An odd step meets every remainder of the seeds, by which laws choose what they try once more.
    yield from every[:: len(every) // most | 1]


def fuzz_attack(running: Running[Any], attack: contract.Case) -> tuple[Fallen, ...]:
    """Put one `attack` of the spec to every lying model; return the laws that it brings down."""
    subject = Subject(running)
    judge = Judge(subject, LAWS)
    stage = Stage(subject)
    try:
        for case in attack_cases(subject, attack):
            judge.take(stage, case)
    finally:
        stage.close()
    return tuple(judge.fallen.values())


def attack_cases(subject: Subject, attack: contract.Case) -> Iterator[Case]:
    """Yield the input of an `attack` with every form of every liar, each told at the first place where it can be."""
    from promptspec.fuzz.lies.boundaries import reply_boundaries

    found = [case for case in examples(subject) if case.techniques == (f"{attack.kind}: {attack.title}",)]
    told: set[tuple[str, str]] = set()
    for case in found[:1]:
        yield case
        # Where no honest reply to it is known, lies start from a reply to another input.
        answered = _answered(subject, (case.given, *known_inputs(subject).bases))
        for lie in reply_boundaries(subject, answered):
            if (lie.liar, lie.form) not in told:
                told.add((lie.liar, lie.form))
                yield replace(case, lie=lie, seed=len(told))


def _reply_boundaries(subject: Subject) -> Iterator[Case]:
    """Yield every way to lie about one valid input."""
    from promptspec.fuzz.lies.boundaries import reply_boundaries

    known = known_inputs(subject)
    if known.bases:
        given = _answered(subject, known.bases)
        for seed, lie in enumerate(reply_boundaries(subject, given)):
            yield Case(given=given, claim=VALID, lie=lie, caller=known.caller, seed=seed, phase="boundaries")


def _answered(subject: Subject, inputs: Sequence[Json]) -> Json:
    """Return the first of *inputs* to which an honest reply is known; the last where there is none."""
    return next((given for given in inputs if an_honest_reply(subject, given) is not None), inputs[-1])


def _search(stage: Stage, judge: Judge, plan: Plan, progress: Progress) -> None:
    phases = plan.profile.phases
    if plan.first and judge.fallen:
        return
    if "search" in phases and judge.standing:
        from promptspec.fuzz.searching import search

        search(stage, judge, profile=plan.profile, database=plan.database, progress=progress, shrinks=not plan.first)
    if plan.first and judge.fallen:
        return
    if "sequences" in phases and "callers_are_apart" in judge.laws and "callers_are_apart" not in judge.fallen:
        from promptspec.fuzz.sequences import run_sequences

        subject = judge.subject
        kept = [] if plan.failures is None else list(plan.failures.of(subject.module.file, subject.name))
        run_sequences(stage, judge, profile=plan.profile, progress=progress, before=kept)


def _trouble(case: Case, judge: Judge, law: str, troubles: list[Trouble]) -> None:
    """Note that an attack of the spec brought a law down."""
    for technique in case.techniques:
        kind, _, title = technique.partition(": ")
        if kind == "attack":
            line = next((c.origin.line for c in judge.subject.feature.cases if c.title == title), 0)
            message = f"{law} fell: {judge.fallen[law].sentence}"
            troubles.append(Trouble(kind="attack", title=title, line=line, message=message))


def _settle_failures(subject: Subject, judge: Judge, plan: Plan, *, finished: bool) -> None:
    """Keep what fell, and throw away what fell before and holds now."""
    if plan.failures is None:
        return
    try:
        if finished and "examples" in plan.profile.phases:
            for failure in list(plan.failures.of(subject.module.file, subject.name)):
                tried = not failure.together or "sequences" in plan.profile.phases
                if tried and failure.law in plan.laws and failure.law not in judge.fallen:
                    plan.failures.forget(failure.id)
        for fallen in judge.fallen.values():
            plan.failures.keep(fallen)
    except OSError as error:
        plan.notes.append(f"failures cannot be kept: {error.strerror or type(error).__name__}")
