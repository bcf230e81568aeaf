"""The bytes of a request body."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from engines.calls import SCHEMA, make_ask
from promptspec.models.requests import TELL_SCHEMA, RequestForms
from promptspec.models.servers import SERVERS, Api, Structured


def _forms(
    server: str = "openai", api: Api = "chat", structured: Structured = "json_schema", **more: Any
) -> RequestForms:
    options = {"temperature": None, "effort": None} | more
    return RequestForms(name="m", api=api, endpoint=SERVERS[server].endpoint(api), structured=structured, **options)


def test_a_whole_chat_body():
    body = _forms(temperature=Decimal("0.20"), effort="low").encode(make_ask(thinking_tokens=100))
    assert json.loads(body) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        "max_completion_tokens": 700,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
        },
        "store": False,
        "temperature": 0.2,
        "reasoning_effort": "low",
        "safety_identifier": "u-hash",
    }


def test_a_whole_responses_body():
    body = _forms(api="responses", effort="high").encode(make_ask(user=None))
    assert json.loads(body) == {
        "model": "m",
        "input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
        "max_output_tokens": 600,
        "text": {"format": {"type": "json_schema", "name": "answer", "strict": True, "schema": SCHEMA}},
        "store": False,
        "reasoning": {"effort": "high"},
    }


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("server", SERVERS)
def test_every_body_caps_the_reply_and_carries_no_tools(server, api):
    for structured in SERVERS[server].endpoint(api).structured:
        body = json.loads(_forms(server, api, structured).encode(make_ask()))
        assert body[SERVERS[server].endpoint(api).cap] == 600
        assert {"tools", "tool_choice", "previous_response_id", "stream", "n"}.isdisjoint(body)
        assert ("safety_identifier" in body) == (server == "openai")
        assert ("user" in body) == (server != "openai")


def test_grammars_stand_where_each_server_takes_them():
    lark = "%llguidance {}\nstart: %json " + json.dumps(SCHEMA)
    assert json.loads(_forms("llama_cpp", structured="grammar").encode(make_ask()))["grammar"] == lark
    body = json.loads(_forms("vllm", structured="grammar").encode(make_ask()))
    assert body["structured_outputs"] == {"grammar": lark}


@pytest.mark.parametrize("structured", ["json_object", "prompt"])
def test_a_server_that_is_not_given_the_schema_reads_it_in_the_system_message(structured):
    body = json.loads(_forms(structured=structured).encode(make_ask()))
    assert body["messages"][0]["content"] == "Be brief." + TELL_SCHEMA + json.dumps(SCHEMA)
    assert body.get("response_format") == ({"type": "json_object"} if structured == "json_object" else None)


@pytest.mark.parametrize("text", ['"', "\\", "\n\x00\x1f", "é日😀", "\u2028", "\ud800", "</script>", "\x7f"])
def test_any_text_is_encoded_so_that_it_comes_back(text):
    body = _forms().encode(make_ask(system=text, user=text))
    read = json.loads(body.decode())
    assert read["messages"][0]["content"] == text
    assert read["safety_identifier"] == text


def test_messages_are_copied_and_not_read():
    assert b"],not json,[" in _forms().encode(make_ask(messages=b"],not json,["))


def test_without_messages_the_system_message_stands_alone():
    assert len(json.loads(_forms().encode(make_ask(messages=b"")))["messages"]) == 1


def test_equal_asks_give_equal_bytes_and_the_fixed_parts_are_kept():
    forms = _forms()
    assert forms.encode(make_ask()) == forms.encode(make_ask())
    assert len(forms._forms) == 1
    for cap in range(1000):
        forms.encode(make_ask(reply_tokens=cap + 1))
    assert len(forms._forms) <= 256
