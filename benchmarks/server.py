"""A small HTTP server on loopback that answers every POST with one chat completion, for measuring clients.

Run as `python -m benchmarks.server`: it prints its port, and ends when its standard input does, or after ten minutes.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

#: What the model of the benchmarks says.
REPLY = {"summary": "Two travellers share one long evening and part as friends.", "score": 7, "tags": ["slow", "warm"]}

_MOST_SECONDS = 600
_MOST_BODY = 4 * 1024 * 1024
_BODY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_763_856_000,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {"role": "assistant", "content": json.dumps(REPLY), "refusal": None},
            }
        ],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150},
    }
).encode()
_RESPONSE = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: keep-alive\r\n\r\n"
    % len(_BODY)
) + _BODY
_NO = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class _Exchange(asyncio.Protocol):
    """One connection. A request ends where its content-length says; more than a few megabytes is refused."""

    opened = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._head = b""
        self._left = 0
        type(self).opened += 1

    def data_received(self, data: bytes) -> None:
        while data:
            if self._left:
                taken = min(self._left, len(data))
                self._left -= taken
                data = data[taken:]
            else:
                head, end, rest = (self._head + data).partition(b"\r\n\r\n")
                self._head = b"" if end else head
                if not end:
                    return
                data = rest
                length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0].strip()
                self._left = int(length) if length.isdigit() else -1
                if not 0 < self._left <= _MOST_BODY:
                    self._transport.write(_NO)
                    self._transport.close()
                    return
                continue
            if not self._left:
                self._transport.write(_RESPONSE)


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Exchange, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    asked_to_stop = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), lambda: asked_to_stop.set() if not sys.stdin.read(1) else None)
    with suppress(TimeoutError):
        await asyncio.wait_for(asked_to_stop.wait(), _MOST_SECONDS)
    server.close()
    print(_Exchange.opened, flush=True)


@contextmanager
def running() -> Iterator[int]:
    """Yield the port of a server in a process of its own, which ends with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.communicate(timeout=10)


if __name__ == "__main__":
    asyncio.run(_serve())
