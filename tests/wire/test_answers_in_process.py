"""Flags that no server here can be made to set, through the client library's own mock transport."""

from __future__ import annotations

import json

import httpx2
import pytest

from engines.calls import ask_once, make_ask, make_model, outcome
from promptspec.models.port import Unavailable

MESSAGE = {"type": "message", "role": "assistant", "status": "completed"}


def _model(body: object, *, status: int = 200, api: str = "chat", seen: list[httpx2.Request] | None = None):
    def answer(request: httpx2.Request) -> httpx2.Response:
        if seen is not None:
            seen.append(request)
        return httpx2.Response(status, json=body)

    return make_model(
        "https://api.openai.com/v1",
        server="openai",
        api=api,
        structured="json_schema",
        transport=httpx2.MockTransport(answer),
    )


def _choice(message: object, finish: object = "stop") -> dict[str, object]:
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def _text(text: object, **more: object) -> dict[str, object]:
    return MESSAGE | {"content": [{"type": "output_text", "text": text}]} | more


@pytest.mark.parametrize(
    ("message", "finish", "expected"),
    [
        ({"content": "{}"}, "stop", "answer"),
        ({"content": "{}", "refusal": None, "tool_calls": []}, "stop", "answer"),
        ({"role": "assistant", "content": "{}"}, "stop", "answer"),
        ({"role": None, "content": "{}"}, "stop", "answer"),
        ({"role": "user", "content": "{}"}, "stop", "malformed"),
        ({"role": "system", "content": "{}"}, "stop", "malformed"),
        ({"role": "", "content": "{}"}, "stop", "malformed"),
        ({"role": ["assistant"], "content": "{}"}, "stop", "malformed"),
        ({"content": None, "refusal": "I will not"}, "stop", "refused"),
        ({"content": "{}", "refusal": "I will not"}, "stop", "refused"),
        ({"content": None, "tool_calls": [{"id": "1"}]}, "tool_calls", "tool_call"),
        ({"content": "{}", "function_call": {"name": "f"}}, "stop", "tool_call"),
        ({"content": None}, "stop", "empty"),
        ({"content": ""}, "stop", "empty"),
        ({}, "stop", "empty"),
        ({"content": [{"type": "text", "text": "{}"}]}, "stop", "malformed"),
        ({"content": 4}, "stop", "malformed"),
        ({"content": "{}"}, "length", "incomplete"),
        ({"content": "{}"}, None, "incomplete"),
        ({"content": "{}"}, "content_filter", "filtered"),
        ({"content": "{}"}, "tool_calls", "tool_call"),
        ({"content": "{}"}, {"a": 1}, "incomplete"),
        (None, "stop", "malformed"),
        ("text", "stop", "malformed"),
    ],
)
def test_chat_flags(message, finish, expected):
    assert outcome(_model(_choice(message, finish))) == expected


def test_two_choices_where_one_was_asked_for_are_malformed():
    choice = {"index": 0, "message": {"content": "{}"}, "finish_reason": "stop"}
    assert outcome(_model({"choices": [choice, choice]})) == "malformed"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "completed", "output": [_text("{}")]}, "answer"),
        ({"status": "completed", "output": [{"type": "reasoning", "summary": []}, _text("{}")]}, "answer"),
        ({"status": "completed", "output": [_text("let me see", phase="commentary"), _text("{}")]}, "answer"),
        ({"status": "completed", "output": [_text("{}"), _text("{}")]}, "malformed"),
        ({"status": "completed", "output": []}, "empty"),
        ({"status": "completed", "output": [_text("")]}, "empty"),
        ({"status": "completed", "output": [_text("{", status="incomplete")]}, "incomplete"),
        ({"status": "completed", "output": [MESSAGE | {"content": [{"type": "refusal", "refusal": "no"}]}]}, "refused"),
        ({"status": "completed", "output": [{"type": "function_call", "name": "f"}]}, "tool_call"),
        ({"status": "completed", "output": [_text("{}"), {"type": "custom_tool_call"}]}, "tool_call"),
        ({"status": "completed", "output": [{"type": "web_search_call"}, _text("{}")]}, "tool_call"),
        ({"status": "completed", "output": [{"kind": "message"}]}, "malformed"),
        ({"status": "completed", "output": [_text(4)]}, "malformed"),
        ({"status": "completed", "output": "text"}, "malformed"),
        ({"status": "completed", "output_text": "{}"}, "malformed"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": []}, "incomplete"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "output": []}, "filtered"),
        ({"status": "incomplete", "incomplete_details": None, "output": [_text("{}")]}, "incomplete"),
        ({"status": "in_progress", "output": []}, "incomplete"),
        ({"status": "failed", "error": {"code": "server_error"}}, "again"),
        ({"status": "failed", "error": {"code": "rate_limit_exceeded"}}, "again"),
        ({"status": "failed", "error": {"code": "invalid_prompt"}}, "filtered"),
        ({"status": "failed", "error": {"code": "other"}}, "malformed"),
        ({"status": "failed"}, "malformed"),
        ({"status": "completed", "output": [_text("{}", role=None)]}, "answer"),
        ({"status": "completed", "output": [_text("{}", role="user")]}, "malformed"),
        ({"status": "completed", "output": [_text("{}", role="Assistant")]}, "malformed"),
        ({"output": [_text("{}")]}, "malformed"),
        ({"status": ["completed"], "output": [_text("{}")]}, "malformed"),
    ],
)
def test_responses_flags(body, expected):
    assert outcome(_model(body, api="responses")) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (None, "answer"),
        ({"code": "server_error"}, "again"),
        ({"code": "rate_limit_exceeded"}, "again"),
        ({"code": "content_filter"}, "filtered"),
        ({"type": "moderation_blocked"}, "filtered"),
        ({"message": "upstream failed", "code": 502}, "malformed"),
        ({"code": ["server_error"]}, "malformed"),
        *((error, "malformed") for error in ({}, [], "", "server_error", False, True, 0, 500)),
    ],
)
@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_answer_beside_an_error_is_none(api, error, expected):
    answer = _choice({"content": "{}"}) if api == "chat" else {"status": "completed", "output": [_text("{}")]}
    assert outcome(_model(answer | {"error": error}, api=api)) == expected
    assert outcome(_model({"error": error}, api=api)) == ("malformed" if expected == "answer" else expected)


