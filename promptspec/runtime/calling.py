"""One call, in the order of rule 20.

Admit, clean and validate, require, shortlist, render, ask, read, validate, ensure, tone, judge, deliver.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from promptspec.errors import (
    CallFailed,
    DeadlinePassed,
    InputRefused,
    ModelUnavailable,
    ReplyRefused,
    Unjudged,
    Violation,
)
from promptspec.ledger.opening import LEDGER
from promptspec.models.asking import Asked, ask_models
from promptspec.models.port import Answer, Ask, Usage
from promptspec.runtime.allowance import FREE, allowance_of
from promptspec.runtime.asking import Attempt
from promptspec.runtime.context import BUILT, Context, Pins
from promptspec.runtime.drafts import Draft, Rendered
from promptspec.runtime.dropping import Drops
from promptspec.runtime.host import HOST
from promptspec.runtime.judging import MOST, violations_of
from promptspec.runtime.jury import Jury
from promptspec.runtime.opinions import Judging, questions_about
from promptspec.runtime.overrides import OVERRIDES, REHEARSE, Override, Rehearse, Replies, Wires, ledger_for
from promptspec.runtime.records import Row
from promptspec.runtime.repairing import NOT_REPAIRED
from promptspec.runtime.replies import ID_BITS, Dropped, Judgement, Reply
from promptspec.runtime.replies import Attempt as Told
from promptspec.runtime.toning import broken_tone
from promptspec.runtime.written import Written
from promptspec.safety.callers import ID_KEY, Anyone, Session, admit, hash_of, hashes_of
from promptspec.safety.suspension import refuse_suspended
from promptspec.values.reading import Unreadable, read_json

if TYPE_CHECKING:
    from promptspec.models.port import Model
    from promptspec.ports import World
    from promptspec.runtime.logbook import Logbook
    from promptspec.runtime.moderating import Moderating
    from promptspec.runtime.nearest import Nearest
    from promptspec.runtime.shortlists import Near, Shortlist

# Stand-ins that ask no model.
_SCRIPTED: Final = (Rehearse, Replies, Wires)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer of a model in which everything that needs no judge holds, and what it is read as."""

    answer: Answer
    output: Any
    dropped: tuple[Dropped, ...]
    judging: Judging | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    """That a call was made before, by the caller whose hash is *user*: it is counted and written no second time."""

    user: str | None


