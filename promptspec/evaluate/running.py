"""A run: labelled rows through the feature's own function, several at once, until the end or that of the budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from promptspec.errors import PromptspecError
from promptspec.evaluate.judging import Labelled, judge, measured_fields
from promptspec.evaluate.results import Judged, RunResult, Setup
from promptspec.evaluate.slices import slices_of
from promptspec.live.budget import Budget, Limits
from promptspec.live.calls import called
from promptspec.live.tapes import Live, Replayed, Tape
from promptspec.live.virtual_time import virtual_loop
from promptspec.live.wires import TAPE, connected, connected_judges, some_url, world_of
from promptspec.models.origins import OPENAI_KEY
from promptspec.runtime.overrides import Rehearse
from promptspec.runtime.plan import Env
from promptspec.safety.callers import LEVELS, Anyone, Session
from promptspec.trials.calls import let_through, quiet_world
from promptspec.trials.rows import right_values

if TYPE_CHECKING:
    from promptspec.check.labelled import LabelledRow
    from promptspec.evaluate.recording import Recording
    from promptspec.ports import World
    from promptspec.runtime.feature import Feature as Running
    from promptspec.runtime.plan import OpenAI
    from promptspec.runtime.replies import Reply

#: So many rows in a row without an answer end a run: the model is down.
MOST_SILENT: Final = 20
#: What a row that no tape holds is told of.
_UNRECORDED: Final = "the request is not recorded: the spec, the rows, or what makes requests of them, has changed"
_BUDGET: Final = "the budget is spent"


class Unfit(Exception):
    """A row that its own feature refuses; the message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run does. *heard* is called with each row that is done."""

    setup: Setup
    limits: Limits
    at_once: int = 4
    heard: Callable[[Judged], None] = lambda _judged: None


class Rows:
    """The labelled rows of one feature, ready to be run. Raises Unfit."""

    def __init__(self, running: Running[Any], rows: Sequence[LabelledRow], targets: Sequence[str]) -> None:
        self.running = running
        self.module = running.module_contract
        self.feature = running.contract
        self.fields = measured_fields(self.feature, targets)
        right = [self._right(row) for row in rows]
        pairs = [(row.given, values) for row, values in zip(rows, right, strict=True)]
        slices = slices_of(self.module, self.feature, pairs)
        self.all = tuple(
            Labelled(row=row, right=values, slices=groups)
            for row, values, groups in zip(rows, right, slices, strict=True)
        )

    def _right(self, row: LabelledRow) -> Mapping[str, object]:
        found = right_values(self.running, row)
        if isinstance(found, str):
            raise Unfit(f"line {row.line} is refused: {found}")
        return found


def run_live(rows: Rows, plan: Plan, plans: Sequence[OpenAI], environment: Mapping[str, str]) -> RunResult:
    """Run all rows over the network, as far as the budget goes.

    Ctrl-C and the end of the time cancel what is under way. What was found so far is returned in every case.
    """
    run = _Run(rows, plan)
    try:
        with asyncio.Runner() as runner:
            budget = runner.run(_budgeted(plan.limits))
            run.budget = budget
            runner.run(_timed(run.all(plans, environment, lambda _row: Live(budget)), budget))
    except KeyboardInterrupt:
        run.ended = "interrupt"
    return run.result()


def run_replay(rows: Rows, plan: Plan, plans: Sequence[OpenAI], recording: Recording) -> RunResult:
    """Run the rows of a recorded run again, against what was recorded; nothing is sent."""
    recorded = recording.by_key
    run = _Run(rows, replace(plan, at_once=1))
    run.ended = recording.ended

    def tape(labelled: Labelled) -> Tape | None:
        if labelled.row.key in recorded:
            return Replayed(recorded[labelled.row.key].exchanges)
        # What an unfinished run did not come to is left now as well; in a finished one it is new.
        return Replayed(()) if not recording.ended else None

    asked = (*plans, *(judge.model for judge in rows.running.plan.judges))
    try:
        with asyncio.Runner(loop_factory=virtual_loop) as runner:
            runner.run(run.all(plans, made_up_environment(asked), tape))
    except KeyboardInterrupt:
        run.ended = "interrupt"
    known = {labelled.row.key for labelled in rows.all}
    gone = len(recorded.keys() - known)
    result = run.result()
    both = [row for row in result.judged if row.key in recorded]
    alike = sum((row.outcome, row.said) == (recorded[row.key].outcome, recorded[row.key].said) for row in both)
    notes = [f"{alike} of {len(both)} outcomes are as recorded", *recording.notes]
    if gone:
        notes.append(f"{gone} recorded rows are not in the file any more")
    return replace(result, notes=tuple(notes))


def made_up_environment(plans: Sequence[OpenAI]) -> Mapping[str, str]:
    """Return an environment in which *plans* can be asked, for a run that sends nothing."""
    found: dict[str, str] = {}
    for plan in plans:
        found[plan.key.name if plan.key else OPENAI_KEY] = "replayed"
        if isinstance(plan.base_url, Env):
            found[plan.base_url.name] = some_url(plan.hosts)
    return found


def run_rehearsal(rows: Rows, plan: Plan) -> RunResult:
    """Run all rows with replies made from the spec itself: nothing is sent, and nothing is learnt of any model."""
    run = _Run(rows, plan)
    try:
        for labelled in rows.all:
            run.take(run.rehearsed(labelled))
    except KeyboardInterrupt:
        run.ended = "interrupt"
    return run.result()


async def _budgeted(limits: Limits) -> Budget:
    return Budget(limits, now=asyncio.get_running_loop().time)


async def _timed(work: Coroutine[Any, Any, None], budget: Budget) -> None:
    try:
        async with asyncio.timeout(budget.seconds_left):
            await work
    except TimeoutError:
        budget.ended = budget.ended or "time"


class _Run:
    """The rows of one run and what came of them so far."""

    def __init__(self, rows: Rows, plan: Plan) -> None:
        self.rows = rows
        self.plan = plan
        self.ended = ""
        self.budget: Budget | None = None
        self._judged: dict[str, Judged] = {}
        self._silent = 0
        self._today = date.fromisoformat(plan.setup.today)

    async def all(
        self,
        plans: Sequence[OpenAI],
        environment: Mapping[str, str],
        tape: Callable[[Labelled], Tape | None],
    ) -> None:
        """Run all rows; those without a tape are left out."""
        known = world_of(environment, seed=0, today=self._today)
        models = connected(plans, "feature", known, largest_reply=self.rows.running.plan.largest_reply)
        running = self.rows.running
        judges = connected_judges(running.plan.judges, known, largest_reply=running.plan.largest_reply)
        waiting = iter(self.rows.all)

        async def one(labelled: Labelled, its_tape: Tape) -> Judged | None:
            TAPE.set(its_tape)
            try:
                return await self._made(labelled, its_tape, models, judges, environment)
            finally:
                its_tape.close()

        async def worker(waiting: Iterator[Labelled]) -> None:
            for labelled in waiting:
                its_tape = tape(labelled)
                if its_tape is None:
                    continue
                # In a task of its own, whose context holds the tape.
                judged = await asyncio.create_task(one(labelled, its_tape))
                if judged is None:
                    return
                self.take(judged)
                if self.ended and self.budget is not None:
                    return

        async with asyncio.TaskGroup() as group:
            for _ in range(self.plan.at_once):
                group.create_task(worker(waiting))

    async def _made(
        self,
        labelled: Labelled,
        tape: Tape,
        models: tuple[Any, ...],
        judges: tuple[Any, ...],
        environment: Mapping[str, str],
    ) -> Judged | None:
        """Call the feature with a row; None where the budget ended before anything was sent."""

        def world() -> World:
            return self._world(labelled, environment)

        reply, error = await called(
            self.rows.running,
            labelled.row.given,
            caller=self._caller(labelled),
            models=models,
            judges=judges,
            world=world,
            tape=tape,
        )
        if tape.trouble == "budget" and not tape.exchanges:
            return None
        trouble = {"": "", "budget": _BUDGET}.get(tape.trouble, _UNRECORDED)
        return self._judge(labelled, reply, error, tape=tape, trouble=trouble)

    def rehearsed(self, labelled: Labelled) -> Judged:
        """Return what a rehearsal makes of a row."""
        running, reply, error = self.rows.running, None, None
        with running.override(model=Rehearse(), world=quiet_world(labelled.row.on or self._today)):
            try:
                reply = let_through(running.call_fields(labelled.row.given, caller=self._caller(labelled)))
            except PromptspecError as refused:
                error = refused
        return self._judge(labelled, reply, error)

    def _judge(
        self,
        labelled: Labelled,
        reply: Reply[Any] | None,
        error: BaseException | None,
        *,
        tape: Tape | None = None,
        trouble: str = "",
    ) -> Judged:
        rows = self.rows
        exchanges = tuple(tape.exchanges) if tape is not None else ()
        return judge(
            rows.module,
            rows.feature,
            rows.fields,
            labelled,
            reply=reply,
            error=error,
            exchanges=exchanges,
            trouble=trouble,
        )

    def _caller(self, labelled: Labelled) -> Anyone:
        """Return a caller that no other row has, at the level that the feature asks for."""
        kind: Any = LEVELS[self.rows.feature.caller]
        return kind(f"evaluate-{labelled.row.key}") if issubclass(kind, Session) else Anyone()

    def _world(self, labelled: Labelled, environment: Mapping[str, str]) -> World:
        seed = int.from_bytes(sha256(labelled.row.key.encode()).digest()[:6], "big")
        return world_of(environment, seed=seed, today=labelled.row.on or self._today)

    def take(self, judged: Judged) -> None:
        """Keep what came of a row, and end the run where the model does not answer any more."""
        self._judged[judged.key] = judged
        self._silent = self._silent + 1 if judged.outcome == "not run" else 0
        if self._silent >= MOST_SILENT and self.budget is not None:
            self.ended = self.ended or f"no answer, {MOST_SILENT} times in a row"
        self.plan.heard(judged)

    def result(self) -> RunResult:
        """Return what was found so far, in the order of the rows."""
        budget = self.budget
        judged = [self._judged[each.row.key] for each in self.rows.all if each.row.key in self._judged]
        left = len(self.rows.all) - len(judged)
        ended = self.ended or (budget.ended if budget is not None and left else None) or ""
        result = RunResult(setup=self.plan.setup, judged=tuple(judged), left=left, ended=ended)
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