@pytest.mark.parametrize(
    "error",
    [
        {"code": "content_filter"},
        {"code": "moderation_blocked"},
        {"code": "content_policy_violation"},
        {"type": "invalid_request_error", "code": "invalid_prompt"},
        {"code": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}},
    ],
)
def test_a_400_of_a_filter_is_a_filtered_reply(error):
    assert outcome(_model({"error": error}, status=400)) == "filtered"


@pytest.mark.parametrize("error", [{}, {"code": 4}, "content_filter", None, {"message": "content_filter"}])
def test_any_other_400_is_a_mistake_of_the_request(error):
    assert outcome(_model({"error": error}, status=400)) == "not again"


@pytest.mark.parametrize(
    ("status", "again"),
    [(201, False), (299, False), (400, False),
     (401, False), (402, False), (403, False), (404, False), (408, True), (409, True), (413, False),
     (418, False), (422, False), (425, False), (429, True), (500, True), (502, True), (503, True), (529, True)],
)  # fmt: skip
def test_statuses_that_another_attempt_may_mend(status, again):
    with pytest.raises(Unavailable) as caught:
        ask_once(_model({"error": {"message": "the prompt was: hello"}}, status=status))
    assert (caught.value.status, caught.value.again) == (status, again)
    assert "hello" not in str(caught.value)


def test_usage_counts_are_read_and_nonsense_is_none():
    good = _choice({"content": "{}"}) | {"usage": {"prompt_tokens": 5, "completion_tokens": 2}}
    bad = _choice({"content": "{}"}) | {"usage": {"prompt_tokens": True, "completion_tokens": -2}}
    assert ask_once(_model(good)).usage.input_tokens == 5
    assert ask_once(_model(bad)).usage.input_tokens is None
    assert ask_once(_model(bad)).usage.output_tokens is None


@pytest.mark.parametrize(
    "error",
    [httpx2.ConnectError("x"), httpx2.ReadTimeout("x"), httpx2.DecodingError("x"), OSError("x"), EOFError("x"),
     ValueError("x"), RecursionError("x"), KeyError("x"), json.JSONDecodeError("x", "y", 0)],
)  # fmt: skip
def test_whatever_the_libraries_raise_becomes_unavailable(error):
    def fail(_request: httpx2.Request) -> httpx2.Response:
        raise error

    model = make_model("https://api.openai.com/v1", server="openai", transport=httpx2.MockTransport(fail))
    with pytest.raises(Unavailable) as caught:
        ask_once(model)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, MemoryError])
def test_what_must_pass_passes(kind):
    def fail(_request: httpx2.Request) -> httpx2.Response:
        raise kind

    model = make_model("https://api.openai.com/v1", server="openai", transport=httpx2.MockTransport(fail))
    with pytest.raises(kind):
        ask_once(model)


def test_the_body_on_the_wire_is_the_messages_as_they_were_given():
    seen: list[httpx2.Request] = []
    messages = b'{"role":"user","content":"a"} , {"role" : "user","content":"\\u00e9"}'
    ask_once(_model(_choice({"content": "{}"}), seen=seen), make_ask(messages=messages, user=None))
    assert messages in seen[0].content
    assert "safety_identifier" not in json.loads(seen[0].content)
