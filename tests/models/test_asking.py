"""One budget of retries and one deadline, with models that say what they are told and a clock that is moved."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from engines.calls import make_ask
from promptspec.errors import DeadlinePassed, ModelUnavailable, ReplyRefused, Violation
from promptspec.models.asking import ask_models
from promptspec.models.port import Answer, Ask, Model, Unavailable, Usage
from promptspec.models.scripted import Scripted


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def today(self) -> date:
        return date(2026, 1, 1)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


class Entropy:
    def token(self, bits: int) -> str:
        return "ff" * (bits // 8)


def busy(after: float | None = None, *, again: bool = True) -> Unavailable:
    return Unavailable("busy", again=again, after=after, status=503)


def refused() -> ReplyRefused:
    return ReplyRefused([Violation(path="reply", rule="refused", message="no")])


def call(*models: Model, retries: int = 2, seconds: float = 30.0, clock: Clock | None = None) -> str:
    clock = clock or Clock()
    answer = asyncio.run(
        ask_models(
            models,
            make_ask,
            retries=retries,
            deadline=clock.monotonic() + seconds,
            clock=clock,
            entropy=Entropy(),
            sleep=clock.sleep,
        )
    )
    return answer.text


def test_the_first_answer_is_returned():
    model = Scripted("a", "b")
    assert call(model) == "a"
    assert len(model.asked) == 1


@pytest.mark.parametrize("retries", [0, 1, 2, 5])
def test_no_more_requests_than_one_and_the_retries(retries):
    model = Scripted(*[busy() for _ in range(10)])
    with pytest.raises(ModelUnavailable):
        call(model, retries=retries, seconds=1000)
    assert len(model.asked) == 1 + retries


@pytest.mark.parametrize(("retries", "asked"), [(0, (1, 0, 0)), (1, (1, 1, 0)), (2, (1, 1, 1)), (4, (3, 1, 1))])
def test_the_budget_is_shared_and_each_model_keeps_a_turn(retries, asked):
    models = [Scripted(*[busy() for _ in range(10)], name=name) for name in "abc"]
    with pytest.raises(ModelUnavailable) as caught:
        call(*models, retries=retries, seconds=1000)
    assert tuple(len(model.asked) for model in models) == asked
    assert caught.value.detail.count("busy") == 1 + retries


def test_moving_on_reaches_the_next_model_without_a_wait():
    clock = Clock()
    assert call(Scripted(busy(20.0)), Scripted("b"), retries=1, clock=clock) == "b"
    assert clock.waits == []


def test_a_wait_that_does_not_fit_moves_on_and_with_nobody_left_fails():
    clock = Clock()
    first = Scripted(busy(60.0), "late")
    assert call(first, Scripted("b"), retries=2, seconds=30, clock=clock) == "b"
    assert (len(first.asked), clock.waits) == (1, [])
    with pytest.raises(ModelUnavailable):
        call(Scripted(busy(60.0), "late"), seconds=30, clock=clock)
    assert clock.waits == []


def test_the_servers_wait_is_kept_and_else_it_grows():
    clock = Clock()
    assert call(Scripted(busy(3.0), busy(), busy(), "a"), retries=3, clock=clock) == "a"
    assert clock.waits == [3.0, 1.0, 2.0]


def test_what_cannot_be_mended_ends_the_call():
    second = Scripted("b")
    with pytest.raises(ModelUnavailable):
        call(Scripted(busy(again=False)), second)
    assert second.asked == []


def test_no_other_model_is_asked_to_get_around_a_refusal():
    second = Scripted("b")
    with pytest.raises(ReplyRefused):
        call(Scripted(refused()), second)
    assert second.asked == []


def test_each_attempt_is_composed_anew():
    made: list[Ask] = []

    def compose() -> Ask:
        made.append(make_ask(system=f"tag {len(made)}"))
        return made[-1]

    clock = Clock()
    model = Scripted(busy(), busy(), "a")
    asyncio.run(
        ask_models([model], compose, retries=2, deadline=130, clock=clock, entropy=Entropy(), sleep=clock.sleep)
    )
    assert model.asked == made
    assert len({ask.system for ask in made}) == 3


def test_a_deadline_that_has_passed_asks_nobody():
    model = Scripted("a")
    with pytest.raises(DeadlinePassed):
        call(model, seconds=0)
    assert model.asked == []


def test_a_model_that_does_not_keep_to_its_seconds_is_stopped():
    class Slow:
        name = "slow"

        async def ask(self, ask: Ask, *, seconds: float) -> Answer:
            await asyncio.sleep(60)
            return Answer(text="", model="slow", usage=Usage())

    import time

    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        call(Slow(), seconds=0.1)
    assert time.monotonic() - began < 0.6


def test_a_cancelled_call_passes_on():
    class Cancelled:
        name = "cancelled"

        async def ask(self, ask: Ask, *, seconds: float) -> Answer:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        call(Cancelled())


def test_a_script_that_is_used_up_is_unavailable():
    with pytest.raises(ModelUnavailable, match="no replies left"):
        call(Scripted())
