"""Where a feature is called: its own client, on a loop whose time is its own, over a wire that ends at a liar.

Nothing is stood in for but the network, the clock and the chance: requests are made, and answers read, by the code
that does so in production. Time moves only when everything waits, so that a call that runs into its deadline after
thirty seconds takes a millisecond, and the same case gives the same bytes every time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar, cast

import httpx2
from multidict import CIMultiDict

from promptspec.contract.moderation import ServerModerator, WordModerator
from promptspec.errors import PromptspecError
from promptspec.fuzz.lies.findings import beside, moderated
from promptspec.fuzz.lies.verdicts import judged
from promptspec.fuzz.lies.wire import Cut, Pause, Refused, Response
from promptspec.fuzz.observations import Judged, Looked, Observation, Request, Streamed
from promptspec.fuzz.trial import Input
from promptspec.ledger.opening import IN_MEMORY, Ledger, open_ledger
from promptspec.live.virtual_time import virtual_loop
from promptspec.live.wires import Chance
from promptspec.models.moderations import read_findings
from promptspec.models.port import Answer, Ask, Unavailable, Usage
from promptspec.models.transport import BoundedTransport, Head, Received, kept_headers, read_body
from promptspec.ports import World
from promptspec.runtime.drafts import Rendered
from promptspec.runtime.held import Held
from promptspec.safety.callers import LEVELS, Anyone, Session
from promptspec.telemetry.signals import STAND_IN
from promptspec.values.reading import read_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptspec.fuzz.cases import Case, Lie
    from promptspec.fuzz.gates import Written
    from promptspec.fuzz.subjects import Subject
    from promptspec.models.port import Model
    from promptspec.runtime.replies import Reply
    from promptspec.safety.counters import Counters
    from promptspec.telemetry.signals import Attributes

    #: Answers the request, the n-th of its call (from 0), as the lie says.
    Answering = Callable[[Lie, Request, int], Response]

T = TypeVar("T")


class Stage:
    """Calls one feature, case after case. *obey* is called before each, and may raise KeyboardInterrupt."""

    def __init__(self, subject: Subject, obey: Callable[[], None] | None = None) -> None:
        from promptspec.fuzz.lies import answer

        self.subject = subject
        self._obey = obey
        self._answer: Answering = answer
        self._loop = virtual_loop()
        self._world = self._world_of(0, subject.today)
        self._models: tuple[Model, ...] = subject.connect(lambda place: _Wire(_Network(place, self._loop)), self._world)
        self._judges: tuple[Model, ...] = subject.connect_judges(
            lambda place: _Wire(_Network(place, self._loop, asked="judge")), self._world
        )
        self._moderators = subject.connect_moderators(
            lambda place: _Wire(_Network(place, self._loop, asked="moderator")), _Function, self._world
        )
        self._ledger = open_ledger(IN_MEMORY) if subject.running.plan.keeping is not None else None
        self._log = _Log()
        self._input: Input | None = None
        #: The tags and marks that calls carried, and the seed of the last call with each.
        self.drawn: dict[str, int] = {}

    def input_of(self, case: Case) -> Input:
        """Return what the reference makes of the input of *case*; the last one is kept for the next case."""
        if self._input is None or not self._input.is_of(case):
            self._input = Input(self.subject, case)
        return self._input

    def observe(
        self,
        case: Case,
        caller: Anyone | None = None,
        *,
        counters: Counters | None = None,
        moment: datetime | None = None,
    ) -> Observation:
        """Call the feature with *case*, as *caller* in place of the case's own, and return everything that was seen.

        Limits across calls are counted by *counters*, in place of new ones, and at the *moment*, in place of now.
        """
        if self._obey is not None:
            self._obey()
        if self._ledger is not None:
            self._ledger.clear()
        return self._loop.run_until_complete(self._called(case, caller, counters, moment, ledger=self._ledger))

    def observe_together(self, cases: Sequence[Case], cancelled: Mapping[int, float]) -> list[Observation]:
        """Call the feature with all *cases* at one time and return what was seen of each, in their order.

        *cancelled* gives the seconds after which a call is cancelled, by its index. The log is everybody's.
        """

        async def called(index: int, case: Case) -> Observation:
            task = asyncio.ensure_future(self._called(case, ledger=ledgers[index]))
            if index in cancelled:
                self._loop.call_later(cancelled[index], task.cancel)
            return await task

        # Each call has a ledger of its own: cases of one seed draw the same ids.
        ledgers = [None if self._ledger is None else open_ledger(IN_MEMORY) for _ in cases]

        async def together() -> list[Observation]:
            return await asyncio.gather(*(called(index, case) for index, case in enumerate(cases)))

        try:
            return self._loop.run_until_complete(together())
        finally:
            for ledger in ledgers:
                if ledger is not None:
                    ledger.close()

    async def _called(
        self,
        case: Case,
        caller: Anyone | None = None,
        counters: Counters | None = None,
        moment: datetime | None = None,
        *,
        ledger: Ledger | None,
    ) -> Observation:
        """Call the feature in a task of its own, whose context holds what travels."""
        # What is logged for developers alone may take long to make, so that every fourth case pays for it.
        self._log.listen(logging.DEBUG if case.seed % 4 == 0 else logging.INFO)
        traced = _Traces()
        STAND_IN.set(traced if case.seed % 4 == 0 else None)
        seen = _Exchange(self._answer, self.subject, case, self._loop.time())
        _EXCHANGE.set(seen)
        began = self._loop.time()
        reply: Reply[Any] | None = None
        error: BaseException | None = None
        running = self.subject.running
        world = self._world_of(case.seed, case.today, moment)
        written: Written | None = None
        held = False
        with running.override(
            model=self._models,
            judge=self._judges,
            moderator=self._moderators,
            world=world,
            ledger=ledger,
            counters=counters,
        ):
            try:
                known = caller or caller_of(self.subject, case.caller)
                found: Reply[Any] | Held[Any] = await running.acall_fields(cast("Any", case.given), caller=known)
                held = isinstance(found, Held)
                if ledger is None:
                    reply = found
                else:
                    reply, written = self._through(found, known, world, ledger)
            except (KeyboardInterrupt, SystemExit, MemoryError):
                raise
            except BaseException as raised:  # noqa: BLE001  what rises is what laws judge
                error = raised
        return Observation(
            requests=tuple(seen.requests),
            texts=tuple(seen.texts),
            reply=reply,
            error=error,
            log=self._log.take(error),
            told="\n".join(traced.told),
            seconds=self._loop.time() - began,
            asked=tuple(seen.asked),
            statuses=tuple(seen.statuses),
            judged=tuple(seen.judged),
            bodies=tuple(seen.bodies),
            looked_at=tuple(seen.looked_at),
            beside=tuple(seen.beside),
            held=held,
            written=written,
        )

    def _through(
        self, found: Reply[Any] | Held[Any], caller: Anyone, world: World, ledger: Ledger
    ) -> tuple[Reply[Any], Written]:
        """Return the reply, let through where it is held, and what the ledger has of the call."""
        from promptspec.fuzz.gates import pass_gate, read_ledger

        written = read_ledger(ledger, world)
        if not isinstance(found, Held):
            return found, written
        reply, early = pass_gate(self.subject.running, found, caller, ledger, world)
        return reply, replace(written, early=early)

    def stream(self, case: Case) -> Streamed:
        """Call the feature with *case* for a stream, which the liar sends, and return what came of it."""
        return self._loop.run_until_complete(self._streamed(case))

    async def _streamed(self, case: Case) -> Streamed:
        from promptspec.contract.types import Text
        from promptspec.fuzz.lies.streams import TellingInStreams

        feature, running = self.subject.feature, self.subject.running
        one_text = feature.bare and isinstance(feature.output.fields[0].type, Text)
        telling = TellingInStreams(self._answer, seed=case.seed, one_text=one_text)
        seen = _Exchange(telling.answer, self.subject, case, self._loop.time())
        _EXCHANGE.set(seen)
        pieces: list[Any] = []
        reply: Reply[Any] | None = None
        error: BaseException | None = None
        try:
            world = self._world_of(case.seed, case.today)
            with running.override(model=self._models, moderator=self._moderators, world=world):
                known = caller_of(self.subject, case.caller)
                stream = running.astream_fields(cast("Any", case.given), caller=known)
            async for piece in stream:
                pieces.append(piece)
            reply = stream.reply
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except BaseException as raised:  # noqa: BLE001  what rises is what laws judge
            error = raised
        return Streamed(
            requests=tuple(seen.requests),
            texts=tuple(seen.texts),
            pieces=tuple(pieces),
            reply=reply,
            error=error,
            end=telling.end,
        )

    def render(self, case: Case) -> Rendered | PromptspecError:
        """Return the messages that the input of *case* makes, or the refusal."""
        running = self.subject.running
        with running.override(world=self._world_of(case.seed, case.today)):
            try:
                return running.render_fields(cast("Any", case.given), caller=caller_of(self.subject, case.caller))
            except PromptspecError as refused:
                return refused

    def close(self) -> None:
        """Close the loop and what was opened on it, and listen to logs no more."""
        self._log.close()
        if self._ledger is not None:
            self._ledger.close()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _world_of(self, seed: int, today: date | None, moment: datetime | None = None) -> World:
        clock = _Clock(self._loop, today or self.subject.today, moment)
        return World(clock=clock, entropy=Chance(seed), environment=self.subject.environment)


def caller_of(subject: Subject, id: str) -> Anyone:
    """Return the caller *id* at the level that the feature asks for; for `anyone` a session, which it takes too."""
    kind = cast("Any", LEVELS[subject.feature.caller])
    return cast("Anyone", kind(id)) if issubclass(kind, Session) else Session(id)


def weaker_caller(subject: Subject, id: str) -> Anyone | None:
    """Return the caller *id* one level below what the feature asks for; None where it asks for nothing."""
    levels = list(LEVELS.values())
    place = list(LEVELS).index(subject.feature.caller)
    if place == 0:
        return None
    kind = cast("Any", levels[place - 1])
    return cast("Anyone", kind(id) if issubclass(kind, Session) else kind())


@dataclass(frozen=True, slots=True)
class _Clock:
    loop: asyncio.AbstractEventLoop
    day: date
    moment: datetime | None = None

    def monotonic(self) -> float:
        return self.loop.time()

    def today(self) -> date:
        return self.day

    def now(self) -> datetime:
        if self.moment is not None:
            return self.moment
        return datetime.combine(self.day, time.min, UTC) + timedelta(seconds=self.loop.time())


# The wire


class _Exchange:
    """What travels during one call."""

    def __init__(self, answering: Answering, subject: Subject, case: Case, began: float) -> None:
        self._answering = answering
        self._subject = subject
        self._lie = case.lie
        self._verdict = case.verdict
        self._finding = case.finding
        self._began = began
        self.judged: list[Judged] = []
        self.looked_at: list[Looked] = []
        self.beside: list[Mapping[str, object] | None] = []
        self.requests: list[Request] = []
        self.texts: list[str | None] = []
        self.asked: list[int] = []
        self.statuses: list[int | None] = []
        self.bodies: list[bytes] = []

    def answer(self, place: int, url: str, headers: Mapping[str, str], body: bytes, at: float) -> Response:
        request = Request(url=url, headers=headers, body=body, at=at - self._began)
        response = self._moderated(request, self._answering(self._lie, request, len(self.requests)))
        self.requests.append(request)
        self.asked.append(place)
        broken = any(not isinstance(piece, Pause) for piece in response.before)
        self.statuses.append(None if broken else response.status)
        whole = all(isinstance(piece, bytes | Pause) for piece in response.body)
        self.texts.append(response.text if whole else None)
        pieces = (piece for piece in response.body if isinstance(piece, bytes))
        self.bodies.append(b"".join(pieces) if whole else b"")
        return response

    def _moderated(self, request: Request, response: Response) -> Response:
        """Return *response* with what the server finds of texts beside its answer, where it was asked to look."""
        by = next((each.by for each in self._subject.feature.moderations if self._subject.is_inline(each)), None)
        body = b"".join(piece for piece in response.body if isinstance(piece, bytes))
        asked = "moderation" in request.content
        if not isinstance(by, ServerModerator) or not asked or len(response.body) != 1 or not _is_object(body):
            self.beside.append(None)
            return response
        api = "chat" if request.url.partition("?")[0].endswith("/chat/completions") else "responses"
        found = beside(self._finding, by, api=api, turn=len(self.requests))
        self.beside.append(found)
        # As it is written otherwise, whatever is wrong with it.
        more = body.rstrip()[:-1] + b',"moderation":' + json.dumps(found).encode() + b"}"
        return replace(response, body=(more,))

    def moderate(self, place: int, url: str, headers: Mapping[str, str], body: bytes, at: float) -> Response:
        """Answer a request to a moderator."""
        request = Request(url=url, headers=headers, body=body, at=at - self._began)
        shown = request.content["input"]
        texts = 1 if any(isinstance(each, dict) for each in shown) else len(shown)
        return self._look(place, request, texts, tuple(map(str, shown)))

    def _look(self, place: int, request: Request | None, texts: int, shown: tuple[str, ...]) -> Response:
        by = self._subject.feature.moderations[place].by
        assert not isinstance(by, WordModerator)
        turn = sum(each.place == place and each.after == len(self.requests) for each in self.looked_at)
        side = "output" if self.requests else "input"
        response = moderated(self._finding, side, by, texts=texts, turn=turn)
        broken = any(not isinstance(piece, Pause) for piece in response.before)
        self.looked_at.append(
            Looked(
                request=request,
                after=len(self.requests),
                place=place,
                status=None if broken else response.status,
                texts=texts,
                found=None if response.text is None else json.loads(response.text),
                shown=shown,
            )
        )
        return response

    def call_function(self, place: int, texts: tuple[str, ...]) -> bytes:
        """Return what a function finds. Raises Unavailable where it finds nothing."""
        response = self._look(place, None, len(texts), texts)
        if response.text is None:
            raise Unavailable("the function failed", again=False)
        return response.text.encode()

    def judge(self, place: int, url: str, headers: Mapping[str, str], body: bytes, at: float) -> Response:
        """Answer a request to a judge."""
        request = Request(url=url, headers=headers, body=body, at=at - self._began)
        response = judged(self._subject, self._verdict, request, len(self.judged))
        broken = any(not isinstance(piece, Pause) for piece in response.before)
        found = None if response.text is None else json.loads(response.text)
        self.judged.append(
            Judged(
                request=request,
                after=len(self.requests),
                place=place,
                status=None if broken else response.status,
                found=None if found is None else {name: Decimal(value) for name, value in found.items()},
            )
        )
        return response


def _is_object(body: bytes) -> bool:
    """Say whether *body* is one JSON object with members, in UTF-8."""
    try:
        return bool(json.loads(body.decode())) and body.rstrip().endswith(b"}")
    except ValueError:
        return False


#: What travels during the call of this context.
_EXCHANGE: ContextVar[_Exchange] = ContextVar("promptspec_fuzz_exchange")


class _Network(httpx2.AsyncBaseTransport):
    """The network of one model, which ends at the liar; of a judge or a moderator, at the lying one."""

    def __init__(
        self,
        place: int,
        loop: asyncio.AbstractEventLoop,
        *,
        asked: Literal["model", "judge", "moderator"] = "model",
    ) -> None:
        self._place = place
        self._loop = loop
        self._asked = asked

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self.answer(str(request.url), request.headers, await request.aread())
        return httpx2.Response(response.status, headers=dict(response.headers), stream=_Body(response))

    async def answer(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Return the answer to a request once what happens ahead of its headers has happened."""
        seen = _EXCHANGE.get()
        answer = {"model": seen.answer, "judge": seen.judge, "moderator": seen.moderate}[self._asked]
        named = {name.lower(): value for name, value in headers.items()}
        response = answer(self._place, url, named, body, self._loop.time())
        for piece in response.before:
            await _wait(piece)
        return response


