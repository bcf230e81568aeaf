"""Reports on replies: what the caller of a reply has to say of it is kept, and told to whom the spec says (rule 29)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from promptspec.errors import InputRefused, LimitReached, Violation
from promptspec.ledger.opening import ledger_of
from promptspec.ports import World
from promptspec.runtime.host import HOST
from promptspec.runtime.outermost import Outermost
from promptspec.runtime.overrides import OVERRIDES
from promptspec.runtime.replies import ID_BITS
from promptspec.safety.callers import ID_KEY, Anyone, admit, hashes_of
from promptspec.safety.forwarding import send_in_background
from promptspec.safety.suspension import refuse_suspended
from promptspec.values.cleaning import Unclean, clean, has_visible

if TYPE_CHECKING:
    from promptspec.ledger.opening import Ledger
    from promptspec.ledger.reports import Reported

#: The most characters of a report.
MOST_TEXT: Final = 2_000
#: One sentence for a reply that is not there and for one of somebody else: nobody learns which ids exist.
_NO_REPLY: Final = "is no reply of this caller's that can be reported"


def report(reply_id: str, text: str, caller: Anyone | None = None, *, world: World = HOST) -> str:
    """File a report of *caller* on the reply *reply_id*, and return the id of the report.

    *text* has 1 to 2,000 characters after it was cleaned like any input. The report is in the ledger when this returns;
    it is forwarded in the background. Raises InputRefused where the caller has no such reply, or the text is none,
    LimitReached after 20 reports within an hour or 5 on one reply, Suspended, and LedgerUnavailable.
    """
    with Outermost("report"):
        from promptspec.ledger import reports, texts

        known, environment = admit(caller, "anyone"), world.environment
        hashes = hashes_of(known, environment) if environment.get(ID_KEY) else ()
        refuse_suspended(hashes, environment, world.clock)
        cleaned = _cleaned(text)
        id = "p_" + world.entropy.token(ID_BITS)
        at = round(world.clock.now().timestamp() * 1000)
        with _ledger(reply_id, environment).writing() as connection:
            reported = reports.find_reply(connection, reply_id) if _is_id(reply_id) else None
            if reported is None or not _is_of(reported, known, environment):
                raise _refused("reply_id", "no_reply", _NO_REPLY)
            if reports.is_too_many(connection, reported, at=at):
                raise LimitReached("the caller has reported as often as one may")
            reports.file(connection, reported, id=id, text=cleaned, at=at, seal=texts.seal_of(environment))
        send_in_background(world)
        return id


async def areport(reply_id: str, text: str, caller: Anyone | None = None, *, world: World = HOST) -> str:
    """As `report`, for asynchronous code: the ledger is waited for in a thread."""
    return await asyncio.to_thread(report, reply_id, text, caller, world=world)


def _ledger(reply_id: str, environment: Mapping[str, str]) -> Ledger:
    """Return the ledger of *environment*, or one of what stands in for a model that has the reply."""
    from promptspec.ledger import reports

    for override in OVERRIDES.get().values():
        for ledger in override.ledgers():
            with ledger.reading() as connection:
                if _is_id(reply_id) and reports.find_reply(connection, reply_id) is not None:
                    return ledger
    return ledger_of(environment)


def _is_id(reply_id: object) -> bool:
    return isinstance(reply_id, str) and len(reply_id) <= 64 and reply_id.isascii() and reply_id.isprintable()


def _is_of(reported: Reported, caller: Anyone, environment: Mapping[str, str]) -> bool:
    """Say whether the reply was given to *caller*; one that was given to anyone is known by its id alone."""
    return reported.caller is None or reported.caller in hashes_of(caller, environment)


def _cleaned(text: object) -> str:
    if not isinstance(text, str):
        raise _refused("text", "type", "must be a text")
    rule, message = "", ""
    try:
        cleaned = clean(text, kind="text", direction="input", most=MOST_TEXT).text
    except Unclean as unclean:
        rule, message = unclean.rule, unclean.message
    else:
        if len(cleaned) > MOST_TEXT:
            raise _refused("text", "too_long", f"at most {MOST_TEXT:,} characters are allowed")
        if not has_visible(cleaned):
            raise _refused("text", "too_short", "must hold something that can be seen")
        return cleaned
    # Raised out here, so that nothing of the text hangs on the exception as its context.
    raise _refused("text", rule, message)


def _refused(path: str, rule: str, message: str) -> InputRefused:
    return InputRefused([Violation(path=path, rule=rule, message=message)])
