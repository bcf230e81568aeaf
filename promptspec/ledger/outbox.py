"""What is to be sent to somebody outside, until it is sent: nothing is given up, and one sender holds each message.

A sender claims a message for a while, sends it, and says how that went. If it is killed in between, the message is
free again when the while is over, and is sent once more, with the same id: everything arrives at least once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, insert, or_, select, update

from promptspec.ledger.chain import Entry, append
from promptspec.ledger.tables import OUTBOX

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: How long a sender holds a message, in milliseconds; it has ended long before.
LEASE: Final = 300_000
#: The first pause after a message was not taken; each is twice the one before it, up to the last. In milliseconds.
FIRST_PAUSE: Final = 30_000
LAST_PAUSE: Final = 3_600_000
#: The most characters of what is said of a failure.
MOST_PROBLEM: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to be sent to *target*: *body* of the *kind* says what of *subject*. *attempts* counts this one too."""

    id: str
    kind: str
    subject: str
    target: str
    body: str
    at: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a message stands: `waiting` or `sent`; *problem* is why it was not taken last time, "" where it was not
    tried.
    """

    state: str
    attempts: int
    next: int
    problem: str


def put(connection: Connection, *, id: str, kind: str, subject: str, target: str, body: str, at: int) -> None:
    """Put a message in the box, in the transaction of what it tells of."""
    row = {"id": id, "kind": kind, "subject": subject, "target": target, "body": body, "at": at}
    state = {"next": at, "leased": 0, "attempts": 0, "state": "waiting", "problem": ""}
    connection.execute(insert(OUTBOX), row | state)


def claim(
    connection: Connection,
    *,
    at: int,
    after: tuple[int, str] | None = None,
    at_once: bool = False,
    without: Collection[str] = (),
) -> Message | None:
    """Return the oldest message that is due and that nobody holds, and hold it; None where there is none.

    With *at_once* those that are not due are too. Only those after the moment and id *after* count, and none whose
    target begins with one of *without*.
    """
    asked = select(OUTBOX).where(OUTBOX.c.state == "waiting", OUTBOX.c.leased <= at)
    if not at_once:
        asked = asked.where(OUTBOX.c.next <= at)
    if after is not None:
        asked = asked.where(or_(OUTBOX.c.at > after[0], and_(OUTBOX.c.at == after[0], OUTBOX.c.id > after[1])))
    for start in without:
        asked = asked.where(~OUTBOX.c.target.startswith(start, autoescape=True))
    row = connection.execute(asked.order_by(OUTBOX.c.at, OUTBOX.c.id).limit(1)).one_or_none()
    if row is None:
        return None
    attempts = row.attempts + 1
    held = {"leased": at + LEASE, "attempts": attempts}
    connection.execute(update(OUTBOX).where(OUTBOX.c.id == row.id).values(held))
    return Message(
        id=row.id, kind=row.kind, subject=row.subject, target=row.target, body=row.body, at=row.at, attempts=attempts
    )


def sent(connection: Connection, message: Message, *, feature: str, caller: str | None, at: int) -> None:
    """Note that *message*, which tells of *feature* and *caller*, was taken."""
    changed = connection.execute(
        update(OUTBOX)
        .where(OUTBOX.c.id == message.id, OUTBOX.c.state == "waiting")
        .values({"state": "sent", "leased": 0, "problem": ""})
    )
    if changed.rowcount:
        entry = Entry(
            kind="message_sent",
            subject=message.subject,
            feature=feature,
            caller=caller,
            at=at,
            facts={"attempts": message.attempts, "kind": message.kind},
        )
        append(connection, [entry])


def failed(connection: Connection, message: Message, *, at: int, problem: str, all_of: str = "") -> None:
    """Note that *message* was not taken, and when it is tried again; with it all whose target begins with *all_of*."""
    pause = min(FIRST_PAUSE * 2 ** min(message.attempts - 1, 20), LAST_PAUSE)
    again = {"next": at + pause, "leased": 0, "problem": problem[:MOST_PROBLEM]}
    waiting = OUTBOX.c.state == "waiting"
    connection.execute(update(OUTBOX).where(OUTBOX.c.id == message.id, waiting).values(again))
    if all_of:
        others = OUTBOX.c.target.startswith(all_of, autoescape=True)
        later = {"next": at + pause, "problem": problem[:MOST_PROBLEM]}
        connection.execute(
            update(OUTBOX).where(waiting, others, OUTBOX.c.next < at + pause, OUTBOX.c.leased <= at).values(later)
        )


def state_of(connection: Connection, id: str) -> State | None:
    """Return how the message *id* stands, None where there is none."""
    row = connection.execute(select(OUTBOX).where(OUTBOX.c.id == id)).one_or_none()
    if row is None:
        return None
    return State(state=row.state, attempts=row.attempts, next=row.next, problem=row.problem)


def next_moment(connection: Connection) -> int | None:
    """Return when the next message is to be tried, None where none waits."""
    free = select(OUTBOX.c.next, OUTBOX.c.leased).where(OUTBOX.c.state == "waiting")
    moments = [max(row.next, row.leased) for row in connection.execute(free.order_by(OUTBOX.c.next).limit(100))]
    return min(moments, default=None)


def waiting(connection: Connection) -> int:
    """Return how many messages wait."""
    return connection.execute(select(func.count()).select_from(OUTBOX).where(OUTBOX.c.state == "waiting")).scalar_one()
