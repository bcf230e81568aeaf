"""Servers that misbehave below the level of JSON, on a raw socket."""

from __future__ import annotations

import gzip
import json
import socket
import time
import tracemalloc

import pytest

from engines.calls import ask_once, make_ask, make_model, outcome
from engines.raw_server import answering, chat_body, closing_after, raw_server, response
from promptspec.models.port import Unavailable

ANSWER = chat_body("{}")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def test_a_plain_answer_is_read():
    with raw_server(answering(response(ANSWER))) as server:
        answer = ask_once(make_model(server.base_url))
    assert (answer.text, answer.usage.input_tokens, answer.usage.output_tokens) == ("{}", 7, 3)
    assert len(server.requests) == 1


def _drip(data: bytes, pause: float):
    def behave(connection: socket.socket) -> bool:
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause)
        return False

    return behave


@pytest.mark.parametrize("start", [b"", HEAD + b"Content-Length: 9999\r\n\r\n"], ids=["headers", "body"])
def test_bytes_that_drip_do_not_hold_a_call_beyond_its_time(start):
    def behave(connection: socket.socket) -> bool:
        connection.sendall(start)
        return _drip(HEAD + b" " * 500, 0.02)(connection)

    with raw_server(behave) as server:
        began = time.monotonic()
        assert outcome(make_model(server.base_url), seconds=2.0) == "late"
        assert time.monotonic() - began < 2.5


def test_a_server_that_never_answers_is_late():
    with raw_server(lambda connection: bool(connection.recv(1))) as server:
        assert outcome(make_model(server.base_url), seconds=0.3) == "late"


@pytest.mark.parametrize("status", ["200 OK", "500 Oh", "400 No", "302 Found", "206 Part"])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_fifty_megabytes_is_not_read(status, chunked):
    def behave(connection: socket.socket) -> bool:
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n".encode()
        block = b" " * 2**16
        if chunked:
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            block = b"10000\r\n" + block + b"\r\n"
        else:
            connection.sendall(head + b"Content-Length: 52428800\r\n\r\n")
        for _ in range(800):
            connection.sendall(block)
        return False

    with raw_server(behave) as server:
        model = make_model(server.base_url)
        outcome(model)  # imports and pools are not what is measured
        tracemalloc.start()
        try:
            found = outcome(model)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert found == {"200": "too_large", "500": "again"}.get(status[:3], "not again")
    assert peak < 2**20


def test_the_bound_grows_with_the_largest_valid_reply():
    body = chat_body("x" * 500_000)
    with raw_server(answering(response(body))) as server:
        model = make_model(server.base_url)
        assert outcome(model, make_ask(largest_reply=200)) == "too_large"
        assert outcome(model, make_ask(largest_reply=100_000)) == "answer"


@pytest.mark.parametrize(("status", "expected"), [("200 OK", "malformed"), ("503 Busy", "again")])
def test_a_compressed_body_is_not_unpacked(status, expected):
    bomb = gzip.compress(b" " * 2**24)
    with raw_server(answering(response(bomb, status=status, headers=("Content-Encoding: gzip",)))) as server:
        assert outcome(make_model(server.base_url)) == expected
    assert b"\r\naccept-encoding: identity\r\n" in server.requests[0].lower()


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("status", [201, 202, 203, 205, 206, 207, 226, 250, 299])
def test_a_success_other_than_200_is_no_answer(status, api):
    said = {"type": "message", "status": "completed", "content": [{"type": "output_text", "text": "{}"}]}
    body = ANSWER if api == "chat" else json.dumps({"status": "completed", "output": [said]}).encode()
    with (
        raw_server(closing_after(response(body, status=f"{status} Well"))) as server,
        pytest.raises(Unavailable) as caught,
    ):
        ask_once(make_model(server.base_url, api=api, structured="prompt"))
    assert (caught.value.again, caught.value.status) == (False, status)
    assert caught.value.detail == f"the server of tiny answered {status}: only a 200 holds an answer"


