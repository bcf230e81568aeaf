"""The law `caller_stays_hidden` over calls, reports, suspensions, rotated keys and what is forwarded.

The id of a caller stands in the table of callers and nowhere else, until the caller is forgotten. Beside it: who is
suspended gets nothing, and every report that was taken arrives.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from codegen.specs import loaded
from promptspec.errors import InputRefused, LimitReached, PromptspecError, Suspended
from promptspec.ledger import callers, outbox
from promptspec.ledger.chain import verify
from promptspec.ledger.opening import LEDGER, Ledger, ledger_of
from promptspec.ledger.tables import CALLERS, METADATA
from promptspec.models.port import Answer, Usage
from promptspec.ports import World
from promptspec.runtime.host import HOST
from promptspec.runtime.reporting import report
from promptspec.safety import suspension
from promptspec.safety.callers import ID_KEY, Session, SignedIn, Verified, hash_of, hashes_of
from promptspec.safety.forwarding import FORWARD, Forwarder
from promptspec.safety.suspension import hashes_by_each_key
from safety.servers import App, app_server

SPEC = """
    feature ask {
        model "gpt-5.6-luna"
        caller session

        input { question: text(..200) }
        output text(..200)
        report to "URL" { show reply }
    }
"""
KINDS: tuple[Callable[[str], Session], ...] = (Session, SignedIn, Verified)
IDS = ("ada@example.org", "+41 79 123 45 67", "ünï-\u202e-cöde", "a\0b\n\rc: d", "\ud800 half", "'; DROP TABLE x; --")
_NUMBERS = count()


class Model:
    name = "m"

    async def ask(self, *_: Any, **__: Any) -> Answer:
        return Answer(text='{"answer": "Hello"}', model="m", usage=Usage())


class Clock:
    """A second passes with each look at the time."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 27, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at.timestamp()

    def now(self) -> datetime:
        return self.at

    def today(self) -> date:
        return self.at.date()


@dataclass
class Stage:
    """What all examples of one run share: the feature, the ledger, who takes reports, and what was said."""

    feature: Any
    address: str
    app: App
    said: list[str]
    clock: Clock = field(default_factory=Clock)

    @property
    def ledger(self) -> Ledger:
        return ledger_of({LEDGER: self.address})


