"""A Redis server of the tests' own: in a folder of theirs, on a port that nobody has, gone at their end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest


@dataclass(slots=True)
class RedisServer:
    """A server that can be stopped, frozen and started again."""

    program: str
    folder: Path
    port: int
    running: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder))
        self.running = subprocess.Popen(
            [self.program, "--port", str(self.port), *settings], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as asked:
                    asked.sendall(b"PING\r\n")
                    if asked.recv(16).startswith(b"+PONG"):
                        return
            except OSError:
                time.sleep(0.02)
        pytest.fail("redis-server does not answer")

    def stop(self) -> None:
        """End it at once; what it held is gone."""
        if self.running is not None:
            self.running.kill()
            self.running.wait(30)
            self.running = None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Start a server, and stop it."""
    program = shutil.which("redis-server")
    if program is None:
        said = "Redis is not installed: `apt-get install redis-server`"
        if os.environ.get("CI"):
            pytest.fail(said)
        pytest.skip(said)
    folder = Path(mkdtemp(prefix="promptspec-redis-"))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        server = RedisServer(program=program, folder=folder, port=found.getsockname()[1])
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
