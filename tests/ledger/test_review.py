"""What must be reviewed is held, is decided on once, and is delivered only after a decision, as it would pass today."""

from __future__ import annotations

import asyncio
import json
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

import promptspec
from ledger.refunds import ADA, BOB, COMPLAINT, Shop, shop
from promptspec import CallerRefused, Held, LedgerUnavailable, Reply, ReplyRefused
from promptspec.errors import InFlight, InputRefused, Stale, Suspended
from promptspec.ledger import callers
from promptspec.ledger.chain import verify
from promptspec.ledger.opening import Ledger, open_ledger
from promptspec.ledger.tables import ENTRIES, TEXTS, TICKETS
from promptspec.runtime.reviewing import DecisionRefused

WHEN = """
    review when refund > 50 {
        show complaint
        within 4h
        by "leads"
    }
"""
PICK = """promptspec 1

source plans = csv("plans.csv") {
    trust curated
    key id
    label name
    columns {
        name: line(1..20)
    }
}

## Picks a plan.
feature pick {
    model "gpt-5.6-luna"

    input {
        wish: text(1..99)
    }

    output {
        plan: one of plans
    }

    review always
}
"""
SMALL: dict[str, Any] = {"letter": "Here is 5.", "refund": 5, "line": 1}
LARGE: dict[str, Any] = {"letter": "Here is all.", "refund": 399.99, "line": 0}


@pytest.fixture
def offer(tmp_path: Path, ledger: Ledger) -> Shop:
    return shop(tmp_path, ledger, WHEN)


def kinds(ledger: Ledger) -> list[str]:
    with ledger.reading() as connection:
        assert verify(connection).broken is None
        found = connection.execute(select(ENTRIES.c.kind).order_by(ENTRIES.c.seq)).scalars()
        return [kind for kind in found if not kind.startswith("caller_")]


def test_a_reply_is_held_only_where_the_condition_is_true(offer: Shop) -> None:
    assert isinstance(offer.call(SMALL), Reply)
    assert isinstance(offer.call({**SMALL, "refund": 50}), Reply)
    assert isinstance(offer.call({**SMALL, "refund": 50.01}), Held)
    assert kinds(offer.ledger) == ["delivered", "delivered", "held"]


def test_every_form_of_the_call_gives_what_holds_it(offer: Shop) -> None:
    fields: dict[str, Any] = {"complaint": COMPLAINT, "paid": 400, "lines": [], "caller": ADA}
    large = {**LARGE, "line": 0}

    async def asked() -> list[Any]:
        return [await offer.feature.aio(**fields), await offer.feature.acall(**fields)]

    with offer.saying(large):
        found = [offer.feature(**fields), offer.feature.call(**fields), *asyncio.run(asked())]
    assert [type(each) for each in found] == [Held] * 4
    assert len({each.ticket.id for each in found}) == 4
    with offer.saying(SMALL | {"line": 0}):
        assert offer.feature(**fields).refund == 5


def test_nothing_comes_out_before_a_decision_and_the_same_reply_each_time_after_it(offer: Shop) -> None:
    ticket = offer.call(LARGE).ticket.id
    assert offer.poll(ticket) is None
    assert offer.desk().approve(ticket).state == "approved"
    first, second = offer.poll(ticket), offer.poll(ticket)
    assert (first.value.letter, first.value.refund, first.value.line) == ("Here is all.", Decimal("399.99"), None)
    assert (first.id, first.value) == (second.id, second.value)
    assert kinds(offer.ledger) == ["held", "approved", "delivered"]


def test_waiting_ends_with_the_decision(offer: Shop) -> None:
    ticket = offer.call(LARGE).ticket.id

    async def waits() -> Any:
        with offer.saying(LARGE):
            held = offer.feature.held(ticket, caller=ADA)
            with pytest.raises(TimeoutError):
                await held.result(timeout=0.2)
            threading.Timer(0.2, offer.desk().approve, [ticket]).start()
            return await held.result(timeout=20)

    assert asyncio.run(waits()).refund == Decimal("399.99")


def test_what_is_rejected_never_comes_out(offer: Shop) -> None:
    ticket = offer.call(LARGE).ticket.id
    offer.desk().reject(ticket, reason="We do not.")
    for _ in range(2):
        with pytest.raises(ReplyRefused, match="a reviewer rejected"):
            offer.poll(ticket)
    with pytest.raises(DecisionRefused, match="it was rejected by Eve already"):
        offer.desk("Mallory").approve(ticket)
    assert kinds(offer.ledger) == ["held", "rejected"]


