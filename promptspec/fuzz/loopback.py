"""Liars on a real socket: resets are resets, pauses pause, and lengths that lie are sent as they are.

It listens on 127.0.0.1 alone. Each connection has a thread, and each request is one turn of the lie.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.fuzz.lies import answer
from promptspec.fuzz.lies.raw import RAW
from promptspec.fuzz.lies.telling import Telling
from promptspec.fuzz.lies.wire import Cut, Pause, Piece, Refused, Response
from promptspec.fuzz.observations import Request
from promptspec.fuzz.stage import caller_of
from promptspec.ports import World
from promptspec.runtime.overrides import flags, verdicts
from promptspec.runtime.plan import OpenAI

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json, Lie
    from promptspec.fuzz.subjects import Subject

_LARGEST_HEAD: Final = 65_536
_JOIN_SECONDS: Final = 5.0
#: For features that ask nobody.
STAND_IN: Final = OpenAI(name="stand-in", server="openai", api="chat", structured="json_schema")
# Closes with a reset in place of a proper end.
_RESET: Final = struct.pack("ii", 1, 0)


@contextmanager
def serve(lie: Lie, *, speed: float = 1.0) -> Iterator[str]:
    """Let the liar of *lie* answer on a free port while the block runs; yield the base URL of its API.

    Its pauses are *speed* times shorter. A connection that should be refused is reset before anything is answered.
    """
    server = _Server(lie, speed)
    try:
        yield server.base_url
    finally:
        server.close()


async def call_over(subject: Subject, lie: Lie, given: Json, *, seconds: float = 1.0, speed: float = 20.0) -> Heard:
    """Call the feature with its first model at a server that tells *lie*, over the network that production uses.

    Of the time that the feature has, *seconds* are left; every pause is *speed* times shorter.
    """
    limit = subject.feature.limits.time_ms / 1000
    world = World(clock=_Late(subject.today, limit - seconds), entropy=_Zeros(), environment=subject.environment)
    plans = [plan for plan in subject.running.plan.models if isinstance(plan, OpenAI)]
    began = time.monotonic()
    with serve(lie, speed=speed) as base_url:
        plan = replace(plans[0] if plans else STAND_IN, base_url=base_url, hosts=(base_url.split("/")[2],))
        # What judges and moderators may answer is tried without a socket.
        judge = verdicts(1.0) if subject.judged_rules else None
        moderator = flags() if subject.feature.moderations else None
        with subject.running.override(model=(plan.connect(world),), judge=judge, moderator=moderator, world=world):
            try:
                call = subject.running.acall_fields(cast("Any", given), caller=caller_of(subject, "reader-1"))
                return Heard(value=(await call).value, error=None, seconds=time.monotonic() - began)
            except Exception as error:  # noqa: BLE001  what rises is what is judged
                return Heard(value=None, error=error, seconds=time.monotonic() - began)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of a call over a real socket, and how long it took."""

    value: object
    error: Exception | None
    seconds: float


class _Late:
    """A clock by which the call began so many seconds before it did."""

    def __init__(self, today: date, late: float) -> None:
        self._today = today
        self._late = late

    def monotonic(self) -> float:
        late, self._late = self._late, 0.0
        return time.monotonic() - late

    def today(self) -> date:
        return self._today

    def now(self) -> datetime:
        return datetime.combine(self._today, time_of_day.min, UTC)


class _Zeros:
    def token(self, bits: int) -> str:
        return "0" * ((bits + 3) // 4)


class _Closed(Exception):
    """The connection ends here."""


class _Server:
    def __init__(self, lie: Lie, speed: float) -> None:
        self._lie = lie
        self._speed = speed
        self._turn = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in (self._accepting, *self._threads):
            thread.join(_JOIN_SECONDS)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            thread = threading.Thread(target=self._converse, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, _Closed, ValueError):
            while not self._closing.is_set():
                request = _read_request(connection)
                with self._lock:
                    turn, self._turn = self._turn, self._turn + 1
                if self._lie.liar == "raw":
                    self._send(connection, RAW[self._lie.form](Telling(self._lie, request, turn)))
                    break
                self._respond(connection, answer(self._lie, request, turn))
        self._open.discard(connection)

    def _respond(self, connection: socket.socket, response: Response) -> None:
        self._send(connection, response.before)
        lines = [f"HTTP/1.1 {response.status} Said", *(f"{name}: {value}" for name, value in response.headers.items())]
        whole = all(isinstance(piece, bytes) for piece in response.body)
        size = sum(len(piece) for piece in response.body if isinstance(piece, bytes))
        lines.append(f"Content-Length: {size}" if whole else "Transfer-Encoding: chunked")
        connection.sendall("\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n")
        self._send(connection, response.body if whole else _in_chunks(response.body))

    def _send(self, connection: socket.socket, pieces: Iterable[bytes | Piece]) -> None:
        for piece in pieces:
            match piece:
                case bytes():
                    connection.sendall(piece)
                case Pause(seconds):
                    if self._closing.wait(seconds / self._speed):
                        raise _Closed
                case Cut() | Refused():
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    raise _Closed


def _in_chunks(body: Iterable[bytes | Piece]) -> Iterator[bytes | Piece]:
    for piece in body:
        if not isinstance(piece, bytes):
            yield piece
        elif piece:  # an empty chunk would be the last
            yield f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    yield b"0\r\n\r\n"


def _read_request(connection: socket.socket) -> Request:
    """Return the next request. Raises _Closed where there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _received(connection)
        if len(data) > _LARGEST_HEAD:
            raise _Closed
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    pieces = [body]
    left = length - len(body)
    while left > 0:
        pieces.append(_received(connection))
        left -= len(pieces[-1])
    path = first.split(" ")[1]
    return Request(url=f"http://{headers.get('host', '')}{path}", headers=headers, body=b"".join(pieces))


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise _Closed
    return data
