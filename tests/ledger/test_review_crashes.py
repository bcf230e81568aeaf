"""A process that is killed at any step of a review loses no ticket, decides nothing twice, delivers nothing early."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select

from ledger.refunds import Shop, shop
from promptspec import Held
from promptspec.ledger.chain import verify
from promptspec.ledger.opening import Ledger, open_ledger
from promptspec.ledger.tables import ENTRIES, TICKETS
from promptspec.runtime.reviewing import DecisionRefused

LARGE: dict[str, Any] = {"letter": "Here is all.", "refund": 399, "line": 0}
#: More than any of these steps runs.
MOST = 40


def _die_at(ledger: Ledger, step: int) -> None:
    """Kill this process before statement *step*, or before the commit that comes then."""
    count = 0

    def next_step(*_: object) -> None:
        nonlocal count
        count += 1
        if count > step:
            os.kill(os.getpid(), 9)

    engine = ledger._engine
    event.listen(engine, "before_cursor_execute", next_step)
    event.listen(engine, "commit", next_step)


def _work(folder: Path, address: str, what: str, ticket: str, step: int) -> None:
    ledger = open_ledger(address)
    offer = shop(folder, ledger, "    review always\n")
    _die_at(ledger, step)
    _do(offer, what, ticket)
    os._exit(0)


def _do(offer: Shop, what: str, ticket: str) -> Any:
    if what == "call":
        return offer.call(LARGE)
    if what == "approve":
        return offer.desk().approve(ticket)
    return offer.poll(ticket)


def _state(ledger: Ledger) -> list[tuple[str, bool]]:
    with ledger.reading() as connection:
        assert verify(connection).broken is None
        found = connection.execute(select(TICKETS.c.state, TICKETS.c.delivered_at).order_by(TICKETS.c.at)).all()
        return [(state, delivered is not None) for state, delivered in found]


def _count(connection: Connection, kind: str) -> int:
    return len(connection.execute(select(ENTRIES.c.seq).where(ENTRIES.c.kind == kind)).all())


@pytest.mark.parametrize("what", ["call", "approve", "poll"])
def test_killed_at_any_step_nothing_is_half_done(tmp_path: Path, what: str) -> None:
    """On SQLite: what a killed client of PostgreSQL leaves is for its server to take back."""
    address = str(tmp_path / "ledger.db")
    ledger = open_ledger(address)
    offer = shop(tmp_path, ledger, "    review always\n")
    spawn = multiprocessing.get_context("fork")
    ended = False
    for step in range(MOST):
        ticket = ""
        if what != "call":
            held = offer.call(LARGE)
            assert isinstance(held, Held)
            ticket = held.ticket.id
        if what == "poll":
            offer.desk().approve(ticket)
        before = _state(ledger)
        process = spawn.Process(target=_work, args=(tmp_path, address, what, ticket, step))
        process.start()
        process.join(60)
        assert process.exitcode in (0, -9)
        after = _state(ledger)
        if what == "call":
            assert after[: len(before)] == before
            assert after[len(before) :] in ([], [("held", False)])
        elif what == "approve":
            assert after[-1] in (("held", False), ("approved", False))
            if after[-1] == ("held", False):
                assert offer.poll(ticket) is None
                offer.desk().approve(ticket)
            with pytest.raises(DecisionRefused):
                offer.desk("Mallory").reject(ticket, reason="no")
        else:
            assert offer.poll(ticket).value.refund == 399
        ended = process.exitcode == 0
        if ended:
            break
    assert ended, "the steps were not tried to their end"
    with ledger.reading() as connection:
        tickets = len(connection.execute(select(TICKETS.c.id)).all())
        assert _count(connection, "held") == tickets
        if what != "call":
            assert _count(connection, "approved") == tickets
            assert _count(connection, "delivered") == (tickets if what == "poll" else 0)
    ledger.close()
