"""Sequences: calls of several callers at one time, in any order, some of them cancelled half-way.

What a call gives may not depend on the calls around it: each must send the bytes and end in the outcome that it has
alone. Calls under limits across calls come one after another, in `limited`; reviews, reports and refreshes join in as
these parts come.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from hypothesis import Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from promptspec.fuzz.trial import LawFell, Trial

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from promptspec.fuzz.cases import Case
    from promptspec.fuzz.failures import Failure
    from promptspec.fuzz.judging import Judge
    from promptspec.fuzz.observations import Observation
    from promptspec.fuzz.profiles import Profile
    from promptspec.fuzz.progress import Progress
    from promptspec.fuzz.stage import Stage


#: What is seen when calls are not apart.
SENTENCE: Final = "a call among others does not do what it does alone"


class _Fell(Exception):
    """The calls were not apart."""

    def __init__(self, case: Case, together: Sequence[Case], cut: float | None) -> None:
        super().__init__()
        self.case = case
        self.together = tuple(together)
        self.cut = cut


def fell_together(stage: Stage, together: Sequence[Case], cut: float | None) -> Case | None:
    """Call with all cases of *together* at one time; return the first that did not do what it does alone.

    The first of them is cancelled after *cut* seconds, and judged no further, unless *cut* is None.
    """
    alone = [outcome_of(stage.observe(case)) for case in together]
    seen = stage.observe_together(together, {} if cut is None else {0: cut})
    for index in range(0 if cut is None else 1, len(together)):
        if outcome_of(seen[index]) != alone[index]:
            return together[index]
    return None


def run_sequences(
    stage: Stage, judge: Judge, *, profile: Profile, progress: Progress, before: Iterable[Failure] = ()
) -> None:
    """Run `profile.sequences` sequences of up to six steps; the first call that is not as it is alone is kept.

    *before* are failures of earlier runs: those of several calls are tried first.
    """
    for failure in before:
        if failure.together and (case := fell_together(stage, failure.together, failure.cut)):
            _keep(stage, judge, _Fell(case, failure.together, failure.cut), progress)
            return
    found: list[_Fell] = []
    machine = _machine(stage, judge, progress, found)
    if profile.repeatable:
        text = f"{profile.seed}:{judge.subject.module.file}:{judge.subject.name}:sequences"
        machine = seed(int.from_bytes(sha256(text.encode()).digest()[:8]))(machine)
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=profile.sequences,
                stateful_step_count=6,
                deadline=None,
                database=None,
                phases=(Phase.generate, Phase.shrink),
                print_blob=False,
                report_multiple_bugs=False,
            ),
        )
    except (_Fell, Flaky):
        _keep(stage, judge, found[-1], progress)
    except KeyboardInterrupt:
        if found:
            _keep(stage, judge, found[-1], progress)
        raise


def _keep(stage: Stage, judge: Judge, fell: _Fell, progress: Progress) -> None:
    law = judge.laws["callers_are_apart"]
    judge.keep(Trial(stage, fell.case), law, LawFell(SENTENCE), shrunk=True)
    judge.fallen[law.name] = replace(judge.fallen[law.name], together=fell.together, cut=fell.cut)
    progress.fell(law.name)


def _machine(stage: Stage, judge: Judge, progress: Progress, found: list[_Fell]) -> type[RuleBasedStateMachine]:
    from promptspec.fuzz.strategies import cases

    drawn = cases(judge.subject).map(lambda case: replace(case, phase="sequences"))

    class Calls(RuleBasedStateMachine):
        """Calls in any order."""

        @rule(case=drawn)
        def call(self, case: Case) -> None:
            """One call, which must end alike the second time."""
            self._check([case], None)

        @rule(together=st.lists(drawn, min_size=2, max_size=4), cut=st.none() | st.floats(0, 40))
        def call_together(self, together: Sequence[Case], cut: float | None) -> None:
            """Several calls at one time, the first of which may be cancelled."""
            self._check(together, cut)

        def _check(self, together: Sequence[Case], cut: float | None) -> None:
            for case in together:
                judge.count(case)
                progress.case("sequences")
            case = fell_together(stage, together, cut)
            if case is not None:
                found.append(_Fell(case, together, cut))
                raise found[-1]

    return Calls


def outcome_of(seen: Observation) -> tuple[object, ...]:
    """Return what a call sent and what came of it, in a form that can be compared."""
    bodies = tuple(request.body for request in seen.requests)
    if seen.error is not None:
        return (bodies, type(seen.error), str(seen.error))
    return (bodies, seen.reply.value, seen.reply.id) if seen.reply else (bodies,)
