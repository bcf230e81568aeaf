"""The call: admit, clean and validate, require, render, ask, read, validate, ensure, tone, judge, deliver (rule 20)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Literal, Self, TypeVar, cast

from pydantic import ValidationError

from promptspec.errors import (
    CallFailed,
    DeadlinePassed,
    InputRefused,
    ModelUnavailable,
    PromptspecError,
    ReplyRefused,
    Unjudged,
    Violation,
)
from promptspec.models.asking import Asked, ask_models
from promptspec.models.port import Answer, Usage
from promptspec.ports import World
from promptspec.runtime.asking import Attempt, Examples, encode_examples
from promptspec.runtime.context import Context
from promptspec.runtime.drafts import Draft, Rendered
from promptspec.runtime.dropping import Drops
from promptspec.runtime.host import HOST
from promptspec.runtime.judging import MOST, violations_of
from promptspec.runtime.jury import Jury
from promptspec.runtime.opinions import Judged, Judging, questions_about
from promptspec.runtime.outermost import Outermost
from promptspec.runtime.overrides import (
    OVERRIDES,
    REHEARSE,
    JudgeStandIn,
    Override,
    Rehearse,
    Replies,
    StandIn,
    Verdicts,
    Wires,
)
from promptspec.runtime.plan import Plan, Rehearsal
from promptspec.runtime.repairing import NOT_REPAIRED
from promptspec.runtime.replies import ID_BITS, Dropped, Guarantees, Judgement, Outcome, Reply
from promptspec.runtime.replies import Attempt as Told
from promptspec.runtime.toning import Tone, broken_tone
from promptspec.safety.callers import ID_KEY, Anyone, Session, admit, hash_of
from promptspec.values.reading import Unreadable, read_json

if TYPE_CHECKING:
    from promptspec.contract.feature import Feature as FeatureContract
    from promptspec.contract.feature import Module
    from promptspec.models.port import Model
    from promptspec.runtime.streaming import AsyncStream, Stream

V = TypeVar("V")

#: How many rehearsed replies are judged before a feature is found to need an example (rule 23).
MOST_REHEARSALS: Final = 51

# Stand-ins that ask no model.
_SCRIPTED: Final = (Rehearse, Replies, Wires)


class Feature(Generic[V]):
    """One LLM feature. Generated subclasses say what it asks and what must hold."""

    plan: ClassVar[Plan]
    tone: ClassVar[tuple[Tone, ...]] = ()
    judged: ClassVar[tuple[Judged, ...]] = ()

    # What a generated class writes

    def write_prompt(self, x: Any, out: Draft, today: date) -> None:
        """Add the messages for the input *x* to *out*."""
        raise NotImplementedError

    def broken_requires(self, x: Any, caller: Any, today: date) -> Iterator[Violation]:
        """Yield what the input *x* breaks of the conditions on rows and the `require` clauses."""
        return iter(())

    def broken_rows(self, x: Any, y: Any, today: date) -> Iterator[Violation]:
        """Yield what the reply *y* to the input *x* breaks of the conditions on rows."""
        return iter(())

    def drop_failing(self, x: Any, y: Any, out: Drops, today: date) -> Any:
        """Return the reply *y* without the items that fail an `ensure … else drop`; *out* is told of them."""
        return y

    def broken_ensures(self, x: Any, y: Any, today: date) -> Iterator[Violation]:
        """Yield what the reply *y* to the input *x* breaks of the `ensure` clauses."""
        return iter(())

    if TYPE_CHECKING:
        # Each generated class has these with its own keywords; this is what is known of a feature that was loaded.

        def __call__(self, *args: Any, **keywords: Any) -> V: ...

        async def aio(self, *args: Any, **keywords: Any) -> V: ...

        def call(self, *args: Any, **keywords: Any) -> Reply[V]: ...

        async def acall(self, *args: Any, **keywords: Any) -> Reply[V]: ...

        def render(self, *args: Any, **keywords: Any) -> Rendered: ...

    # The call

    def _call(self, given: Mapping[str, object], caller: Anyone | None) -> Reply[V]:
        with Outermost(self.plan.name):
            call = _Call(self, given, caller)
            if call.rehearses:
                return cast("Reply[V]", call.rehearse())
            while True:
                checked = call.settle(call.ask())
                reply = None if checked is None else call.deliver(checked, call.judge(checked))
                if reply is not None:
                    return cast("Reply[V]", reply)

    async def _acall(self, given: Mapping[str, object], caller: Anyone | None) -> Reply[V]:
        with Outermost(self.plan.name):
            call = _Call(self, given, caller)
            if call.rehearses:
                return cast("Reply[V]", call.rehearse())
            while True:
                checked = call.settle(await call.aask())
                reply = None if checked is None else call.deliver(checked, await call.ajudge(checked))
                if reply is not None:
                    return cast("Reply[V]", reply)

    def _rendered(self, given: Mapping[str, object], caller: Anyone | None = None) -> Rendered:
        with Outermost(self.plan.name):
            known = admit(caller, self.plan.caller) if self.plan.asks_caller else caller
            return _Call(self, given, known, anonymous=True).rendered()

    def call_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> Reply[V]:
        """Call with fields by the names of the spec, as a JSON object has them. Raises PromptspecError."""
        return self._call(fields, caller)

    async def acall_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> Reply[V]:
        """As `call_fields`, for asynchronous code."""
        return await self._acall(fields, caller)

    def render_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> Rendered:
        """Return the messages that a call with these fields would send; nothing is sent."""
        return self._rendered(fields, caller)

    def many(
        self,
        rows: Sequence[Mapping[str, object]],
        *,
        caller: Anyone | None = None,
        on_error: Literal["raise", "collect"] = "raise",
        at_once: int = 8,
    ) -> list[Outcome[V]]:
        """Call once for each row, *at_once* at a time; outcomes stand in the order of the rows.

        With `on_error="raise"` the first error stops what has not begun and is raised.
        """
        import asyncio

        if at_once < 1:
            raise ValueError("at_once must be at least 1")

        async def all_rows() -> list[Outcome[V]]:
            gate = asyncio.Semaphore(at_once)

            async def one(index: int, row: Mapping[str, object]) -> Outcome[V]:
                async with gate:
                    try:
                        return Outcome(index=index, reply=await self._acall(row, caller))
                    except PromptspecError as error:
                        if on_error == "raise":
                            raise
                        return Outcome(index=index, error=error)

            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(one(index, row)) for index, row in enumerate(rows)]
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None
            return [task.result() for task in tasks]

        from promptspec.models.loop import run

        return run(all_rows)

    # The stream. Generated classes of features that have one name it `stream` and `astream`, with their own keywords.

    def _stream(self, given: Mapping[str, object], caller: Anyone | None) -> Stream[Any, V]:
        from promptspec.runtime.streaming import Stream

        with Outermost(self.plan.name):
            return Stream(_Call(self, given, caller))

    def _astream(self, given: Mapping[str, object], caller: Anyone | None) -> AsyncStream[Any, V]:
        from promptspec.runtime.streaming import AsyncStream

        with Outermost(self.plan.name):
            return AsyncStream(_Call(self, given, caller))

    def stream_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> Stream[Any, V]:
        """Stream with fields by the names of the spec. Raises TypeError for a feature whose replies do not stream."""
        self._must_stream()
        return self._stream(fields, caller)

    def astream_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> AsyncStream[Any, V]:
        """As `stream_fields`, for asynchronous code."""
        self._must_stream()
        return self._astream(fields, caller)

    def _must_stream(self) -> None:
        if self.no_stream is not None:
            raise TypeError(f"`{self.plan.name}` has no stream: {self.no_stream}")

    # In tests

    @contextmanager
    def override(
        self, *, model: StandIn | None = None, judge: JudgeStandIn | None = None, world: World | None = None
    ) -> Iterator[Self]:
        """Replace the model (the judge, the world) of this feature while the `with` block runs, in this context alone.

        Where *model* is scripted and no *judge* stands in, everything that a judge would be asked holds. Raises
        ValueError for verdicts on rules that no judge is asked about.
        """
        if isinstance(judge, Verdicts):
            judge.check({rule.rule for rule in self.judged})
        mine = Override(model=model, judge=judge, world=world, used=[0])
        token = OVERRIDES.set({**OVERRIDES.get(), self.identity: mine})
        try:
            yield self
        finally:
            OVERRIDES.reset(token)

    # What it is

    @property
    def limitations(self) -> str:
        """What the spec says that this feature cannot do."""
        return self.plan.limitations

    @cached_property
    def no_stream(self) -> str | None:
        """Why replies cannot be shown before they are whole, with the line of the spec; None where they can."""
        reason = self.contract.no_stream
        return None if reason is None else f"{reason.because} ({reason.origin.file} line {reason.origin.line})"

    @cached_property
    def module_contract(self) -> Module:
        """The contract of the module that this feature stands in, read from the file beside it."""
        from promptspec.contract.encoding import decode

        return decode(self._beside(".contract.json"))

    @cached_property
    def contract(self) -> FeatureContract:
        """The checked form of this feature."""
        return next(f for f in self.module_contract.features if f.name == self.plan.name)

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of the input, as a form or another program would send it."""
        return cast("dict[str, Any]", cast("dict[str, Any]", read_json(self._beside(".schemas.json")))[self.plan.name])

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        """The JSON Schema of what travels: the reply as the model must write it."""
        return cast("dict[str, Any]", read_json(self.plan.schema))

    def _beside(self, suffix: str) -> str:
        """Return the file that `build` writes beside the module under *suffix*."""
        from pathlib import Path

        path = sys.modules[self.plan.module].__file__
        if path is None:
            raise CallFailed(f"the module of `{self.plan.name}` has no file to look beside")
        return Path(path).with_suffix(suffix).read_text(encoding="utf-8")

    # What a call asks of it

    @property
    def identity(self) -> tuple[str, str]:
        """The module and the name, under which an override is found."""
        return (self.plan.module, self.plan.name)

    def models(self, world: World) -> tuple[Model, ...]:
        """Return what a call asks, in order; a rehearsal is nothing to ask."""
        if world is HOST:
            return self.host_models
        return tuple(plan.connect(world) for plan in self.plan.models if not isinstance(plan, Rehearsal))

    @cached_property
    def host_models(self) -> tuple[Model, ...]:
        """The models of this process, made once, so that their connections are reused."""
        return tuple(plan.connect(HOST) for plan in self.plan.models if not isinstance(plan, Rehearsal))

    def judges(self, world: World) -> tuple[Model, ...]:
        """Return who is asked to judge replies, in order."""
        return self.host_judges if world is HOST else tuple(judge.connect(world) for judge in self.plan.judges)

    @cached_property
    def host_judges(self) -> tuple[Model, ...]:
        """The judges of this process, made once."""
        return tuple(judge.connect(HOST) for judge in self.plan.judges)

    @cached_property
    def example_messages(self) -> Examples:
        """The static pairs of the request, encoded once a process."""
        return encode_examples(self.plan, self.write_prompt)

    @cached_property
    def guarantees(self) -> Guarantees:
        """What replies of this process are judged by."""
        return Guarantees(roles="by the request" if self.guarded_roles else "by the server")

    @cached_property
    def only_rehearses(self) -> bool:
        """Whether the spec names no model that could be asked."""
        return all(isinstance(plan, Rehearsal) for plan in self.plan.models)

    @cached_property
    def guarded_judges(self) -> bool:
        """Whether every judge's server is known to treat content as plain text (rule 7)."""
        from promptspec.models.servers import SERVERS

        return all(SERVERS[judge.model.server].claims_roles for judge in self.plan.judges)

    @cached_property
    def guarded_roles(self) -> bool:
        """Whether every server is known to treat content as plain text (rule 7)."""
        from promptspec.models.servers import SERVERS

        return all(SERVERS[plan.server].claims_roles for plan in self.plan.models if not isinstance(plan, Rehearsal))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """The answer of a model in which everything that needs no judge holds, and what it is read as."""

    answer: Answer
    output: Any
    dropped: tuple[Dropped, ...]
    judging: Judging | None


