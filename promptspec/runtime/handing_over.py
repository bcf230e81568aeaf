"""The end of a call: its reply is delivered, or held until a person decides; in the ledger first (rules 20, 26, 28)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from promptspec.contract.json_text import json_text
from promptspec.errors import InputRefused, LedgerUnavailable, Violation
from promptspec.runtime.held import Held, released
from promptspec.runtime.logbook import Happened, Logbook
from promptspec.runtime.plain_values import plain_input, plain_output
from promptspec.runtime.replies import Reply

if TYPE_CHECKING:
    from promptspec.runtime.calling import Call


def hand_over(call: Call, key: str | None, answer: Callable[[Call], Reply[Any]]) -> Reply[Any] | Held[Any]:
    """Return what *answer* gives for *call* once it is written, or what holds it.

    With a *key* of the application's own it is made once: a later call with the same key has the same reply.
    """
    logbook = call.logbook
    if logbook is None:
        return answer(call)
    earlier = None if key is None else logbook.begin(key)
    if earlier is not None:
        return _recorded(call, logbook, earlier)
    try:
        reply = answer(call)
    except BaseException:  # cancelled or interrupted as well: the key is given up, and it rises on
        with suppress(LedgerUnavailable):  # then the key is free when its time is over
            logbook.give_up()
        raise
    return _written(call, logbook, reply)


async def ahand_over(
    call: Call, key: str | None, answer: Callable[[Call], Awaitable[Reply[Any]]]
) -> Reply[Any] | Held[Any]:
    """As `hand_over`, for asynchronous code: the ledger is waited for in a thread."""
    logbook = call.logbook
    if logbook is None:
        return await answer(call)
    aside = asyncio.to_thread if logbook.ledger.is_shared else _at_once
    earlier = None if key is None else await aside(logbook.begin, key)
    if earlier is not None:
        return await aside(_recorded, call, logbook, earlier)
    try:
        reply = await answer(call)
    except BaseException:  # as above
        with suppress(LedgerUnavailable):  # as above
            await aside(logbook.give_up)
        raise
    return await aside(_written, call, logbook, reply)


async def _at_once(work: Callable[..., Any], *arguments: Any) -> Any:
    """Do what need not be waited for: a ledger in memory."""
    return work(*arguments)


def _written(call: Call, logbook: Logbook, reply: Reply[Any]) -> Reply[Any] | Held[Any]:
    feature = call.feature
    review = feature.contract.review
    happened = Happened(
        id=reply.id,
        model=reply.model,
        given=plain_input(call.input),
        value=plain_output(feature, call.output),
        prompt=_prompt(call),
        rehearsed=reply.rehearsed,
        must_be_reviewed=feature.must_be_reviewed(call.input, call.output, call.context.today),
        why="" if review is None else f"{review.origin.file} line {review.origin.line}",
    )
    ticket = logbook.write(happened)
    return reply if ticket is None else Held(feature, ticket, call.caller, world=call.world, ledger=logbook.ledger)


def _prompt(call: Call) -> str:
    """Return the messages of the last request, as they were sent, or of none, as they would have been."""
    sent = call.attempt.sent
    if sent is not None:
        return json.dumps({"system": sent.system})[:-1] + f', "messages": [{sent.messages.decode()}]}}'
    messages = [{"role": each.role, "content": each.content} for each in call.rendered().messages]
    return json.dumps({"messages": messages})


def _recorded(call: Call, logbook: Logbook, reply: str) -> Reply[Any] | Held[Any]:
    """Return what a call with the same key had. Raises InputRefused where its input was another."""
    kept = logbook.kept(reply)
    if kept.given != json_text(plain_input(call.input)):
        message = "was given with another input before"
        raise InputRefused([Violation(path="idempotency_key", rule="idempotency_key", message=message)])
    if kept.ticket is not None:
        return Held(call.feature, kept.ticket, call.caller, world=call.world, ledger=logbook.ledger)
    return released(call, kept)
