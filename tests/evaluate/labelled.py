"""A feature that sorts questions, labelled rows for it, and servers that are right or wrong."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cli.terminal import Seen, promptspec
from engines.raw_server import RawServer, _read_request, chat_body, response

KEY = "sk-secret-of-the-test"

SORT = """promptspec 1

model local = openai("tiny") {
    server llama_cpp
    base_url "URL"
    key env("LLM_KEY")
}

enum Team { parcels, refunds, people }

feature sort {
    model local

    input {
        question: text(1..500)
        vip: bool
    }

    output {
        team: Team
        urgent: bool
        why: line(1..80)
    }

    limits {
        time 5s
        retries 0
        repairs 0
    }

    evaluate "golden.jsonl" {
        team at least 80%
    }
}
"""

TEAMS = ("parcels", "refunds", "people")


def row(number: int) -> dict[str, Any]:
    """Return the labelled row with a number: its question names it."""
    text = f"question number {number} " + "please help me " * (number % 7)
    returns = {"team": TEAMS[number % 3], "urgent": number % 5 == 0, "why": "it says so"}
    return {"given": {"question": text.strip(), "vip": number % 4 == 0}, "returns": returns}


def write(folder: Path, url: str, *, rows: Sequence[object] | None = None, spec: str = SORT) -> Path:
    """Write the spec and its rows into a project of its own."""
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text('[tool.promptspec]\nenv = ["LLM_KEY"]\nhosts = ["127.0.0.1"]\n')
    known = [row(number) for number in range(30)] if rows is None else rows
    (folder / "golden.jsonl").write_text("".join(json.dumps(each) + "\n" for each in known))
    path = folder / "sort.spec"
    path.write_text(spec.replace("URL", url))
    return path


def evaluate(*arguments: object, key: str | None = KEY, terminal: bool = False) -> Seen:
    """Run the command with the key of the model, and nothing else, in the environment."""
    environment = {"LLM_KEY": key} if key else {}
    if terminal:
        environment["TERM"] = "xterm"
    return promptspec("evaluate", *arguments, environment=environment, terminal=terminal)


def told(*arguments: object, key: str | None = KEY) -> dict[str, Any]:
    """Run the command and return its report."""
    return json.loads(evaluate(*arguments, "--format", "json", key=key).out)


def right(number: int) -> object:
    """Answer as labelled."""
    return row(number)["returns"]


def answering(wrong: Sequence[int] = (), *, otherwise: object = None) -> Callable[[int], object]:
    """Answer as labelled, but for the numbers in *wrong*, which are parcels, or *otherwise*."""

    def answer(number: int) -> object:
        if number not in wrong:
            return right(number)
        return otherwise if otherwise is not None else {"team": "parcels", "urgent": number % 5 == 0, "why": "a guess"}

    return answer


class Sorting(RawServer):
    """A server that answers each question by its number; it counts how many were under way at once."""

    def __init__(self, answer: Callable[[int], object] = right, *, seconds: float = 0.0) -> None:
        self.answer = answer
        self.seconds = seconds
        self.most = 0
        self._under_way = 0
        self._lock = threading.Lock()
        super().__init__(lambda _connection: True)

    @property
    def url(self) -> str:
        """The base URL."""
        return self.base_url

    def __enter__(self) -> Sorting:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError):
            while request := _read_request(connection):
                self.requests.append(request)
                with self._lock:
                    self._under_way += 1
                    self.most = max(self.most, self._under_way)
                time.sleep(self.seconds)
                said = self.answer(int(re.findall(rb"question number (\d+)", request)[-1]))
                with self._lock:
                    self._under_way -= 1
                if isinstance(said, bytes):
                    connection.sendall(said)
                else:
                    body = chat_body(said if isinstance(said, str) else json.dumps(said))
                    connection.sendall(response(body))
