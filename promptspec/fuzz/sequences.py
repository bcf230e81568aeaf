"""Sequences: calls of several callers at one time, in any order, some of them cancelled half-way.

What a call gives may not depend on the calls around it: each must send the bytes and end in the outcome that it has
alone. Limits, reviews, reports and refreshes join in as these parts come.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from hypothesis import Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from promptspec.fuzz.trial import LawFell, Trial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promptspec.fuzz.cases import Case
    from promptspec.fuzz.judging import Judge
    from promptspec.fuzz.observations import Observation
    from promptspec.fuzz.profiles import Profile
    from promptspec.fuzz.progress import Progress
    from promptspec.fuzz.stage import Stage


class _Fell(Exception):
    """The calls were not apart."""

    def __init__(self, case: Case, sentence: str) -> None:
        super().__init__(sentence)
        self.case = case
        self.sentence = sentence


def run_sequences(stage: Stage, judge: Judge, *, profile: Profile, progress: Progress) -> None:
    """Run `profile.sequences` sequences of up to six steps; the first call that is not as it is alone is kept."""
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
    except _Fell:
        law = judge.laws["callers_are_apart"]
        judge.keep(Trial(stage, found[-1].case), law, LawFell(found[-1].sentence), shrunk=True)
        progress.fell(law.name)


def _machine(stage: Stage, judge: Judge, progress: Progress, found: list[_Fell]) -> type[RuleBasedStateMachine]:
    from promptspec.fuzz.strategies import cases

    drawn = cases(judge.subject).map(lambda case: replace(case, phase="sequences"))

    class Calls(RuleBasedStateMachine):
        """Calls in any order."""

        @initialize()
        def begin(self) -> None:
            """Begin with what no call has touched."""
            self.alone: dict[Any, tuple[object, ...]] = {}

        @rule(case=drawn)
        def call(self, case: Case) -> None:
            """One call; later ones of the same case must end alike."""
            self._check([case], {})

        @rule(together=st.lists(drawn, min_size=2, max_size=4), cut=st.none() | st.floats(0, 40))
        def call_together(self, together: Sequence[Case], cut: float | None) -> None:
            """Several calls at one time, the first of which may be cancelled."""
            self._check(together, {} if cut is None else {0: cut})

        def _check(self, cases: Sequence[Case], cancelled: Mapping[int, float]) -> None:
            for case in cases:
                judge.count(case)
                progress.case("sequences")
            alone = [outcome_of(stage.observe(case)) for case in cases]
            for index, seen in enumerate(stage.observe_together(cases, cancelled)):
                if index not in cancelled and outcome_of(seen) != alone[index]:
                    found.append(_Fell(cases[index], "a call among others does not do what it does alone"))
                    raise found[-1]

    return Calls


def outcome_of(seen: Observation) -> tuple[object, ...]:
    """Return what a call sent and what came of it, in a form that can be compared."""
    bodies = tuple(request.body for request in seen.requests)
    if seen.error is not None:
        return (bodies, type(seen.error), str(seen.error))
    return (bodies, seen.reply.value, seen.reply.id) if seen.reply else (bodies,)
