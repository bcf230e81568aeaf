"""What callers say of replies: kept until somebody has closed it, and told to whom the spec says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import func, insert, select, update

from promptspec.ledger import outbox
from promptspec.ledger.chain import Entry, append
from promptspec.ledger.tables import REPLIES, REPORTS, TEXTS
from promptspec.ledger.texts import Kept, Seal, keep

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: The kind of their messages in the outbox, and the name of their texts.
KIND: Final = "report"
TEXT: Final = "report"
#: Texts of open reports do not run out, and those of closed ones are kept for 30 days.
_NEVER: Final = 2**53
AFTER_CLOSING: Final = 30 * 24 * 3_600_000

_HOUR: Final = 3_600_000
#: The most reports of one caller within an hour, and the most on one reply.
MOST_PER_HOUR: Final = 20
MOST_PER_REPLY: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A reply that can be reported: whose it is, and where reports on it go."""

    reply: str
    feature: str
    caller: str | None
    target: str
    hosts: tuple[str, ...]
    shows_reply: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report; *version* grows with each change, so that two cannot both close it."""

    id: str
    reply: str
    feature: str
    caller: str | None
    at: int
    state: Literal["open", "closed"]
    version: int
    closed_at: int | None
    closed_by: str | None
    reason: str | None


def encode_reporting(target: str, hosts: tuple[str, ...], *, shows_reply: bool) -> str:
    """Return what is written beside a reply: where reports on it go."""
    return json.dumps({"target": target, "hosts": hosts, "shows_reply": shows_reply})


def find_reply(connection: Connection, reply: str) -> Reported | None:
    """Return *reply* where it was made and can be reported, else None."""
    row = connection.execute(select(REPLIES).where(REPLIES.c.id == reply)).one_or_none()
    if row is None or row.reporting is None:
        return None
    found = json.loads(row.reporting)
    return Reported(
        reply=row.id,
        feature=row.feature,
        caller=row.caller,
        target=found["target"],
        hosts=tuple(found["hosts"]),
        shows_reply=found["shows_reply"],
    )


def is_too_many(connection: Connection, reported: Reported, *, at: int) -> bool:
    """Say whether its caller has reported as often as one may, this reply or within the last hour."""
    counted = select(func.count()).select_from(REPORTS)
    if connection.execute(counted.where(REPORTS.c.reply == reported.reply)).scalar_one() >= MOST_PER_REPLY:
        return True
    if reported.caller is None:
        return False
    recent = counted.where(REPORTS.c.caller == reported.caller, REPORTS.c.at > at - _HOUR)
    return connection.execute(recent).scalar_one() >= MOST_PER_HOUR


def file(connection: Connection, reported: Reported, *, id: str, text: str, at: int, seal: Seal | None) -> None:
    """File the report *id* with its *text*, and put a message of it in the outbox."""
    row = {
        "id": id,
        "reply": reported.reply,
        "feature": reported.feature,
        "caller": reported.caller,
        "at": at,
        "state": "open",
        "version": 1,
    }
    connection.execute(insert(REPORTS), row)
    hashes = keep(connection, id, [Kept(name=TEXT, content=text, until=_NEVER)], seal)
    body = json.dumps({"hosts": reported.hosts, "shows_reply": reported.shows_reply})
    outbox.put(connection, id=id, kind=KIND, subject=id, target=reported.target, body=body, at=at)
    facts: dict[str, object] = {"reply": reported.reply, "texts": hashes}
    append(connection, [_entry("reported", id, reported.feature, reported.caller, at, facts)])


def find(connection: Connection, id: str) -> Report | None:
    """Return the report *id*, or None."""
    row = connection.execute(select(REPORTS).where(REPORTS.c.id == id)).mappings().one_or_none()
    return None if row is None else _report(row)


def listed(connection: Connection, *, state: str | None, most: int) -> list[Report]:
    """Return up to *most* reports, the newest first; with *state* those in that state alone."""
    asked = select(REPORTS).order_by(REPORTS.c.at.desc(), REPORTS.c.id).limit(most)
    if state is not None:
        asked = asked.where(REPORTS.c.state == state)
    return [_report(row) for row in connection.execute(asked).mappings()]


def _report(row: Mapping[Any, Any]) -> Report:
    values: dict[str, Any] = dict(row)  # its columns are the fields
    return Report(**values)


def see(connection: Connection, report: Report, *, by: str, at: int) -> None:
    """Write in the trail who was shown *report* and the reply that it is on."""
    append(connection, [_entry("report_seen", report.id, report.feature, report.caller, at, {"by": by})])


def close(connection: Connection, report: Report, *, by: str, reason: str, at: int) -> bool:
    """Close *report*, and say whether it was: not where it is closed, or was changed since it was read."""
    changed = connection.execute(
        update(REPORTS)
        .where(REPORTS.c.id == report.id, REPORTS.c.version == report.version, REPORTS.c.state == "open")
        .values(
            {
                "state": "closed",
                "version": report.version + 1,
                "closed_at": at,
                "closed_by": by,
                "reason": reason,
            }
        )
    )
    if not changed.rowcount:
        return False
    until = {"until": at + AFTER_CLOSING}
    state = outbox.state_of(connection, report.id)
    if state is None or state.state == "sent":  # what still has to be sent keeps its text
        connection.execute(update(TEXTS).where(TEXTS.c.owner == report.id).values(until))
    append(connection, [_entry("report_closed", report.id, report.feature, report.caller, at, {"by": by})])
    return True


def forwarded(connection: Connection, report: Report, *, at: int) -> None:
    """Let the text of *report*, which has been sent, run out if it was closed before."""
    if report.state == "closed":
        until = {"until": at + AFTER_CLOSING}
        connection.execute(update(TEXTS).where(TEXTS.c.owner == report.id).values(until))


def _entry(kind: str, id: str, feature: str, caller: str | None, at: int, facts: dict[str, object]) -> Entry:
    return Entry(kind=kind, subject=id, feature=feature, caller=caller, at=at, facts=facts)
