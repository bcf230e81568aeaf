"""What travelled between a call and a server, and the file that it is written down in."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what came back. *by* says who asked: `feature`, `baseline` or `judge`.

    *failed* is "" where a response came, else `late`, `network`, `too_large` or `encoded`. *seconds* is how long it
    took.
    """

    by: str
    request: bytes
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    failed: str = ""
    seconds: float = 0.0


class Journal:
    """A new file of JSON lines, for its owner alone (mode 0600), each line on disk before the next is waited for.

    Raises OSError where the file cannot be made, or is there already.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        #: A sentence where the disk took no more; what was written until then stays.
        self.notes: list[str] = []

    def write(self, value: object) -> None:
        """Add a line."""
        if self.notes:
            return
        left = memoryview(json.dumps(value).encode("ascii") + b"\n")
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            self.notes.append(f"the recording ends early: {error.strerror or type(error).__name__}")

    def close(self) -> None:
        """Write nothing more."""
        os.close(self._file)


def exchange_data(exchange: Exchange) -> dict[str, object]:
    """Return an exchange as plain data, bytes as text where they are."""
    told: Iterator[tuple[str, object]] = (
        (field.name, getattr(exchange, field.name))
        for field in fields(Exchange)
        if field.name not in ("request", "body")
    )
    return {**dict(told), "request": _text(exchange.request), "body": _text(exchange.body)}


def read_exchange(value: dict[str, Any]) -> Exchange:
    """Return the exchange that `exchange_data` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    return Exchange(
        by=str(value["by"]),
        request=_bytes(value["request"]),
        status=int(value["status"]),
        headers=tuple((str(name), str(text)) for name, text in value["headers"]),
        body=_bytes(value["body"]),
        failed=str(value["failed"]),
        seconds=float(value["seconds"]),
    )


def _text(data: bytes) -> object:
    """Return bytes as text where they are, so that a person can read them; else in base64."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return base64.b64decode(cast("dict[str, str]", value)["base64"])
