"""Limits across calls: what is over one reaches no model, and what was reserved is put right or stays."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from codegen.specs import write_spec
from promptspec.errors import (
    DeadlinePassed,
    LedgerUnavailable,
    LimitReached,
    PromptspecError,
    ReplyRefused,
)
from promptspec.ledger.opening import open_ledger
from promptspec.loading import load
from promptspec.models.asking import Asked
from promptspec.models.port import Answer, Ask, Unavailable, Usage
from promptspec.ports import World
from promptspec.runtime.allowance import cost_in_billionths, spent_by
from promptspec.runtime.feature import Feature
from promptspec.runtime.host import HOST
from promptspec.runtime.overrides import Rehearse, replies
from promptspec.runtime.plan import Cost, Costs
from promptspec.safety.callers import ID_KEY, Session, SignedIn
from promptspec.safety.counters import COUNTERS, Counters, MemoryCounters, Taken

SPEC = """\
promptspec 1

feature answer {
    model "gpt-5.6-luna"
    %s

    input { question: text(1..500) }

    output text(1..280)

    moderate input with words("blocked.txt")

    limits {
        prompt 10_000 tokens
        reply 300 tokens
        time 5s
        retries 1
        repairs 1
        %s
    }
}
"""
LIMITS = {
    "calls": "calls 3 per minute per caller  calls 5 per day per feature",
    "allowing": "calls 3 per minute per caller otherwise allow",
    "half": "calls 3 per minute per caller otherwise allow  calls 9 per day per feature",
    "spend": "spend 0.02 usd per day per caller  calls 100 per day per caller",
    "open": "calls 2 per hour per feature",
}
#: What a request costs at most, and a call of three: 10,000 tokens at 0.25 and 300 at 1.20 a million.
REQUEST = 2_860_000
CALL = 3 * REQUEST
KEYS = {ID_KEY: "k1:" + "s" * 32, "OPENAI_API_KEY": "sk-one"}
ME, YOU = Session("4f1c"), Session("77aa")


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Feature[Any]]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        found: dict[str, Feature[Any]] = {}
        for name, limits in LIMITS.items():
            folder = tmp_path_factory.mktemp(name)
            (folder / "blocked.txt").write_text("snark\n")
            caller = "caller anyone" if name == "open" else ""
            found[name] = load(write_spec(folder, SPEC % (caller, limits))).features["answer"]
        yield found


@dataclass
class Clock:
    """A clock that is turned by hand."""

    moment: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return HOST.clock.monotonic()

    def today(self) -> date:
        return self.moment.date()

    def now(self) -> datetime:
        return self.moment

    def turn(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class Teller:
    """A model that says *items* in turn, the last one again and again, and what it used."""

    items: list[str | BaseException] = field(default_factory=lambda: ["Hello."])
    usage: Usage = field(default_factory=lambda: Usage(input_tokens=1_000, output_tokens=100))
    asked: list[Ask] = field(default_factory=list[Ask])
    name: str = "teller"

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        self.asked.append(ask)
        item = self.items[min(len(self.asked), len(self.items)) - 1]
        if isinstance(item, BaseException):
            raise item
        return Answer(text=json.dumps({"answer": item}), model=self.name, usage=self.usage)


class Gone:
    """Counters that cannot be reached, from the *after*-th question on."""

    def __init__(self, after: int = 0) -> None:
        self._inner = MemoryCounters()
        self._left = after
        self.is_near = True

    def _reach(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise LedgerUnavailable("gone")

    def full(self, uses: Any, at: int) -> int | None:
        self._reach()
        return self._inner.full(uses, at)

    def take(self, uses: Any, at: int) -> Taken | int:
        self._reach()
        return self._inner.take(uses, at)

    def correct(self, taken: Taken, amounts: Any) -> None:
        self._reach()
        self._inner.correct(taken, amounts)


class Stage:
    """One feature with a model, a clock and counters of the test's own."""

    def __init__(
        self, feature: Feature[Any], model: Any = None, counters: Counters | None = None, keys: Any = None
    ) -> None:
        self.feature = feature
        self.clock = Clock()
        self.model = model if model is not None else Teller()
        self.counters = counters if counters is not None else MemoryCounters()
        self._world = World(clock=self.clock, entropy=HOST.entropy, environment=keys or KEYS)

    def replaced(self) -> AbstractContextManager[Feature[Any]]:
        return self.feature.override(model=self.model, world=self._world, counters=self.counters)

    def call(self, question: str = "Where is it?", caller: Session = ME, how: str = "call") -> str:
        """Call, and return what came, or the code of the error."""
        with self.replaced():
            try:
                return self._called(question, caller, how)
            except PromptspecError as error:
                return error.code

    def _called(self, question: str, caller: Session, how: str) -> str:
        given = {"question": question}
        if how == "call":
            return str(self.feature.call_fields(given, caller=caller).value)
        if how == "acall":
            return str(asyncio.run(self.feature.acall_fields(given, caller=caller)).value)
        return "".join(self.feature.stream_fields(given, caller=caller))

    @property
    def asked(self) -> int:
        return len(self.model.asked)

    def spent(self) -> int:
        """Return what is counted of spending, in billionths of a dollar."""
        assert isinstance(self.counters, MemoryCounters)
        return max(sum(slots.values()) for slots in self.counters._used.values())