class Call:
    """One call, from its admission to its delivery."""

    def __init__(
        self,
        feature: Written,
        given: Mapping[str, object],
        caller: Anyone | None,
        *,
        anonymous: bool = False,
        has_key: bool = False,
        restores: Restoring | None = None,
    ) -> None:
        plan = feature.plan
        override = OVERRIDES.get().get(feature.identity)
        self.feature = feature
        self.override = override
        self.stand_in = override.model if override else None
        self.world = (override.world if override else None) or HOST
        self.deadline = self.world.clock.monotonic() + plan.limits.seconds
        self.rehearses = rehearses(feature, override, self.world)
        #: The requests that were sent so far, to models, to judges, to moderators, and for vectors.
        self.asked: list[Asked] = []
        self.judges_asked: list[Asked] = []
        self.moderators_asked: list[Asked] = []
        self.embedders_asked: list[Asked] = []
        self.caller: Anyone = caller or Anyone() if anonymous else admit(caller, plan.caller)
        if not anonymous and restores is None:
            self._refuse_suspended()
        if anonymous or restores is not None:
            self.user = None if restores is None else restores.user
        else:
            self.user = hashed(self.caller, self.override, self.world, rehearses=self.rehearses)
        #: What the call may use of the limits across calls. One with a key may have been answered before.
        is_free = anonymous or restores is not None
        self.allowance = FREE if is_free else allowance_of(self, asks=not has_key)
        is_written = (plan.keeping is not None or has_key) and not (anonymous or restores)
        self.logbook = self._logbook() if is_written else None
        #: The reply as it was delivered last, as the record that the checks read.
        self.output: Any = None
        self.context = Context(
            direction="input", today=self.world.clock.today(), lists={}, warnings=[], pins=self._pinned()
        )
        self.input = self._validated(given)
        self._refuse(feature.broken_requires(self.input, self.caller, self.context.today))
        self.moderating = self._moderation() if plan.moderations else None
        self.shortlists: dict[str, tuple[Row, ...]] = {}
        #: Whether nothing is on offer, and the reply says just that, so that nobody need be asked.
        self.is_settled = False
        #: Who is to be asked for vectors, before there are shortlists and a prompt.
        self.nearest: Nearest | None = None
        if plan.finds:
            self._find()
        if self.nearest is None:
            self._write()
        self._input_passed = False
        #: The replies that were refused, and what they broke.
        self.refusals: list[tuple[Answer, tuple[Violation, ...]]] = []

    def _write(self) -> None:
        """Write the prompt, and refuse an input that it cannot hold."""
        plan, feature = self.feature.plan, self.feature
        self.draft = Draft(fence=plan.fence, shortlists=self.shortlists)
        feature.write_prompt(self.input, self.draft, self.context.today)
        self.attempt = Attempt(
            plan=plan, draft=self.draft, examples=feature.example_messages, user=self.user, world=self.world
        )
        if not self.is_settled:
            self._refuse(self.attempt.violations(guard_roles=not feature.guarded_roles))

    def _pinned(self) -> Pins:
        """Pin a snapshot of each source that changes; where nobody is asked in earnest, the one that was built."""
        if (self.stand_in is not None or self.rehearses) and not (self.override and self.override.sources == "newest"):
            return BUILT
        pins = Pins()
        for source in self.feature.changing:
            pins.of(source)
        return pins

    def _validated(self, given: Mapping[str, object]) -> Any:
        try:
            return self.feature.plan.input.model_validate(given, context=self.context)
        except ValidationError as error:
            found = violations_of(error, "input")
        # Raised out here, so that nothing of the input hangs on the exception as its context.
        raise InputRefused(self._without_oracle(found))

    def _without_oracle(self, found: tuple[Violation, ...]) -> tuple[Violation, ...]:
        """Leave out that a key is unknown where the row would also have to meet a condition, and more is wrong.

        Conditions are judged once all else is right; told beside other violations, an unknown key would be told from
        one that exists and belongs to somebody else.
        """
        conditional = self.feature.plan.conditional
        if not conditional:
            return found
        others = tuple(
            violation
            for violation in found
            if violation.rule != "one_of" or re.sub(r"\[\d+\]", "[]", violation.path) not in conditional
        )
        return others or found

    def _refuse(self, violations: Iterable[Violation]) -> None:
        found = list(islice(violations, MOST))
        # A row that does not meet its condition is told alone, as an unknown key is.
        if found:
            hidden = [violation for violation in found if violation.rule == "one_of"]
            raise InputRefused(hidden or found)

    def _find(self) -> None:
        """Make the shortlists, or say who is to be asked for vectors before."""
        made = tuple(self.feature.find_shortlists(self.input, self.caller, self.context.today))
        if not self.feature.plan.embeddings:
            self._offer(made, {})
            return
        from promptspec.runtime.nearest import Nearest, stand_in_for

        stand_in = self.override.embedder if self.override else None
        if stand_in is None and (self.rehearses or self.stand_in is not None):
            self._offer(made, stand_in_for(made, self.feature.plan))
            return
        self.nearest = Nearest(
            plan=self.feature.plan,
            shortlists=made,
            connect=lambda by: self.feature.embedder(by, self.world),
            stand_in=stand_in,
            world=self.world,
            deadline=self.deadline,
            user=self.user,
            retries_left=self._retries_left,
            asked=self.embedders_asked,
        )

    def find_again(self) -> None:
        """Make the shortlists of a call whose reply was kept; its input was moderated when it was made."""
        nearest = self.nearest
        if nearest is None:
            return
        from promptspec.models.loop import run

        try:
            run(lambda: self._look_up(nearest), seconds=self._seconds_left())
        except TimeoutError:
            raise DeadlinePassed("no answer in time, and what was asked did not end by itself") from None

    async def _look_up(self, nearest: Nearest) -> None:
        """Ask for vectors, make the shortlists of them, and write the prompt."""
        near = await nearest.find()
        self._offer(nearest.shortlists, near)
        self._write()
        self.nearest = None

    def _offer(self, made: Sequence[Shortlist[Any]], near: Mapping[str, Near]) -> None:
        """Take the rows, and refuse the input where there are none, unless the reply follows from that."""
        self.shortlists = {each.name: each.rows(self.context.pins, near.get(each.name)) for each in made}
        self.is_settled = bool(self.feature.plan.unasked) and not any(self.shortlists.values())
        if not self.is_settled:
            self._refuse(each.nothing for each in made if not self.shortlists[each.name])

    def _logbook(self) -> Logbook:
        from promptspec.runtime.logbook import Logbook

        return Logbook(
            plan=self.feature.plan,
            feature=self.feature.told_as,
            caller=self.caller,
            user=self.user,
            world=self.world,
            ledger=ledger_for(self.override, self.world),
        )

    def _refuse_suspended(self) -> None:
        """A rehearsal without a key knows no hash of anybody, and asks nobody."""
        environment = self.world.environment
        if not environment.get(LEDGER) or ((self.rehearses or self.stand_in is not None) and ID_KEY not in environment):
            return
        refuse_suspended(hashes_of(self.caller, environment), environment, self.world.clock)

    def rendered(self) -> Rendered:
        """Return the messages, those of the examples too, with a tag of their own for the live ones."""
        tag = self.draft.draw_tag(self.world.entropy)
        mark = self.draft.draw_mark(self.world.entropy)
        live = self.draft.messages(tag, mark)
        first = 1 if live and live[0].role == "system" else 0
        examples = self.feature.example_messages.messages
        return Rendered(messages=(*live[:first], *examples, *live[first:]), tag=tag, mark=mark)

    def given(self) -> dict[str, object]:
        """Return the input as the spec writes values, and the keys of each shortlist by its name."""
        from promptspec.runtime.plain_values import keys_in, plain_input

        return plain_input(self.input) | dict(keys_in(self.shortlists))

    def unasked(self) -> Reply[Any]:
        """Return the reply that nothing on offer leaves. Raises ReplyRefused where it breaks a rule of replies."""
        return self.reply(self.check(Answer(text=self.feature.plan.unasked, model="", usage=Usage())), ())

    # Asking

    async def _asking(self, listening: Callable[[Model], Model] | None = None) -> Answer:
        await self.allowance.atake()
        await self._before_asking(streams=listening is not None)
        if self.is_settled and listening is None:
            return Answer(text=self.feature.plan.unasked, model="", usage=Usage())
        stand_in = self.stand_in
        if isinstance(stand_in, tuple):
            models = stand_in
        elif stand_in is None or isinstance(stand_in, _SCRIPTED):
            models = self.feature.models(self.world)
        else:
            models = (stand_in,)
        if not models:
            raise ModelUnavailable("the feature has no model to ask")
        if listening is not None:
            models = tuple(map(listening, models))
        return await ask_models(
            models,
            self._compose,
            retries=self._retries_left(),
            deadline=self.deadline,
            clock=self.world.clock,
            entropy=self.world.entropy,
            asked=self.asked,
            first=self.asked[-1].place if self.asked else 0,
        )

    def _compose(self) -> Ask:
        ask = self.attempt.compose()
        if self.moderating is None or self.moderating.inline is None:
            return ask
        return replace(ask, moderator=self.moderating.inline)

    def _retries_left(self) -> int:
        """Return what is left of the one budget of models and judges."""
        asked = (*self.asked, *self.judges_asked, *self.moderators_asked, *self.embedders_asked)
        failed = sum(each.answer is None for each in asked)
        return max(self.feature.plan.limits.retries - failed, 0)

    def ask(self) -> Answer:
        """Ask from synchronous code."""
        from promptspec.models.loop import run

        try:
            return run(self._asking, seconds=self._seconds_left())
        except TimeoutError:
            raise DeadlinePassed("no answer in time, and what was asked did not end by itself") from None

    def _seconds_left(self) -> float:
        """Return how long synchronous work may take: it ends by itself at the deadline, or half a second later."""
        return max(self.deadline - self.world.clock.monotonic(), 0.0) + 0.5

    async def aask(self) -> Answer:
        """Ask from asynchronous code, in its own loop."""
        return await self._asking()

    async def aask_through(self, listening: Callable[[Model], Model]) -> Answer:
        """Ask what *listening* makes of each model."""
        return await self._asking(listening)

    # Judging

    def settle(self, answer: Answer) -> Checked | None:
        """Return *answer* as it was read if it may be judged, None where the model is to be asked to mend it.

        Raises ReplyRefused where it is not to be mended, or not any more, and Moderated for what the server says of
        moderation beside it.
        """
        if self.moderating is not None:
            self.moderating.refuse_inline(answer.found_in, answer.found_out)
        try:
            return self.check(answer)
        except ReplyRefused as refused:
            if not self._may_repair(answer, refused):
                raise
            self.refusals.append((answer, refused.violations))
        return None

    def deliver(self, checked: Checked, judgements: tuple[Judgement, ...]) -> Reply[Any] | None:
        """Return the reply if its *judgements* hold, None where the model is to be asked to mend it.

        Raises ReplyRefused as `settle` does.
        """
        try:
            refuse_reply(judged_broken(checked, judgements))
        except ReplyRefused as refused:
            if not self._may_repair(checked.answer, refused):
                raise
            self.refusals.append((checked.answer, refused.violations))
            return None
        return self.reply(checked, judgements)

    def deliver_unjudged(self, answer: Answer) -> Reply[Any]:
        """Return the reply at the end of a stream, which no reply has that must be judged. Raises ReplyRefused."""
        checked = self.check(answer)
        if checked.judging is not None:
            raise CallFailed("a reply that is to be judged has no stream")
        return self.reply(checked, ())

    def _may_repair(self, answer: Answer, refused: ReplyRefused) -> bool:
        """Make the next request send *answer* back, and say whether it does."""
        return (
            len(self.refusals) < self.feature.plan.limits.repairs
            and not isinstance(refused, Unjudged)
            and NOT_REPAIRED.isdisjoint(violation.rule for violation in refused.violations)
            and self.world.clock.monotonic() < self.deadline
            and self.attempt.repair(answer.text, refused.violations, guard_roles=not self.feature.guarded_roles)
        )

    def check(self, answer: Answer) -> Checked:
        """Return *answer* as it was read if everything holds of it that needs no judge.

        What is looked at, in this order, each on what those before it left: the types with sinks and echo, the
        conditions on rows, `ensure … else drop`, the `ensure` clauses, the tone. Raises ReplyRefused with every rule
        of the first of them that is broken.
        """
        plan, feature = self.feature.plan, self.feature
        context = self.output_context()
        output = self._read(answer.text, context)
        refuse_reply(feature.broken_rows(self.input, output, context.today))
        drops = Drops()
        output = feature.drop_failing(self.input, output, drops, context.today)
        refuse_reply(drops.broken)
        refuse_reply(feature.broken_ensures(self.input, output, context.today))
        if feature.tone:
            refuse_reply(islice(broken_tone(feature.tone, self.input, output, bare=plan.bare), MOST))
        if self.moderating is not None:
            self.moderating.refuse_at_once("output", output)
        asked = questions_about(feature.judged, output, bare=plan.bare) if feature.judged else ()
        judging = Judging(asked) if asked else None
        return Checked(answer=answer, output=output, dropped=tuple(drops.dropped), judging=judging)

    def reply(self, checked: Checked, judgements: tuple[Judgement, ...], *, id: str | None = None) -> Reply[Any]:
        """Return what is delivered: a reply with an *id* of its own, unless it had one before."""
        answer, output = checked.answer, checked.output
        self.output = output
        asked = [*self.asked, *self.judges_asked]
        return Reply(
            value=getattr(output, "answer") if self.feature.plan.bare else output,  # noqa: B009  its class is generated, and known here as any model
            id=id or "r_" + self.world.entropy.token(ID_BITS),
            model=answer.model,
            usage=_sum_of([each.answer.usage for each in asked if each.answer is not None]),
            warnings=tuple(dict.fromkeys(self.context.warnings)),
            guarantees=self.feature.guarantees,
            rehearsed=answer.rehearsed
            or (bool(judgements) and self._jury.is_scripted)
            or (self.moderating is not None and self.moderating.is_scripted),
            attempts=tuple(map(self._told, self.asked)),
            dropped=checked.dropped,
            judgements=judgements,
        )

    # What only a model can judge

    @cached_property
    def _jury(self) -> Jury:
        """Who judges, made where there is something to judge: it knows the call, so the two are a cycle."""
        feature = self.feature
        return Jury(
            judges=feature.judges,
            override=self.override,
            world=self.world,
            user=self.user,
            deadline=self.deadline,
            rehearses=self.rehearses,
            guarded=lambda: feature.guarded_judges,
            thinking=feature.plan.limits.thinking,
            retries_left=self._retries_left,
            asked=self.judges_asked,
        )

    def judge(self, checked: Checked) -> tuple[Judgement, ...]:
        """Return what a judge finds of the reply, while moderators look at it.

        Raises Unjudged where there is a judge to ask, and it finds nothing, and Moderated.
        """
        if not self._looks_at_output:
            return () if checked.judging is None else self._jury.judge(checked.judging)
        from promptspec.models.loop import run

        try:
            return run(lambda: self.ajudge(checked), seconds=self._seconds_left())
        except TimeoutError:
            raise DeadlinePassed("no answer in time, and what was asked did not end by itself") from None

    async def ajudge(self, checked: Checked) -> tuple[Judgement, ...]:
        """As `judge`, from asynchronous code."""
        if not self._looks_at_output:
            return () if checked.judging is None else await self._jury.ajudge(checked.judging)
        from asyncio import gather

        moderating = self.moderating
        assert moderating is not None
        judging = self._jury.ajudge(checked.judging) if checked.judging is not None else _no_judgements()
        moderated, judgements = await gather(
            moderating.refuse("output", checked.output), judging, return_exceptions=True
        )
        for each in (moderated, judgements):
            if isinstance(each, BaseException):
                raise each
        assert isinstance(judgements, tuple)
        return judgements

    # Moderation

    def _moderation(self) -> Moderating:
        from promptspec.runtime.moderating import Moderating

        plan = self.feature.plan
        moderating = Moderating(
            plan=plan,
            connect=lambda by: self.feature.moderator(by, self.world),
            stand_in=self.override.moderator if self.override else None,
            world=self.world,
            deadline=self.deadline,
            rehearses=self.rehearses,
            inline=self.feature.moderates_inline,
            retries_left=self._retries_left,
            asked=self.moderators_asked,
        )
        moderating.refuse_at_once("input", self.input)
        return moderating

    @property
    def _looks_at_input(self) -> bool:
        return self.moderating is not None and not self._input_passed

    @property
    def _looks_at_output(self) -> bool:
        return self.moderating is not None and self.moderating.asks("output")

    async def _moderate_input(self, *, streams: bool) -> None:
        """Look at the input, once. A stream begins before its end, where inline findings stand, so it has none."""
        assert self.moderating is not None
        if streams:
            self.moderating.inline = None
        if self.moderating.asks("input"):
            await self.moderating.refuse("input", self.input)
        self._input_passed = True

    async def _before_asking(self, *, streams: bool) -> None:
        """Look at the input, and after that look up what it is near."""
        if self._looks_at_input:
            # What is moderated beside an answer alone would have been sent to be embedded before.
            await self._moderate_input(streams=streams or self.nearest is not None)
        if self.nearest is not None:
            await self._look_up(self.nearest)

    def look_at_input(self) -> None:
        """Do all that comes before a model is asked, where none is. Raises Moderated."""
        if not self._looks_at_input and self.nearest is None:
            return
        from promptspec.models.loop import run

        try:
            run(lambda: self._before_asking(streams=False), seconds=self._seconds_left())
        except TimeoutError:
            raise DeadlinePassed("no answer in time, and what was asked did not end by itself") from None

    def output_context(self) -> Context:
        """Return what the values of a reply are judged in, once it was asked for."""
        return Context(
            direction="output",
            today=self.context.today,
            warnings=self.context.warnings,
            lists={name: getattr(self.input, name) for name in self.feature.plan.lists} | self.shortlists,
            echo=self.attempt.echo(),
            pins=self.context.pins,
        )

    def _told(self, asked: Asked) -> Told:
        """Return what the reply tells of one request."""
        if asked.answer is None:
            return Told(model=asked.model, outcome="unavailable")
        broken = next((broken for answer, broken in self.refusals if answer is asked.answer), ())
        outcome = "refused" if broken else "answered"
        return Told(model=asked.model, outcome=outcome, violations=broken, usage=asked.answer.usage)

    def _read(self, text: str, context: Context) -> Any:
        plan = self.feature.plan
        try:
            return plan.output.model_validate(read_json(text), context=context)
        except Unreadable as unreadable:
            found: tuple[Violation, ...] = (Violation(path="reply", rule=unreadable.rule, message=unreadable.message),)
        except ValidationError as error:
            found = violations_of(error, "output", bare=plan.bare)
        # Raised out here, so that nothing of the reply hangs on the exception as its context.
        raise ReplyRefused(found)


