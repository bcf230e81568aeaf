"""Liars on a real socket, asked by the client that is used in production."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from promptspec.errors import CallFailed, PromptspecError
from promptspec.fuzz.cases import Lie
from promptspec.fuzz.lies.boundaries import wire_cases
from promptspec.fuzz.lies.raw import RAW
from promptspec.fuzz.lies.registry import LIARS
from promptspec.fuzz.lies.values import plain
from promptspec.fuzz.loopback import call_over, serve
from promptspec.fuzz.reference import judge_reply
from promptspec.fuzz.subjects import TODAY, Subject
from promptspec.loading import load
from promptspec.ports import World
from promptspec.runtime.plan import OpenAI
from promptspec.safety.callers import Session

SPEC = """promptspec 1

feature greet {
    model "gpt-5.6-luna"
    input { name: line(1..40) }
    output { greeting: line(3..80)  warm: bool }
    ensure contains(greeting, "o") else "has no o"
    limits { time 1s  retries 1 }
    example "hello" {
        given { name: "Ada" }
        returns { greeting: "Hello to you", warm: true }
    }
}
"""
GIVEN = {"name": "Ada"}
#: Pauses are so many times shorter, so that what is an hour on the stage is still longer than the call's second.
SPEED = 20.0


class Clock:
    def monotonic(self) -> float:
        return time.monotonic()

    def today(self):
        return TODAY

    def now(self):
        return datetime.combine(TODAY, datetime.now(UTC).timetz())


class Entropy:
    def token(self, bits: int) -> str:
        return "0" * ((bits + 3) // 4)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = tmp_path_factory.mktemp("wire")
    Path(folder, "greet.spec").write_text(SPEC)
    return Subject(load(folder).features["greet"])


def call(subject: Subject, base_url: str, api: str = "chat"):
    """Return what the call gave, its error, and the seconds that it took."""
    world = World(clock=Clock(), entropy=Entropy(), environment=subject.environment)
    plan = OpenAI(name="liar", server="openai", api=cast("Any", api), structured="json_schema", base_url=base_url,
                  hosts=(base_url.split("/")[2],))  # fmt: skip
    found = SimpleNamespace(value=None, error=None)
    began = time.monotonic()
    with subject.running.override(model=(plan.connect(world),), world=world):
        try:
            reply = asyncio.run(subject.running.acall_fields(cast("Any", GIVEN), caller=Session("reader-1")))
            found.value = reply.value
        except PromptspecError as error:
            found.error = error
    found.seconds = time.monotonic() - began
    return found


def wire_lies() -> list[Lie]:
    """Every form that has to do with the wire, told of one honest reply."""
    reply = {"greeting": "Hello to you", "warm": True}
    lies = [Lie(liar="raw", form=form, reply=reply) for form in RAW]
    for liar in ("honest", "slow", "tricking", "silent", "tool_calling", "malformed", "overlong", "truncated"):
        lies += [Lie(liar=liar, form=form.name, reply=reply) for form in LIARS[liar] if form.goes == "whole"]
    orders = (
        "429 h",
        "429-never h",
        "cut h",
        "cut-body h",
        "cut-end",
        "refused h",
        "bad-json",
        "500 cut h",
        "html",
        "529",
    )
    return lies + [Lie(liar="flapping", form="order", reply=reply, text=order) for order in orders]


@pytest.mark.parametrize("lie", wire_lies(), ids=lambda lie: f"{lie.liar}-{lie.form}-{lie.text}")
def test_the_call_ends_in_a_value_or_an_error_of_ours_in_time(subject: Subject, lie: Lie):
    with serve(lie, speed=SPEED) as base_url:
        found = call(subject, base_url)
    assert found.seconds < 1.0 + 0.5 + 1.0  # half a second of grace, and a busy machine
    assert not isinstance(found.error, CallFailed)
    if found.error is None:
        value = {"greeting": found.value.greeting, "warm": found.value.warm}
        assert judge_reply(subject.module, subject.feature, GIVEN, value, rows={}, today=TODAY) == []


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_honest_server_is_believed(subject: Subject, api: str):
    with serve(Lie(reply={"greeting": "Hello to you", "warm": True})) as base_url:
        found = call(subject, base_url, api)
    assert found.error is None
    assert found.value.greeting == "Hello to you"


@pytest.mark.parametrize("order", ["cut h", "cut-body h", "cut-end h", "refused h", "500 h", "408 h"])
def test_what_fails_once_is_asked_again_over_a_new_connection(subject: Subject, order: str):
    lie = Lie(liar="flapping", form="order", text=order, reply={"greeting": "Hello to you", "warm": True})
    with serve(lie) as base_url:
        found = call(subject, base_url)
    assert found.error is None or found.seconds > 0.9


@pytest.mark.parametrize("form", ["reset", "reset-in-body", "close-in-body", "length-too-long", "no-last-chunk"])
def test_half_an_answer_is_none(subject: Subject, form: str):
    with serve(Lie(liar="raw", form=form, reply={"greeting": "Hello to you", "warm": True})) as base_url:
        found = call(subject, base_url)
    assert found.error is not None


@pytest.mark.parametrize("name", ["suggest_films"])
def test_a_feature_of_the_samples_keeps_its_time_over_the_wire(name: str):
    sample = Subject(load("specs").features[name])
    given = plain(sample.feature.examples[0].given)

    async def call_all() -> None:
        for lie in wire_cases(sample):
            if lie.liar in ("raw", "slow"):
                found = await call_over(sample, lie, given, seconds=0.5, speed=40)
                assert found.error is None or isinstance(found.error, PromptspecError), lie
                assert not isinstance(found.error, CallFailed), lie
                assert found.seconds < 0.5 + 0.5 + 1.0, lie

    asyncio.run(call_all())


def test_wire_cases_name_forms_that_exist(subject: Subject):
    names = {(liar, form.name) for liar, forms in LIARS.items() for form in forms} | {("raw", form) for form in RAW}
    cases = list(wire_cases(subject, GIVEN))
    assert {(lie.liar, lie.form) for lie in cases} <= names
    assert {lie.form for lie in cases if lie.liar == "raw"} == set(RAW)
    assert all(lie.reply is not None for lie in cases)
