"""Who the hashes of callers stand for, and which of them are suspended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import delete, insert, select, update

from promptspec.ledger.chain import Entry, append
from promptspec.ledger.tables import CALLERS, SUSPENDED

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: The most characters of who did something, and of why.
MOST_BY: Final = 200
MOST_REASON: Final = 2_000

_SUSPENDED: Final = "suspended"
_RESTORED: Final = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an application knows of a caller: *id* names a session or an account, known as well as *level* says."""

    kind: Literal["session", "account"]
    level: str
    id: str = field(repr=False)

    @property
    def account(self) -> str:
        """What the rows of one caller have in common."""
        return hashlib.sha256(f"{self.kind}\0{self.id}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a hash is suspended, since when, by whom, and why; or who took that back."""

    is_suspended: bool
    at: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the ledger knows of a hash: *identity* None where it stands for nobody who is kept, *others* of the same
    caller, and its *standing*, None where it never was suspended.
    """

    hash: str
    identity: Identity | None
    since: int | None
    others: tuple[str, ...]
    standing: Standing | None


def register(connection: Connection, identity: Identity, hashes: Sequence[str], *, at: int) -> bool:
    """Keep who the first of *hashes*, those of one caller by each key, stands for; say whether that is new.

    Where any other hash of the caller is suspended, the new one is too.
    """
    mine = hashes[0]
    if connection.execute(select(CALLERS.c.hash).where(CALLERS.c.hash == mine)).first() is not None:
        return False
    others = {*hashes, *_of_account(connection, identity.account)} - {mine}
    row = {
        "hash": mine,
        "kind": identity.kind,
        "level": identity.level,
        # As JSON, because no database takes every string of Python.
        "id": json.dumps(identity.id),
        "account": identity.account,
        "since": at,
    }
    connection.execute(insert(CALLERS), row)
    entries = [_entry("caller_registered", mine, at=at, level=identity.level)]
    if standing_of(connection, mine) is None:
        found = (standing_of(connection, each) for each in sorted(others))
        before = next((each for each in found if each is not None and each.is_suspended), None)
        if before is not None:
            _stand(connection, mine, _SUSPENDED, at=before.at, by=before.by, reason=before.reason)
            entries.append(_entry("caller_suspended", mine, at=at, by=before.by, as_before=True))
    append(connection, entries)
    return True


def find(connection: Connection, hash: str) -> Known:
    """Return what is known of *hash*."""
    row = connection.execute(select(CALLERS).where(CALLERS.c.hash == hash)).one_or_none()
    identity = None if row is None else Identity(kind=row.kind, level=row.level, id=json.loads(row.id))
    others = () if row is None else tuple(each for each in _of_account(connection, row.account) if each != hash)
    return Known(
        hash=hash,
        identity=identity,
        since=None if row is None else row.since,
        others=others,
        standing=standing_of(connection, hash),
    )


def identities(connection: Connection) -> Iterable[Identity]:
    """Yield everybody who is kept, once, for who looks for a hash that none of them was registered with."""
    rows = connection.execute(select(CALLERS.c.kind, CALLERS.c.level, CALLERS.c.id).distinct())
    for row in rows:
        yield Identity(kind=row.kind, level=row.level, id=json.loads(row.id))


def looked_up(connection: Connection, hash: str, *, at: int, by: str) -> None:
    """Write in the trail that *by* was told who *hash* stands for."""
    append(connection, [_entry("caller_looked_up", hash, at=at, by=by)])


def suspend(connection: Connection, hashes: Iterable[str], *, at: int, by: str, reason: str) -> tuple[str, ...]:
    """Suspend the caller who has *hashes*, by all their hashes that are known, and return those that are new to it.

    A hash that nobody was registered with is suspended too: a vendor may know more of them than this ledger.
    """
    return _stand_all(connection, hashes, _SUSPENDED, at=at, by=by, reason=reason)


def restore(connection: Connection, hashes: Iterable[str], *, at: int, by: str, reason: str) -> tuple[str, ...]:
    """Take back the suspension of all hashes of the caller who has *hashes*, and return those that were suspended."""
    return _stand_all(connection, hashes, _RESTORED, at=at, by=by, reason=reason)


def forget(connection: Connection, hash: str, *, at: int, by: str) -> tuple[str, ...]:
    """Delete who *hash* and the other hashes of the same caller stand for, and return them.

    Whether they are suspended stays: a hash says of nobody who they are.
    """
    hashes = _of_caller(connection, [hash], only_kept=True)
    if hashes:
        connection.execute(delete(CALLERS).where(CALLERS.c.hash.in_(hashes)))
        append(connection, [_entry("caller_forgotten", each, at=at, by=by) for each in hashes])
    return hashes


def is_suspended(connection: Connection, hashes: Sequence[str]) -> bool:
    """Say whether any of *hashes*, those of one caller, is suspended."""
    asked = select(SUSPENDED.c.hash).where(SUSPENDED.c.hash.in_(hashes), SUSPENDED.c.state == _SUSPENDED)
    return connection.execute(asked.limit(1)).first() is not None


def standing_of(connection: Connection, hash: str) -> Standing | None:
    """Return whether *hash* is suspended; None where it never was."""
    row = connection.execute(select(SUSPENDED).where(SUSPENDED.c.hash == hash)).one_or_none()
    if row is None:
        return None
    return Standing(is_suspended=row.state == _SUSPENDED, at=row.at, by=row.by, reason=row.reason)


def _stand_all(
    connection: Connection, hashes: Iterable[str], state: str, *, at: int, by: str, reason: str
) -> tuple[str, ...]:
    changed: list[str] = []
    for each in _of_caller(connection, hashes):
        before = standing_of(connection, each)
        was = before is not None and before.is_suspended
        if was != (state == _SUSPENDED):
            _stand(connection, each, state, at=at, by=by, reason=reason)
            changed.append(each)
    if changed:
        append(connection, [_entry(f"caller_{state}", each, at=at, by=by) for each in changed])
    return tuple(changed)


def _stand(connection: Connection, hash: str, state: str, *, at: int, by: str, reason: str) -> None:
    values = {"state": state, "at": at, "by": by, "reason": reason}
    if not connection.execute(update(SUSPENDED).where(SUSPENDED.c.hash == hash).values(values)).rowcount:
        connection.execute(insert(SUSPENDED), {"hash": hash, **values})


def _of_caller(connection: Connection, hashes: Iterable[str], *, only_kept: bool = False) -> tuple[str, ...]:
    """Return *hashes* and all others of the same accounts, each once."""
    given = list(dict.fromkeys(hashes))
    accounts = connection.execute(select(CALLERS.c.account).where(CALLERS.c.hash.in_(given)).distinct()).scalars()
    kept = [each for account in list(accounts) for each in _of_account(connection, account)]
    return tuple(dict.fromkeys(kept if only_kept else [*given, *kept]))


def _of_account(connection: Connection, account: str) -> list[str]:
    asked = select(CALLERS.c.hash).where(CALLERS.c.account == account).order_by(CALLERS.c.since, CALLERS.c.hash)
    return list(connection.execute(asked).scalars())


def _entry(kind: str, hash: str, *, at: int, **facts: object) -> Entry:
    return Entry(kind=kind, subject=hash, feature="", caller=hash, at=at, facts=facts)
