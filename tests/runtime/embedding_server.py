"""A server of embeddings whose vectors follow from words, and which tells what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from promptspec.sources.stand_in import stand_in_vector


class Embeddings:
    """What a server was asked, and what it does in place of answering: *fails* requests have the status 500."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.fails = 0
        self.body: object = None
        self.host = ""
        #: Words of texts that mean the same to it.
        self.means: dict[str, str] = {}

    @property
    def texts(self) -> list[str]:
        """All texts that it was asked for a vector of."""
        return [text for each in self.asked for text in each["input"]]

    def answer(self, asked: dict[str, Any]) -> tuple[int, object]:
        self.asked.append(asked)
        if self.fails:
            self.fails -= 1
            return 500, {"error": {"message": "later"}}
        if self.body is not None:
            return 200, self.body
        return 200, {
            "object": "list",
            "data": [
                {"object": "embedding", "index": at, "embedding": self._vector(text)}
                for at, text in enumerate(asked["input"])
            ],
            "usage": {"prompt_tokens": 7, "total_tokens": 7},
        }

    def _vector(self, text: str) -> list[float]:
        for word, meaning in self.means.items():
            text = text.replace(word, meaning)
        found = stand_in_vector(text)
        assert found is not None
        return [round(2 * each, 8) for each in found]  # of another length than 1, as some models make them


@contextmanager
def embedding_server() -> Generator[Embeddings]:
    """Run such a server on a free port of this machine."""
    told = Embeddings()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = told.answer({"path": self.path, **asked})
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told.host = f"127.0.0.1:{server.server_address[1]}"
        try:
            yield told
        finally:
            server.shutdown()
