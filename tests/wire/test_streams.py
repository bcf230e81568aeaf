"""Streams on the wire: servers that nobody here wrote, and servers that do what they should not."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import jsonschema
import pytest

from engines.calls import SCHEMA, make_ask, make_model, stream_once, stream_outcome
from engines.fixtures import Aimock, Engine
from engines.raw_server import (
    DONE,
    RawServer,
    chat_body,
    chunk,
    closing_after,
    event_stream,
    raw_server,
    response,
)

HELLO = {"userMessage": "hello"}
STOP = chunk(finish="stop")
USAGE = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


def _deltas(*texts: str) -> list[dict[str, object]]:
    return [{"type": "response.output_text.delta", "output_index": 0, "delta": text} for text in texts]


def _added(kind: str = "message", **more: object) -> dict[str, object]:
    item = {"type": kind, "role": "assistant", **more}
    return {"type": "response.output_item.added", "output_index": 0, "item": item}


def _completed(text: str, kind: str = "completed", **more: object) -> dict[str, object]:
    part = {"type": "output_text", "text": text}
    item = {"type": "message", "role": "assistant", "status": "completed", "content": [part]}
    whole = {"status": kind, "output": [item], "usage": {"input_tokens": 5, "output_tokens": 2}, **more}
    return {"type": f"response.{kind}", "response": whole}


# Servers that behave


def test_llama_cpp_streams_what_has_the_form(llama: Engine) -> None:
    pieces, answer = stream_once(make_model(llama.base_url, key=llama.key))
    assert "".join(pieces) == answer.text
    assert len(pieces) > 3
    jsonschema.validate(json.loads(answer.text), SCHEMA)
    assert answer.usage.output_tokens


@pytest.mark.needs_npm
@pytest.mark.parametrize("api", ["chat", "responses"])
def test_aimock_streams(aimock: Aimock, api: str) -> None:
    text = '{"reply":"hi there, how are you today?","tone":"warm"}'
    aimock.script({"match": HELLO, "response": {"content": text}, "chunkSize": 5})
    pieces, answer = stream_once(make_model(aimock.base_url, server="openai", api=api))
    assert "".join(pieces) == answer.text == text
    assert len(pieces) > 3
    body: dict[str, Any] = aimock.journal()[-1]["body"]
    assert body["stream"] is True
    assert body.get("stream_options") == ({"include_usage": True} if api == "chat" else None)


@pytest.mark.needs_npm
@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_tool_call_in_a_stream_is_refused(aimock: Aimock, api: str) -> None:
    calls = [{"name": "delete_everything", "arguments": {"path": "/"}}]
    aimock.script({"match": HELLO, "response": {"toolCalls": calls}})
    assert stream_outcome(make_model(aimock.base_url, server="openai", api=api, structured="prompt")) == "tool_call"


@pytest.mark.needs_npm
@pytest.mark.parametrize(("finish", "rule"), [("length", "incomplete"), ("content_filter", "filtered")])
def test_a_stream_needs_the_model_to_have_stopped(aimock: Aimock, finish: str, rule: str) -> None:
    aimock.script({"match": HELLO, "response": {"content": "{}", "finishReason": finish}})
    assert stream_outcome(make_model(aimock.base_url, structured="prompt")) == rule


@pytest.mark.needs_npm
@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("rateLimitRate", {"again"}),
        ("dropRate", {"again"}),
        ("disconnectRate", {"again"}),
    ],
)
def test_each_kind_of_chaos_ends_a_stream_in_one_of_our_ways(
    chaos: Aimock, llama: Engine, rate: str, expected: set[str]
) -> None:
    chaos.break_with(**{rate: 1.0})
    assert {stream_outcome(make_model(chaos.base_url, key=llama.key))} <= expected


def test_usage_behind_the_end_is_read(raw: Any) -> None:
    pieces, answer = raw(chunk("hi"), STOP, USAGE, DONE)
    assert (pieces, answer.text) == (["hi"], "hi")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (7, 3)


# Servers that do not


@pytest.fixture
def raw() -> Any:
    def streamed(*events: object, api: str = "chat", largest: int = 200) -> Any:
        with raw_server(closing_after(event_stream(*events))) as server:
            return stream_once(
                make_model(server.base_url, api=api, structured="prompt"), make_ask(largest_reply=largest)
            )

    return streamed


def _outcome(answer: bytes, api: str = "chat", *, seconds: float = 10.0) -> str:
    with raw_server(closing_after(answer)) as server:
        return stream_outcome(make_model(server.base_url, api=api, structured="prompt"), seconds=seconds)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([chunk("hi"), STOP, DONE], "answer"),
        ([chunk("hi"), STOP], "answer"),
        ([b": ping\n\n", b"event: message\r\n", chunk("hi"), b"\r\n", STOP, DONE], "answer"),
        ([{"choices": []}, chunk("", role="assistant"), chunk("hi"), STOP, DONE], "answer"),
        ([chunk("hi"), DONE], "incomplete"),
        ([chunk("hi")], "incomplete"),
        ([], "incomplete"),
        ([DONE], "incomplete"),
        ([STOP, DONE], "empty"),
        ([chunk("hi"), chunk(finish="length"), DONE], "incomplete"),
        ([chunk("hi", finish="eos"), DONE], "incomplete"),
        ([chunk("hi"), chunk(finish="content_filter"), DONE], "filtered"),
        ([chunk("hi"), chunk(refusal="no"), STOP, DONE], "refused"),
        ([chunk("hi"), chunk(tool_calls=[{"index": 0}]), STOP, DONE], "tool_call"),
        ([chunk("hi"), chunk(function_call={"name": "x"}), STOP, DONE], "tool_call"),
        ([chunk("hi"), chunk(finish="tool_calls"), DONE], "tool_call"),
        ([chunk("hi"), STOP, STOP, DONE], "malformed"),
        ([chunk("hi"), STOP, chunk("more"), DONE], "malformed"),
        ([chunk("hi", role="user"), STOP, DONE], "malformed"),
        ([chunk(["hi"]), STOP, DONE], "malformed"),
        ([{"choices": [{"index": 1, "delta": {"content": "hi"}}]}, STOP, DONE], "malformed"),
        ([{"choices": [{"index": 0, "message": {"content": "hi"}}]}, STOP, DONE], "malformed"),
        ([{"choices": chunk()["choices"] * 2}], "malformed"),  # pyright: ignore[reportOperatorIssue]
        ([{"nothing": 1}], "malformed"),
        ([[1]], "malformed"),
        ([b"data: {\n\n"], "malformed"),
        ([b"garbage\n\n", STOP, DONE], "malformed"),
        ([b'data: {"choices": [], "choices": []}\n\n'], "malformed"),
        ([b"data: \xff\xfe\n\n"], "malformed"),
        ([chunk("hi"), {"error": {"code": "server_error"}}], "again"),
        ([chunk("hi"), {"error": {"code": "content_filter"}}], "filtered"),
        ([chunk("hi"), {"error": {"message": "x"}}], "malformed"),
        ([chunk("x" * 70_000), STOP, DONE], "too_large"),
        ([chunk("x" * 7_000)] * 10 + [STOP, DONE], "too_large"),
        ([b"data: " + b"x" * 70_000], "too_large"),
        ([b": " + b"x" * 70_000], "too_large"),
    ],
)  # fmt: skip
def test_what_a_chat_stream_says_is_read_strictly(events: list[object], expected: str) -> None:
    assert _outcome(event_stream(*events)) == expected


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([_added(), *_deltas("h", "i"), _completed("hi")], "answer"),
        ([_completed("hi")], "answer"),
        ([_added("reasoning"), *_deltas("thinking"), {**_added(), "output_index": 1}, _completed("hi")], "answer"),
        ([_added(phase="commentary"), *_deltas("x"), _completed("hi")], "answer"),
        ([_added(), *_deltas("h", "o"), _completed("hi")], "malformed"),
        ([_added(), *_deltas("hi")], "incomplete"),
        ([_added(), *_deltas("hi"), _completed("hi", "incomplete")], "incomplete"),
        ([_completed("hi", "incomplete", incomplete_details={"reason": "content_filter"})], "filtered"),
        ([_completed("hi", "failed", error={"code": "server_error"})], "again"),
        ([_completed("hi", "failed", error={"code": "content_policy_violation"})], "filtered"),
        ([{"type": "error", "code": "server_error", "message": "x"}], "again"),
        ([{"type": "response.refusal.delta", "delta": "no"}], "refused"),
        ([_added("function_call"), _completed("hi")], "tool_call"),
        ([_added("hologram"), _completed("hi")], "tool_call"),
        ([_added(role="user"), _completed("hi")], "malformed"),
        ([*_deltas("h"), {**_deltas("i")[0], "output_index": 1}, _completed("hi")], "malformed"),
        ([{"type": "response.completed"}], "malformed"),
        ([{"type": 7}], "malformed"),
        ([DONE], "malformed"),
    ],
)
def test_what_a_stream_of_responses_says_is_read_strictly(events: list[object], expected: str) -> None:
    assert _outcome(event_stream(*events), "responses") == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (response(chat_body("hi")), "answer"),
        (response(b'{"error": {"code": "content_filter"}}'), "filtered"),
        (response(b"{}"), "malformed"),
        (response(b'"' + b"x" * 70_000 + b'"'), "too_large"),
        (response(b"<html>", kind="text/html"), "malformed"),
        (response(b"data: [DONE]\n\n", kind="text/plain"), "malformed"),
        (response(b"", status="503 Busy"), "again"),
        (response(b'{"error": {"code": "content_filter"}}', status="400 Bad"), "filtered"),
        (response(b"x" * 200_000, status="404 Gone"), "not again"),
        (event_stream(chunk("hi"), STOP, DONE, headers=("Content-Encoding: gzip",)), "malformed"),
        (_HEAD + b"Content-Length: 900\r\n\r\ndata: {}", "again"),
        (_HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\ndata:", "again"),
        (b"nonsense\r\n\r\n", "again"),
    ],
)  # fmt: skip
def test_what_is_no_stream_has_its_outcome(answer: bytes, expected: str) -> None:
    assert _outcome(answer) == expected


def test_a_stream_that_never_ends_runs_into_the_deadline() -> None:
    def drip(connection: socket.socket) -> bool:
        connection.sendall(event_stream(chunk("hi")))
        while True:
            connection.sendall(b": ping\n\n")
            time.sleep(0.02)

    with raw_server(drip) as server:
        assert stream_outcome(make_model(server.base_url), seconds=0.3) == "late"


def test_characters_that_are_cut_between_two_pieces_come_whole() -> None:
    whole = event_stream(chunk("Grüße, 世界 🙂"), STOP, DONE)
    raw_text = whole.replace(rb"\u00fc", "ü".encode()).replace(rb"\ud83d\ude42", "🙂".encode())

    def drip(connection: socket.socket) -> bool:
        for at in range(len(raw_text)):
            connection.sendall(raw_text[at : at + 1])
        return False

    with raw_server(drip) as server:
        pieces, _ = stream_once(make_model(server.base_url))
    assert pieces == ["Grüße, 世界 🙂"]


def test_a_stream_that_was_left_is_not_used_again() -> None:
    """What comes behind `[DONE]` answers no other request."""
    import asyncio

    smuggled = event_stream(chunk("hi"), STOP, DONE).replace(b"Connection: close\r\n", b"Content-Length: 9999\r\n")

    def behave(connection: socket.socket) -> bool:
        connection.sendall(smuggled + response(chat_body("smuggled")))
        return True

    async def twice(server: RawServer) -> list[str]:
        model = make_model(server.base_url, structured="prompt")
        found: list[str] = []
        for _ in range(2):
            found.append((await model.stream(make_ask(), seconds=5, more=lambda _: None)).text)
        return found

    with raw_server(behave) as server:
        assert asyncio.run(twice(server)) == ["hi", "hi"]
        assert server.connections == 2
