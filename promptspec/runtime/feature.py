"""A feature as an application has it: called, streamed, rendered, run over many rows, replaced in tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, cast

from promptspec.errors import PromptspecError
from promptspec.ports import World
from promptspec.runtime.calling import Call, hashed, rehearses
from promptspec.runtime.drafts import Rendered
from promptspec.runtime.host import HOST
from promptspec.runtime.outermost import Outermost
from promptspec.runtime.overrides import (
    OVERRIDES,
    JudgeStandIn,
    ModeratorStandIn,
    Override,
    StandIn,
    Verdicts,
    ledger_for,
)
from promptspec.runtime.rehearsing import rehearse
from promptspec.runtime.replies import Outcome, Reply
from promptspec.runtime.written import Written
from promptspec.safety.callers import Anyone, admit, hashes_of
from promptspec.safety.counters import Counters, MemoryCounters
from promptspec.telemetry.telling import CallTelling, FailureTelling

if TYPE_CHECKING:
    from promptspec.ledger.opening import Ledger
    from promptspec.models.port import Model
    from promptspec.runtime.held import Held
    from promptspec.runtime.streaming import AsyncStream, Stream

V = TypeVar("V")


class AnyFeature(Written, Generic[V]):
    """One LLM feature, which gives values of the type V, or what holds them."""

    # The call

    def _call(self, given: Mapping[str, object], caller: Anyone | None, key: str | None = None) -> Reply[V]:
        with Outermost(self.plan.name, CallTelling(self.plan.name)):
            call = Call(self, given, caller, has_key=key is not None)
            if call.logbook is None:
                return cast("Reply[V]", _answered(call))
            from promptspec.runtime.handing_over import hand_over

            return cast("Reply[V]", hand_over(call, key, _answered))

    async def _acall(self, given: Mapping[str, object], caller: Anyone | None, key: str | None = None) -> Reply[V]:
        with Outermost(self.plan.name, CallTelling(self.plan.name)):
            call = Call(self, given, caller, has_key=key is not None)
            if call.logbook is None:
                return cast("Reply[V]", await _aanswered(call))
            from promptspec.runtime.handing_over import ahand_over

            return cast("Reply[V]", await ahand_over(call, key, _aanswered))

    # As above, for features that have a person decide on replies.

    def _gated(self, given: Mapping[str, object], caller: Anyone | None, key: str | None = None) -> Reply[V] | Held[V]:
        return self._call(given, caller, key)

    async def _agated(
        self, given: Mapping[str, object], caller: Anyone | None, key: str | None = None
    ) -> Reply[V] | Held[V]:
        return await self._acall(given, caller, key)

    def held(self, ticket: str, *, caller: Anyone | None = None) -> Held[V]:
        """Return what holds the reply of *ticket*, an id, for the *caller* whose call it was.

        Raises CallerRefused where this caller has no such ticket, and LedgerUnavailable.
        """
        from promptspec.runtime.held import find_held

        with Outermost(self.plan.name):
            known = admit(caller, self.plan.caller)
            override = OVERRIDES.get().get(self.identity)
            world = (override.world if override else None) or HOST
            user = hashed(known, override, world, rehearses=rehearses(self, override, world))
            # While keys rotate a caller has several hashes, and may have called under an older one.
            users = (user,) if user is None else (user, *hashes_of(known, world.environment))
            ledger = ledger_for(override, world)
            return cast("Held[V]", find_held(self, ticket, known, users=users, world=world, ledger=ledger))

    def _rendered(self, given: Mapping[str, object], caller: Anyone | None = None) -> Rendered:
        with Outermost(self.plan.name):
            known = admit(caller, self.plan.caller) if self.plan.asks_caller else caller
            call = Call(self, given, known, anonymous=True)
            if call.nearest is not None:
                call.look_at_input()
            return call.rendered()

    def call_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> Reply[V]:
        """Call with fields by the names of the spec, as a JSON object has them. Raises PromptspecError."""
        return self._call(fields, caller)

    async def acall_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> Reply[V]:
        """As `call_fields`, for asynchronous code."""
        return await self._acall(fields, caller)

    def render_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> Rendered:
        """Return the messages that a call with these fields would send.

        Nothing is sent but what a shortlist by embedding asks about, once the input has been moderated.
        """
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

        with Outermost(self.plan.name, FailureTelling(self.plan.name)):
            return Stream(Call(self, given, caller))

    def _astream(self, given: Mapping[str, object], caller: Anyone | None) -> AsyncStream[Any, V]:
        from promptspec.runtime.streaming import AsyncStream

        with Outermost(self.plan.name, FailureTelling(self.plan.name)):
            return AsyncStream(Call(self, given, caller))

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
        self,
        *,
        model: StandIn | None = None,
        judge: JudgeStandIn | None = None,
        moderator: ModeratorStandIn | None = None,
        embedder: Model | None = None,
        world: World | None = None,
        sources: Literal["built", "newest"] = "built",
        ledger: Ledger | None = None,
        counters: Counters | None = None,
    ) -> Iterator[Self]:
        """Replace the model (the judge, the moderator, the embedder, the world) of this feature while the `with` block
        runs, in this context alone.

        Where a *model* stands in, *sources* that change are read as they were built, and their origins are left alone,
        unless they are to be the newest; and shortlists by embedding follow from words, unless an *embedder* is asked
        for vectors. Where *model* is scripted and no *judge* or *moderator* stands in, everything that a judge would be
        asked holds, and nothing is flagged but by lists of words. What a *model* that stands in has written goes to
        *ledger*, or to one in memory that ends with the block, and limits across calls are counted by *counters*, or
        likewise. Raises ValueError for verdicts on rules that no judge is asked about.
        """
        if isinstance(judge, Verdicts):
            judge.check({rule.rule for rule in self.judged})
        mine = Override(
            model=model,
            judge=judge,
            moderator=moderator,
            embedder=embedder,
            world=world,
            used=[0],
            sources=sources,
            ledger=ledger,
            counters=MemoryCounters() if counters is None else counters,
        )
        token = OVERRIDES.set({**OVERRIDES.get(), self.identity: mine})
        try:
            yield self
        finally:
            OVERRIDES.reset(token)


class Feature(AnyFeature[V]):
    """One LLM feature, which gives values of the type V."""

    if TYPE_CHECKING:
        # Each generated class has these with its own keywords; this is what is known of a feature that was loaded.

        def __call__(self, *args: Any, **keywords: Any) -> V: ...

        async def aio(self, *args: Any, **keywords: Any) -> V: ...

        def call(self, *args: Any, **keywords: Any) -> Reply[V]: ...

        async def acall(self, *args: Any, **keywords: Any) -> Reply[V]: ...

        def render(self, *args: Any, **keywords: Any) -> Rendered: ...


class Gated(AnyFeature[V]):
    """One LLM feature on whose values of the type V a person may have to decide."""

    if TYPE_CHECKING:
        # As above.

        def __call__(self, *args: Any, **keywords: Any) -> V | Held[V]: ...

        async def aio(self, *args: Any, **keywords: Any) -> V | Held[V]: ...

        def call(self, *args: Any, **keywords: Any) -> Reply[V] | Held[V]: ...

        async def acall(self, *args: Any, **keywords: Any) -> Reply[V] | Held[V]: ...

        def render(self, *args: Any, **keywords: Any) -> Rendered: ...


def _answered(call: Call) -> Reply[Any]:
    """Return the reply to *call*, asked for as often as it may be."""
    if call.is_settled:
        return call.unasked()
    if call.rehearses:
        return rehearse(call)
    with call.allowance:
        while True:
            checked = call.settle(call.ask())
            reply = None if checked is None else call.deliver(checked, call.judge(checked))
            if reply is not None:
                return reply


async def _aanswered(call: Call) -> Reply[Any]:
    """As `_answered`, from asynchronous code."""
    if call.is_settled:
        return call.unasked()
    if call.rehearses:
        return rehearse(call)
    async with call.allowance:
        while True:
            checked = call.settle(await call.aask())
            reply = None if checked is None else call.deliver(checked, await call.ajudge(checked))
            if reply is not None:
                return reply