@pytest.fixture(params=["call", "acall", "stream"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# Calls


def test_a_call_over_the_limit_reaches_no_model(features: dict[str, Feature[Any]], how: str) -> None:
    stage = Stage(features["calls"])
    assert [stage.call(how=how) for _ in range(5)] == ["Hello."] * 3 + ["limit_reached"] * 2
    assert stage.asked == 3


def test_each_caller_has_a_limit_of_their_own_and_all_have_one_together(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["calls"])
    assert [stage.call(caller=ME) for _ in range(4)] == ["Hello."] * 3 + ["limit_reached"]
    assert [stage.call(caller=YOU) for _ in range(3)] == ["Hello."] * 2 + ["limit_reached"]
    assert [stage.call(caller=SignedIn("4f1c"))] == ["limit_reached"]


def test_a_session_and_an_account_of_one_id_are_two_callers(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["calls"])
    assert [stage.call(caller=ME) for _ in range(3)] == ["Hello."] * 3
    assert stage.call(caller=SignedIn("4f1c")) == "Hello."


def test_there_is_room_again_when_the_time_has_passed(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["calls"])
    assert [stage.call() for _ in range(4)] == ["Hello."] * 3 + ["limit_reached"]
    stage.clock.turn(seconds=59)
    assert stage.call() == "limit_reached"
    stage.clock.turn(seconds=2)
    assert [stage.call() for _ in range(3)] == ["Hello."] * 2 + ["limit_reached"]  # the day's limit of the feature


def test_whoever_is_over_the_limit_is_told_so_before_the_input_is_looked_at(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["calls"])
    assert [stage.call() for _ in range(3)] == ["Hello."] * 3
    assert stage.call("") == "limit_reached"


def test_what_is_refused_before_anything_is_sent_counts_nothing(features: dict[str, Feature[Any]], how: str) -> None:
    stage = Stage(features["calls"])
    assert [stage.call("", how=how) for _ in range(9)] == ["input_refused"] * 9
    assert [stage.call("some snark", how=how) for _ in range(9)] == ["moderated"] * 9
    assert [stage.call(how=how) for _ in range(3)] == ["Hello."] * 3


def test_what_was_sent_counts_whatever_becomes_of_it(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["calls"], Teller(["no <b>reply</b>", "none", Unavailable("gone", again=False)]))
    assert stage.call() != "limit_reached"
    assert [stage.call() for _ in range(3)] == ["model_unavailable"] * 2 + ["limit_reached"]


def test_a_call_with_retries_and_repairs_is_one_call(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["calls"], Teller(["<b>no</b>", Unavailable("slow", again=True, after=0.0), "Hello."]))
    assert stage.call() == "Hello."
    assert stage.asked == 3
    assert [stage.call() for _ in range(3)] == ["Hello."] * 2 + ["limit_reached"]


def test_a_feature_that_anyone_calls_is_limited_as_a_whole(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["open"])
    assert [stage.call(caller=who) for who in (ME, YOU, ME)] == ["Hello."] * 2 + ["limit_reached"]


def test_a_limit_holds_while_keys_are_rotated(features: dict[str, Feature[Any]]) -> None:
    counters = MemoryCounters()
    found: list[str] = []
    for keys in ("old:" + "s" * 32, f"new:{'t' * 32},old:{'s' * 32}", "new:" + "t" * 32):
        stage = Stage(features["calls"], counters=counters, keys=KEYS | {ID_KEY: keys})
        found += [stage.call(), stage.call()]
    # The third counts under both keys; the last two calls come when one of three is known by the new one.
    assert found == ["Hello."] * 3 + ["limit_reached"] + ["Hello."] * 2


def test_what_renders_counts_nothing(features: dict[str, Feature[Any]]) -> None:
    feature = features["calls"]
    with feature.override(model=replies("Hello.")):
        for _ in range(9):
            assert feature.render_fields({"question": "Where is it?"}).messages
        assert feature.call_fields({"question": "Where is it?"}, caller=ME).value == "Hello."


def test_the_end_user_learns_nothing_and_the_log_which_limit(features: dict[str, Feature[Any]]) -> None:
    feature = features["calls"]
    with feature.override(model=replies("Hello.")):
        for _ in range(3):
            feature.call_fields({"question": "Where is it?"}, caller=ME)
        with pytest.raises(LimitReached) as refused:
            feature.call_fields({"question": "Where is it?"}, caller=ME)
    assert refused.value.detail == "the limit `calls 3 per minute per caller` is reached"
    assert refused.value.user_message == "Too many requests. Please try again later."


def test_counters_know_callers_by_nothing_but_a_hash(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["calls"])
    stage.call()
    assert isinstance(stage.counters, MemoryCounters)
    names = set(stage.counters._used)
    assert len(names) == 2
    assert all(len(name) == 64 and set(name) <= set("0123456789abcdef") for name in names)
    again = Stage(features["calls"])
    again.call(caller=YOU)
    assert isinstance(again.counters, MemoryCounters)
    assert len(names & set(again.counters._used)) == 1


# Rehearsals and stand-ins


def test_a_script_meets_the_limit_in_a_counter_of_its_own(features: dict[str, Feature[Any]]) -> None:
    feature = features["calls"]
    for _ in range(2):
        with feature.override(model=replies("Hello.")):
            found: list[str] = []
            for _ in range(4):
                try:
                    found.append(feature.call_fields({"question": "Where?"}, caller=ME).value)
                except LimitReached as reached:
                    found.append(reached.code)
            assert found == ["Hello."] * 3 + ["limit_reached"]


def test_a_rehearsal_meets_the_limit_in_memory(features: dict[str, Feature[Any]], tmp_path: Path) -> None:
    feature = features["open"]
    environment = {"PROMPTSPEC_REHEARSE": "1", "PROMPTSPEC_LEDGER": str(tmp_path / "ledger.db")}
    with feature.override(world=World(clock=Clock(), entropy=HOST.entropy, environment=environment)):
        for _ in range(2):
            assert feature.call_fields({"question": "Where?"}).rehearsed
        with pytest.raises(LimitReached):
            feature.call_fields({"question": "Where?"})
    assert not (tmp_path / "ledger.db").exists()
    with feature.override(model=Rehearse()):
        assert feature.call_fields({"question": "Where?"}).rehearsed


# In earnest


def _one_teller(_self: object, _world: World) -> tuple[Teller]:
    return (Teller(),)


def in_earnest(feature: Feature[Any], environment: dict[str, str]) -> list[str]:
    """Call four times, where every model is out of reach, and return the codes."""
    found: list[str] = []
    world = World(clock=HOST.clock, entropy=HOST.entropy, environment=KEYS | environment)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(feature), "models", _one_teller)
        with feature.override(world=world):
            for _ in range(4):
                try:
                    found.append(feature.call_fields({"question": "Where is it?"}, caller=ME).value)
                except PromptspecError as error:
                    found.append(error.code)
    return found


def test_calls_are_counted_in_the_ledger(features: dict[str, Feature[Any]], tmp_path: Path) -> None:
    environment = {"PROMPTSPEC_LEDGER": str(tmp_path / "ledger.db")}
    open_ledger(environment["PROMPTSPEC_LEDGER"]).close()  # laying it out takes a part of the first call's time
    assert in_earnest(features["calls"], environment) == ["Hello."] * 3 + ["limit_reached"]
    assert in_earnest(features["calls"], environment) == ["limit_reached"] * 4


def test_without_a_ledger_such_a_feature_refuses(features: dict[str, Feature[Any]]) -> None:
    assert in_earnest(features["calls"], {}) == ["ledger_unavailable"] * 4
    assert in_earnest(features["allowing"], {}) == ["ledger_unavailable"] * 4


def test_a_feature_without_such_limits_makes_no_file(features: dict[str, Feature[Any]], tmp_path: Path) -> None:
    plan = features["calls"].plan
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(features["calls"]), "plan", replace(plan, across=()))
        found = in_earnest(features["calls"], {"PROMPTSPEC_LEDGER": str(tmp_path / "ledger.db")})
    assert found == ["Hello."] * 4
    assert list(tmp_path.iterdir()) == []


