"""What one call writes in the ledger: its texts, the ticket that holds its reply, a copy for the desk.

Everything of a call is written in one transaction before its reply is delivered: a reply is in the ledger, or nobody
has it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from promptspec.contract.json_text import json_text
from promptspec.errors import InFlight, LedgerUnavailable
from promptspec.runtime.replies import ID_BITS
from promptspec.safety.callers import Anyone, Session, hashes_of, id_key, kind_of, level_of

if TYPE_CHECKING:
    from promptspec.ledger.opening import Ledger
    from promptspec.ledger.tickets import Ticket
    from promptspec.ports import World
    from promptspec.runtime.held import Kept
    from promptspec.runtime.plan import Keeping, Plan

#: How long a call may take beyond its own `time`, in seconds, before another with the same key takes its place.
_GRACE: Final = 10
#: Texts whose time is over are looked for this often, in milliseconds.
_SWEEP: Final = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What came of a call: plain values as the spec writes them, and the messages that were asked.

    *why* says which line of the spec has a person decide, where one must.
    """

    id: str
    model: str
    given: Mapping[str, object]
    value: object
    prompt: str
    rehearsed: bool
    must_be_reviewed: bool
    why: str = ""


class Logbook:
    """Writes for one call. Raises LedgerUnavailable where the ledger cannot be had, before anybody is asked."""

    def __init__(
        self, *, plan: Plan, feature: str, caller: Anyone, user: str | None, world: World, ledger: Ledger
    ) -> None:
        from promptspec.ledger.texts import seal_of

        self._plan = plan
        self._feature = feature
        self._caller = caller
        self._user = user
        self._world = world
        self.ledger = ledger
        self._seal = seal_of(world.environment) if self._keeping.seals else None
        self._request: str | None = None
        if self._keeping.seals and self._seal is None and self._keeping.review is not None:
            raise LedgerUnavailable("a reply is held with secrets in it: set `PROMPTSPEC_LEDGER_KEY`")

    @property
    def _keeping(self) -> Keeping:
        from promptspec.runtime.plan import KEPT_FOR_KEYS

        return self._plan.keeping or KEPT_FOR_KEYS

    # A call with a key of the application's own

    def begin(self, key: str) -> str | None:
        """Take up the call with this *key*; return the id of the reply that it had before, or None where it had none.

        Raises InFlight where it is under way.
        """
        from promptspec.ledger import replies

        if self._keeping.seals and self._seal is None:
            raise LedgerUnavailable("a reply with secrets in it is kept in cipher: set `PROMPTSPEC_LEDGER_KEY`")
        request = replies.request_id(self._feature, self._user, key)
        at = self._now()
        until = at + round((self._plan.limits.seconds + _GRACE) * 1000)
        with self.ledger.writing() as connection:
            earlier = replies.begin(connection, request, at=at, until=until)
        if earlier == "":
            raise InFlight("a call with the same key is under way")
        if earlier is None:
            self._request = request
        return earlier

    def kept(self, reply: str) -> Kept:
        """Return what the ledger has of *reply*."""
        from promptspec.runtime.held import kept_reply

        return kept_reply(self.ledger, reply, self._world)

    def give_up(self) -> None:
        """Let a call with a key be made again, of which nothing came."""
        from promptspec.ledger import replies

        if self._request is not None:
            with self.ledger.writing() as connection:
                replies.give_up(connection, self._request)

    # What came of it

    def write(self, happened: Happened) -> Ticket | None:
        """Write what *happened*, and return the ticket that holds the reply, None where it may be delivered."""
        from promptspec.ledger import replies, tickets
        from promptspec.ledger.chain import Entry, append
        from promptspec.ledger.texts import keep

        at = self._now()
        held = self._ticket(happened, at) if happened.must_be_reviewed else None
        copy = None if held is not None else self._copy(happened, at)
        with self.ledger.writing() as connection:
            self._register(connection, at)
            hashes = keep(connection, happened.id, self._texts(happened, at), self._seal)
            made = replies.Made(
                id=happened.id,
                feature=self._feature,
                caller=self._user,
                at=at,
                model=happened.model[:200],
                ticket=held.id if held else None,
                reporting=self._reporting(),
            )
            replies.record(connection, made)
            for ticket in (held, copy):
                if ticket is not None:
                    tickets.put(connection, ticket)
            if self._request is not None:
                replies.finish(connection, self._request, happened.id, until=self._until(at))
            facts: dict[str, object] = {"texts": hashes, "model": made.model, "rehearsed": happened.rehearsed}
            if held is not None:
                facts["ticket"] = held.id
            entry = Entry(
                kind="held" if held else "delivered",
                subject=happened.id,
                feature=self._feature,
                caller=self._user,
                at=at,
                facts=facts,
            )
            append(connection, [entry])
            self._sweep(connection, at)
        return held

    def _reporting(self) -> str | None:
        from promptspec.ledger.reports import encode_reporting

        to = self._keeping.report
        return None if to is None else encode_reporting(to.target, to.hosts, shows_reply=to.shows_reply)

    def _texts(self, happened: Happened, at: int) -> list[Any]:
        from promptspec.ledger.texts import Kept

        if self._keeping.seals and self._seal is None:
            return []  # in cipher or not at all
        until = self._until(at)
        reply = json.dumps({"value": json_text(happened.value), "rehearsed": happened.rehearsed})
        texts = {"input": json_text(happened.given), "prompt": happened.prompt, "reply": reply}
        return [Kept(name=name, content=content, until=until) for name, content in texts.items()]

    def _ticket(self, happened: Happened, at: int) -> Ticket:
        from promptspec.ledger.tickets import Ticket

        review = self._keeping.review
        assert review is not None
        return Ticket(
            id="t_" + self._world.entropy.token(ID_BITS),
            kind="review",
            reply=happened.id,
            feature=self._feature,
            caller=self._user,
            desk=review.by,
            why=happened.why,
            show=review.show,
            at=at,
            until=None if review.within is None else at + round(review.within * 1000),
            otherwise="release" if review.releases else "withhold",
            callback=review.callback,
            hosts=review.hosts,
            state="held",
        )

    def _copy(self, happened: Happened, at: int) -> Ticket | None:
        from promptspec.ledger.tickets import Ticket

        share = self._keeping.sample
        if share is None or not self._is_drawn(share, happened):
            return None
        return Ticket(
            id="t_" + self._world.entropy.token(ID_BITS),
            kind="sample",
            reply=happened.id,
            feature=self._feature,
            caller=self._user,
            why="sample",
            at=at,
            state="copied",
        )

    def _is_drawn(self, share: Decimal, happened: Happened) -> bool:
        """Say whether this call is one of the sample: one input of one caller always is, or never."""
        key = b"rehearsal" if happened.rehearsed else id_key(self._world.environment)
        told = json.dumps([self._feature, self._user, json_text(happened.given)])
        digest = hmac.digest(key, b"promptspec sample\0" + told.encode("utf-8", "surrogatepass"), "sha256")
        return int.from_bytes(digest[:8], "big") * 100 < share * 2**64

    def _register(self, connection: Any, at: int) -> None:
        from promptspec.ledger.callers import Identity, register

        if self._user is not None and isinstance(self._caller, Session):
            identity = Identity(kind=kind_of(self._caller), level=level_of(self._caller), id=self._caller.id)
            register(connection, identity, hashes_of(self._caller, self._world.environment), at=at)

    def _sweep(self, connection: Any, at: int) -> None:
        from promptspec.ledger import replies, texts

        if self.ledger.is_due(at, every=_SWEEP):
            texts.sweep(connection, at)
            replies.sweep(connection, at)

    def _until(self, at: int) -> int:
        return at + round(self._keeping.seconds * 1000)

    def _now(self) -> int:
        return milliseconds(self._world.clock.now())


def milliseconds(moment: datetime) -> int:
    """Return *moment* as the ledger writes it."""
    return round(moment.timestamp() * 1000)
