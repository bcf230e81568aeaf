"""Counters: never more than declared in any stretch of time, under all limits at once or under none."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from itertools import count

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from promptspec.errors import LedgerUnavailable
from promptspec.safety.counters import PARTS, Counters, MemoryCounters, Taken, Use, counters_of
from promptspec.safety.ledger_counters import LedgerCounters
from promptspec.safety.redis_counters import RedisCounters
from safety.redis_server import RedisServer

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NOW = 1_900_000_000_000
_NAMES = count()


def use(name: str = "", *, most: int = 3, amount: int = 1, period_ms: int = MINUTE) -> Use:
    return Use(name=name or f"n{next(_NAMES)}", period_ms=period_ms, most=most, amount=amount)


def takes(counters: Counters, *uses: Use, at: int = NOW) -> bool:
    return isinstance(counters.take(uses, at), Taken)


@dataclass
class _Event:
    at: int
    use: Use
    amount: int


def machine(counters: Counters) -> type[RuleBasedStateMachine]:
    """Return calls of two callers, under three limits, with time going on between them, over *counters*."""

    class Limits(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.run = next(_NAMES)
            self.at = NOW
            self.events: list[_Event] = []
            self.taken: list[tuple[Taken, list[_Event]]] = []

        def uses(self, who: str, cost: int) -> tuple[Use, ...]:
            return (
                use(f"{self.run} calls {who}", most=3),
                use(f"{self.run} calls", most=5, period_ms=HOUR),
                use(f"{self.run} spend {who}", most=100, amount=cost, period_ms=HOUR),
            )

        def used(self, wanted: Use, since: int) -> int:
            """Return what was used of a counter after the moment *since*."""
            return sum(each.amount for each in self.events if each.use.name == wanted.name and each.at > since)

        @rule(who=st.sampled_from("ab"), cost=st.integers(0, 60))
        def call(self, who: str, cost: int) -> None:
            uses = self.uses(who, cost)
            full = counters.full(uses, self.at)
            taken = counters.take(uses, self.at)
            assert (taken if isinstance(taken, int) else None) == full
            if isinstance(taken, Taken):
                made = [_Event(self.at, each, each.amount) for each in uses]
                self.events += made
                self.taken.append((taken, made))
                return
            # It is refused for what was used within the period, and the part of time that it began in.
            refused = uses[taken]
            longest = refused.period_ms + 2 * refused.period_ms // PARTS
            assert self.used(refused, self.at - longest) + refused.amount > refused.most

        @rule(milliseconds=st.sampled_from([1, 999, 1_000, 20_000, 58_999, 59_000, 60_000, 61_000, HOUR - 1, HOUR]))
        def wait(self, milliseconds: int) -> None:
            self.at += milliseconds

        @rule(data=st.data())
        def settle(self, data: st.DataObject) -> None:
            if not self.taken:
                return
            taken, made = self.taken.pop(data.draw(st.integers(0, len(self.taken) - 1)))
            spent = data.draw(st.integers(0, made[2].amount))
            counters.correct(taken, [1, 1, spent])
            made[2].amount = spent

        @invariant()
        def never_more_than_declared(self) -> None:
            for event in self.events:
                within = [
                    each.amount
                    for each in self.events
                    if each.use.name == event.use.name and event.at - event.use.period_ms < each.at <= event.at
                ]
                assert sum(within) <= event.use.most

    return Limits


def test_in_any_order_never_more_passes_than_declared(counters: Counters) -> None:
    examples = 200 if isinstance(counters, MemoryCounters) else 25
    run_state_machine_as_test(
        machine(counters), settings=settings(max_examples=examples, stateful_step_count=25, deadline=None)
    )


def test_as_many_pass_as_are_declared_and_not_one_more(counters: Counters) -> None:
    wanted = use(most=3)
    assert [takes(counters, wanted) for _ in range(5)] == [True, True, True, False, False]


def test_what_has_no_room_under_one_limit_counts_under_none(counters: Counters) -> None:
    wide, narrow = use(most=10), use(most=1)
    assert takes(counters, wide, narrow)
    assert counters.take((wide, narrow), NOW) == 1
    assert counters.take((narrow, wide), NOW) == 0
    assert [takes(counters, wide) for _ in range(10)] == [True] * 9 + [False]


def test_asking_counts_nothing(counters: Counters) -> None:
    wanted = use(most=1)
    assert [counters.full([wanted], NOW) for _ in range(3)] == [None] * 3
    assert takes(counters, wanted)
    assert counters.full([wanted], NOW) == 0


@pytest.mark.parametrize("period", [MINUTE, HOUR, DAY])
def test_the_window_slides(counters: Counters, period: int) -> None:
    """A window that began anew with each minute would let twice as many through around its edge."""
    wanted = use(most=2, period_ms=period)
    edge = NOW - NOW % period
    assert takes(counters, wanted, at=edge - 1)
    assert takes(counters, wanted, at=edge - 1)
    assert not takes(counters, wanted, at=edge)
    assert not takes(counters, wanted, at=edge - 1 + period - 1)
    assert takes(counters, wanted, at=edge - 1 + period + period // PARTS)


def test_what_a_clock_ahead_has_used_counts_for_one_behind(counters: Counters) -> None:
    wanted = use(most=1)
    assert takes(counters, wanted, at=NOW + 30_000)
    assert not takes(counters, wanted, at=NOW)


def test_what_was_taken_is_put_right_where_it_was_taken(counters: Counters) -> None:
    wanted = use(most=100, amount=70, period_ms=DAY)
    taken = counters.take([wanted], NOW)
    assert isinstance(taken, Taken)
    assert not takes(counters, wanted, at=NOW + HOUR)
    counters.correct(taken, [30])
    assert takes(counters, wanted, at=NOW + HOUR)
    assert not takes(counters, use(wanted.name, most=100, amount=1, period_ms=DAY), at=NOW + HOUR)


def test_what_cost_more_than_was_taken_counts_too(counters: Counters) -> None:
    wanted = use(most=100, amount=50, period_ms=DAY)
    taken = counters.take([wanted], NOW)
    assert isinstance(taken, Taken)
    counters.correct(taken, [120])
    assert not takes(counters, use(wanted.name, most=100, amount=1, period_ms=DAY))


def test_a_million_dollars_are_counted_to_the_billionth(counters: Counters) -> None:
    most = 1_000_000 * 1_000_000_000
    wanted = use(most=most, amount=most - 1, period_ms=DAY)
    assert takes(counters, wanted)
    assert takes(counters, use(wanted.name, most=most, amount=1, period_ms=DAY))
    assert not takes(counters, use(wanted.name, most=most, amount=1, period_ms=DAY))


def test_memory_lets_go_of_what_is_over() -> None:
    counters = MemoryCounters()
    for at in range(1_000):
        takes(counters, use(f"caller {at}"), at=NOW + at)
    takes(counters, use("last"), at=NOW + 3 * MINUTE)
    assert set(counters._used) == {"last"}


# Where they are


def test_without_a_ledger_nothing_is_counted_and_it_says_what_to_set() -> None:
    with pytest.raises(LedgerUnavailable, match="set `PROMPTSPEC_LEDGER`, or `PROMPTSPEC_COUNTERS`"):
        counters_of({})


def test_the_ledger_counts_unless_something_else_is_named(tmp_path: object) -> None:
    assert isinstance(counters_of({"PROMPTSPEC_LEDGER": f"{tmp_path}/ledger.db"}), LedgerCounters)
    assert isinstance(counters_of({"PROMPTSPEC_COUNTERS": "memory"}), MemoryCounters)
    assert isinstance(counters_of({"PROMPTSPEC_COUNTERS": "rediss://counters.example.org/0"}), RedisCounters)


def test_one_process_has_one_counter_in_memory() -> None:
    assert counters_of({"PROMPTSPEC_COUNTERS": "memory"}) is counters_of({"PROMPTSPEC_COUNTERS": "memory"})


@pytest.mark.parametrize("named", ["memcached://here", "Memory", "redis:here", "postgresql://here"])
def test_any_other_name_is_refused(named: str) -> None:
    with pytest.raises(LedgerUnavailable, match="neither `memory` nor an address of Redis"):
        counters_of({"PROMPTSPEC_COUNTERS": named})


def test_an_address_that_is_none_is_told_without_its_password() -> None:
    with pytest.raises(LedgerUnavailable) as refused:
        RedisCounters("redis://:hunter2hunter2@here:port/0")
    assert "hunter2" not in str(refused.value)
    assert refused.value.__context__ is None


# Where they are gone


def test_a_redis_that_is_gone_is_told_without_its_address(own_redis: RedisServer) -> None:
    counters = RedisCounters(own_redis.url)
    assert takes(counters, use())
    own_redis.stop()
    for ask in (lambda: counters.full([use()], NOW), lambda: counters.take([use()], NOW)):
        with pytest.raises(LedgerUnavailable, match="the counters cannot be reached: ConnectionError") as refused:
            ask()
        assert str(own_redis.port) not in str(refused.value)
        assert refused.value.__context__ is None
    own_redis.start()
    assert takes(counters, use())


def test_a_redis_that_holds_something_else_is_refused(redis: RedisServer) -> None:
    counters = RedisCounters(redis.url)
    wanted = use("held by something else")
    counters._client.set(f"promptspec:{{limits}}:{wanted.name}", "text")
    with pytest.raises(LedgerUnavailable, match="ResponseError"):
        counters.take([wanted], NOW)


def test_redis_and_postgresql_go_by_their_own_clock(redis: RedisServer, ledger_on_a_server: str) -> None:
    """Two hosts whose clocks differ would else let more through."""
    for counters in (RedisCounters(redis.url), LedgerCounters(ledger_on_a_server)):
        wanted = use(most=1)
        assert takes(counters, wanted, at=NOW)
        assert not takes(counters, wanted, at=NOW + DAY)
        assert not takes(counters, wanted, at=NOW - DAY)


def test_keys_in_redis_go_when_they_are_over(redis: RedisServer) -> None:
    counters = RedisCounters(redis.url)
    wanted = use(period_ms=MINUTE)
    assert takes(counters, wanted)
    assert MINUTE < counters._client.pttl(f"promptspec:{{limits}}:{wanted.name}") <= MINUTE + 2_000


def test_a_redis_that_does_not_answer_is_given_up_in_two_seconds(own_redis: RedisServer) -> None:
    counters = RedisCounters(own_redis.url)
    assert takes(counters, use())
    assert own_redis.running is not None
    own_redis.running.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(LedgerUnavailable, match="the counters cannot be reached: TimeoutError"):
            counters.take([use()], NOW)
    finally:
        own_redis.running.send_signal(signal.SIGCONT)
    assert time.monotonic() - began < 10
