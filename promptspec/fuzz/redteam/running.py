"""A run: all attempts on all features, several at once, until they are made or the budget ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from promptspec.fuzz.redteam.attempts import Attempt, all_attempts, attempts_of
from promptspec.fuzz.redteam.judging import Finding
from promptspec.fuzz.redteam.results import RunResult, Setup, Tried
from promptspec.fuzz.redteam.trying import Bench, tried_of
from promptspec.fuzz.subjects import Subject
from promptspec.live.budget import Budget, Limits
from promptspec.live.tapes import Live, Replayed, Tape
from promptspec.live.virtual_time import virtual_loop
from promptspec.live.wires import plans_of
from promptspec.runtime.plan import OpenAI

if TYPE_CHECKING:
    from promptspec.fuzz.corpus import Corpus
    from promptspec.fuzz.redteam.recording import Recording
    from promptspec.runtime.feature import Feature as Running

#: So many attempts in a row without an answer end a run: the model is down.
MOST_SILENT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does. *heard* is called with each attempt that was made; *corpus* are attacks from outside."""

    setup: Setup
    limits: Limits
    at_once: int = 4
    heard: Callable[[Tried], None] = lambda _tried: None
    corpus: Corpus | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A feature that is attacked, and the models that it asks."""

    subject: Subject
    plans: tuple[OpenAI, ...]


def targets_of(features: Sequence[Running[Any]], setup: Setup) -> tuple[Target, ...]:
    """Return the features that ask a model; with `setup.model`, all of them, asking that one."""
    today = date.fromisoformat(setup.today)
    targets = [
        Target(Subject(running, today=today), plans_of(running.plan.models, model=setup.model)) for running in features
    ]
    return tuple(target for target in targets if target.plans)


def attempts_on(targets: Sequence[Target], plan: Plan) -> list[Attempt]:
    """Return all attempts of a run, in order."""

    def on(subject: Subject) -> Sequence[Attempt]:
        setup = plan.setup
        return attempts_of(
            subject, seed=setup.seed, repeat=setup.repeat, techniques=setup.techniques, corpus=plan.corpus
        )

    return all_attempts([target.subject for target in targets], on)


def run_live(targets: Sequence[Target], plan: Plan, environment: Mapping[str, str]) -> RunResult:
    """Make all attempts over the network, as far as the budget goes.

    Ctrl-C and the end of the time cancel what is under way. What was found so far is returned in every case.
    """
    attempts = attempts_on(targets, plan)
    run = _Run(plan, attempts)
    try:
        with asyncio.Runner() as runner:
            budget = runner.run(_budgeted(plan.limits))
            run.budget = budget
            runner.run(_timed(run.all(targets, environment, lambda _attempt: Live(budget)), budget))
    except KeyboardInterrupt:
        run.ended = "interrupt"
    return run.result()


def run_replay(targets: Sequence[Target], plan: Plan, recording: Recording) -> RunResult:
    """Make all attempts of a recorded run again, against what was recorded; nothing is sent."""
    recorded = recording.by_key
    attempts = attempts_on(targets, plan)
    known = [attempt for attempt in attempts if attempt.key in recorded]
    # What an unfinished run did not come to is left now as well; in a finished one it is new.
    new = [attempt for attempt in attempts if attempt.key not in recorded] if not recording.ended else []
    run = _Run(replace(plan, at_once=1), known)
    run.ended = recording.ended
    run.tried.update((attempt.key, _new(attempt)) for attempt in new)

    def tape(attempt: Attempt) -> Tape:
        return Replayed(recorded[attempt.key].exchanges)

    try:
        with asyncio.Runner(loop_factory=virtual_loop) as runner:
            runner.run(run.all(targets, None, tape))
    except KeyboardInterrupt:
        run.ended = "interrupt"
    return replace(
        run.result(), left=max(recording.left, len(known) + len(new) - len(run.tried)), notes=_changes(run, recording)
    )


def _changes(run: _Run, recording: Recording) -> tuple[str, ...]:
    gone = len(recording.by_key.keys() - run.tried.keys())
    recorded = recording.by_key
    others = [tried.key for tried in run.tried.values() if tried.key in recorded]
    changed = [key for key in others if run.tried[key].verdict != recorded[key].verdict]
    notes = [f"{len(others) - len(changed)} of {len(others)} verdicts are as recorded", *recording.notes]
    notes += [f"{key}: {recorded[key].verdict} then, {run.tried[key].verdict} now" for key in changed[:20]]
    if gone:
        notes.append(f"{gone} recorded attempts are not made any more")
    return tuple(notes)


def _new(attempt: Attempt) -> Tried:
    finding = Finding(verdict="could not judge", why="the attempt is not recorded", stage="no answer")
    return tried_of(attempt, finding, Replayed(()))


async def _budgeted(limits: Limits) -> Budget:
    return Budget(limits, now=asyncio.get_running_loop().time)


async def _timed(work: Coroutine[Any, Any, None], budget: Budget) -> None:
    try:
        async with asyncio.timeout(budget.seconds_left):
            await work
    except TimeoutError:
        budget.ended = budget.ended or "time"


class _Run:
    """The attempts of one run and what came of them so far."""

    def __init__(self, plan: Plan, attempts: Sequence[Attempt]) -> None:
        self.plan = plan
        self.tried: dict[str, Tried] = {}
        self.ended = ""
        self.budget: Budget | None = None
        self._attempts = attempts
        self._silent: Counter[str] = Counter()

    async def all(
        self,
        targets: Sequence[Target],
        environment: Mapping[str, str] | None,
        tape: Callable[[Attempt], Tape],
    ) -> None:
        """Make all attempts; without an *environment*, each feature has one that is made up."""
        benches = {
            (target.subject.module.file, target.subject.name): self._bench(target, environment) for target in targets
        }
        waiting = iter(self._attempts)
        async with asyncio.TaskGroup() as group:
            for _ in range(self.plan.at_once):
                group.create_task(self._worker(waiting, benches, tape))

    def _bench(self, target: Target, environment: Mapping[str, str] | None) -> Bench:
        judge = self.plan.setup.judge
        return Bench(
            target.subject,
            target.plans,
            target.subject.environment if environment is None else environment,
            today=target.subject.today,
            jury=replace(target.plans[0], name=judge) if judge is not None else None,
        )

    async def _worker(
        self,
        waiting: Iterator[Attempt],
        benches: Mapping[tuple[str, str], Bench],
        tape: Callable[[Attempt], Tape],
    ) -> None:
        for attempt in waiting:
            bench = benches[attempt.file, attempt.feature]
            # In a task of its own, whose context holds the tape.
            made = await asyncio.create_task(bench.make(attempt, tape(attempt)))
            if made is None:
                return
            self._take(made)
            if self._silent[attempt.feature] >= MOST_SILENT and self.budget is not None:
                self.ended = self.ended or f"no answer, {MOST_SILENT} times in a row"
            if self.ended and self.budget is not None:
                return

    def _take(self, tried: Tried) -> None:
        self.tried[tried.key] = tried
        if tried.stage == "no answer" and tried.exchanges:
            self._silent[tried.feature] += 1
        elif tried.exchanges:
            self._silent[tried.feature] = 0
        self.plan.heard(tried)

    def result(self) -> RunResult:
        """Return what was found so far, in the order of the attempts."""
        budget = self.budget
        order = {attempt.key: place for place, attempt in enumerate(self._attempts)}
        tried = sorted(self.tried.values(), key=lambda each: order.get(each.key, len(order)))
        left = len(self._attempts) - len(self.tried)
        ended = self.ended or (budget.ended if budget is not None and left else None) or ""
        result = RunResult(setup=self.plan.setup, tried=tuple(tried), left=max(left, 0), ended=ended)
        if budget is None:
            return result
        return replace(
            result,
            calls=budget.calls,
            prompt_tokens=budget.prompt_tokens,
            reply_tokens=budget.reply_tokens,
            uncounted=budget.uncounted,
            dollars=budget.dollars,
        )