class Callers(RuleBasedStateMachine):
    stage: Stage

    @initialize()
    def begin(self) -> None:
        mark = f"example {next(_NUMBERS)}:"
        self.ids = [f"{mark}{id}" for id in IDS]
        self.keys = [f"k{next(_NUMBERS)}:0123456789abcdef"]
        self.suspended: set[Session] = set()
        self.registered: set[tuple[str, str]] = set()
        self.replies: list[tuple[str, Session]] = []
        self.reports: list[str] = []
        self.stage.app.status = 200

    # What is known

    @property
    def world(self) -> World:
        self.stage.clock.at += timedelta(seconds=1)
        environment = {ID_KEY: ",".join(self.keys), LEDGER: self.stage.address, FORWARD: "0"}
        return replace(HOST, environment=environment, clock=self.stage.clock)

    def one(self, who: tuple[int, int]) -> Session:
        return KINDS[who[0]](self.ids[who[1]])

    def account(self, caller: Session) -> Session:
        """A verified account is the account."""
        return SignedIn(caller.id) if isinstance(caller, SignedIn) else caller

    def kind(self, caller: Session) -> str:
        return "account" if isinstance(caller, SignedIn) else "session"

    def catching(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except PromptspecError as error:
            self.stage.said.append(f"{error!r} {error} {error.detail} {error.user_message} {error.violations}")
            return error

    # What happens

    who = st.tuples(st.integers(0, len(KINDS) - 1), st.integers(0, len(IDS) - 1))

    @rule(who=who)
    def call(self, who: tuple[int, int]) -> None:
        caller, world = self.one(who), self.world
        with self.stage.feature.override(model=Model(), world=world, ledger=self.stage.ledger):
            reply = self.catching(lambda: self.stage.feature.call(question="Hi?", caller=caller))
        self.stage.said.append(repr(reply))
        if self.account(caller) in self.suspended:
            assert isinstance(reply, Suspended)
            return
        assert reply.value == "Hello"
        self.registered.add((self.kind(caller), caller.id))
        self.replies.append((reply.id, caller))

    @rule(data=st.data(), who=who, own=st.booleans())
    def report(self, data: st.DataObject, who: tuple[int, int], own: bool) -> None:
        if not self.replies:
            return
        reply, of = data.draw(st.sampled_from(self.replies))
        caller = of if own else self.one(who)
        filed = self.catching(lambda: report(reply, "It is wrong.", caller, world=self.world))
        if self.account(caller) in self.suspended:
            assert isinstance(filed, Suspended)
        elif self.account(caller) != self.account(of):
            assert isinstance(filed, InputRefused)
        elif not isinstance(filed, LimitReached):
            assert isinstance(filed, str), filed
            self.reports.append(filed)

    @rule(who=who, old=st.booleans())
    def suspend(self, who: tuple[int, int], old: bool) -> None:
        caller = self.one(who)
        hashes = hashes_of(caller, self.world.environment)
        hash = hashes[-1] if old else hashes[0]
        with self.stage.ledger.writing() as connection:
            found = hashes_by_each_key(connection, hash, self.world.environment)
            callers.suspend(connection, found, at=1, by="eve", reason="spam")
        self.suspended.add(self.account(caller))

    @rule(who=who)
    def restore(self, who: tuple[int, int]) -> None:
        caller = self.one(who)
        with self.stage.ledger.writing() as connection:
            for hash in hashes_of(caller, self.world.environment):
                found = hashes_by_each_key(connection, hash, self.world.environment)
                callers.restore(connection, found, at=2, by="eve", reason="")
        self.suspended.discard(self.account(caller))

    @rule(who=who)
    def forget(self, who: tuple[int, int]) -> None:
        caller = self.one(who)
        with self.stage.ledger.writing() as connection:
            for hash in hashes_of(caller, self.world.environment):
                callers.forget(connection, hash, at=3, by="eve")
        self.registered.discard((self.kind(caller), caller.id))

    @rule(who=who)
    def find(self, who: tuple[int, int]) -> None:
        caller = self.one(who)
        hash = hash_of(caller, self.world.environment)
        assert hash is not None
        with self.stage.ledger.writing() as connection:
            known = suspension.find_by_other_keys(connection, callers.find(connection, hash), self.world.environment)
            callers.looked_up(connection, hash, at=4, by="eve")
        assert (known.identity is not None) == ((self.kind(caller), caller.id) in self.registered)
        assert known.identity is None or known.identity.id == caller.id
        assert caller.id not in repr(known)

    @rule()
    def rotate(self) -> None:
        """All keys stay: who is forgotten between two of them has nothing else to be known by."""
        self.keys.insert(0, f"k{next(_NUMBERS)}:fedcba9876543210")

    @rule(status=st.sampled_from([200, 200, 204, 302, 422, 500, 503]), minutes=st.integers(0, 200))
    def send(self, status: int, minutes: int) -> None:
        self.stage.app.status = status
        self.stage.clock.at += timedelta(minutes=minutes)
        outcome = Forwarder(self.stage.ledger, self.world).send()
        self.stage.said.append(repr(outcome))
        assert status < 300 or not outcome.sent

    # What must hold

    @invariant()
    def the_id_stands_in_one_table(self) -> None:
        with self.stage.ledger.reading() as connection:
            assert verify(connection).broken is None
            for table in METADATA.sorted_tables:
                if table is not CALLERS:
                    rows = connection.execute(select(table)).all()
                    told = "\n".join(_told(value) for row in rows for value in row)
                    assert not [id for id in self.ids if _is_in(id, told)], table.name
            rows = connection.execute(select(CALLERS)).all()
        kept = {(row.kind, json.loads(row.id)) for row in rows}
        mine = {(kind, id) for kind, id in kept if id in self.ids}
        assert mine == self.registered

    @invariant()
    def nobody_outside_is_told(self) -> None:
        told = "\n".join(self.stage.said)
        told += "\n".join(f"{headers} {body.decode()}" for headers, body in self.stage.app.requests)
        assert not [id for id in self.ids if _is_in(id, told)]

    def teardown(self) -> None:
        if not hasattr(self, "reports"):
            return
        self.stage.app.status = 200
        self.stage.clock.at += timedelta(days=1)
        assert Forwarder(self.stage.ledger, self.world).send().problems == {}
        taken = Counter(headers["idempotency-key"] for headers, _ in self.stage.app.requests)
        assert set(self.reports) <= set(taken)
        with self.stage.ledger.reading() as connection:
            assert outbox.waiting(connection) == 0
        self.stage.app.requests.clear()
        self.stage.said.clear()


def _told(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _is_in(id: str, told: str) -> bool:
    """Say whether *told* holds *id*, as it is, or as Python or any JSON would have it."""
    written = (id, repr(id)[1:-1], json.dumps(id)[1:-1], json.dumps(id, ensure_ascii=False)[1:-1])
    return any(each in told for each in written)


def test_the_id_of_a_caller_stands_nowhere_but_among_the_callers(
    address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="promptspec")
    (tmp_path / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["127.0.0.1"]\n')
    with app_server() as app:
        feature = loaded(tmp_path, SPEC.replace("URL", app.url)).ask
        said: list[str] = []
        Callers.stage = Stage(feature=feature, address=address, app=app, said=said)
        run_state_machine_as_test(
            Callers,
            settings=settings(
                max_examples=12,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
            ),
        )
    assert caplog.records
    assert "example " not in caplog.text


def test_a_file_that_was_scrubbed_holds_nobody_who_was_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    environment = {ID_KEY: "k1:0123456789abcdef", LEDGER: str(path)}
    ledger = ledger_of(environment)
    people = [SignedIn(f"somebody-{number}@example.org") for number in range(200)]
    for caller in people:
        with ledger.writing() as connection:
            identity = callers.Identity(kind="account", level="signed_in", id=caller.id)
            callers.register(connection, identity, hashes_of(caller, environment), at=1)
    with ledger.writing() as connection:
        for caller in people:
            callers.forget(connection, hash_of(caller, environment) or "", at=2, by="eve")
    ledger.scrub()
    for each in tmp_path.iterdir():
        assert b"somebody" not in each.read_bytes(), each.name
