"""The wire against llama.cpp's own server (xllamacpp), with a model of random weights."""

from __future__ import annotations

import asyncio
import json
import os

import jsonschema
import pytest

from engines.calls import SCHEMA, ask_once, make_ask, make_model, outcome
from engines.fixtures import Engine, serve_llama
from promptspec.errors import ReplyRefused
from promptspec.models.openai_api import OpenAIModel
from promptspec.models.port import Unavailable

KINDS_OF_END = {"answer", "incomplete", "empty"}


@pytest.mark.parametrize("structured", ["json_schema", "grammar"])
def test_a_constrained_reply_of_random_weights_has_the_form(llama: Engine, structured):
    model = make_model(llama.base_url, key=llama.key, structured=structured)

    async def many():
        return await asyncio.gather(*(model.ask(make_ask(), seconds=30) for _ in range(12)))

    for answer in asyncio.run(many()):
        jsonschema.validate(json.loads(answer.text), SCHEMA)
        assert answer.usage.input_tokens is not None
        assert answer.usage.output_tokens is not None
        assert answer.usage.output_tokens > 0


def _texts(model: OpenAIModel, tries: int) -> list[str]:
    """Return the answers among *tries*; random weights also end at once, or not at all."""
    texts: list[str] = []
    for _ in range(tries):
        try:
            texts.append(ask_once(model).text)
        except ReplyRefused:
            continue
    return texts


def _has_form(text: str) -> bool:
    try:
        jsonschema.validate(json.loads(text), SCHEMA)
    except (json.JSONDecodeError, jsonschema.ValidationError):
        return False
    return True


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_unconstrained_reply_is_garbage_that_arrives_as_text(llama: Engine, api):
    texts = _texts(make_model(llama.base_url, key=llama.key, api=api, structured="prompt"), 8)
    assert texts
    assert not any(map(_has_form, texts))


def test_json_object_promises_an_object_and_no_more(llama: Engine):
    model = make_model(llama.base_url, key=llama.key, structured="json_object")
    assert outcome(model, make_ask(reply_tokens=200)) in KINDS_OF_END


def test_responses_ignores_a_schema_which_is_why_only_prompt_is_offered(llama: Engine):
    model = make_model(llama.base_url, key=llama.key, api="responses", structured="json_schema")
    texts = _texts(model, 8)
    assert texts
    assert not all(map(_has_form, texts))


def test_a_reply_that_meets_its_cap_is_incomplete(llama: Engine):
    model = make_model(llama.base_url, key=llama.key)
    assert outcome(model, make_ask(reply_tokens=4)) == "incomplete"


def test_a_wrong_key_is_refused_without_hope(llama: Engine):
    with pytest.raises(Unavailable) as caught:
        ask_once(make_model(llama.base_url, key="sk-wrong"))
    assert (caught.value.status, caught.value.again) == (401, False)
    assert "sk-wrong" not in f"{caught.value!r} {caught.value.detail}"


def test_a_prompt_beyond_the_context_is_refused_without_hope(llama: Engine):
    messages = b'{"role":"user","content":"' + b"word " * 6_000 + b'"}'
    with pytest.raises(Unavailable) as caught:
        ask_once(make_model(llama.base_url, key=llama.key), make_ask(messages=messages))
    assert (caught.value.status, caught.value.again) == (400, False)


def test_an_unknown_path_is_not_found(llama: Engine):
    with pytest.raises(Unavailable) as caught:
        ask_once(make_model(llama.url + "/nowhere", key=llama.key))
    assert (caught.value.status, caught.value.again) == (404, False)


def test_a_schema_that_is_none_is_refused_by_the_server(llama: Engine):
    model = make_model(llama.base_url, key=llama.key)
    assert outcome(model, make_ask(schema=b'{"type":"no such type"}')) in ("not again", "answer", "incomplete")


def test_these_tests_fail_where_the_server_is_stopped(tmp_path):
    with serve_llama(tmp_path) as engine:
        model = make_model(engine.base_url, key=engine.key)
        assert outcome(model) == "answer"
        engine.process.terminate()
        engine.process.wait(10)
        assert outcome(model) == "again"


def test_environment_variables_of_the_client_library_change_nothing(llama: Engine, monkeypatch):
    for name in ("OPENAI_BASE_URL", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1")
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "sk-from-the-environment")
    assert os.environ["OPENAI_BASE_URL"].endswith(":9/v1")
    assert outcome(make_model(llama.base_url, key=llama.key)) == "answer"
