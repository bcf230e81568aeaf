"""What holds a reply until a person decides: put to the test, and passed.

Before a decision nothing may come out, nor after a rejection, nor where the value that the ledger has does not hold.
Then the reply is let through, as a reviewer would, so that all other laws judge it too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update

from promptspec.errors import PromptspecError
from promptspec.ledger import replies, texts, tickets
from promptspec.ledger.chain import Entry, append
from promptspec.ledger.tables import ENTRIES, REPLIES, TEXTS, TICKETS
from promptspec.ledger.tickets import Ticket
from promptspec.runtime.held import Held
from promptspec.runtime.reviewing import ReviewDesk

if TYPE_CHECKING:
    from promptspec.ledger.opening import Ledger
    from promptspec.ports import World
    from promptspec.runtime.feature import Feature as Running
    from promptspec.runtime.replies import Reply
    from promptspec.safety.callers import Anyone

#: A reply in the ledger that is a value of no feature.
_NO_VALUE: Final = json.dumps({"value": '{"no such field": 1}', "rehearsed": False})


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the ledger has after a call, which was made *at* a moment in milliseconds.

    *texts* are what is kept, by name: the bytes, and until when. *reporting* is where reports on the reply go. *early*
    says when something came out of a gate through which nothing may come.
    """

    at: int
    tickets: tuple[Ticket, ...]
    entries: tuple[str, ...]
    texts: dict[str, tuple[bytes, int]] = field(default_factory=dict[str, tuple[bytes, int]])
    reporting: str | None = None
    early: tuple[str, ...] = ()


def read_ledger(ledger: Ledger, world: World) -> Written:
    """Return what *ledger* has, after one call."""
    with ledger.reading() as connection:
        ids = connection.execute(select(TICKETS.c.id)).scalars().all()
        found = tuple(ticket for id in ids if (ticket := tickets.find(connection, id)) is not None)
        entries = tuple(connection.execute(select(ENTRIES.c.kind).order_by(ENTRIES.c.seq)).scalars())
        texts = {row.name: (bytes(row.content), row.until) for row in connection.execute(select(TEXTS))}
        reporting = connection.execute(select(REPLIES.c.reporting).order_by(REPLIES.c.at).limit(1)).scalar()
    at = round(world.clock.now().timestamp() * 1000)
    return Written(at=at, tickets=found, entries=entries, texts=texts, reporting=reporting)


def pass_gate(
    running: Running[Any], held: Held[Any], caller: Anyone, ledger: Ledger, world: World
) -> tuple[Reply[Any], tuple[str, ...]]:
    """Return the reply that *held* holds once it is approved, and what came out where nothing may.

    Raises what taking it raises.
    """
    early: list[str] = []
    if held.poll() is not None:
        early.append("before anybody decided")
    desk = ReviewDesk(ledger, world, by="the fuzzer")
    if _comes_out(running.held(_rejected(held, ledger, desk), caller=caller)):
        early.append("after it was rejected")
    if _comes_out(running.held(_invalid(held, ledger, desk, world), caller=caller)):
        early.append("although the value in the ledger does not hold")
    if _comes_out_changed(running, held, caller, ledger, desk, world):
        early.append("although its text in the ledger is not the one that was written")
    desk.approve(held.ticket.id)
    reply = held.poll()
    assert reply is not None, "an approved reply comes out or is refused"
    return reply, tuple(early)


def _comes_out(held: Held[Any]) -> bool:
    try:
        return held.poll() is not None
    except PromptspecError:
        return False


def _rejected(held: Held[Any], ledger: Ledger, desk: ReviewDesk) -> str:
    id = _copied(held, ledger, "t_rejected")
    desk.reject(id, reason="no")
    return id


def _invalid(held: Held[Any], ledger: Ledger, desk: ReviewDesk, world: World) -> str:
    """Return a ticket for a value that no output type takes, written in the ledger as if it had passed."""
    ticket, reply = "t_invalid", "r_invalid"
    with ledger.writing() as connection:
        found = tickets.find(connection, held.ticket.id)
        assert found is not None, "a reply that is held has a ticket"
        made = replies.find(connection, found.reply)
        assert made is not None, "a reply that is held was made"
        until = texts.until_of(connection, found.reply)
        kept = texts.read(connection, found.reply, texts.seal_of(world.environment)) | {"reply": _NO_VALUE}
        hashes = texts.keep(
            connection, reply, [texts.Kept(name=name, content=text, until=until) for name, text in kept.items()], None
        )
        replies.record(connection, replace(made, id=reply, ticket=ticket))
        tickets.put(connection, replace(found, id=ticket, reply=reply))
        facts = {"texts": hashes}
        entry = Entry(kind="held", subject=reply, feature=made.feature, caller=made.caller, at=made.at, facts=facts)
        append(connection, [entry])
    desk.approve(ticket)
    return ticket


def _comes_out_changed(
    running: Running[Any], held: Held[Any], caller: Anyone, ledger: Ledger, desk: ReviewDesk, world: World
) -> bool:
    """Say whether a reply comes out whose text somebody changed, though its value is what it was."""
    id = _copied(held, ledger, "t_changed")
    desk.approve(id)
    with ledger.writing() as connection:
        found = tickets.find(connection, id)
        assert found is not None, "a ticket that was put is there"
        mine = (TEXTS.c.name == "reply") & (TEXTS.c.owner == found.reply)
        before = connection.execute(select(TEXTS.c.content, TEXTS.c.sealed).where(mine)).one()
        plain = texts.read(connection, found.reply, texts.seal_of(world.environment))["reply"]
        connection.execute(update(TEXTS).where(mine).values(content=f"{plain} ".encode(), sealed=0))
    came_out = _comes_out(running.held(id, caller=caller))
    with ledger.writing() as connection:
        connection.execute(update(TEXTS).where(mine).values(content=before.content, sealed=before.sealed))
    return came_out


def _copied(held: Held[Any], ledger: Ledger, id: str) -> str:
    """Put a second ticket for the same reply on the desk, called *id*."""
    with ledger.writing() as connection:
        found = tickets.find(connection, held.ticket.id)
        assert found is not None, "a reply that is held has a ticket"
        tickets.put(connection, replace(found, id=id))
    return id