@pytest.mark.parametrize(("otherwise", "state"), [("withhold", "withheld"), ("release", "released")])
def test_when_time_runs_out_it_is_dealt_with_as_declared(
    tmp_path: Path, ledger: Ledger, otherwise: str, state: str
) -> None:
    offer = shop(tmp_path, ledger, WHEN.replace('by "leads"', f'by "leads"\n        otherwise {otherwise}'))
    ticket = offer.call(LARGE).ticket.id
    offer.clock.pass_by(hours=4, milliseconds=-1)
    assert offer.poll(ticket) is None
    offer.clock.pass_by(milliseconds=1)
    with pytest.raises(DecisionRefused, match=f"time ran out: the reply was {state}"):
        offer.desk().approve(ticket)
    if state == "withheld":
        with pytest.raises(ReplyRefused, match="nobody decided"):
            offer.poll(ticket)
    else:
        assert offer.poll(ticket).value.refund == Decimal("399.99")
    assert kinds(offer.ledger)[:2] == ["held", state]
    assert offer.desk().listed() == []


def test_the_desk_shows_what_is_to_be_shown_and_the_trail_who_saw_it(offer: Shop) -> None:
    ticket = offer.call(LARGE | {"line": 1}).ticket.id
    shown = offer.desk("Eve").show(ticket)
    assert shown.given == {"complaint": COMPLAINT}
    assert shown.value == {"letter": "Here is all.", "refund": Decimal("399.99"), "line": "a1"}
    assert COMPLAINT in (shown.prompt or "")
    assert [each.id for each in offer.desk().listed(desk="leads")] == [ticket]
    assert offer.desk().listed(desk="others") == []
    with offer.ledger.reading() as connection:
        facts = connection.execute(select(ENTRIES.c.facts).where(ENTRIES.c.kind == "seen")).scalars().all()
    assert [json.loads(each) for each in facts] == [{"by": "Eve"}]


def test_an_edit_passes_every_check_again(offer: Shop) -> None:
    ticket = offer.call(LARGE).ticket.id
    desk = offer.desk()
    for bad, rule in (
        ({"letter": "Here.", "refund": 401}, "ensure_1"),
        ({"letter": "See https://example.org", "refund": 1}, "plain"),
        ({"letter": "x" * 201, "refund": 1}, "too_long"),
        ({"letter": "Here.", "refund": 1, "line": "zz"}, "one_of"),
        ({"letter": "Here.", "refund": 1, "more": 1}, "unknown_field"),
    ):
        with pytest.raises(ReplyRefused) as caught:
            desk.edit(ticket, offer.feature, bad)
        assert [each.rule for each in caught.value.violations] == [rule]
    assert desk.edit(ticket, offer.feature, {"letter": "Take this.", "refund": 60, "line": "a1"}).state == "edited"
    reply = offer.poll(ticket)
    assert (reply.value.letter, reply.value.refund, reply.value.line.sku) == ("Take this.", 60, "a1")
    assert desk.show(ticket).edited == {"letter": "Take this.", "refund": 60, "line": "a1"}


@pytest.mark.parametrize("name", ["input", "prompt", "reply", "edit"])
def test_a_text_that_somebody_changed_in_the_database_does_not_come_out(offer: Shop, name: str) -> None:
    ticket = offer.call(LARGE).ticket.id
    offer.desk().edit(ticket, offer.feature, {"letter": "Take this.", "refund": 60})
    with offer.ledger.writing() as connection:
        row = connection.execute(select(TEXTS.c.content).where(TEXTS.c.name == name)).scalar_one()
        changed = update(TEXTS).where(TEXTS.c.name == name).values(content=bytes(row).replace(b"a", b"e"))
        connection.execute(changed)
    with pytest.raises(LedgerUnavailable, match=f"the {name} in the ledger is not the one that was written"):
        offer.poll(ticket)


def test_a_text_whose_time_is_over_is_not_read_although_nobody_has_swept(tmp_path: Path, ledger: Ledger) -> None:
    offer = shop(tmp_path, ledger, "    review always\n    keep 1h\n")
    ticket = offer.call(LARGE).ticket.id
    offer.desk().approve(ticket)
    offer.clock.pass_by(hours=1)
    with pytest.raises(Stale, match="not kept any more"):
        offer.poll(ticket)
    assert offer.desk().show(ticket).given is None


def test_the_ticket_says_which_line_has_a_person_decide(offer: Shop) -> None:
    ticket = offer.call(LARGE).ticket.id
    assert offer.desk().show(ticket).ticket.why == "refunds.spec line 22"


