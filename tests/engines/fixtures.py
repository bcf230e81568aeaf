"""Real servers that nobody here wrote, one each a session: llama.cpp's own and aimock."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engines.tiny_model import write_tiny_model

_HERE = Path(__file__).parent
_AIMOCK = _HERE.parent.parent / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"

LLAMA_KEY = "sk-local-llama"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A running server. *url* ends before `/v1`."""

    url: str
    key: str
    process: subprocess.Popen[str]

    @property
    def base_url(self) -> str:
        """The base URL of its OpenAI API."""
        return self.url + "/v1"


class Aimock(Engine):
    """aimock, with what its control API can do."""

    __slots__ = ()

    def script(self, *fixtures: Mapping[str, object]) -> None:
        """Forget everything and answer by *fixtures*."""
        self.control("POST", "/reset")
        self.control("POST", "/fixtures", {"fixtures": list(fixtures)})

    def break_with(self, **rates: float) -> None:
        """Break answers at these *rates* between 0 and 1: `rateLimitRate`, `dropRate`, `malformedRate`, …"""
        self.control("POST", "/chaos", rates)

    def journal(self) -> list[dict[str, Any]]:
        """Return what was received, oldest first."""
        return self.control("GET", "/journal")

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Send one request to the control API and return what it answers."""
        request = urllib.request.Request(
            f"{self.url}/__aimock{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read() or b"null")


@pytest.fixture(scope="session")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """llama.cpp's own server, from the xllamacpp wheel, with a model of random weights called `tiny`."""
    with serve_llama(tmp_path_factory.mktemp("llama")) as engine:
        yield engine


@pytest.fixture(scope="session")
def llama_embeddings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """llama.cpp's own server, which makes vectors of texts by a model of random weights called `tiny`."""
    with serve_llama(tmp_path_factory.mktemp("llama_embeddings"), "embeddings") as engine:
        yield engine


@pytest.fixture(scope="session")
def _aimock_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    with _serve_aimock(tmp_path_factory.mktemp("aimock"), "--strict") as engine:
        yield engine


@pytest.fixture
def aimock(_aimock_process: Aimock) -> Aimock:
    """aimock with no fixtures: a request that no fixture answers is refused."""
    _aimock_process.control("POST", "/reset")
    _aimock_process.control("DELETE", "/chaos")
    return _aimock_process


@pytest.fixture(scope="session")
def _chaos_process(tmp_path_factory: pytest.TempPathFactory, llama: Engine) -> Iterator[Aimock]:
    folder = tmp_path_factory.mktemp("chaos")
    with _serve_aimock(folder, "--proxy-only", "--provider-openai", llama.url) as engine:
        yield engine


@pytest.fixture
def chaos(_chaos_process: Aimock) -> Aimock:
    """aimock as a proxy in front of llama.cpp, breaking nothing until it is told what."""
    _chaos_process.control("POST", "/reset")
    _chaos_process.control("DELETE", "/chaos")
    return _chaos_process


@contextmanager
def serve_llama(folder: Path, *options: str) -> Generator[Engine]:
    """Run llama.cpp's server with its files in *folder*."""
    model = folder / "tiny.gguf"
    write_tiny_model(model)
    with (folder / "output.txt").open("w") as output:
        command = [sys.executable, str(_HERE / "llama_process.py"), str(model), LLAMA_KEY, *options]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, text=True)
        with _ended(process):
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), (folder / "output.txt").read_text()
            yield Engine(url=url, key=LLAMA_KEY, process=process)


@contextmanager
def _serve_aimock(folder: Path, *options: str) -> Generator[Aimock]:
    node = _node()
    fixtures = folder / "fixtures.json"
    # It does not start strictly without any fixture; this one is forgotten before the first test.
    fixtures.write_text('{"fixtures": [{"match": {"userMessage": "ping"}, "response": {"content": "pong"}}]}')
    port = _free_port()
    command = [node, str(_AIMOCK), "--port", str(port), "--fixtures", str(fixtures), *options]
    with (folder / "output.txt").open("w") as output:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output, text=True)
        with _ended(process):
            url = f"http://127.0.0.1:{port}"
            _wait_until_healthy(url, process, folder / "output.txt")
            yield Aimock(url=url, key="sk-scripted", process=process)


def _node() -> str:
    node = shutil.which("node")
    if node is not None and _AIMOCK.exists():
        return node
    missing = "node is not installed" if node is None else "aimock is not installed: run `npm ci`"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Generator[None]:
    try:
        yield
    finally:
        with process:  # closes its pipes and waits
            process.terminate()


def _wait_until_healthy(url: str, process: subprocess.Popen[str], output: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=1):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise AssertionError(output.read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
