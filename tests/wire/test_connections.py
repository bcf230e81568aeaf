"""One connection a slot, used again, and none left behind; on a raw socket that counts them."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import pytest

from engines.calls import make_ask, make_model, outcome
from engines.raw_server import answering, chat_body, raw_server, response
from promptspec.models import clients, loop
from promptspec.models.transport import NetworkTransport

ANSWER = response(chat_body("{}"))


def test_sixty_four_in_flight_use_one_connection_a_slot():
    def behave(connection: socket.socket) -> bool:
        time.sleep(0.002)
        connection.sendall(ANSWER)
        return True

    with raw_server(behave) as server:
        model = make_model(server.base_url)

        async def worker():
            for _ in range(8):
                await model.ask(make_ask(), seconds=20)

        async def all_workers():
            await asyncio.gather(*(worker() for _ in range(64)))

        asyncio.run(all_workers())
    assert len(server.requests) == 64 * 8
    assert server.connections <= 64


def test_calls_one_after_another_share_one_connection():
    with raw_server(answering(ANSWER)) as server:
        model = make_model(server.base_url)

        async def many():
            for _ in range(20):
                await model.ask(make_ask(), seconds=5)

        asyncio.run(many())
    assert server.connections == 1


def test_two_models_at_one_origin_share_connections_and_two_keys_do_not():
    with raw_server(answering(ANSWER)) as server:
        one, two, other = (make_model(server.base_url, name=n, key=k) for n, k in (("a", "k"), ("b", "k"), ("a", "l")))

        async def each():
            for model in (one, two, one, two):
                await model.ask(make_ask(), seconds=5)
            assert server.connections == 1
            await other.ask(make_ask(), seconds=5)

        asyncio.run(each())
    assert server.connections == 2


def test_a_loop_that_ends_leaves_no_connection_and_no_pool():
    with raw_server(answering(ANSWER)) as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        model = make_model(server.base_url)
        outcome(model)
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        pools = len(clients._POOLS)  # those of idle loops that earlier tests left for the next call
        for _ in range(10):
            assert outcome(model) == "answer"
        gc.collect()
        after = len(os.listdir("/proc/self/fd")) if before else 0
        assert len(clients._POOLS) <= pools
    assert server.connections == 11
    assert after <= before + 2


@pytest.mark.parametrize("seconds", [0.05])
def test_calls_that_run_out_of_time_leave_no_connection(seconds):
    with raw_server(lambda connection: bool(connection.recv(1))) as server:
        model = make_model(server.base_url)

        async def many():
            for _ in range(5):
                with pytest.raises(TimeoutError):
                    await model.ask(make_ask(), seconds=seconds)
            await asyncio.sleep(0.05)
            pool = clients._POOLS[asyncio.get_running_loop()]
            (client,) = pool.clients.values()
            transport = client._client._transport
            assert isinstance(transport, NetworkTransport)
            return transport._session.connector

        connector = asyncio.run(many())
        assert connector is not None
        assert not connector._acquired


def test_synchronous_calls_keep_their_connection():
    with raw_server(answering(ANSWER)) as server:
        model = make_model(server.base_url)
        for _ in range(5):
            loop.run(lambda: model.ask(make_ask(), seconds=5))
        assert server.connections == 1


def test_a_process_ends_without_warnings_and_a_forked_child_has_its_own_connections():
    script = """
        import asyncio, logging, os, sys, warnings
        warnings.simplefilter("error")
        logging.getLogger("asyncio").setLevel(logging.ERROR)  # in `-X dev` it tells of slow steps: a busy machine
        sys.path[:0] = sys.argv[2:]
        from engines.calls import make_ask, make_model
        from promptspec.models import loop
        model = make_model(sys.argv[1])
        def call():
            return loop.run(lambda: model.ask(make_ask(), seconds=30)).text
        assert call() == "{}"
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 and later warn of forks with threads
        child = os.fork()
        if child == 0:
            ok = call() == "{}"
            asyncio.run(model.ask(make_ask(), seconds=30))
            os._exit(0 if ok else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert call() == "{}"
    """
    with raw_server(answering(ANSWER)) as server:
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-c", textwrap.dedent(script), server.base_url, *sys.path],
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert "Error" not in done.stderr
    assert len(server.requests) == 4
    assert server.connections == 3


def test_a_connection_that_the_server_closed_meanwhile_is_not_used():
    def behave(connection: socket.socket) -> bool:
        connection.sendall(ANSWER)
        return False

    with raw_server(behave) as server:
        model = make_model(server.base_url)
        for _ in range(10):
            loop.run(lambda: model.ask(make_ask(), seconds=5))
            time.sleep(0.02)
        assert server.connections == 10


def test_threads_have_a_connection_each():
    failures: list[BaseException] = []

    def caller() -> None:
        try:
            for _ in range(10):
                loop.run(lambda: model.ask(make_ask(), seconds=10))
        except BaseException as error:  # noqa: BLE001  told by the thread that asserts
            failures.append(error)

    with raw_server(answering(ANSWER)) as server:
        model = make_model(server.base_url)
        threads = [threading.Thread(target=caller) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(server.requests) == 160
    assert server.connections <= 16