def test_of_two_who_decide_at_once_one_is_told(offer: Shop) -> None:
    for _ in range(5):
        ticket = offer.call(LARGE).ticket.id
        gate, told = threading.Barrier(2), []

        def decide(name: str, ticket: str = ticket, gate: threading.Barrier = gate, told: list[str] = told) -> None:
            desk = offer.desk(name)
            gate.wait()
            try:
                told.append((desk.approve(ticket) if name == "Eve" else desk.reject(ticket, reason="no")).state)
            except DecisionRefused as refused:
                told.append(str(refused))

        both = [threading.Thread(target=decide, args=(name,)) for name in ("Eve", "Mallory")]
        for each in both:
            each.start()
        for each in both:
            each.join(30)
        won = [each for each in told if each in ("approved", "rejected")]
        assert len(won) == 1
        assert [each for each in told if each not in won] == [
            f"it was {won[0]} by {'Eve' if won == ['approved'] else 'Mallory'} already"
        ]


def test_a_ticket_belongs_to_its_caller(offer: Shop) -> None:
    ticket = offer.call(LARGE).ticket.id
    offer.desk().approve(ticket)
    for id, caller in ((ticket, BOB), ("t_" + "0" * 32, ADA)):
        with pytest.raises(CallerRefused, match="the caller has no such ticket"):
            offer.poll(id, caller=caller)
    assert offer.poll(ticket).value.refund == Decimal("399.99")


def test_a_suspended_caller_gets_no_held_reply(offer: Shop, address: str) -> None:
    offer.environment["PROMPTSPEC_LEDGER"] = address
    ticket = offer.call(LARGE).ticket.id
    offer.desk().approve(ticket)
    with offer.ledger.writing() as connection:
        hash = connection.execute(select(TICKETS.c.caller)).scalar_one()
        callers.suspend(connection, [hash], at=1, by="Eve", reason="abuse")
    offer.clock.pass_by(seconds=5)
    with pytest.raises(Suspended):
        offer.poll(ticket)


def test_what_no_longer_holds_is_stale_at_release(tmp_path: Path, ledger: Ledger) -> None:
    (tmp_path / "plans.csv").write_text("id,name\nfree,Free\npro,Professional\n")
    spec = tmp_path / "pick.spec"
    spec.write_text(PICK)
    offer = Shop(feature=promptspec.load(spec).pick, ledger=ledger)
    with offer.saying({"plan": "pro"}):
        ticket = offer.feature.call(wish="more", caller=ADA).ticket.id
    offer.desk().approve(ticket)
    assert offer.poll(ticket).value.plan.id == "pro"
    (tmp_path / "plans.csv").write_text("id,name\nfree,Free\n")
    offer.feature = promptspec.load(spec).pick
    with pytest.raises(Stale, match="one_of"):
        offer.poll(ticket)


def test_texts_are_gone_after_their_time_and_the_trail_is_not(tmp_path: Path, ledger: Ledger) -> None:
    offer = shop(tmp_path, ledger, "    review always\n    keep 1d\n")
    ticket = offer.call(LARGE).ticket.id
    offer.desk().approve(ticket)
    offer.clock.pass_by(days=1)
    offer.call(SMALL)
    with pytest.raises(Stale, match="not kept any more"):
        offer.poll(ticket)
    assert offer.desk().show(ticket).given is None
    assert kinds(ledger) == ["held", "approved", "held", "seen"]


def test_nobody_is_asked_where_the_ledger_cannot_be_had(tmp_path: Path) -> None:
    from runtime.shop import Teller

    offer = shop(tmp_path, open_ledger(":memory:"), WHEN)
    with offer.feature.override(model=None, world=offer.world), pytest.raises(LedgerUnavailable, match="no ledger"):
        offer.feature.call(complaint="x", paid=1, lines=[], caller=ADA)
    offer.ledger.close()
    teller = Teller(json.dumps(SMALL))
    path = tmp_path / "gone" / "ledger.db"
    (tmp_path / "gone").write_text("a file where a folder would have to be")
    environment = {**offer.environment, "PROMPTSPEC_LEDGER": str(path)}
    offer.environment = environment
    with offer.feature.override(world=offer.world), pytest.raises(LedgerUnavailable, match="cannot be opened"):
        offer.feature.call(complaint="x", paid=1, lines=[], caller=ADA)
    assert teller.asked == []


# Secrets


