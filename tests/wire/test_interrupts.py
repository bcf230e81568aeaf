"""Ctrl-C in an application that waits inside of a generated function, on a server that says nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from engines.raw_server import RawServer, chat_body, raw_server, response

ROOT = Path(__file__).parents[2]

SPEC = """promptspec 1

enum Intent {{ order, complaint }}

model local = openai("tiny") {{
    base_url "{url}"
    server llama_cpp
}}

feature classify {{
    model local
    input {{
        message: line(..40)
    }}
    output Intent
    limits {{
        time 60s
    }}
}}
"""

START = """
import asyncio, json, signal, threading
import promptspec

classify = promptspec.load("a.spec").classify
call = {"message": "Hello", "caller": promptspec.Session("s")}
threads = threading.active_count()
"""

SYNCHRONOUS = "classify(**call)\n"
ASYNCHRONOUS = "asyncio.run(classify.aio(**call))\n"
CAUGHT = """
try:
    {waits}
except KeyboardInterrupt as error:
    assert not isinstance(error.__context__ or error.__cause__, Exception), error.__context__
else:
    raise SystemExit("nothing rose")
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
assert threading.active_count() == threads, threading.enumerate()
print(classify(**call).value, asyncio.run(classify.aio(**call)).value)
"""


class Silent:
    """Says nothing to the first request, and answers the ones after it; tells when that one came and was given up."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.given_up = threading.Event()

    def __call__(self, connection: socket.socket) -> bool:
        if self.asked.is_set():
            connection.sendall(response(chat_body('{"answer": "order"}')))
            return True
        self.asked.set()
        if connection.recv(1) == b"":
            self.given_up.set()
        return False


@pytest.fixture
def silent() -> Silent:
    return Silent()


@pytest.fixture
def server(silent: Silent, tmp_path: Path) -> Generator[RawServer]:
    with raw_server(silent) as server:
        (tmp_path / "a.spec").write_text(SPEC.format(url=server.base_url))
        (tmp_path / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["127.0.0.1"]\n')
        yield server


def interrupt(silent: Silent, folder: Path, script: str) -> tuple[int, str, str, float]:
    """Run *script*, send one SIGINT while the server is silent, and return code, output, errors and seconds after."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PROMPTSPEC_CACHE": str(folder / "cache"),
        "PROMPTSPEC_ID_KEY": "a-secret-of-the-tests",
    }
    application = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", START + script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert silent.asked.wait(60), application.communicate(timeout=5)
        time.sleep(0.2)  # it waits for the reply now
        began = time.monotonic()
        application.send_signal(signal.SIGINT)
        out, err = application.communicate(timeout=30)
        return application.returncode, out, err, time.monotonic() - began
    finally:
        application.kill()
        application.wait()


@pytest.mark.parametrize("waits", [SYNCHRONOUS, ASYNCHRONOUS], ids=["call", "aio"])
@pytest.mark.usefixtures("server")
def test_an_interrupt_ends_a_waiting_application_as_it_ends_any_other(silent: Silent, tmp_path: Path, waits: str):
    code, out, err, seconds = interrupt(silent, tmp_path, waits)
    assert (code, out) == (-signal.SIGINT, "")
    assert err.endswith("\nKeyboardInterrupt\n"), err
    for ours in ("promptspec.errors", "CallFailed", "never awaited", "was destroyed", "Unclosed", "Exception ignored"):
        assert ours not in err
    assert seconds < 10  # the call itself had a minute
    assert silent.given_up.wait(5)


@pytest.mark.parametrize("waits", ["classify(**call)", "asyncio.run(classify.aio(**call))"], ids=["call", "aio"])
def test_after_an_interrupt_that_was_caught_the_feature_can_be_called(
    silent: Silent, server: RawServer, tmp_path: Path, waits: str
):
    code, out, err, _seconds = interrupt(silent, tmp_path, CAUGHT.format(waits=waits))
    assert (code, out, err) == (0, "order order\n", "")
    assert silent.given_up.wait(5)
    assert len(server.requests) == 3
