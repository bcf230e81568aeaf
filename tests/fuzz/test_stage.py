"""The stage: time that moves only when everything waits, chance from a seed, a wire that ends at a liar."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from promptspec.contract.models import OpenAIModel
from promptspec.errors import DeadlinePassed, InputRefused, ModelUnavailable
from promptspec.fuzz.cases import Case, Json, Lie
from promptspec.fuzz.laws.replies import errors_say_nothing
from promptspec.fuzz.lies.accepted import an_honest_reply
from promptspec.fuzz.lies.values import plain
from promptspec.fuzz.stage import Stage
from promptspec.fuzz.subjects import ID_SECRET, MODEL_SECRET, Subject
from promptspec.fuzz.trial import Trial
from promptspec.loading import load


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with closing(Stage(Subject(load("specs").features["suggest_films"]))) as stage:
        yield stage


@pytest.fixture(scope="module")
def given(stage: Stage) -> Any:
    return plain(stage.subject.feature.examples[0].given)


def told(stage: Stage, given: Json, liar: str = "honest", form: str = "", text: str = "", **case: Any) -> Case:
    reply = an_honest_reply(stage.subject, given)
    return Case(given=given, lie=Lie(liar=liar, form=form, reply=reply, text=text), **case)


def test_one_case_gives_the_same_bytes_every_time(stage: Stage, given: Json):
    first, second = (stage.observe(told(stage, given, seed=7)) for _ in range(2))
    assert [request.body for request in first.requests] == [request.body for request in second.requests]
    assert first.answers == second.answers
    assert first.log == second.log


def test_a_call_that_runs_into_its_deadline_takes_no_time(stage: Stage, given: Json):
    stage.observe(told(stage, given))  # the first call imports the client libraries
    began = time.monotonic()
    observation = stage.observe(told(stage, given, "slow", "headers-late"))
    assert time.monotonic() - began < 1
    assert isinstance(observation.error, DeadlinePassed)
    limit = stage.subject.feature.limits.time_ms / 1000
    assert limit <= observation.seconds <= limit + 0.5


def test_what_comes_before_the_deadline_is_taken(stage: Stage, given: Json):
    observation = stage.observe(told(stage, given, "slow", "headers-a-little-late"))
    assert observation.error is None
    assert observation.seconds == pytest.approx(0.5)


def test_every_request_is_kept_with_its_time(stage: Stage, given: Json):
    observation = stage.observe(told(stage, given, "flapping", "order", "429-soon 500 h"))
    times = [request.at for request in observation.requests]
    assert len(times) == 3
    assert times[0] == 0
    assert times[1] == pytest.approx(1)
    assert times[2] > times[1]
    assert observation.asked == (0, 0, 0)


@pytest.mark.parametrize("text", ["refused", "cut", "cut-body", "cut-end"])
def test_a_wire_that_breaks_is_met_by_asking_again_and_then_by_an_error(stage: Stage, given: Json, text: str):
    observation = stage.observe(told(stage, given, "flapping", "order", text))
    assert isinstance(observation.error, ModelUnavailable)
    assert len(observation.requests) == 1 + stage.subject.feature.limits.retries


def test_a_refused_input_asks_nobody(stage: Stage):
    observation = stage.observe(Case(given={"film": "no such film"}))
    assert isinstance(observation.error, InputRefused)
    assert observation.requests == ()
    assert observation.reply is None


def test_secrets_are_where_they_belong(stage: Stage, given: Json):
    observation = stage.observe(told(stage, given, caller="reader-of-the-fuzzer"))
    (request,) = observation.requests
    assert MODEL_SECRET in request.headers["authorization"]
    assert MODEL_SECRET.encode() not in request.body
    assert ID_SECRET.encode() not in request.body
    assert b"reader-of-the-fuzzer" not in request.body
    assert "reader-of-the-fuzzer" not in observation.log


def test_rendering_asks_nobody_and_makes_the_messages_of_the_request(stage: Stage, given: Json):
    case = told(stage, given, seed=3)
    rendered = stage.render(case)
    sent = stage.observe(case).requests[0].messages
    assert [(message.role, message.content) for message in getattr(rendered, "messages", ())] == list(sent)


def test_a_stage_that_is_closed_logs_no_more():
    logger = logging.getLogger("promptspec")
    before = (logger.level, logger.propagate, list(logger.handlers))
    stage = Stage(Subject(load("specs").features["classify_message"]))
    observation = stage.observe(Case(given={"message": "Hello"}, lie=Lie(liar="silent", reply={"answer": "order"})))
    stage.close()
    assert "reply_refused" in observation.log
    assert (logger.level, logger.propagate, list(logger.handlers)) == before


def test_a_model_that_says_its_own_name_makes_no_leak_of_telemetry() -> None:
    subject = Subject(load("specs").features["route_question"])
    (name,) = [model.name for model in subject.feature.models if isinstance(model, OpenAIModel)]
    case = Case(given={"question": "where is it", "page": "parcel"}, lie=Lie(liar="leaky", form="the-request"))
    with closing(Stage(subject)) as stage:
        trial = Trial(stage, case)
        assert name in "".join(trial.observation.answers)
        assert name in trial.observation.told
        assert errors_say_nothing(trial)


def test_a_tag_is_looked_at_again_where_none_is_known_and_where_another_seed_has_drawn_it() -> None:
    with closing(Stage(Subject(load("specs").features["classify_message"]))) as stage:
        one, same, other = (Trial(stage, Case(given={}, seed=seed)) for seed in (1, 1, 2))
        assert one.was_drawn("5e7a")
        one.note_drawn("5e7a", "")
        assert not same.was_drawn("5e7a", "")
        assert not other.was_drawn("9c41", "")
        assert other.was_drawn("5e7a", "")
