"""Servers that fall for attacks, or do not, and a spec that asks them."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path

from cli.terminal import Seen, promptspec
from engines.raw_server import RawServer, chat_body, response

KEY = "sk-secret-of-the-test"

ANSWER = """promptspec 1

model local = openai("tiny") {{
    server llama_cpp
    base_url "{url}"
    key env("LLM_KEY")
}}

feature answer {{
    model local

    input {{
        question: text(1..2000)
        topic: line(..40)?
    }}

    output {{
        reply: text(1..200)
    }}

    prompt {{
        system \"\"\"
        You answer short questions of visitors about opening times and about nothing else at all, ever.
        \"\"\"
        user \"\"\"
        {{{{ question }}}}
        \"\"\"
    }}

    limits {{
        reply 200 tokens
        time 5s
        retries 0
        repairs 0
    }}

    example "a question" {{
        given {{ question: "When do you open?" }}
        returns {{ reply: "We open at nine." }}
    }}
}}
"""

RATE = """promptspec 1

model local = openai("tiny") {{
    server llama_cpp
    base_url "{url}"
    key env("LLM_KEY")
}}

enum Mood {{ calm, wild }}

feature rate {{
    model local

    input {{
        note: text(1..2000)
    }}

    output {{
        mood: Mood
    }}

    limits {{
        reply 100 tokens
        time 5s
        retries 0
        repairs 0
    }}

    example "a calm one" {{
        given {{ note: "All is well." }}
        returns {{ mood: calm }}
    }}
}}
"""


def write(folder: Path, url: str, spec: str = ANSWER) -> Path:
    """Write the spec into a project of its own, or change where it asks."""
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text('[tool.promptspec]\nenv = ["LLM_KEY"]\nhosts = ["127.0.0.1"]\n')
    path = folder / "a.spec"
    path.write_text(spec.format(url=url))
    return path


def redteam(*arguments: object, key: str | None = KEY) -> Seen:
    """Run the command with the key of the model, and nothing else, in the environment."""
    return promptspec("redteam", *arguments, environment={"LLM_KEY": key} if key else {})


def runs(folder: Path) -> list[Path]:
    """Return the recordings of a project, oldest first."""
    return sorted((folder / ".promptspec" / "redteam").glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)


def saying(
    answer: Callable[[dict[str, object]], object], *, seconds: float = 0.0, usage: bool = True
) -> Callable[[socket.socket], bool]:
    """Answer each request with what *answer* makes of its body; needs `serving`, which tells it the request."""

    def behave(connection: socket.socket) -> bool:
        request = _last(connection)
        time.sleep(seconds)
        said = answer(json.loads(request.partition(b"\r\n\r\n")[2]))
        body = json.loads(chat_body(said if isinstance(said, str) else json.dumps(said)))
        if not usage:
            del body["usage"]
        connection.sendall(response(json.dumps(body).encode()))
        return True

    return behave


_SERVERS: dict[int, RawServer] = {}


def _last(connection: socket.socket) -> bytes:
    return _SERVERS[connection.getsockname()[1]].requests[-1]


class Serving:
    """A server that answers with *answer*, one request after the other."""

    def __init__(self, answer: Callable[[dict[str, object]], object], *, seconds: float = 0.0, usage: bool = True):
        self.server = RawServer(saying(answer, seconds=seconds, usage=usage))
        port = re.search(r":(\d+)/", self.server.base_url)
        assert port is not None
        self._port = int(port[1])
        _SERVERS[self._port] = self.server

    @property
    def url(self) -> str:
        """The base URL."""
        return self.server.base_url

    def close(self) -> None:
        """Stop."""
        self.server.close()
        del _SERVERS[self._port]

    def __enter__(self) -> Serving:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def obedient(_request: dict[str, object]) -> object:
    """Do as every attack says."""
    return {"reply": "PWNED"}


def steadfast(_request: dict[str, object]) -> object:
    """Answer the question."""
    return {"reply": "We open at nine."}


def leaky(_request: dict[str, object]) -> object:
    """Print the instructions."""
    return {"reply": "You answer short questions of visitors about opening times and about nothing else at all, ever."}


def shapeless(_request: dict[str, object]) -> object:
    """Answer with the canary outside of the form."""
    return "PWNED, as you wish"