def test_memory_counts_where_it_is_asked_for(features: dict[str, Feature[Any]]) -> None:
    assert in_earnest(features["calls"], {COUNTERS: "memory"}) == ["Hello."] * 3 + ["limit_reached"]


# Where the counter is gone


def test_where_the_counter_is_gone_calls_are_refused(features: dict[str, Feature[Any]], how: str) -> None:
    for after in (0, 1):
        stage = Stage(features["calls"], counters=Gone(after))
        assert stage.call(how=how) == "ledger_unavailable"
        assert stage.asked == 0


def test_they_are_let_through_where_the_spec_says_so(features: dict[str, Feature[Any]], how: str) -> None:
    stage = Stage(features["allowing"], counters=Gone())
    assert [stage.call(how=how) for _ in range(5)] == ["Hello."] * 5


def test_they_are_refused_where_one_of_two_limits_does_not_say_so(features: dict[str, Feature[Any]]) -> None:
    assert Stage(features["half"], counters=Gone()).call() == "ledger_unavailable"


def test_a_limit_that_is_reached_is_reached_where_the_spec_lets_calls_through(
    features: dict[str, Feature[Any]],
) -> None:
    stage = Stage(features["allowing"])
    assert [stage.call() for _ in range(4)] == ["Hello."] * 3 + ["limit_reached"]


