"""Refuses callers who are suspended, before anything else happens."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from promptspec.errors import Suspended
from promptspec.ledger.opening import LEDGER, ledger_if_there
from promptspec.ports import Clock
from promptspec.safety.callers import ID_KEY, Session, SignedIn, hashes_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from promptspec.ledger.callers import Identity, Known

#: Seconds for which a process may go by what it read.
_FRESH: Final = 1.0
#: The most callers of whom a process remembers what it read.
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Read:
    """That a caller *was* suspended, or was not, at the moment *at* of *clock*."""

    was: bool
    at: float
    clock: Clock


_READ: Final[dict[tuple[str, tuple[str, ...]], _Read]] = {}
_READING: Final = threading.Lock()


def refuse_suspended(hashes: Sequence[str], environment: Mapping[str, str], clock: Clock) -> None:
    """Raise Suspended where a caller with *hashes*, one by each key, is suspended in the ledger of *environment*.

    The ledger is read only, and not made where it is not there. Where none is named nobody is suspended. What was
    read counts for a second. Raises LedgerUnavailable where the ledger cannot be read.
    """
    named = environment.get(LEDGER, "")
    if not named or not hashes:
        return
    key, now = (named, tuple(hashes)), clock.monotonic()
    read = _READ.get(key)
    if read is None or read.clock is not clock or not 0 <= now - read.at < _FRESH:
        read = _Read(_is_suspended(hashes, environment), now, clock)
        with _READING:
            if len(_READ) >= _MOST:
                _READ.clear()
            _READ[key] = read
    if read.was:
        raise Suspended("the caller is suspended: `promptspec callers find` says since when, and why")


def _is_suspended(hashes: Sequence[str], environment: Mapping[str, str]) -> bool:
    ledger = ledger_if_there(environment)
    if ledger is None:
        return False
    from promptspec.ledger.callers import is_suspended

    with ledger.reading() as connection:
        return is_suspended(connection, hashes)


# For who has a hash that nobody was registered with: the caller may have been, under another key


def find_by_other_keys(connection: Connection, known: Known, environment: Mapping[str, str]) -> Known:
    """Return *known*, of a hash that nobody was registered with, with whoever has it by a key of *environment*.

    That is looked for among all callers who are kept.
    """
    for identity, hashes in _all_hashes(connection, environment):
        if known.hash in hashes:
            return replace(known, identity=identity, others=tuple(each for each in hashes if each != known.hash))
    return known


def hashes_by_each_key(connection: Connection, hash: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return *hash* and the others of the same caller, as far as they are kept or follow from a key."""
    from promptspec.ledger.callers import find

    known = find(connection, hash)
    if known.identity is None:
        known = find_by_other_keys(connection, known, environment)
    elif environment.get(ID_KEY):
        made = hashes_of(_caller(known.identity), environment)
        return tuple(dict.fromkeys((hash, *known.others, *made)))
    return (hash, *known.others)


def _all_hashes(connection: Connection, environment: Mapping[str, str]) -> Iterator[tuple[Identity, tuple[str, ...]]]:
    from promptspec.ledger.callers import identities

    if environment.get(ID_KEY):
        for identity in identities(connection):
            yield identity, hashes_of(_caller(identity), environment)


def _caller(identity: Identity) -> Session:
    kind = SignedIn if identity.kind == "account" else Session
    return kind(identity.id)