def test_a_secret_is_sealed_or_the_call_is_refused(tmp_path: Path, ledger: Ledger) -> None:
    offer = shop(tmp_path, ledger, WHEN + "    secret complaint\n")
    with pytest.raises(LedgerUnavailable, match="set `PROMPTSPEC_LEDGER_KEY`"):
        offer.call(LARGE)
    offer.environment["PROMPTSPEC_LEDGER_KEY"] = "f" * 32
    ticket = offer.call(LARGE).ticket.id
    with ledger.reading() as connection:
        contents = b"".join(map(bytes, connection.execute(select(TEXTS.c.content)).scalars()))
    assert b"Mellon" not in contents
    assert b"Here is all" not in contents
    assert offer.desk().show(ticket).given == {"complaint": COMPLAINT}
    offer.desk().edit(ticket, offer.feature, {"letter": "Less.", "refund": 60})
    assert offer.poll(ticket).value.letter == "Less."
    del offer.environment["PROMPTSPEC_LEDGER_KEY"]
    with pytest.raises(LedgerUnavailable, match="sealed"):
        offer.desk().show(ticket)


def test_secrets_are_not_kept_without_a_key_where_nobody_needs_them(tmp_path: Path, ledger: Ledger) -> None:
    offer = shop(tmp_path, ledger, "    keep 7d\n    secret complaint\n")
    assert isinstance(offer.call(SMALL), Reply)
    with ledger.reading() as connection:
        assert connection.execute(select(TEXTS.c.name)).all() == []
    assert kinds(ledger) == ["delivered"]


# Samples


def test_a_sample_is_of_its_share_and_asking_again_does_not_change_it(tmp_path: Path, ledger: Ledger) -> None:
    offer = shop(tmp_path, ledger, "    sample 25%\n")

    def copies() -> list[str]:
        return [each.reply for each in offer.desk().listed(most=1_000)]

    for number in range(80):
        assert isinstance(offer.call(SMALL, complaint=f"number {number}"), Reply)
    first = len(copies())
    assert 8 <= first <= 34  # twenty, and four standard deviations to both sides
    for number in range(80):
        offer.call(SMALL, complaint=f"number {number}")
    assert len(copies()) == 2 * first
    for ticket in offer.desk().listed(most=1_000):
        with pytest.raises(DecisionRefused, match="on which nobody decides"):
            offer.desk().approve(ticket.id)
        offer.desk().close(ticket.id)
    assert copies() == []


# Keys of an application's own


def test_a_key_is_answered_once(offer: Shop) -> None:
    first = offer.call(SMALL, key="order-1")
    again = offer.call({**SMALL, "letter": "Another."}, key="order-1")
    assert (again.id, again.value) == (first.id, first.value)
    assert offer.call(SMALL, key="order-1", caller=BOB).id != first.id
    assert offer.call(SMALL, key="order-2").id != first.id
    with pytest.raises(InputRefused, match="another input"):
        offer.call(SMALL, key="order-1", complaint="Something else.")
    held = offer.call(LARGE, key="order-3")
    assert offer.call(SMALL, key="order-3").ticket.id == held.ticket.id


def test_a_key_under_way_is_in_flight_and_free_again_after_a_failure(offer: Shop) -> None:
    with pytest.raises(ReplyRefused):
        offer.call({**SMALL, "refund": 401}, key="order-1")

    def meanwhile(_ask: Any) -> str:
        with pytest.raises(InFlight):
            offer.call(SMALL, key="order-1")
        return json.dumps(SMALL)

    from runtime.shop import Teller

    with offer.feature.override(model=Teller(meanwhile), world=offer.world, ledger=offer.ledger):
        reply = offer.feature.call(
            complaint=COMPLAINT, paid=400, lines=[{"sku": "a1", "amount": 2}], caller=ADA, idempotency_key="order-1"
        )
    assert offer.call(LARGE, key="order-1").id == reply.id


def test_a_key_of_a_process_that_died_is_free_when_its_call_would_have_ended(offer: Shop) -> None:
    class Killed(BaseException):
        pass

    from promptspec.runtime.logbook import Logbook

    def dies(self: Logbook) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Logbook, "give_up", dies)
        with pytest.raises(Killed):
            offer.call({**SMALL, "refund": 401}, key="order-1")
    with pytest.raises(InFlight):
        offer.call(SMALL, key="order-1")
    offer.clock.pass_by(seconds=40)
    assert isinstance(offer.call(SMALL, key="order-1"), Reply)


def test_a_feature_that_keeps_nothing_makes_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    offer = shop(tmp_path, open_ledger(":memory:"), "")
    offer.environment["PROMPTSPEC_LEDGER"] = str(path)
    from runtime.shop import Teller

    fields: dict[str, Any] = {"complaint": COMPLAINT, "paid": 400, "lines": [], "caller": ADA}
    with offer.feature.override(model=Teller(json.dumps(SMALL | {"line": 0})), world=offer.world):
        offer.feature(**fields)
    assert not path.exists()
    offer.ledger.close()