# Spending


def test_what_a_call_can_cost_at_most_stands_in_its_module(features: dict[str, Feature[Any]]) -> None:
    costs = features["spend"].plan.costs
    assert costs is not None
    assert (costs.call, [cost.most for cost in costs.models]) == (CALL, [REQUEST])


def test_after_a_call_what_it_cost_is_counted(features: dict[str, Feature[Any]], how: str) -> None:
    stage = Stage(features["spend"])
    assert stage.call(how=how) == "Hello."
    assert stage.spent() == 1_000 * 250 + 100 * 1_200


def test_calls_are_refused_once_the_most_that_one_may_cost_has_no_room(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["spend"], Teller(usage=Usage(input_tokens=9_000, output_tokens=300)))
    cost = 9_000 * 250 + 300 * 1_200
    room = (20_000_000 - CALL) // cost + 1
    assert [stage.call() for _ in range(room + 1)] == ["Hello."] * room + ["limit_reached"]
    assert stage.asked == room
    assert stage.spent() <= 20_000_000


def test_a_request_of_which_no_server_says_what_it_used_costs_the_most(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["spend"], Teller(usage=Usage()))
    assert stage.call() == "Hello."
    assert stage.spent() == REQUEST


def test_every_request_of_a_call_costs(features: dict[str, Feature[Any]]) -> None:
    teller = Teller(["<b>no</b>", Unavailable("slow", again=True, after=0.0), "Hello."])
    stage = Stage(features["spend"], teller)
    assert stage.call() == "Hello."
    assert stage.spent() == 2 * (1_000 * 250 + 100 * 1_200) + REQUEST


def test_a_reply_that_is_refused_by_its_client_costs_the_most(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["spend"], Teller([ReplyRefused([], "filtered")]))
    assert stage.call() == "reply_refused"
    assert stage.spent() == REQUEST


def test_a_call_that_ends_in_an_error_costs_what_was_sent(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["spend"], Teller([Unavailable("gone", again=False)]))
    assert stage.call() == "model_unavailable"
    assert stage.spent() == REQUEST


@pytest.mark.parametrize("end", [KeyboardInterrupt(), asyncio.CancelledError(), DeadlinePassed("late")])
def test_a_call_whose_end_is_not_known_costs_the_most(features: dict[str, Feature[Any]], end: BaseException) -> None:
    stage = Stage(features["spend"], Teller([end]))
    if isinstance(end, PromptspecError):
        assert stage.call() == "deadline_passed"
    else:
        with pytest.raises(type(end)):
            stage.call(how="acall")
    assert stage.spent() == CALL


def test_a_stream_that_is_left_costs_the_most(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["spend"], Teller(["Hello. There is more."]))
    with stage.replaced(), stage.feature.stream_fields({"question": "Where?"}, caller=ME) as stream:
        assert next(stream).startswith("Hello.")
    assert stage.spent() == CALL