class _Wire(BoundedTransport):
    """The connections of one model: bounded as others are, without requests and responses that nobody looks at."""

    def __init__(self, network: _Network) -> None:
        super().__init__(network)
        self._network = network

    async def exchange(self, method: str, head: Head, body: bytes, *, largest: int) -> Received:
        response = await self._network.answer(str(head.url), head.headers, body)
        headers = CIMultiDict(response.headers)
        encoding = headers.get("content-encoding")
        read = await read_body(response.status, encoding, aiter(_Body(response)), largest)
        return Received(response.status, kept_headers(headers), read)


class _Function:
    """A function of the application that moderates, in the place *place* of the spec."""

    def __init__(self, place: int) -> None:
        self.name = "function"
        self._place = place

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        """Find what the lying moderator finds."""
        found = read_findings(read_json(_EXCHANGE.get().call_function(self._place, ask.looked_at)))
        if found is None:
            raise Unavailable("the function found nothing", again=False)
        return Answer(text="", model=self.name, usage=Usage(), found=found)


class _Body(httpx2.AsyncByteStream):
    def __init__(self, response: Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._response.body:
            if isinstance(piece, bytes):
                yield piece
            else:
                await _wait(piece)


async def _wait(piece: Pause | Cut | Refused) -> None:
    match piece:
        case Pause(seconds):
            await asyncio.sleep(seconds)
        case Cut():
            raise httpx2.ReadError("the connection was cut")
        case Refused():
            raise httpx2.ConnectError("the connection was refused")


# The log

_LOGGERS: Final = ("promptspec", "openai", "httpx2", "aiohttp", "asyncio")


class _Traces:
    """Takes the place of OpenTelemetry and keeps everything that it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def begin(self, name: str, attributes: Attributes, *, client: bool, current: bool) -> _Traces:
        self.told.append(f"{name} {attributes}")
        return self

    def within(self, make: Callable[[], T]) -> T:
        return make()

    def end(self, attributes: Attributes, *, failed: bool) -> None:
        self.told.append(str(attributes))

    def measure(self, instrument: str, value: float, attributes: Attributes) -> None:
        self.told.append(f"{instrument} {attributes}")


class _Log(logging.Handler):
    """Keeps what is logged while it is open, and keeps it from whoever else listens: they would hear of every case."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: list[str] = []
        self._before: dict[str, tuple[int, bool]] = {}
        self._level = logging.NOTSET
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            self._before[name] = logger.level, logger.propagate
            logger.propagate = False
            logger.addHandler(self)

    def listen(self, level: int) -> None:
        """Keep what is logged at *level* and above."""
        if level != self._level:
            self._level = level
            for name in _LOGGERS:
                logging.getLogger(name).setLevel(level)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))

    def close(self) -> None:
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            level, logger.propagate = self._before[name]
            logger.setLevel(level)
            logger.removeHandler(self)
        super().close()

    def take(self, error: BaseException | None) -> str:
        """Return what was logged since the last time, and after it what Python would print of *error*."""
        lines, self._lines = self._lines, []
        while error is not None:
            lines.extend(traceback.format_exception_only(error))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\n".join(lines)
