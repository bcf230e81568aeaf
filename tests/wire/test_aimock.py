"""The wire against aimock (npm): scripted replies, and a proxy that breaks llama.cpp's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from engines.calls import ask_once, make_ask, make_model, outcome
from engines.fixtures import Aimock
from promptspec.errors import ModelUnavailable
from promptspec.models.asking import ask_models
from promptspec.models.port import Unavailable

pytestmark = pytest.mark.needs_npm

HELLO = {"userMessage": "hello"}


def _received(aimock: Aimock) -> dict[str, Any]:
    return aimock.journal()[-1]


def test_chat_sends_what_the_server_kind_understands(aimock: Aimock):
    aimock.script({"match": HELLO, "response": {"content": '{"reply":"hi"}'}})
    model = make_model(aimock.base_url, server="openai", effort="low")
    assert ask_once(model).text == '{"reply":"hi"}'
    entry = _received(aimock)
    assert entry["path"] == "/v1/chat/completions"
    body = entry["body"]
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hello"},
    ]
    assert body["response_format"]["json_schema"]["strict"] is True
    assert (body["max_completion_tokens"], body["store"], body["safety_identifier"]) == (600, False, "u-hash")
    assert body["reasoning_effort"] == "low"
    assert "tools" not in body
    assert "user" not in body


@pytest.mark.parametrize("structured", ["json_schema", "json_object", "prompt"])
def test_responses_reads_the_text(aimock: Aimock, structured):
    aimock.script({"match": HELLO, "response": {"content": "plain"}})
    model = make_model(aimock.base_url, server="openai", api="responses", structured=structured)
    assert ask_once(model).text == "plain"
    assert _received(aimock)["path"] == "/v1/responses"


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_tool_call_is_refused(aimock: Aimock, api):
    calls = [{"name": "delete_everything", "arguments": {"path": "/"}}]
    aimock.script({"match": HELLO, "response": {"toolCalls": calls}})
    model = make_model(aimock.base_url, server="openai", api=api, structured="prompt")
    assert outcome(model) == "tool_call"


@pytest.mark.parametrize(
    ("finish", "rule"), [("length", "incomplete"), ("content_filter", "filtered"), ("eos", "incomplete")]
)
def test_chat_needs_the_model_to_have_stopped(aimock: Aimock, finish, rule):
    aimock.script({"match": HELLO, "response": {"content": "{}", "finishReason": finish}})
    assert outcome(make_model(aimock.base_url, structured="prompt")) == rule


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (429, "rate_limit_exceeded", "again"),
        (503, "overloaded", "again"),
        (400, "content_filter", "filtered"),
        (400, "invalid_request_error", "not again"),
        (403, "forbidden", "not again"),
    ],
)
def test_scripted_errors_mean_what_their_status_says(aimock: Aimock, status, code, expected):
    error = {"message": "the user said: hello", "type": "error", "code": code}
    aimock.script({"match": HELLO, "response": {"error": error, "status": status}})
    assert outcome(make_model(aimock.base_url)) == expected


def test_a_request_that_no_fixture_answers_says_nothing_of_the_server(aimock: Aimock):
    with pytest.raises(Unavailable) as caught:
        ask_once(make_model(aimock.base_url))
    assert "fixture" not in caught.value.detail.lower()


def test_the_chaos_proxy_passes_llama_cpp_through(chaos: Aimock, llama):
    answer = ask_once(make_model(chaos.base_url, key=llama.key))
    assert set(json.loads(answer.text)) == {"reply", "tone"}


@pytest.mark.parametrize(
    ("rate", "expected"),
    [("rateLimitRate", "again"), ("dropRate", "again"), ("disconnectRate", "again"), ("malformedRate", "malformed")],
)
def test_each_kind_of_chaos_has_its_outcome(chaos: Aimock, llama, rate, expected):
    chaos.break_with(**{rate: 1.0})
    assert outcome(make_model(chaos.base_url, key=llama.key)) == expected


def test_a_rate_limit_of_the_proxy_says_how_long_to_wait(chaos: Aimock, llama):
    chaos.break_with(rateLimitRate=1.0)
    with pytest.raises(Unavailable) as caught:
        ask_once(make_model(chaos.base_url, key=llama.key))
    assert caught.value.status == 429
    assert caught.value.after is not None


def test_under_random_chaos_every_ask_ends_in_one_of_our_ways(chaos: Aimock, llama):
    chaos.break_with(rateLimitRate=0.2, malformedRate=0.15, disconnectRate=0.15, dropRate=0.1)
    model = make_model(chaos.base_url, key=llama.key)
    found = {outcome(model) for _ in range(40)}
    assert found <= {"answer", "again", "malformed"}
    assert len(found) > 1


def test_retries_spend_their_budget_on_the_wire(aimock: Aimock, world_clock, entropy):
    aimock.script({"match": HELLO, "response": {"error": {"message": "busy", "type": "x"}, "status": 503}})
    model = make_model(aimock.base_url)

    async def no_wait(seconds: float) -> None:
        assert seconds > 0

    async def call():
        deadline = world_clock.monotonic() + 20
        with pytest.raises(ModelUnavailable) as caught:
            await ask_models(
                [model], make_ask, retries=2, deadline=deadline, clock=world_clock, entropy=entropy, sleep=no_wait
            )
        return caught.value

    error = asyncio.run(call())
    assert len([entry for entry in aimock.journal() if entry["path"].endswith("completions")]) == 3
    assert error.detail.count("503") == 3
    assert "busy" not in str(error)
