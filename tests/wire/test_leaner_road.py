"""What we send over the client of the openai package is what the package itself would send; on a raw socket."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from engines.calls import KEY, make_ask, make_model, outcome
from engines.raw_server import answering, chat_body, raw_server, response
from promptspec.models.clients import Client, client_for
from promptspec.models.origins import Secret, read_origin
from promptspec.models.transport import BodyTooLarge

ANSWER = response(chat_body("{}"))
BODY = b'{"model":"tiny"}'


def _parts(request: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """Return the request line, the headers by their names in lower case, and the body."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    named = [header.partition(b": ") for header in headers]
    assert len({name.lower() for name, _, _ in named}) == len(named)
    return line, {name.lower(): value for name, _, value in named}, body


async def _client(base_url: str, key: str | None = KEY) -> Client:
    origin = read_origin(base_url)
    assert origin is not None
    return await client_for(origin, Secret(key) if key else None)


@pytest.mark.parametrize("path", ["", "/", "/deep/er", "/deep/er/"])
@pytest.mark.parametrize("key", [KEY, None])
def test_our_request_and_the_one_of_the_package_say_the_same(path, key):
    async def both(base_url: str) -> None:
        client = await _client(base_url, key)
        await client.send("/chat/completions", BODY, largest=10_000)
        await client.post("/chat/completions", cast_to=httpx2.Response, content=BODY)

    with raw_server(answering(ANSWER)) as server:
        asyncio.run(both(server.base_url + path))
        assert server.connections == 1
    (line, ours, body), (their_line, theirs, their_body) = map(_parts, server.requests)
    assert (line, body) == (their_line, their_body)
    assert line == b"POST /v1" + path.rstrip("/").encode() + b"/chat/completions HTTP/1.1"
    assert ours == {name: theirs[name] for name in ours}
    # The package adds what it tells of retries and of the connection, and nothing else.
    assert theirs.keys() - ours.keys() <= {b"connection", b"x-stainless-retry-count", b"x-stainless-read-timeout"}
    assert ours.keys() == {
        b"accept", b"accept-encoding", b"authorization", b"content-length", b"content-type", b"host", b"user-agent"
    }  # fmt: skip


def test_the_authentication_of_the_package_is_what_travels():
    class Signing(Client):
        @property
        def auth_headers(self) -> dict[str, str]:
            return {"Authorization": f"Signed {self.api_key}"}

    async def send(base_url: str) -> None:
        made = await _client(base_url)
        client = Signing(base_url=base_url, api_key="k", transport=made._transport)
        await client.send("/responses", BODY, largest=10_000)

    with raw_server(answering(ANSWER)) as server:
        asyncio.run(send(server.base_url))
    line, headers, _ = _parts(server.requests[0])
    assert line == b"POST /v1/responses HTTP/1.1"
    assert headers[b"authorization"] == b"Signed k"


def test_a_key_that_is_changed_in_the_client_is_sent_from_then_on():
    async def send(base_url: str) -> None:
        client = await _client(base_url)
        for key in ("one", "one", "two", "one"):
            client.api_key = key
            await client.send("/chat/completions", BODY, largest=10_000)

    with raw_server(answering(ANSWER)) as server:
        asyncio.run(send(server.base_url))
    sent = [_parts(request)[1][b"authorization"] for request in server.requests]
    assert sent == [b"Bearer one", b"Bearer one", b"Bearer two", b"Bearer one"]


def test_a_key_that_is_changed_in_the_environment_is_sent_at_the_next_ask():
    environment = {"TEST_KEY": "sk-first"}

    async def two(base_url: str) -> None:
        model = make_model(base_url, environment=environment)
        await model.ask(make_ask(), seconds=5)
        environment["TEST_KEY"] = "sk-second"
        await model.ask(make_ask(), seconds=5)

    with raw_server(answering(ANSWER)) as server:
        asyncio.run(two(server.base_url))
    sent = [_parts(request)[1][b"authorization"] for request in server.requests]
    assert sent == [b"Bearer sk-first", b"Bearer sk-second"]


def test_headers_of_the_environment_are_not_sent(monkeypatch):
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(name, "of-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: of-the-environment\nAuthorization: of-the-environment")
    with raw_server(answering(ANSWER)) as server:
        assert outcome(make_model(server.base_url)) == "answer"
    assert b"of-the-environment" not in server.requests[0]
    assert _parts(server.requests[0])[1][b"authorization"] == b"Bearer " + KEY.encode()


def test_a_body_above_the_bound_is_refused_on_the_packages_road_too():
    large = response(chat_body("x" * 100_000))

    async def post(base_url: str) -> None:
        client = await _client(base_url)
        await client.post("/chat/completions", cast_to=httpx2.Response, content=BODY)

    with raw_server(answering(large)) as server, pytest.raises(BodyTooLarge):
        asyncio.run(post(server.base_url))


def test_what_is_prepared_for_a_request_shows_no_key():
    async def prepared(base_url: str) -> str:
        client = await _client(base_url)
        await client.send("/chat/completions", BODY, largest=10_000)
        return repr(client._heads)

    with raw_server(answering(ANSWER)) as server:
        assert KEY not in asyncio.run(prepared(server.base_url))
