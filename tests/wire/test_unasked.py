"""What a server sends before it is asked answers no call; on a raw socket that sends it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest
from aiohttp.connector import Connection

from engines.calls import make_ask, make_model
from engines.raw_server import Behaviour, answering, chat_body, raw_server, response
from promptspec.models import loop

FIRST = response(chat_body("first"))
GOOD = response(chat_body("good"))
UNASKED = response(chat_body("unasked"))
TIMED_OUT = response(b"", status="408 Request Timeout", headers=("Connection: close",))


class _Later:
    """Answers the first request, and sends *unasked* once it is told to; what comes on a new connection is good."""

    def __init__(self, unasked: bytes, *, ends: bool = False) -> None:
        self.unasked = unasked
        self.ends = ends
        self.now = threading.Event()
        self.sent = threading.Event()
        self._answered = False

    def __call__(self, connection: socket.socket) -> bool:
        if self._answered:
            connection.sendall(GOOD)
            return True
        self._answered = True
        connection.sendall(FIRST)
        assert self.now.wait(5)
        connection.sendall(self.unasked)
        if self.ends:
            connection.shutdown(socket.SHUT_WR)
        self.sent.set()
        return True

    def send(self) -> None:
        """Send what nobody asked for, and wait until it has come to this side."""
        self.now.set()
        assert self.sent.wait(5)
        time.sleep(0.02)


def _both(behaviour: _Later, *, stands_still: bool) -> tuple[list[str], int]:
    """Return what two calls of one loop are answered, and over how many connections."""

    async def calls(base_url: str) -> list[str]:
        model = make_model(base_url)
        one = await model.ask(make_ask(), seconds=5)
        if stands_still:
            behaviour.send()
        else:
            await asyncio.to_thread(behaviour.send)
            await asyncio.sleep(0.02)
        two = await model.ask(make_ask(), seconds=5)
        return [one.text, two.text]

    with raw_server(behaviour) as server:
        return asyncio.run(calls(server.base_url)), server.connections


@pytest.mark.parametrize("stands_still", [False, True], ids=["read", "not_read"])
@pytest.mark.parametrize(
    ("unasked", "ends"),
    [
        (UNASKED, False), (UNASKED, True), (UNASKED * 3, False), (UNASKED[:30], False), (UNASKED[:-1], False),
        (TIMED_OUT, True), (b"HTTP/1.1 103 Early Hints\r\n\r\n", False), (b"\r\n", False), (b"garbage", False),
        (b"", True),
    ],
    ids=["whole", "whole_ends", "three", "head", "cut", "timed_out", "hints", "line", "garbage", "ends"],
)  # fmt: skip
def test_what_comes_on_a_waiting_connection_answers_no_call(unasked, ends, stands_still):
    assert _both(_Later(unasked, ends=ends), stands_still=stands_still) == (["first", "good"], 2)


@pytest.mark.parametrize("unasked", [UNASKED, UNASKED[:30], b""], ids=["whole", "head", "ends"])
def test_what_comes_between_synchronous_calls_answers_none(unasked):
    behaviour = _Later(unasked, ends=not unasked)
    with raw_server(behaviour) as server:
        model = make_model(server.base_url)

        def call() -> str:
            return loop.run(lambda: model.ask(make_ask(), seconds=5)).text

        one = call()
        behaviour.send()
        assert [one, call()] == ["first", "good"]
        assert server.connections == 2


@pytest.mark.parametrize("apart", [0.0, 0.02], ids=["at_once", "apart"])
def test_two_responses_to_one_request_are_one_answer(apart):
    first = True

    def behave(connection: socket.socket) -> bool:
        nonlocal first
        if first:
            first = False
            head, body = FIRST[:-5], FIRST[-5:]
            connection.sendall(head)
            time.sleep(apart)  # the response ends, and the next begins, within one reading of the socket
            connection.sendall(body + UNASKED)
        else:
            connection.sendall(GOOD)
        return True

    assert _texts_of(behave, 2) == ["first", "good"]


def test_a_connection_that_kept_silent_is_used_again():
    with raw_server(answering(GOOD)) as server:
        model = make_model(server.base_url)

        async def calls() -> None:
            for _ in range(3):
                await model.ask(make_ask(), seconds=5)
                await asyncio.sleep(0.02)
                await model.ask(make_ask(), seconds=5)
                time.sleep(0.02)

        asyncio.run(calls())
    assert server.connections == 1


def test_no_connection_is_used_twice_where_its_release_is_not_told(monkeypatch):
    def tell_nobody(*_: object) -> None:
        pass

    monkeypatch.setattr(Connection, "add_callback", tell_nobody)
    behaviour = _Later(UNASKED)
    assert _both(behaviour, stands_still=False) == (["first", "good"], 2)
    with raw_server(answering(GOOD)) as server:
        model = make_model(server.base_url)

        async def calls() -> None:
            for _ in range(3):
                await model.ask(make_ask(), seconds=5)

        asyncio.run(calls())
    assert server.connections == 3


def test_of_many_waiting_connections_only_those_that_spoke_are_dropped():
    barrier = threading.Barrier(8)
    chatty = iter(range(4))

    def behave(connection: socket.socket) -> bool:
        if len(server.requests) <= 8:
            barrier.wait(5)
            connection.sendall(GOOD)
            if next(chatty, None) is not None:
                time.sleep(0.05)
                connection.sendall(UNASKED)
        else:
            connection.sendall(GOOD)
        return True

    async def calls() -> list[str]:
        model = make_model(server.base_url)
        texts: list[str] = []
        for _ in range(3):
            answers = await asyncio.gather(*(model.ask(make_ask(), seconds=5) for _ in range(8)))
            texts += [answer.text for answer in answers]
            await asyncio.sleep(0.15)
        return texts

    with raw_server(behave) as server:
        assert asyncio.run(calls()) == ["good"] * 24
        assert server.connections == 12


def _texts_of(behaviour: Behaviour, calls: int) -> list[str]:
    async def ask(base_url: str) -> list[str]:
        model = make_model(base_url)
        texts: list[str] = []
        for _ in range(calls):
            texts.append((await model.ask(make_ask(), seconds=5)).text)
            await asyncio.sleep(0.02)
        return texts

    with raw_server(behaviour) as server:
        return asyncio.run(ask(server.base_url))
