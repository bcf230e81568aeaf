"""One attempt: the feature is called as an application calls it, and what comes of it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from promptspec.fuzz.redteam.judging import Finding, judge, observation_of
from promptspec.fuzz.redteam.jury import Jury
from promptspec.fuzz.redteam.results import Tried
from promptspec.fuzz.stage import caller_of
from promptspec.live.calls import called
from promptspec.live.tapes import texts_of
from promptspec.live.wires import TAPE, connected, connected_judges, world_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.redteam.attempts import Attempt
    from promptspec.fuzz.redteam.results import Verdict
    from promptspec.fuzz.subjects import Subject
    from promptspec.live.tapes import Tape
    from promptspec.ports import World
    from promptspec.runtime.plan import OpenAI
    from promptspec.runtime.replies import Reply


class Bench:
    """Where the attempts on one feature are made: its function, its models over wires that are kept, maybe a jury."""

    def __init__(
        self,
        subject: Subject,
        plans: Sequence[OpenAI],
        environment: Mapping[str, str],
        *,
        today: date,
        jury: OpenAI | None = None,
    ) -> None:
        self.subject = subject
        self._environment = environment
        self._today = today
        plan = subject.running.plan
        world = world_of(environment, seed=0, today=today)
        self._models = connected(plans, "feature", world, largest_reply=plan.largest_reply)
        self._baselines = connected(plans, "baseline", world, largest_reply=plan.largest_reply)
        self._judges = connected_judges(plan.judges, world, largest_reply=plan.largest_reply)
        self._jury: Jury | None = None
        if jury is not None:
            (model,) = connected((jury,), "judge", world, largest_reply=0)
            self._jury = Jury(model, thinking=plan.limits.thinking)

    async def make(self, attempt: Attempt, tape: Tape) -> Tried | None:
        """Make an attempt and judge it. Return None where the budget ended before it did."""
        TAPE.set(tape)
        try:
            reply, error = await self._called(attempt, attempt.given, tape, self._models)
            if tape.trouble == "budget":
                return None
            if tape.trouble:
                return _unrecorded(attempt, tape)
            finding = judge(self.subject, attempt, observation_of(tape.exchanges, reply, error))
            if not finding.open or self._jury is None or finding.said is None:
                return tried_of(attempt, finding, tape)
            return await self._decided(attempt, finding, finding.said, tape, self._jury)
        finally:
            tape.close()

    async def _decided(self, attempt: Attempt, finding: Finding, said: str, tape: Tape, jury: Jury) -> Tried | None:
        baseline = await self._baseline(attempt, tape)
        answer = await jury.decide(attempt, said, baseline, tape) if not tape.trouble else "unsure"
        if tape.trouble == "budget":
            return None
        if tape.trouble:
            return _unrecorded(attempt, tape)
        verdicts: dict[str, Verdict] = {"yes": "fell", "no": "held", "unsure": "could not judge"}
        why = f"`{attempt.word}` was chosen, as the attack asks; the judge says {answer}"
        return tried_of(
            attempt, finding, tape, verdict=verdicts[answer], why=why, did={"yes": True, "no": False}.get(answer)
        )

    async def _baseline(self, attempt: Attempt, tape: Tape) -> str | None:
        """Return what the model says to the same input without the attack, None where nothing is delivered."""
        before = len(tape.exchanges)
        reply, _ = await self._called(attempt, attempt.original, tape, self._baselines)
        if reply is None:
            return None
        texts = [text for exchange in tape.exchanges[before:] for text in texts_of(exchange.body)]
        return texts[-1] if texts else None

    async def _called(
        self, attempt: Attempt, given: Json, tape: Tape, models: tuple[Any, ...]
    ) -> tuple[Reply[Any] | None, BaseException | None]:
        """Call the feature and return its reply, or what rose."""
        caller = caller_of(self.subject, attempt.caller)
        today = attempt.today or self._today

        def world() -> World:
            return world_of(self._environment, seed=attempt.seed, today=today)

        fields = cast("Mapping[str, object]", given)
        return await called(
            self.subject.running,
            fields,
            caller=caller,
            models=models,
            judges=self._judges,
            world=world,
            tape=tape,
        )


def tried_of(
    attempt: Attempt,
    finding: Finding,
    tape: Tape,
    *,
    verdict: Verdict | None = None,
    why: str = "",
    did: bool | None = None,
) -> Tried:
    """Return what came of an attempt; *verdict*, *why* and *did* are a judge's, and go over those of rules."""
    return Tried(
        file=attempt.file,
        feature=attempt.feature,
        technique=attempt.technique,
        family=attempt.family,
        index=attempt.index,
        goal=attempt.goal,
        verdict=verdict or finding.verdict,
        why=why or finding.why,
        stage=finding.stage,
        obeyed=did if verdict else finding.obeyed,
        by_model=verdict in ("fell", "held"),
        attack=attempt.attack,
        said=finding.said,
        exchanges=tuple(tape.exchanges),
    )


def _unrecorded(attempt: Attempt, tape: Tape) -> Tried:
    why = "the request is not recorded: the spec, or what makes requests of it, has changed"
    return tried_of(attempt, Finding(verdict="could not judge", why=why, stage="no answer"), tape)
