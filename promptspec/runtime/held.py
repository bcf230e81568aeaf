"""Replies that wait for a person, and what becomes of them (rule 26)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

from promptspec.errors import (
    CallerRefused,
    InputRefused,
    LedgerUnavailable,
    Moderated,
    ReplyRefused,
    Stale,
    Violation,
)
from promptspec.ledger.opening import LEDGER
from promptspec.models.port import Answer, Usage
from promptspec.runtime.outermost import Outermost
from promptspec.runtime.replies import Reply
from promptspec.safety.suspension import refuse_suspended
from promptspec.values.reading import read_json

if TYPE_CHECKING:
    from promptspec.ledger.opening import Ledger
    from promptspec.ledger.tickets import Ticket as Filed
    from promptspec.ports import World
    from promptspec.runtime.calling import Call, Checked
    from promptspec.runtime.written import Written
    from promptspec.safety.callers import Anyone

V = TypeVar("V", covariant=True)
W = TypeVar("W")

#: Seconds between two looks at the ledger while a decision is waited for.
_EVERY: Final = 0.5
#: What a refusal says of a reply that no person let through.
_REFUSED: Final = {
    "rejected": "a reviewer rejected the reply",
    "withheld": "nobody decided on the reply in time",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the ledger has of a reply: input and value as JSON texts, and the ticket that holds it, if one does."""

    id: str
    model: str
    given: str
    value: str
    rehearsed: bool
    ticket: Filed | None


class Ticket(Generic[V]):
    """Stands for a reply that is held. *id* has 128 random bits; after *until* nobody decides any more."""

    def __init__(self, held: Held[V], filed: Filed) -> None:
        self._held = held
        self.id = filed.id
        self.until = None if filed.until is None else datetime.fromtimestamp(filed.until / 1000, UTC)

    def __repr__(self) -> str:
        return f"Ticket({self.id!r})"

    async def wait(self, timeout: float | None = None) -> Reply[V]:
        """Return the reply once it is let through. Raises as `poll` does, and TimeoutError after *timeout* seconds.

        The ledger is looked at every half second.
        """
        import asyncio

        async with asyncio.timeout(timeout):
            while True:
                reply = await asyncio.to_thread(self._held.poll)
                if reply is not None:
                    return reply
                await asyncio.sleep(_EVERY)


class Held(Generic[V]):
    """A reply that a person must decide on before anybody has it."""

    def __init__(self, feature: Written, filed: Filed, caller: Anyone, *, world: World, ledger: Ledger) -> None:
        self._feature = feature
        self._caller = caller
        self._world = world
        self._ledger = ledger
        self.ticket: Ticket[V] = Ticket(self, filed)

    def __repr__(self) -> str:
        return f"Held({self.ticket.id!r})"

    async def result(self, timeout: float | None = None) -> V:
        """Return the value once it is let through. Raises as `poll` does, and TimeoutError after *timeout* seconds."""
        return (await self.ticket.wait(timeout)).value

    def poll(self) -> Reply[V] | None:
        """Return the reply if it was let through, None while nobody has decided; the same reply each time.

        Raises ReplyRefused where it was rejected or time ran out, Stale where it does not pass the checks of today, and
        LedgerUnavailable.
        """
        from promptspec.ledger import tickets

        with Outermost(self._feature.plan.name):
            at = round(self._world.clock.now().timestamp() * 1000)
            filed = self._filed(at)
            if filed.caller is not None and self._world.environment.get(LEDGER):
                refuse_suspended((filed.caller,), self._world.environment, self._world.clock)
            if filed.state in tickets.OPEN:
                return None
            said = _REFUSED.get(filed.state)
            if said is not None:
                raise ReplyRefused([Violation(path="output", rule="review", message=said)])
            reply = self._let_through(filed)
            if filed.delivered_at is None:
                with self._ledger.writing() as connection:
                    now = tickets.find(connection, filed.id)
                    if now is not None and now.delivered_at is None:
                        tickets.deliver(connection, now, at)
            return reply

    def approve(self, *, by: str) -> Reply[V]:
        """Let the reply through in the name of *by*, and return it: for tests, and for desks of your own.

        Raises as `poll` does, and DecisionRefused where somebody has decided otherwise.
        """
        from promptspec.runtime.reviewing import ReviewDesk

        ReviewDesk(self._ledger, self._world, by=by).approve(self.ticket.id)
        reply = self.poll()
        assert reply is not None, "an approved reply comes out or is refused"
        return reply

    def _filed(self, at: int) -> Filed:
        from promptspec.ledger import tickets

        with self._ledger.reading() as connection:
            filed = tickets.find(connection, self.ticket.id)
        if filed is not None and filed.state == "held" and filed.until is not None and at >= filed.until:
            with self._ledger.writing() as connection:
                now = tickets.find(connection, filed.id)
                filed = None if now is None else tickets.run_out(connection, now, at)
            if filed is not None and filed.callback:
                from promptspec.safety.forwarding import send_in_background

                send_in_background(self._world)
        if filed is None:
            raise Stale("the ticket is gone")
        return filed

    def _let_through(self, filed: Filed) -> Reply[Any]:
        kept = kept_reply(self._ledger, filed.reply, self._world)
        call = restored(self._feature, kept, self._caller, user=filed.caller)
        return released(call, kept)


