"""A feature with a review, and worlds in which it is called."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import promptspec
from promptspec import SignedIn
from promptspec.ledger.opening import Ledger
from promptspec.ports import World
from promptspec.runtime.host import HOST
from promptspec.runtime.reviewing import ReviewDesk
from runtime.shop import Teller

KEY = "0123456789abcdef0123456789abcdef"
ADA, BOB = SignedIn("ada@example.org"), SignedIn("bob@example.org")

COMPLAINT = "It never came, Mellon."
SPEC = """promptspec 1

## Offers a customer something back.
feature offer_refund {{
    model "gpt-5.6-luna"

    input {{
        complaint: text(1..200)
        paid: decimal(0..10_000, 2)
        since: date?
        lines: list(..3) of {{ key sku: line(1..8) amount: int(1..9) }}
    }}

    output {{
        letter: text(1..200)
        refund: decimal(0..10_000, 2)
        line: one of lines?
    }}

    ensure refund <= paid else "no more than was paid"
{clauses}
}}
"""


@dataclass
class Clock:
    """A clock that a test moves on."""

    moment: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return HOST.clock.monotonic() + (self.moment - Clock.moment).total_seconds()

    def today(self) -> date:
        return self.moment.date()

    def now(self) -> datetime:
        return self.moment

    def pass_by(self, **time: float) -> None:
        self.moment += timedelta(**time)


@dataclass
class Shop:
    """The feature, its world, and its ledger."""

    feature: Any
    ledger: Ledger
    clock: Clock = field(default_factory=Clock)
    environment: dict[str, str] = field(default_factory=lambda: {"PROMPTSPEC_ID_KEY": KEY})

    @property
    def world(self) -> World:
        return World(clock=self.clock, entropy=HOST.entropy, environment=self.environment)

    def saying(self, value: dict[str, Any]) -> Any:
        """Have the model say *value*, in this world, with this ledger."""
        return self.feature.override(model=Teller(json.dumps(value)), world=self.world, ledger=self.ledger)

    def call(self, value: dict[str, Any], *, caller: SignedIn = ADA, key: str | None = None, **given: Any) -> Any:
        """Call once, with a model that says *value*."""
        fields = {"complaint": COMPLAINT, "paid": 400, "lines": [{"sku": "a1", "amount": 2}]} | given
        with self.saying(value):
            return self.feature.call(**fields, caller=caller, idempotency_key=key)

    def held(self, ticket: str, *, caller: SignedIn = ADA) -> Any:
        """Ask for a ticket, as another process would."""
        with self.saying({}):
            return self.feature.held(ticket, caller=caller)

    def poll(self, ticket: str, *, caller: SignedIn = ADA) -> Any:
        """Ask for the reply of a ticket, with a model that must not be asked."""
        teller = Teller(raises=AssertionError("nobody is asked at release"))
        with self.feature.override(model=teller, world=self.world, ledger=self.ledger):
            return self.feature.held(ticket, caller=caller).poll()

    def desk(self, by: str = "Eve") -> ReviewDesk:
        return ReviewDesk(self.ledger, self.world, by=by)


def shop(folder: Path, ledger: Ledger, clauses: str, **changes: Any) -> Shop:
    """Return the feature with these *clauses*."""
    spec = folder / "refunds.spec"
    spec.write_text(SPEC.format(clauses=clauses), encoding="utf-8")
    return Shop(feature=promptspec.load(spec).offer_refund, ledger=ledger, **changes)
