"""The desk: what persons see of held replies and of samples, and what they decide (rule 26)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from promptspec.contract.json_text import json_text
from promptspec.errors import Stale
from promptspec.ledger import callers, texts, tickets
from promptspec.runtime.calling import judged_broken, refuse_reply
from promptspec.runtime.held import checked_again, kept_reply, restored
from promptspec.runtime.plain_values import plain_output
from promptspec.safety.callers import LEVELS, Anyone, Session, example_caller
from promptspec.values.reading import read_json

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from promptspec.ledger.opening import Ledger
    from promptspec.ledger.tickets import State, Ticket
    from promptspec.ports import World
    from promptspec.runtime.written import Written

#: The most characters of a reviewer's name, and of a reason.
MOST_NAME: Final = 200
MOST_REASON: Final = 2_000


class DecisionRefused(Exception):
    """A decision cannot be recorded; the message is for the person who wanted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the desk shows of a *ticket*: the inputs that it is to show, the *prompt*, and the *value* of the reply.

    The texts are None where they are not kept any more. *edited* is what a reviewer made of the value.
    """

    ticket: Ticket
    model: str
    given: Mapping[str, object] | None
    prompt: str | None
    value: object
    edited: object = None


class ReviewDesk:
    """The desk of one ledger, for the person called *by*."""

    def __init__(self, ledger: Ledger, world: World, *, by: str) -> None:
        name = by.strip()
        if not 1 <= len(name) <= MOST_NAME or not name.isprintable():
            raise DecisionRefused(f"a reviewer has a name of 1 to {MOST_NAME} characters")
        self._ledger = ledger
        self._world = world
        self._by = name

    def listed(self, *, desk: str | None = None, most: int = 100) -> list[Ticket]:
        """Return up to *most* tickets that wait for a person, the oldest first; those that ran out are dealt with."""
        at = self._now()
        with self._ledger.reading() as connection:
            found = tickets.listed(connection, desk=desk, most=most)
        late = [each for each in found if each.until is not None and at >= each.until]
        if not late:
            return found
        for each in late:
            self._run_out(each.id, at)
        with self._ledger.reading() as connection:
            return tickets.listed(connection, desk=desk, most=most)

    def show(self, id: str) -> Shown:
        """Return what there is to see of the ticket *id*; the trail has who saw it. Raises DecisionRefused."""
        at = self._now()
        ticket = self._run_out(id, at)
        with self._ledger.writing() as connection:
            tickets.see(connection, ticket, by=self._by, at=at)
            found = texts.read(connection, ticket.reply, texts.seal_of(self._world.environment), at=at)
        given: Any = read_json(found["input"]) if "input" in found else None
        if given is not None and ticket.show:
            given = {name: given[name] for name in ticket.show if name in given}
        reply: Any = read_json(found["reply"]) if "reply" in found else {"value": "null"}
        return Shown(
            ticket=ticket,
            model=self._model(ticket),
            given=given,
            prompt=found.get("prompt"),
            value=read_json(reply["value"]),
            edited=read_json(found["edit"]) if "edit" in found else None,
        )

    def _model(self, ticket: Ticket) -> str:
        from promptspec.ledger import replies

        with self._ledger.reading() as connection:
            made = replies.find(connection, ticket.reply)
        return "" if made is None else made.model

    # Decisions

    def approve(self, id: str) -> Ticket:
        """Let the reply of the ticket *id* through, as it is. Raises DecisionRefused."""
        return self._decide(id, "approved", reason="")

    def reject(self, id: str, *, reason: str) -> Ticket:
        """Keep the reply of the ticket *id* back for good, for a *reason*. Raises DecisionRefused."""
        said = reason.strip()
        if not 1 <= len(said) <= MOST_REASON:
            raise DecisionRefused(f"say why, in 1 to {MOST_REASON:,} characters")
        return self._decide(id, "rejected", reason=said)

    def close(self, id: str) -> Ticket:
        """Take a sample off the desk. Raises DecisionRefused."""
        return self._decide(id, "closed", reason="", kind="sample")

    def edit(self, id: str, feature: Written, value: object) -> Ticket:
        """Let *value*, written as in `returns`, through in place of the reply of the ticket *id*.

        It passes every check that a model's reply passes, judges and moderators included, on the sources of today.
        Raises DecisionRefused, ReplyRefused and Moderated for a value that does not hold, Stale where the input does
        not hold any more, and what asking raises.
        """
        ticket = self._open(id, "review")
        if feature.told_as != ticket.feature:
            raise DecisionRefused(f"the ticket is of `{ticket.feature}`")
        kept = kept_reply(self._ledger, ticket.reply, self._world)
        call = restored(feature, kept, self._caller_of(ticket, feature), user=ticket.caller)
        checked = checked_again(call, json_text(value), model=kept.model)
        refuse_reply(judged_broken(checked, call.judge(checked)))
        call.reply(checked, ())
        edited = json_text(plain_output(feature, call.output))
        return self._decide(id, "edited", reason="", edit=edited)

    def _caller_of(self, ticket: Ticket, feature: Written) -> Anyone:
        """Return whose call it was. Raises Stale where that was forgotten."""
        if ticket.caller is None:
            return example_caller(feature.plan.caller)
        with self._ledger.reading() as connection:
            identity = callers.find(connection, ticket.caller).identity
        kind = LEVELS.get(identity.level) if identity is not None else None
        if identity is None or kind is None or not issubclass(kind, Session):
            raise Stale("who called was forgotten")
        return kind(identity.id)

    def _decide(self, id: str, state: State, *, reason: str, kind: str = "review", edit: str | None = None) -> Ticket:
        at = self._now()
        self._run_out(id, at)
        with self._ledger.writing() as connection:
            ticket = tickets.find(connection, id)
            if ticket is None or ticket.kind != kind or ticket.state not in tickets.OPEN:
                raise DecisionRefused(_why_not(ticket, kind))
            kept = None if edit is None else self._keep_edit(connection, ticket, edit)
            tickets.decide(connection, ticket, state, by=self._by, reason=reason, at=at, texts=kept)
            decided = tickets.find(connection, id)
        assert decided is not None
        return decided

    def _keep_edit(self, connection: Connection, ticket: Ticket, edit: str) -> dict[str, str]:
        until = texts.until_of(connection, ticket.reply)
        seal = texts.seal_of(self._world.environment) if texts.is_sealed(connection, ticket.reply) else None
        return texts.keep(connection, ticket.reply, [texts.Kept(name="edit", content=edit, until=until)], seal)

    def _open(self, id: str, kind: str) -> Ticket:
        ticket = self._run_out(id, self._now())
        if ticket.kind != kind or ticket.state not in tickets.OPEN:
            raise DecisionRefused(_why_not(ticket, kind))
        return ticket

    def _run_out(self, id: str, at: int) -> Ticket:
        with self._ledger.reading() as connection:
            ticket = tickets.find(connection, id)
        if ticket is not None and ticket.state == "held" and ticket.until is not None and at >= ticket.until:
            with self._ledger.writing() as connection:
                now = tickets.find(connection, id)
                ticket = None if now is None else tickets.run_out(connection, now, at)
        if ticket is None:
            raise DecisionRefused(_why_not(None, ""))
        return ticket

    def _now(self) -> int:
        return round(self._world.clock.now().timestamp() * 1000)


def _why_not(ticket: Ticket | None, kind: str) -> str:
    if ticket is None:
        return "there is no such ticket"
    if ticket.kind != kind:
        return (
            "the ticket is a sample, on which nobody decides" if ticket.kind == "sample" else "the ticket is no sample"
        )
    if ticket.decided_by is None:
        return f"time ran out: the reply was {ticket.state}"
    return f"it was {ticket.state} by {ticket.decided_by} already"