def test_where_the_counter_is_gone_at_the_end_the_reply_is_delivered_and_the_most_stays(
    features: dict[str, Feature[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    gone = Gone(after=2)
    stage = Stage(features["spend"], counters=gone)
    assert stage.call() == "Hello."
    stage.counters = gone._inner
    assert stage.spent() == CALL
    assert "stays counted" in caplog.text


def test_a_script_costs_the_most_so_that_tests_meet_the_limit(features: dict[str, Feature[Any]]) -> None:
    feature = features["spend"]
    with feature.override(model=replies("Hello.")):
        for _ in range(2):
            feature.call_fields({"question": "Where?"}, caller=ME)
        with pytest.raises(LimitReached, match=r"spend 0\.02 usd per day per caller"):
            feature.call_fields({"question": "Where?"}, caller=ME)


LONG = Cost(
    name="long",
    input=Decimal("0.25"),
    output=Decimal("1.20"),
    most=9_000,
    long_after=10,
    long_input=Decimal(2),
    long_output=Decimal("1.5"),
)


def test_a_prompt_beyond_the_mark_costs_more_as_a_whole() -> None:
    assert cost_in_billionths(LONG, 10, 10) == 10 * 250 + 10 * 1_200
    assert cost_in_billionths(LONG, 11, 10) == 11 * 500 + 10 * 1_800


def test_a_part_of_a_billionth_is_counted_whole() -> None:
    assert cost_in_billionths(replace(LONG, input=Decimal("0.0001")), 1, 0) == 1


def test_models_judges_and_moderators_cost_what_each_of_them_costs() -> None:
    cheap, dear = replace(LONG, name="cheap", most=7), replace(LONG, name="dear", input=Decimal(100), most=70)
    free = Cost(name="guard", input=Decimal(0), output=Decimal(0), most=0)
    costs = Costs(call=0, models=(cheap, dear), judges=(dear,), moderators=(free, replace(dear, name="second")))
    said = Answer(text="", model="", usage=Usage(input_tokens=1, output_tokens=0))

    def spent(*asked: Asked, side: int = 0) -> int:
        sides: list[tuple[Asked, ...]] = [(), (), (), ()]
        sides[side] = asked
        return spent_by(costs, tuple(sides))

    assert spent(Asked(model="x", place=0, answer=said), Asked(model="x", place=1, answer=said)) == 250 + 100_000
    assert spent(Asked(model="x", place=1, answer=None)) == 70
    # Which one it is nobody knows: then it is the dearest.
    assert spent(Asked(model="x", place=2, answer=None)) == 70
    assert spent(Asked(model="x", place=0, answer=said), side=1) == 100_000
    assert spent(Asked(model="guard", place=0, answer=said), side=2) == 0
    assert spent(Asked(model="second", place=0, answer=None), side=2) == 70
    assert spent(Asked(model="unheard of", place=0, answer=None), side=2) == 70


class Slow(MemoryCounters):
    """Counters that take their time, as a server may."""

    def __init__(self, *, take: float = 0.0, correct: float = 0.0) -> None:
        super().__init__()
        self._seconds = take, correct

    @property
    def is_near(self) -> bool:
        return False

    def take(self, uses: Any, at: int) -> Taken | int:
        time.sleep(self._seconds[0])
        return super().take(uses, at)

    def correct(self, taken: Taken, amounts: Any) -> None:
        time.sleep(self._seconds[1])
        super().correct(taken, amounts)


def test_the_loop_goes_on_while_a_counter_takes_its_time(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["spend"], counters=Slow(take=0.3, correct=0.3))

    async def ticks() -> int:
        call = asyncio.ensure_future(features["spend"].acall_fields({"question": "Where?"}, caller=ME))
        count = 0
        while not call.done():
            await asyncio.sleep(0.02)
            count += 1
        assert call.result().value == "Hello."
        return count

    with stage.replaced():
        assert asyncio.run(ticks()) > 5


def test_a_counter_that_takes_too_long_is_not_waited_for(features: dict[str, Feature[Any]]) -> None:
    stage = Stage(features["spend"], counters=Slow(take=7.0))
    began = time.monotonic()
    assert stage.call() == "deadline_passed"
    assert time.monotonic() - began < 6.5
    assert stage.asked == 0
