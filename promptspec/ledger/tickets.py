"""Tickets: replies on which a person decides, and copies at which one looks. A decision is recorded at most once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from sqlalchemy import insert, select, update

from promptspec.ledger import outbox
from promptspec.ledger.chain import Entry, append
from promptspec.ledger.tables import TICKETS

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: `review` tickets hold a reply; `sample` tickets are copies of replies that were delivered.
Kind: TypeAlias = Literal["review", "sample"]
State: TypeAlias = Literal["held", "approved", "edited", "rejected", "withheld", "released", "copied", "closed"]
#: What a person may decide on.
OPEN: Final[tuple[State, ...]] = ("held", "copied")
#: The kind of the messages that tell of decisions.
CALLBACK: Final = "callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as the ledger has it. Moments in milliseconds; *version* grows with each change.

    *show* are the fields of the input that the desk shows, or none for all. *until* is when a reply that nobody has
    decided on is dealt with *otherwise*: `withhold` or `release`. A decision is told to *callback*, where *hosts* allow
    it.
    """

    id: str
    kind: Kind
    reply: str
    feature: str
    caller: str | None
    desk: str = ""
    why: str
    show: tuple[str, ...] = ()
    at: int
    until: int | None = None
    otherwise: Literal["withhold", "release"] = "withhold"
    callback: str = ""
    hosts: tuple[str, ...] = ()
    state: State
    version: int = 1
    decided_at: int | None = None
    decided_by: str | None = None
    reason: str | None = None
    delivered_at: int | None = None


def put(connection: Connection, ticket: Ticket) -> None:
    """Put a new *ticket* on the desk."""
    row = {name: getattr(ticket, name) for name in Ticket.__slots__ if name != "hosts"}
    told = json.dumps([ticket.callback, *ticket.hosts]) if ticket.callback else None
    connection.execute(insert(TICKETS).values(row | {"show": " ".join(ticket.show), "callback": told}))


def find(connection: Connection, id: str) -> Ticket | None:
    """Return the ticket *id*, or None."""
    row = connection.execute(select(TICKETS).where(TICKETS.c.id == id)).mappings().one_or_none()
    return None if row is None else _ticket(row)


def listed(
    connection: Connection, *, states: tuple[State, ...] = OPEN, desk: str | None = None, most: int = 100
) -> list[Ticket]:
    """Return up to *most* tickets in one of *states*, the oldest first; with *desk* those of that desk alone."""
    found = select(TICKETS).where(TICKETS.c.state.in_(states)).order_by(TICKETS.c.at, TICKETS.c.id).limit(most)
    if desk is not None:
        found = found.where(TICKETS.c.desk == desk)
    return [_ticket(row) for row in connection.execute(found).mappings()]


def _ticket(row: Mapping[Any, Any]) -> Ticket:
    values: dict[str, Any] = dict(row)
    values["show"] = tuple(values["show"].split())
    values["callback"], *hosts = json.loads(values["callback"] or '[""]')
    values["hosts"] = tuple(hosts)
    return Ticket(**values)


def decide(
    connection: Connection,
    ticket: Ticket,
    state: State,
    *,
    by: str,
    reason: str,
    at: int,
    texts: Mapping[str, str] | None = None,
) -> bool:
    """Record the decision *state* on *ticket*, and say whether it was; not where somebody was faster.

    The trail has the hashes of *texts* that came with it.
    """
    facts: dict[str, object] = {"decided_by": by}
    if texts:
        facts["texts"] = dict(texts)
    values: dict[str, object] = {"state": state, "decided_at": at, "decided_by": by, "reason": reason}
    return _change(connection, ticket, values, kind=state, at=at, facts=facts)


def run_out(connection: Connection, ticket: Ticket, at: int) -> Ticket:
    """Return *ticket*, dealt with otherwise where nobody has decided on it in time."""
    if ticket.state != "held" or ticket.until is None or at < ticket.until:
        return ticket
    state: State = "released" if ticket.otherwise == "release" else "withheld"
    # It counts from when it was over, however late somebody looks.
    _change(
        connection,
        ticket,
        {"state": state, "decided_at": ticket.until, "reason": "nobody decided in time"},
        kind=state,
        at=at,
    )
    return find(connection, ticket.id) or ticket


def deliver(connection: Connection, ticket: Ticket, at: int) -> bool:
    """Record that the reply of *ticket* was delivered, and say whether this was the first time."""
    return _change(connection, ticket, {"delivered_at": at}, kind="delivered", at=at)


def see(connection: Connection, ticket: Ticket, *, by: str, at: int) -> None:
    """Record who was shown what *ticket* holds."""
    append(connection, [_entry(ticket, "seen", at, {"by": by})])


def _change(
    connection: Connection,
    ticket: Ticket,
    values: dict[str, object],
    *,
    kind: str,
    at: int,
    facts: Mapping[str, object] | None = None,
) -> bool:
    changed = connection.execute(
        update(TICKETS)
        .where(TICKETS.c.id == ticket.id, TICKETS.c.version == ticket.version)
        .values(values | {"version": ticket.version + 1})
    )
    if changed.rowcount != 1:
        return False
    append(connection, [_entry(ticket, kind, at, facts or {})])
    if ticket.callback and "decided_at" in values:
        # There is one decision on a ticket, so there is one message, and whoever takes it twice can tell.
        outbox.put(
            connection,
            id="m_" + ticket.id.removeprefix("t_"),
            kind=CALLBACK,
            subject=ticket.id,
            target=ticket.callback,
            body=json.dumps({"state": kind, "hosts": ticket.hosts}),
            at=at,
        )
    return True


def _entry(ticket: Ticket, kind: str, at: int, facts: Mapping[str, object]) -> Entry:
    return Entry(kind=kind, subject=ticket.id, feature=ticket.feature, caller=ticket.caller, at=at, facts=facts)
