"""A server that answers with whatever bytes a test says, and keeps what it received."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

#: Answers one request: is given the open socket, and closes it by returning False.
Behaviour = Callable[[socket.socket], bool]


class RawServer:
    """Listens on a free loopback port; *behaviour* answers each request."""

    def __init__(self, behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self._tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.closing = threading.Event()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def base_url(self) -> str:
        """The base URL of its OpenAI API."""
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def close(self) -> None:
        """Close every socket and wait for the threads."""
        self.closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in (self._accepting, *self._threads):
            thread.join(5)

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._tls is not None:
                self._sockets.discard(connection)
                with connection:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                self._sockets.add(connection)
            self._answer(connection)
        connection.close()
        self._sockets.discard(connection)

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError):
            while request := _read_request(connection):
                self.requests.append(request)
                if not self.behaviour(connection):
                    break


@contextmanager
def raw_server(behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> Generator[RawServer]:
    """Serve *behaviour* while the block runs."""
    server = RawServer(behaviour, tls=tls)
    try:
        yield server
    finally:
        server.close()


def answering(response: bytes) -> Behaviour:
    """Answer every request with *response* and keep the connection open."""

    def behave(connection: socket.socket) -> bool:
        connection.sendall(response)
        return True

    return behave


def closing_after(response: bytes) -> Behaviour:
    """Answer with *response* and close."""

    def behave(connection: socket.socket) -> bool:
        connection.sendall(response)
        return False

    return behave


def response(
    body: bytes = b"", *, status: str = "200 OK", headers: tuple[str, ...] = (), kind: str = "application/json"
) -> bytes:
    """Return a whole HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chat_body(content: object, **more: object) -> bytes:
    """Return the body of a chat completion that answers *content*."""
    message = {"role": "assistant", "content": content, **more}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return json.dumps({"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage}).encode()


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def event_stream(*events: object, headers: tuple[str, ...] = ()) -> bytes:
    """Return a whole response of server-sent events that ends with the connection; bytes are sent as they are."""
    lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream; charset=utf-8", "Connection: close", *headers]
    body = b"".join(
        event if isinstance(event, bytes) else b"data: " + json.dumps(event).encode() + b"\n\n" for event in events
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


DONE = b"data: [DONE]\n\n"


def chunk(content: object = None, *, finish: str | None = None, **more: object) -> dict[str, object]:
    """Return an event of a streamed chat completion."""
    delta = {"content": content, **more}
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
