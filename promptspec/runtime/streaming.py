"""The stream: what of a reply has passed, while the rest of it is still coming (rule 27).

What a call delivers at its end is judged at its end here too, by the same function; before that only what holds of
every reply that begins so is yielded. Where a piece does not hold, nothing more is yielded, and the end says why.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from promptspec.errors import CallFailed, DeadlinePassed
from promptspec.models.loop import Steps
from promptspec.models.port import Answer, Ask, Model, StreamingModel, Unavailable, provider_of
from promptspec.runtime.calling import Call
from promptspec.runtime.outermost import Outermost
from promptspec.runtime.pieces import Members, Pieces, Sentences, is_one_text
from promptspec.runtime.rehearsing import rehearsed_answer
from promptspec.telemetry.telling import CallTelling

if TYPE_CHECKING:
    import asyncio

    from promptspec.runtime.replies import Reply

P = TypeVar("P")
V = TypeVar("V")

#: What the step of a stream may take beyond the deadline, at which the work ends by itself.
_GRACE = 0.5


class AsyncStream(Generic[P, V]):
    """The pieces of one reply as they pass: sentences of a text, or each `Piece` of a record or a list.

    `async with` closes the connection where the loop is left early. After the end `reply` is what a call returns.
    """

    def __init__(self, call: Call) -> None:
        self._flow = _Flow(call)
        self._pieces: AsyncGenerator[Any] = self._flow.pieces()

    def __aiter__(self) -> AsyncIterator[P]:
        return self

    async def __anext__(self) -> P:
        """Return the next piece. Raises what a call raises, at the end too."""
        return await anext(self._pieces)

    async def aclose(self) -> None:
        """Ask for nothing more, and close the connection."""
        await self._pieces.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    @property
    def reply(self) -> Reply[V]:
        """The whole reply. Raises RuntimeError before the end of the stream."""
        return self._flow.whole()


class Stream(Generic[P, V]):
    """As `AsyncStream`, for synchronous code: each step runs until the next piece has passed."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._flow = _Flow(call)
        self._pieces: AsyncGenerator[Any] = self._flow.pieces()
        self._steps = Steps()
        self._open = True

    def __iter__(self) -> Iterator[P]:
        return self

    def __next__(self) -> P:
        """Return the next piece. Raises what a call raises, at the end too."""
        if not self._open:
            raise StopIteration
        left = max(self._call.deadline - self._call.world.clock.monotonic(), 0.0) + _GRACE
        try:
            found: list[Any] = self._steps.run(self._next, seconds=left)
        except TimeoutError:
            self._flow.telling.failed(DeadlinePassed.code)
            self.close()
            with Outermost(self._call.feature.plan.name):
                raise DeadlinePassed("no answer in time, and what was asked did not end by itself") from None
        except BaseException:
            self.close()
            raise
        if not found:
            self.close()
            raise StopIteration
        return found[0]

    async def _next(self) -> list[Any]:
        async for piece in self._pieces:
            return [piece]
        return []

    def close(self) -> None:
        """Ask for nothing more, and close the connection."""
        if self._open:
            self._open = False
            if self._steps.have_begun:
                self._steps.run(self._pieces.aclose)
                self._steps.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    @property
    def reply(self) -> Reply[V]:
        """The whole reply. Raises RuntimeError before the end of the stream."""
        return self._flow.whole()


class _Flow:
    """One reply on its way: from the models, through the judges of pieces, to whoever reads."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._made: Pieces | None = None
        self._waiting: list[Any] = []
        self._news: asyncio.Event | None = None
        self._reply: Reply[Any] | None = None
        self.has_begun = False
        self.telling = CallTelling(call.feature.plan.name, current=False)

    async def pieces(self) -> AsyncGenerator[Any]:
        """Yield each piece. Raises what a call raises."""
        call = self._call
        with Outermost(call.feature.plan.name, self.telling):
            async with call.allowance:
                if call.rehearses:
                    answer = rehearsed_answer(call)
                    self.begin()
                    self.more(answer.text)
                else:
                    import asyncio

                    self._news = asyncio.Event()
                    asking = self.telling.within(lambda: asyncio.ensure_future(self._asked()))
                    try:
                        while not asking.done() or self._waiting:
                            await self._news.wait()
                            self._news.clear()
                            for piece in self._taken():
                                yield piece
                        answer = asking.result()
                    finally:
                        asking.cancel()
                        await asyncio.gather(asking, return_exceptions=True)
                for piece in self._taken():
                    yield piece
                reply = call.deliver_unjudged(answer)
                if self._made is None or not self._made.is_begin_of(reply.value):
                    raise CallFailed("what was yielded is not how the reply begins")
                for piece in self._made.rest_of(reply.value):
                    yield piece
                self._reply = reply

    async def _asked(self) -> Answer:
        try:
            return await self._call.aask_through(lambda model: _Listening(model, self))
        finally:
            self._tell()

    def _taken(self) -> Iterator[Any]:
        while self._waiting:
            yield self._waiting.pop(0)

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set()

    def begin(self) -> None:
        """Judge what comes from now on as an answer of its own; of an earlier one nothing was yielded."""
        call = self._call
        feature, context = call.feature, call.output_context()
        if is_one_text(feature.plan):
            self._made = Sentences(feature.plan, feature.tone, call.input, context, call.attempt.may_echo_on)
        else:
            self._made = Members(feature.plan, feature.tone, call.input, context)

    def more(self, text: str) -> None:
        """Take in what has come of the answer."""
        assert self._made is not None
        passed = self._made.feed(text)
        if passed:
            self.has_begun = True
            self._waiting += passed
            self._tell()

    def whole(self) -> Reply[Any]:
        """Return the reply. Raises RuntimeError before the end."""
        if self._reply is None:
            raise RuntimeError("a stream has its reply when it has come to its end")
        return self._reply


class _Listening:
    """A model whose answers are heard while they come. After the first piece it is not asked again."""

    def __init__(self, model: Model, flow: _Flow) -> None:
        self._model = model
        self._flow = flow

    @property
    def name(self) -> str:
        """The model's name."""
        return self._model.name

    @property
    def provider(self) -> str:
        """Who provides the model."""
        return provider_of(self._model)

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        """Ask the model, and tell of the answer as it comes."""
        self._flow.begin()
        failed: Unavailable
        try:
            if isinstance(self._model, StreamingModel):
                return await self._model.stream(ask, seconds=seconds, more=self._flow.more)
            answer = await self._model.ask(ask, seconds=seconds)
            self._flow.more(answer.text)
            return answer
        except Unavailable as failure:
            if not self._flow.has_begun:
                raise
            failed = failure
        raise Unavailable(f"{failed.detail}, in the middle of the answer", again=False, status=failed.status)
