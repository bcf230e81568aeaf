"""Replies that were made, and calls that an application gave a key of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from promptspec.ledger.tables import REPLIES, REQUESTS

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A reply: whose it is, as a hash; the *ticket* that holds it and where reports on it go, if there are such."""

    id: str
    feature: str
    caller: str | None
    at: int
    model: str
    ticket: str | None
    reporting: str | None = None


def record(connection: Connection, made: Made) -> None:
    """Record a reply."""
    connection.execute(insert(REPLIES).values({name: getattr(made, name) for name in Made.__slots__}))


def find(connection: Connection, id: str) -> Made | None:
    """Return the reply *id*, or None."""
    row = connection.execute(select(REPLIES).where(REPLIES.c.id == id)).one_or_none()
    if row is None:
        return None
    return Made(
        id=row.id,
        feature=row.feature,
        caller=row.caller,
        at=row.at,
        model=row.model,
        ticket=row.ticket,
        reporting=row.reporting,
    )


# Calls with a key


def request_id(feature: str, caller: str | None, key: str) -> str:
    """Return what stands for the *key* of a caller's call in the ledger."""
    parts = (feature, caller or "", key)
    told = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    return hashlib.sha256(b"promptspec request\0" + told).hexdigest()


def begin(connection: Connection, request: str, *, at: int, until: int) -> str | None:
    """Take *request* up: None where the call is to be made, the id of its reply where it was made before.

    It is "" where another call with the same key is under way. One that is not finished at the moment *until* is dead.
    """
    row = connection.execute(select(REQUESTS).where(REQUESTS.c.id == request)).one_or_none()
    if row is not None and at < row.until:
        return str(row.reply) if row.state == "done" else ""
    connection.execute(delete(REQUESTS).where(REQUESTS.c.id == request))
    connection.execute(insert(REQUESTS).values(id=request, state="open", reply=None, at=at, until=until))
    return None


def finish(connection: Connection, request: str, reply: str, *, until: int) -> None:
    """Record that *request* was answered by *reply*, which is kept until the moment *until*."""
    values = {"state": "done", "reply": reply, "until": until}
    connection.execute(update(REQUESTS).where(REQUESTS.c.id == request).values(values))


def give_up(connection: Connection, request: str) -> None:
    """Let *request* be made again: nothing came of it."""
    connection.execute(delete(REQUESTS).where(REQUESTS.c.id == request, REQUESTS.c.state == "open"))


def sweep(connection: Connection, at: int) -> None:
    """Forget the keys of calls whose time is over at the moment *at*."""
    connection.execute(delete(REQUESTS).where(REQUESTS.c.until <= at))
