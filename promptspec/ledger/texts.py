"""Texts of calls: kept for a while beside the trail, which has their salted hashes; sealed where they hold secrets."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, func, insert, select

from promptspec.errors import LedgerUnavailable
from promptspec.ledger.opening import SEAL_KEY
from promptspec.ledger.tables import ENTRIES, TEXTS

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LEAST_KEY: Final = 32
_NONCE: Final = 12
_SALT: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A text called *name*, to be kept until the moment *until*, in milliseconds."""

    name: str
    content: str
    until: int


class Seal:
    """Keeps texts from who can read the ledger and has no key: AES-256-GCM, bound to what a text belongs to."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(hashlib.sha256(b"promptspec ledger\0" + key).digest())

    def close(self, content: bytes, owner: str, name: str) -> bytes:
        """Return *content* in cipher."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, content, f"{owner}\0{name}".encode())

    def open(self, sealed: bytes, owner: str, name: str) -> bytes:
        """Return what was sealed. Raises LedgerUnavailable where another key did, or the text was changed or moved."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], f"{owner}\0{name}".encode())
        except InvalidTag:
            pass
        raise LedgerUnavailable(f"a sealed text does not open with the key in `{SEAL_KEY}`")


def seal_of(environment: Mapping[str, str]) -> Seal | None:
    """Return the seal whose key *environment* has, None where there is none. Raises LedgerUnavailable for a bad key."""
    key = environment.get(SEAL_KEY, "")
    if not key:
        return None
    if len(key) < _LEAST_KEY:
        raise LedgerUnavailable(f"`{SEAL_KEY}` is shorter than {_LEAST_KEY} characters")
    if find_spec("cryptography") is None:
        raise LedgerUnavailable("sealed texts need cryptography: install `promptspec[ledger]`")
    return Seal(key.encode())


def keep(connection: Connection, owner: str, texts: Iterable[Kept], seal: Seal | None) -> dict[str, str]:
    """Keep *texts* of *owner*, sealed where there is a *seal*, and return the salted hash of each by its name."""
    hashes: dict[str, str] = {}
    rows: list[dict[str, object]] = []
    for each in texts:
        content, salt = each.content.encode(), os.urandom(_SALT)
        hashes[each.name] = hashlib.sha256(salt + content).hexdigest()
        rows.append(
            {
                "owner": owner,
                "name": each.name,
                "salt": salt,
                "content": content if seal is None else seal.close(content, owner, each.name),
                "sealed": int(seal is not None),
                "until": each.until,
            }
        )
    if rows:
        connection.execute(insert(TEXTS), rows)
    return hashes


def read(connection: Connection, owner: str, seal: Seal | None, *, at: int | None = None) -> dict[str, str]:
    """Return the texts of *owner* that are still kept, by their names; not those whose time is over *at* a moment.

    Raises LedgerUnavailable where one is sealed and there is no *seal*, or another.
    """
    found: dict[str, str] = {}
    asked = select(TEXTS).where(TEXTS.c.owner == owner)
    for row in connection.execute(asked if at is None else asked.where(TEXTS.c.until > at)):
        if row.sealed and seal is None:
            raise LedgerUnavailable(f"the texts are sealed: set `{SEAL_KEY}`")
        content = seal.open(row.content, owner, row.name) if row.sealed and seal is not None else row.content
        found[row.name] = content.decode()
    return found


def until_of(connection: Connection, owner: str) -> int:
    """Return until when texts of *owner* are kept, in milliseconds. Raises LedgerUnavailable where none are."""
    found = connection.execute(select(func.min(TEXTS.c.until)).where(TEXTS.c.owner == owner)).scalar()
    if found is None:
        raise LedgerUnavailable("its texts are not kept any more")
    return int(found)


def is_sealed(connection: Connection, owner: str) -> bool:
    """Say whether texts of *owner* are kept in cipher."""
    asked = select(TEXTS.c.name).where(TEXTS.c.owner == owner, TEXTS.c.sealed == 1).limit(1)
    return connection.execute(asked).first() is not None


def differs(connection: Connection, owner: str, hashes: Mapping[str, str], seal: Seal | None) -> str | None:
    """Return the name of a text of *owner* that is not the one that *hashes* are of, None where all are.

    A text that is gone is not different; one without a hash is.
    """
    salts = {
        row.name: row.salt
        for row in connection.execute(select(TEXTS.c.name, TEXTS.c.salt).where(TEXTS.c.owner == owner))
    }
    for name, content in read(connection, owner, seal).items():
        if name not in hashes or hashlib.sha256(salts[name] + content.encode()).hexdigest() != hashes[name]:
            return name
    return None


def hashes_in_trail(connection: Connection, subjects: Sequence[str]) -> dict[str, str]:
    """Return what the trail has of the texts of *subjects*: a salted hash of each, by its name."""
    found: dict[str, str] = {}
    asked = select(ENTRIES.c.facts).where(ENTRIES.c.subject.in_(subjects)).order_by(ENTRIES.c.seq)
    for facts in connection.execute(asked).scalars():
        found.update(json.loads(facts).get("texts", {}))
    return found


def sweep(connection: Connection, at: int) -> int:
    """Delete the texts whose time is over at the moment *at*, and return how many they were."""
    return connection.execute(delete(TEXTS).where(TEXTS.c.until <= at)).rowcount