def rehearses(feature: Written, override: Override | None, world: World) -> bool:
    """Say whether replies come from the spec itself, or from a test."""
    if override is not None and override.model is not None:
        return isinstance(override.model, _SCRIPTED)
    return feature.only_rehearses or world.environment.get(REHEARSE) == "1"


def hashed(caller: Anyone, override: Override | None, world: World, *, rehearses: bool) -> str | None:
    """Return the hash that stands for *caller* outside, None where there is no id.

    A rehearsal sends nothing anywhere, so it needs no key; a stand-in is told the hash where there is one.
    """
    if not isinstance(caller, Session) or rehearses:
        return None
    if override is not None and override.model is not None and ID_KEY not in world.environment:
        return None
    return hash_of(caller, world.environment)


async def _no_judgements() -> tuple[Judgement, ...]:
    return ()


def judged_broken(checked: Checked, judgements: tuple[Judgement, ...]) -> Iterator[Violation]:
    return iter(()) if checked.judging is None else checked.judging.broken(judgements)


def refuse_reply(broken: Iterable[Violation]) -> None:
    found = list(broken)
    if found:
        raise ReplyRefused(found)


def _sum_of(usages: Sequence[Usage]) -> Usage:
    """Return all tokens of *usages*; what no server said stays None."""
    if len(usages) == 1:
        return usages[0]

    def total(counts: Iterable[int | None]) -> int | None:
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    return Usage(
        input_tokens=total(usage.input_tokens for usage in usages),
        output_tokens=total(usage.output_tokens for usage in usages),
    )