class _Call:
    """One call, from its admission to its delivery."""

    def __init__(
        self, feature: Feature[Any], given: Mapping[str, object], caller: Anyone | None, *, anonymous: bool = False
    ) -> None:
        plan = feature.plan
        override = OVERRIDES.get().get(feature.identity)
        self.feature = feature
        self.override = override
        self.stand_in = override.model if override else None
        self.world = (override.world if override else None) or HOST
        self.deadline = self.world.clock.monotonic() + plan.limits.seconds
        self.rehearses = self._rehearses()
        self.caller: Anyone = caller or Anyone() if anonymous else admit(caller, plan.caller)
        self.user = None if anonymous else self._hashed()
        self.context = Context(direction="input", today=self.world.clock.today(), lists={}, warnings=[])
        self.input = self._validated(given)
        self._refuse(feature.broken_requires(self.input, self.caller, self.context.today))
        self.draft = Draft(fence=plan.fence)
        feature.write_prompt(self.input, self.draft, self.context.today)
        self.attempt = Attempt(
            plan=plan, draft=self.draft, examples=feature.example_messages, user=self.user, world=self.world
        )
        self._refuse(self.attempt.violations(guard_roles=not feature.guarded_roles))
        #: The requests that were sent so far, and what the replies among them broke.
        self.asked: list[Asked] = []
        self.jury = Jury(
            judges=feature.judges,
            override=override,
            world=self.world,
            user=self.user,
            deadline=self.deadline,
            rehearses=self.rehearses,
            guarded=lambda: feature.guarded_judges,
            thinking=plan.limits.thinking,
            retries_left=self._retries_left,
        )
        self.refusals: list[tuple[Answer, tuple[Violation, ...]]] = []

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

    def _refuse(self, violations: Iterator[Violation]) -> None:
        found = list(islice(violations, MOST))
        # A row that does not meet its condition is told alone, as an unknown key is.
        if found:
            hidden = [violation for violation in found if violation.rule == "one_of"]
            raise InputRefused(hidden or found)

    def _hashed(self) -> str | None:
        """A rehearsal sends nothing anywhere, so it needs no key; a stand-in is told the hash where there is one."""
        if not isinstance(self.caller, Session) or self.rehearses:
            return None
        if self.stand_in is not None and ID_KEY not in self.world.environment:
            return None
        return hash_of(self.caller, self.world.environment)

    def _rehearses(self) -> bool:
        """Say whether the reply comes from the spec itself, or from a test."""
        if self.stand_in is not None:
            return isinstance(self.stand_in, _SCRIPTED)
        return self.feature.only_rehearses or self.world.environment.get(REHEARSE) == "1"

    def rendered(self) -> Rendered:
        """Return the messages, those of the examples too, with a tag of their own for the live ones."""
        tag = self.draft.draw_tag(self.world.entropy)
        mark = self.draft.draw_mark(self.world.entropy)
        live = self.draft.messages(tag, mark)
        first = 1 if live and live[0].role == "system" else 0
        examples = self.feature.example_messages.messages
        return Rendered(messages=(*live[:first], *examples, *live[first:]), tag=tag, mark=mark)

    # Asking

    def _asking(self, listening: Callable[[Model], Model] | None = None) -> Any:
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
        return ask_models(
            models,
            self.attempt.compose,
            retries=self._retries_left(),
            deadline=self.deadline,
            clock=self.world.clock,
            entropy=self.world.entropy,
            asked=self.asked,
            first=self.asked[-1].place if self.asked else 0,
        )

    def _retries_left(self) -> int:
        """Return what is left of the one budget of models and judges."""
        failed = sum(each.answer is None for each in (*self.asked, *self.jury.asked))
        return max(self.feature.plan.limits.retries - failed, 0)

    def ask(self) -> Answer:
        """Ask from synchronous code."""
        from promptspec.models.loop import run

        try:
            return run(self._asking, seconds=max(self.deadline - self.world.clock.monotonic(), 0.0) + 0.5)
        except TimeoutError:
            raise DeadlinePassed("no answer in time, and what was asked did not end by itself") from None

    async def aask(self) -> Answer:
        """Ask from asynchronous code, in its own loop."""
        return await self._asking()

    async def aask_through(self, listening: Callable[[Model], Model]) -> Answer:
        """Ask what *listening* makes of each model."""
        return await self._asking(listening)

    def rehearse(self) -> Reply[Any]:
        """Return the first rehearsed reply that passes every check. Raises ReplyRefused where none does."""
        if isinstance(self.stand_in, Wires | Replies):
            while True:
                answer = self._scripted()
                self.asked.append(Asked(model=answer.model, place=0, answer=answer))
                checked = self.settle(answer)
                reply = None if checked is None else self.deliver(checked, self.judge(checked))
                if reply is not None:
                    return reply
        return self._first_that_holds()[1]

    def rehearsed_answer(self) -> Answer:
        """Return what a model might answer, for a stream: the next of a script, or the first that holds."""
        if not isinstance(self.stand_in, Wires | Replies):
            return self._first_that_holds()[0]
        answer = self._scripted()
        self.asked.append(Asked(model=answer.model, place=0, answer=answer))
        return answer

    def _first_that_holds(self) -> tuple[Answer, Reply[Any]]:
        from promptspec.models.rehearsal import candidates
        from promptspec.runtime.rehearsing import keys_of, plain_input

        feature, module = self.feature.contract, self.feature.module_contract
        given = plain_input(self.input)
        for _, text in zip(
            range(MOST_REHEARSALS),
            candidates(module, feature, given, keys=keys_of(self.feature.plan.sources), today=self.context.today),
            strict=False,
        ):
            answer = self._rehearsed(text)
            try:
                checked = self.check(answer)
                judgements = self.judge(checked)
                _refuse_reply(_judged_broken(checked, judgements))
            except Unjudged:
                raise
            except ReplyRefused:
                continue
            return answer, self._reply(checked, judgements)
        raise ReplyRefused(
            [Violation(path="output", rule="rehearsal", message="no rehearsed reply holds: add an example to the spec")]
        )

    def _scripted(self) -> Answer:
        """Return the next scripted reply: like a model, a script answers each request, that of a repair too."""
        stand_in, override = self.stand_in, self.override
        assert override is not None
        if isinstance(stand_in, Wires):
            return self._rehearsed(stand_in.texts[override.turn(len(stand_in.texts))])
        from promptspec.contract.wire_value import wire_value
        from promptspec.runtime.rehearsing import plain_input

        values = cast("Replies", stand_in).values
        value = values[override.turn(len(values))]
        return self._rehearsed(
            wire_value(self.feature.module_contract, self.feature.contract, value, plain_input(self.input))
        )

    def _rehearsed(self, text: str) -> Answer:
        return Answer(text=text, model="rehearsal", usage=Usage(), rehearsed=True)

    # Judging

    def settle(self, answer: Answer) -> _Checked | None:
        """Return *answer* as it was read if it may be judged, None where the model is to be asked to mend it.

        Raises ReplyRefused where it is not to be mended, or not any more.
        """
        try:
            return self.check(answer)
        except ReplyRefused as refused:
            if not self._may_repair(answer, refused):
                raise
            self.refusals.append((answer, refused.violations))
        return None

    def deliver(self, checked: _Checked, judgements: tuple[Judgement, ...]) -> Reply[Any] | None:
        """Return the reply if its *judgements* hold, None where the model is to be asked to mend it.

        Raises ReplyRefused as `settle` does.
        """
        try:
            _refuse_reply(_judged_broken(checked, judgements))
        except ReplyRefused as refused:
            if not self._may_repair(checked.answer, refused):
                raise
            self.refusals.append((checked.answer, refused.violations))
            return None
        return self._reply(checked, judgements)

    def deliver_unjudged(self, answer: Answer) -> Reply[Any]:
        """Return the reply at the end of a stream, which no reply has that must be judged. Raises ReplyRefused."""
        checked = self.check(answer)
        if checked.judging is not None:
            raise CallFailed("a reply that is to be judged has no stream")
        return self._reply(checked, ())

    def _may_repair(self, answer: Answer, refused: ReplyRefused) -> bool:
        """Make the next request send *answer* back, and say whether it does."""
        return (
            len(self.refusals) < self.feature.plan.limits.repairs
            and not isinstance(refused, Unjudged)
            and NOT_REPAIRED.isdisjoint(violation.rule for violation in refused.violations)
            and self.world.clock.monotonic() < self.deadline
            and self.attempt.repair(answer.text, refused.violations, guard_roles=not self.feature.guarded_roles)
        )

    def check(self, answer: Answer) -> _Checked:
        """Return *answer* as it was read if everything holds of it that needs no judge.

        What is looked at, in this order, each on what those before it left: the types with sinks and echo, the
        conditions on rows, `ensure … else drop`, the `ensure` clauses, the tone. Raises ReplyRefused with every rule
        of the first of them that is broken.
        """
        plan, feature = self.feature.plan, self.feature
        context = self.output_context()
        output = self._read(answer.text, context)
        _refuse_reply(feature.broken_rows(self.input, output, context.today))
        drops = Drops()
        output = feature.drop_failing(self.input, output, drops, context.today)
        _refuse_reply(drops.broken)
        _refuse_reply(feature.broken_ensures(self.input, output, context.today))
        _refuse_reply(islice(broken_tone(feature.tone, self.input, output, bare=plan.bare), MOST))
        asked = questions_about(feature.judged, output, bare=plan.bare)
        judging = Judging(asked) if asked else None
        return _Checked(answer=answer, output=output, dropped=tuple(drops.dropped), judging=judging)

    def _reply(self, checked: _Checked, judgements: tuple[Judgement, ...]) -> Reply[Any]:
        answer, output = checked.answer, checked.output
        asked = [*self.asked, *self.jury.asked]
        return Reply(
            value=getattr(output, "answer") if self.feature.plan.bare else output,  # noqa: B009 - no class of ours has it
            id="r_" + self.world.entropy.token(ID_BITS),
            model=answer.model,
            usage=_sum_of([each.answer.usage for each in asked if each.answer is not None]),
            warnings=tuple(dict.fromkeys(self.context.warnings)),
            guarantees=self.feature.guarantees,
            rehearsed=answer.rehearsed or (bool(judgements) and self.jury.is_scripted),
            attempts=tuple(map(self._told, self.asked)),
            dropped=checked.dropped,
            judgements=judgements,
        )

    # What only a model can judge

    def judge(self, checked: _Checked) -> tuple[Judgement, ...]:
        """Return what a judge finds of the reply. Raises Unjudged where there is one to ask, and it finds nothing."""
        return () if checked.judging is None else self.jury.judge(checked.judging)

    async def ajudge(self, checked: _Checked) -> tuple[Judgement, ...]:
        """As `judge`, from asynchronous code."""
        return () if checked.judging is None else await self.jury.ajudge(checked.judging)

    def output_context(self) -> Context:
        """Return what the values of a reply are judged in, once it was asked for."""
        return Context(
            direction="output",
            today=self.context.today,
            warnings=self.context.warnings,
            lists={name: getattr(self.input, name) for name in self.feature.plan.lists},
            echo=self.attempt.echo(),
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


def _judged_broken(checked: _Checked, judgements: tuple[Judgement, ...]) -> Iterator[Violation]:
    return iter(()) if checked.judging is None else checked.judging.broken(judgements)


def _refuse_reply(broken: Iterable[Violation]) -> None:
    found = list(broken)
    if found:
        raise ReplyRefused(found)


def _sum_of(usages: Sequence[Usage]) -> Usage:
    """Return all tokens of *usages*; what no server said stays None."""

    def total(counts: Iterable[int | None]) -> int | None:
        known = [count for count in counts if count is not None]
        return sum(known) if known else None

    return Usage(
        input_tokens=total(usage.input_tokens for usage in usages),
        output_tokens=total(usage.output_tokens for usage in usages),
    )