def test_a_204_is_no_answer_with_a_body_or_without():
    with raw_server(closing_after(b"HTTP/1.1 204 No Content\r\n\r\n")) as server:
        assert outcome(make_model(server.base_url)) == "not again"
    with raw_server(closing_after(response(ANSWER, status="204 No Content"))) as server:
        assert outcome(make_model(server.base_url)) == "again"  # it may have no body, so this is broken HTTP


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_not_followed(status):
    with raw_server(answering(response(ANSWER))) as other:
        moved = response(status=status, headers=(f"Location: {other.base_url}/chat/completions",))
        with raw_server(answering(moved)) as server:
            assert outcome(make_model(server.base_url)) == "not again"
    assert other.requests == []


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\x00\xff garbage\r\n\r\n",
        b"HTTP/9.9 999 ?\r\n\r\n",
        b"HTTP/1.1 2OO OK\r\n\r\n",
        b"220 smtp.example.org ESMTP\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n" + ANSWER,
        HEAD + b"Content-Length: 5, 6\r\n\r\n" + ANSWER,
        HEAD + b"Content-Length: 99999\r\n\r\n" + ANSWER,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
        HEAD + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\n",
        HEAD + b"X: 1\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ],
    ids=[
        "nothing", "bytes", "version", "letters", "smtp", "negative", "two_lengths", "cut", "cut_chunk", "bad_chunk",
        "long_header", "many_headers", "continue", "upgrade",
    ],
)  # fmt: skip
def test_broken_http_means_no_answer(sent):
    with raw_server(closing_after(sent)) as server:
        assert outcome(make_model(server.base_url), seconds=3.0) in ("again", "not again")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"null", b"[]", b"{}", b"<html><body>Welcome</body></html>", ANSWER + b"{}", b"\xff\xfe",
        b"[" * 60_000, b'{"choices":[]}', b'{"choices":null}', b'{"choices":[{"message":{"content":"{}"}}',
        b'{"choices":[{"finish_reason":"stop","message":{"content":{}}}]}', b'{"error":{"message":"x"}}',
        b'{"a":1,"a":2,"choices":[{"finish_reason":"stop","message":{"content":"{}"}}]}', b"1" * 60_000, b"1e400",
    ],
)  # fmt: skip
@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_200_that_is_no_completion_is_malformed(body, api):
    with raw_server(answering(response(body, kind="text/html"))) as server:
        model = make_model(server.base_url, api=api, structured="prompt")
        assert outcome(model) == "malformed"


@pytest.mark.parametrize("body", [b"[" * 60_000, b"1" * 60_000, b"<html>", b"\xff", b"{}", b"null"])
@pytest.mark.parametrize("status", ["400 No", "401 No", "429 No", "500 No"])
def test_the_body_of_an_error_is_never_the_problem(body, status):
    with raw_server(answering(response(body, status=status))) as server:
        assert outcome(make_model(server.base_url)) == ("again" if status[0] == "5" or "429" in status else "not again")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (("Retry-After: 3",), 3.0),
        (("Retry-After: 1.5",), 1.5),
        (("retry-after-ms: 250", "Retry-After: 3"), 0.25),
        (("Retry-After: Wed, 21 Oct 2026 07:28:30 GMT", "Date: Wed, 21 Oct 2026 07:28:00 GMT"), 30.0),
        (("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT",), 0.0),
        (("Retry-After: 99999999999999999999",), 3600.0),
        (("Retry-After: NaN",), None),
        (("Retry-After: -1",), None),
        (("Retry-After: soon",), None),
        ((), None),
    ],
)
def test_retry_after_is_read_from_seconds_milliseconds_and_dates(headers, seconds):
    with (
        raw_server(answering(response(b"{}", status="429 Slow", headers=headers))) as server,
        pytest.raises(Unavailable) as caught,
    ):
        ask_once(make_model(server.base_url))
    assert (caught.value.again, caught.value.status, caught.value.after) == (True, 429, seconds)


def test_a_server_that_is_gone_may_be_asked_again():
    with raw_server(answering(b"")) as server:
        url = server.base_url
    with pytest.raises(Unavailable) as caught:
        ask_once(make_model(url))
    assert caught.value.again
    assert caught.value.status is None


def test_a_large_request_is_sent_whole():
    messages = b'{"role":"user","content":"' + b"a" * 3_000_000 + b'"}'
    with raw_server(answering(response(ANSWER))) as server:
        assert outcome(make_model(server.base_url), make_ask(messages=messages)) == "answer"
    assert messages in server.requests[0]


def test_cookies_of_one_call_are_not_sent_with_the_next():
    reply = response(ANSWER, headers=("Set-Cookie: session=of-someone; Path=/",))

    with raw_server(answering(reply)) as server:
        model = make_model(server.base_url)

        async def twice() -> None:
            await model.ask(make_ask(), seconds=5)
            await model.ask(make_ask(), seconds=5)

        import asyncio

        asyncio.run(twice())
    assert len(server.requests) == 2
    assert server.connections == 1
    assert b"cookie" not in server.requests[1].lower()
