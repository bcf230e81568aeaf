"""Where keys go, on a raw socket that keeps what it receives, and that they show nowhere else."""

from __future__ import annotations

import logging
import traceback

import httpx2
import pytest

from engines.calls import KEY, ask_once, make_model, outcome
from engines.raw_server import answering, chat_body, raw_server, response
from promptspec.models.port import Unavailable

OPENAI_KEY = "sk-proj-belongs-to-openai"
ANSWER = response(chat_body("{}"))


def test_openai_base_url_is_ignored(monkeypatch):
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, content=chat_body("{}"))

    with raw_server(answering(ANSWER)) as decoy:
        monkeypatch.setenv("OPENAI_BASE_URL", decoy.base_url)
        environment = {"OPENAI_API_KEY": OPENAI_KEY, "OPENAI_BASE_URL": decoy.base_url}
        model = make_model(
            None, server="openai", key_env=None, environment=environment, transport=httpx2.MockTransport(answer)
        )
        assert outcome(model) == "answer"
    assert decoy.requests == []
    assert str(seen[0].url) == "https://api.openai.com/v1/chat/completions"
    assert seen[0].headers["authorization"] == f"Bearer {OPENAI_KEY}"


@pytest.mark.parametrize("key_env", [None, "OPENAI_API_KEY", "TEST_KEY"])
def test_openais_key_goes_to_no_other_origin(monkeypatch, key_env):
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, OPENAI_KEY)
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", f"Authorization: Bearer {OPENAI_KEY}\nX-Secret: {OPENAI_KEY}")
    with raw_server(answering(ANSWER)) as server:
        environment = {"OPENAI_API_KEY": OPENAI_KEY, "TEST_KEY": KEY}
        model = make_model(server.base_url, key_env=key_env, environment=environment)
        found = outcome(model)
    assert found == ("not again" if key_env == "OPENAI_API_KEY" else "answer")
    assert OPENAI_KEY.encode() not in b"".join(server.requests)
    if key_env == "TEST_KEY":
        assert f"Bearer {KEY}".encode() in server.requests[0]


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "400 No", "401 No", "429 No", "500 No"])
def test_no_secret_shows_in_errors_reprs_or_logs(status, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx2", "aiohttp", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    echo = f'{{"error":{{"message":"Incorrect API key provided: {KEY}; the prompt was: hello"}}}}'.encode()
    with raw_server(answering(response(echo, status=status))) as server:
        model = make_model(server.base_url)
        with pytest.raises(Exception) as caught:  # noqa: PT011
            ask_once(model)
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True).stack
    ours = [frame.locals for frame in frames if "promptspec" in frame.filename and "tests" not in frame.filename]
    shown = f"{caught.value!r} {caught.value} {model!r} {vars(caught.value)} {caplog.text} {caught.value.__context__!r}"
    assert KEY not in shown
    assert "hello" not in shown
    assert KEY.encode() in server.requests[0]
    assert ours
    assert KEY not in str(ours) or status == "200 OK"  # what a server answers is being read there


@pytest.mark.parametrize("key", ["", " ", "sk\r\nX-Evil: 1", "sk-ü", "a b", "x" * 5000])
def test_a_key_that_is_none_is_not_sent(key):
    with raw_server(answering(ANSWER)) as server:
        assert outcome(make_model(server.base_url, key=key)) == "not again"
    assert server.requests == []


def test_a_host_that_is_not_listed_is_not_contacted():
    with raw_server(answering(ANSWER)) as server:
        with pytest.raises(Unavailable) as caught:
            ask_once(make_model(server.base_url, hosts=("127.0.0.1:1", "example.org")))
        assert not caught.value.again
        assert "[tool.promptspec]" in caught.value.detail
        assert "hosts" in caught.value.detail
        port = server.base_url.split(":")[2].split("/")[0]
        assert outcome(make_model(server.base_url, hosts=(f"127.0.0.1:{port}",))) == "answer"
    assert len(server.requests) == 1


def test_a_base_url_of_the_environment_is_judged_like_any_other():
    with raw_server(answering(ANSWER)) as server:
        environment = {"TEST_KEY": KEY, "LLM_URL": server.base_url}
        allowed = make_model(None, base_url_env="LLM_URL", environment=environment)
        refused = make_model(None, base_url_env="LLM_URL", environment=environment, hosts=())
        missing = make_model(None, base_url_env="OTHER_URL", environment=environment)
        assert [outcome(model) for model in (allowed, refused, missing)] == ["answer", "not again", "not again"]
    assert len(server.requests) == 1
