"""Every Exception becomes ours, what is no Exception passes, and neither says what anybody wrote (rule 22)."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from promptspec.errors import NO_ANSWER, CallFailed, DeadlinePassed, InputRefused, ModelUnavailable, PromptspecError
from promptspec.models.port import Unavailable
from promptspec.runtime.feature import Feature
from promptspec.runtime.v1 import Rehearse, Session, SignedIn, replies, wires
from runtime.shop import FIELDS, ME, REPLY, Clock, Teller, good, world

SECRET = "kingfisher"


class Broken:
    """A clock whose day cannot be read."""

    def monotonic(self) -> float:
        return time.monotonic()

    def today(self) -> Any:
        raise ZeroDivisionError(SECRET)

    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.mark.parametrize(
    "raised", [ValueError(SECRET), KeyError(SECRET), RecursionError(), OSError(SECRET), StopIteration()]
)
def test_an_exception_of_a_model_becomes_call_failed_with_its_cause(sort: Feature[Any], raised: Exception) -> None:
    with sort.override(model=Teller(raises=raised), world=world()), pytest.raises(CallFailed) as caught:
        sort.call_fields(FIELDS, caller=ME)
    assert caught.value.__cause__ is not None
    assert caught.value.user_message == NO_ANSWER
    assert SECRET not in str(caught.value) + repr(caught.value)


def test_an_exception_of_the_clock_becomes_call_failed(sort: Feature[Any]) -> None:
    with sort.override(model=good(), world=world(clock=Broken())), pytest.raises(CallFailed) as caught:
        sort.call_fields(FIELDS, caller=ME)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("raised", [KeyboardInterrupt, asyncio.CancelledError, SystemExit, GeneratorExit, MemoryError])
def test_what_ends_a_program_passes(sort: Feature[Any], raised: type[BaseException]) -> None:
    with sort.override(model=Teller(raises=raised()), world=world()), pytest.raises(raised):
        sort.call_fields(FIELDS, caller=ME)


def test_an_interrupt_leaves_no_thread_and_the_next_call_works(sort: Feature[Any]) -> None:
    before = set(threading.enumerate())
    with sort.override(model=Teller(raises=KeyboardInterrupt()), world=world()), pytest.raises(KeyboardInterrupt):
        sort.call_fields(FIELDS, caller=ME)
    assert set(threading.enumerate()) <= before
    with sort.override(model=good(), world=world()):
        assert sort.call_fields(FIELDS, caller=ME).value


def test_no_error_and_no_log_says_what_was_given_or_answered(
    sort: Feature[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    errors: list[PromptspecError] = []
    inputs: list[dict[str, Any]] = [
        {"order": SECRET},
        {"note": SECRET * 20},
        {"code": SECRET},
        {SECRET: SECRET},
        {"lines": [{"sku": SECRET, "amount": SECRET, SECRET: 1}]},
        {"to": SECRET},
        {"page": f"https://{SECRET}.example/"},
        {"held": SECRET},
        {"document": {SECRET: SECRET}},
        {"history": [{"role": SECRET, "text": SECRET}]},
        {"budget": SECRET},
    ]
    for changes in inputs:
        with sort.override(model=good(), world=world()), pytest.raises(PromptspecError) as caught:
            sort.call_fields(dict(FIELDS) | changes, caller=ME)
        errors.append(caught.value)
    texts = [SECRET, json.dumps({SECRET: SECRET})]
    texts += [json.dumps(dict(REPLY) | {field: SECRET}) for field in REPLY if field != "why"]
    texts += [json.dumps(dict(REPLY) | {"why": f"https://{SECRET}.example/"})]
    for text in texts:
        with sort.override(model=wires(text), world=world()), pytest.raises(PromptspecError) as caught:
            sort.call_fields(FIELDS, caller=ME)
        errors.append(caught.value)
    said = "".join(str(e) + repr(e) + repr(e.args) + repr(getattr(e, "violations", "")) for e in errors)
    assert SECRET not in said + caplog.text + "".join(map(repr, (r.__dict__ for r in caplog.records)))


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"note": ["hushed"], "hushed": 1}, "{}"), ({}, '{"hushed": "hushed"}'), ({}, '{"pick": hushed}')],
)
def test_no_error_carries_a_context_that_holds_what_was_given_or_answered(
    sort: Feature[Any], changes: dict[str, object], text: str
) -> None:
    model = Teller(text)
    with sort.override(model=model, world=world()), pytest.raises(PromptspecError) as caught:
        sort.call_fields(dict(FIELDS) | changes, caller=ME)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


def test_a_reply_does_not_show_its_value(sort: Feature[Any]) -> None:
    with sort.override(model=good(), world=world()):
        reply = sort.call_fields(FIELDS, caller=ME)
    assert "Because" not in repr(reply)


def test_the_end_user_hears_one_sentence_whatever_went_wrong_after_the_model_was_asked(sort: Feature[Any]) -> None:
    said: set[str] = set()
    for model in (Teller("junk"), Teller(raises=ValueError()), Teller(raises=Unavailable("busy", again=False))):
        with sort.override(model=model, world=world()), pytest.raises(PromptspecError) as caught:
            sort.call_fields(FIELDS, caller=ME)
        said.add(caught.value.user_message)
    assert said == {NO_ANSWER}


def test_time_bounds_all_attempts(sort: Feature[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setattr(type(sort), "plan", replace(sort.plan, limits=replace(sort.plan.limits, seconds=0.3)))
    for model in (Teller(waits=30), Teller(raises=Unavailable("busy", again=True))):
        started = time.monotonic()
        with sort.override(model=model, world=world()), pytest.raises((DeadlinePassed, ModelUnavailable)):
            sort.call_fields(FIELDS, caller=ME)
        assert time.monotonic() - started < 0.3 + 0.5 + 0.3


def test_retries_are_one_budget(sort: Feature[Any]) -> None:
    model = Teller(raises=Unavailable("busy", again=True, after=0.01))
    with sort.override(model=model, world=world()), pytest.raises(ModelUnavailable):
        sort.call_fields(FIELDS, caller=ME)
    assert len(model.asked) == 3


# Overrides, many, twins


def test_an_override_ends_with_its_block_and_holds_in_this_context_alone(sort: Feature[Any]) -> None:
    found: list[object] = []

    def elsewhere() -> None:
        try:
            sort.call_fields(FIELDS, caller=ME)
        except PromptspecError as error:
            found.append(type(error))

    with sort.override(model=good(), world=world()):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    with pytest.raises(PromptspecError):
        sort.call_fields(FIELDS, caller=ME)
    assert len(found) == 1


KEYED = dict(REPLY) | {"pick": "cd-2", "others": [], "none_of_them": None}


def test_tasks_keep_the_override_that_they_began_with(sort: Feature[Any]) -> None:
    async def one(plan: str) -> str:
        with sort.override(model=replies(KEYED | {"plan": plan}), world=world()):
            await asyncio.sleep(0)
            row = (await sort.acall_fields(FIELDS, caller=ME)).value.plan
            return str(getattr(row, row.key_column))

    async def both() -> list[str]:
        return list(await asyncio.gather(one("free"), one("pro")))

    assert asyncio.run(both()) == ["free", "pro"]


def test_scripted_replies_come_in_turn_and_the_last_again_and_again(sort: Feature[Any]) -> None:
    first, second = (KEYED | {"why": why} for why in ("One.", "Two."))
    with sort.override(model=replies(first, second), world=world()):
        said = [sort.call_fields(FIELDS, caller=ME).value.why for _ in range(3)]
    assert said == ["One.", "Two.", "Two."]


def test_many_keeps_the_order_collects_errors_and_bounds_what_runs_at_once(sort: Feature[Any]) -> None:
    model = good()
    model.waits = 0.01
    rows = [dict(FIELDS) | ({"code": "z"} if number == 3 else {}) for number in range(12)]
    with sort.override(model=model, world=world()):
        outcomes = sort.many(rows, caller=ME, on_error="collect", at_once=3)
    assert [outcome.index for outcome in outcomes] == list(range(12))
    assert [outcome.index for outcome in outcomes if isinstance(outcome.error, InputRefused)] == [3]
    assert 1 < model.most_at_once <= 3


def test_many_raises_the_first_error_and_begins_nothing_more(sort: Feature[Any]) -> None:
    model = good()
    model.waits = 0.05
    rows = [dict(FIELDS) | ({"code": "z"} if number == 0 else {}) for number in range(40)]
    with sort.override(model=model, world=world()), pytest.raises(InputRefused):
        sort.many(rows, caller=ME, at_once=2)
    assert len(model.asked) <= 2


def test_many_works_where_a_loop_is_running(sort: Feature[Any]) -> None:
    async def inside() -> int:
        return len(sort.many([FIELDS, FIELDS], caller=ME))

    with sort.override(model=good(), world=world()):
        assert asyncio.run(inside()) == 2


def test_the_asynchronous_twin_says_the_same(sort: Feature[Any]) -> None:
    with sort.override(model=good(), world=world()):
        here = sort.call_fields(FIELDS, caller=ME)
        there = asyncio.run(sort.acall_fields(FIELDS, caller=ME))
    assert here.value == there.value
    with sort.override(model=Teller("junk"), world=world()):
        with pytest.raises(PromptspecError) as one:
            sort.call_fields(FIELDS, caller=ME)
        with pytest.raises(PromptspecError) as two:
            asyncio.run(sort.acall_fields(FIELDS, caller=ME))
    assert type(one.value) is type(two.value)


# Rehearsal


def test_a_function_without_a_key_is_unavailable_and_never_rehearses(sort: Feature[Any]) -> None:
    environment = {"PROMPTSPEC_ID_KEY": "k1:0123456789abcdef"}
    with sort.override(world=world(environment=environment)), pytest.raises(ModelUnavailable):
        sort.call_fields(FIELDS, caller=ME)


def test_rehearsal_is_asked_for_by_the_environment_and_says_so(sort: Feature[Any]) -> None:
    fields = dict(FIELDS) | {"lines": [{"sku": "ab-1", "amount": 1}], "moods": [], "budget": 1}
    with sort.override(world=world(environment={"PROMPTSPEC_REHEARSE": "1"})):
        reply = sort.call_fields(fields, caller=ME)
    assert reply.rehearsed
    assert reply.value.why == "Because it was asked for."


def test_a_rehearsed_reply_passes_every_check(sort: Feature[Any]) -> None:
    with sort.override(model=Rehearse(), world=world(clock=Clock())), pytest.raises(PromptspecError) as caught:
        sort.call_fields(dict(FIELDS) | {"moods": ["wild"]}, caller=ME)
    assert "add an example" in str(caught.value)


def test_a_session_is_no_account(sort: Feature[Any]) -> None:
    model = good()
    for caller in (None, Session("s"), "a-test", object()):
        with sort.override(model=model, world=world()), pytest.raises(PromptspecError) as caught:
            sort.call_fields(FIELDS, caller=caller)  # pyright: ignore[reportArgumentType]
        assert caught.value.code == "caller_refused"
    with sort.override(model=model, world=world()), pytest.raises(PromptspecError):
        sort.call_fields(FIELDS, caller=SignedIn(""))
    assert model.asked == []