def find_held(
    feature: Written, id: str, caller: Anyone, *, users: tuple[str | None, ...], world: World, ledger: Ledger
) -> Held[Any]:
    """Return what holds the ticket *id*. Raises CallerRefused where *caller*, one of *users*, has no such ticket."""
    from promptspec.ledger import tickets

    with ledger.reading() as connection:
        filed = tickets.find(connection, id)
    if filed is None or filed.kind != "review" or filed.caller not in users or filed.feature != feature.told_as:
        raise CallerRefused("the caller has no such ticket")
    return Held(feature, filed, caller, world=world, ledger=ledger)


@overload
def value_of(outcome: Held[W]) -> Held[W]: ...
@overload
def value_of(outcome: Reply[W]) -> W: ...
@overload
def value_of(outcome: Reply[W] | Held[W]) -> W | Held[W]: ...
def value_of(outcome: Reply[Any] | Held[Any]) -> Any:
    """Return the value of a reply; what is held stays as it is."""
    return outcome if isinstance(outcome, Held) else outcome.value


# What is in the ledger, as a reply again


def kept_reply(ledger: Ledger, id: str, world: World) -> Kept:
    """Return what *ledger* has of the reply *id*: of one that was edited, what it was edited to.

    Raises Stale where its texts are not kept any more, and LedgerUnavailable where they are sealed and have no key, or
    are not those that the trail has the hashes of.
    """
    from promptspec.ledger import replies, texts, tickets

    with ledger.reading() as connection:
        made = replies.find(connection, id)
        seal = texts.seal_of(world.environment)
        found = texts.read(connection, id, seal, at=round(world.clock.now().timestamp() * 1000))
        filed = tickets.find(connection, made.ticket) if made is not None and made.ticket is not None else None
        hashes = texts.hashes_in_trail(connection, [id, *([filed.id] if filed else [])])
        changed = texts.differs(connection, id, hashes, seal)
    if changed is not None:
        raise LedgerUnavailable(f"the {changed} in the ledger is not the one that was written")
    if made is None or not {"input", "reply"} <= found.keys():
        raise Stale("the texts of the reply are not kept any more")
    reply: Any = read_json(found["reply"])
    edited = found.get("edit") if filed is not None and filed.state == "edited" else None
    return Kept(
        id=id,
        model=made.model,
        given=found["input"],
        value=reply["value"] if edited is None else edited,
        rehearsed=bool(reply["rehearsed"]),
        ticket=filed,
    )


def restored(feature: Written, kept: Kept, caller: Anyone, *, user: str | None) -> Call:
    """Return the call that *kept* came of, as it is today. Raises Stale where its input does not hold any more."""
    from promptspec.runtime.calling import Call, Restoring

    given: Any = read_json(kept.given)
    failure: Stale
    try:
        return Call(feature, given, caller, restores=Restoring(user=user))
    except (InputRefused, Moderated) as error:
        failure = Stale(f"the input does not hold any more: {error.detail}")
    # Raised out here, so that nothing of the input hangs on the exception as its context.
    raise failure


def released(call: Call, kept: Kept) -> Reply[Any]:
    """Return the reply that *kept* is, after all checks of today that ask nobody. Raises Stale."""
    failure: Stale
    try:
        checked = checked_again(call, kept.value, model=kept.model, rehearsed=kept.rehearsed)
        return call.reply(checked, (), id=kept.id)
    except (ReplyRefused, Moderated) as error:
        failure = Stale(f"the reply does not hold any more: {error.detail}")
    # Raised out here, so that nothing of the reply hangs on the exception as its context.
    raise failure


def checked_again(call: Call, value: str, *, model: str, rehearsed: bool = False) -> Checked:
    """Return *value*, the JSON text of a value with keys, as a reply that holds. Raises as `Call.check` does.

    Where shortlists are made by embedding, a vector is asked for again; Stale is raised where nothing is near any more.
    """
    from promptspec.contract.wire_value import wire_value

    _find_again(call)
    feature = call.feature
    text = wire_value(feature.module_contract, feature.contract, read_json(value), call.given())
    return call.check(Answer(text=text, model=model, usage=Usage(), rehearsed=rehearsed))


def _find_again(call: Call) -> None:
    failure: Stale
    try:
        call.find_again()
        return
    except InputRefused as error:
        failure = Stale(f"the input does not hold any more: {error.detail}")
    # Raised out here, so that nothing of the input hangs on the exception as its context.
    raise failure
