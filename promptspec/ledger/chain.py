"""The audit trail: entries chained by hash, which nothing changes, and what shows that somebody did.

Each entry's hash is SHA-256 over its fields and the hash of the entry before it, as one line of canonical JSON. Who can
write the ledger can write a whole new trail; whoever keeps the number and hash of an entry elsewhere, an *anchor*,
finds that out too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert, select

from promptspec.ledger.tables import ENTRIES

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

#: The hash before the first entry.
FIRST: Final = "0" * 64
#: Entries that are read at once.
_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that happened to *subject*, an id, of *feature*, by or for *caller*, a hash; *at* in milliseconds."""

    kind: str
    subject: str
    feature: str
    caller: str | None
    at: int
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Number and hash of an entry, to be kept where nobody who writes the ledger can write."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """Return the anchor that *text* is the string of. Raises ValueError."""
        seq, separator, digest = text.partition(":")
        if not separator or not seq.isascii() or not seq.isdigit() or len(digest) != 64:
            raise ValueError("an anchor is a number, a colon and 64 hexadecimal digits")
        return cls(int(seq), digest.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Where the trail is not what it was: at entry *seq*, and how one sees it."""

    seq: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found of the trail: how many sound *entries*, the last as an *anchor*, and what is *broken* of it."""

    entries: int
    anchor: Anchor | None
    broken: Broken | None = None


def append(connection: Connection, entries: Sequence[Entry]) -> None:
    """Add *entries* at the end of the trail; *connection* is that of the only writer."""
    last = connection.execute(
        select(ENTRIES.c.seq, ENTRIES.c.hash).order_by(ENTRIES.c.seq.desc()).limit(1)
    ).one_or_none()
    seq, before = (0, FIRST) if last is None else (last.seq, last.hash)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        seq += 1
        facts = json.dumps(entry.facts, sort_keys=True, separators=(",", ":"))
        row = {
            "seq": seq,
            "at": entry.at,
            "kind": entry.kind,
            "subject": entry.subject,
            "feature": entry.feature,
            "caller": entry.caller,
            "facts": facts,
            "before": before,
        }
        before = row["hash"] = _hash(row)
        rows.append(row)
    connection.execute(insert(ENTRIES), rows)


def _hash(row: Mapping[Any, object]) -> str:
    line = [row[name] for name in ("seq", "at", "kind", "subject", "feature", "caller", "facts", "before")]
    return hashlib.sha256(json.dumps(line, separators=(",", ":")).encode()).hexdigest()


def verify(connection: Connection, anchor: Anchor | None = None) -> Verdict:
    """Read the whole trail: numbers without a gap, each hash that of its entry, each entry tied to the one before.

    With an *anchor* that entry must be there with that hash, so that a trail that was written anew, or cut before it,
    is found too.
    """
    seq, before = 0, FIRST
    met = anchor is None
    while True:
        # At first whatever stands there: no entry is numbered 0 or less.
        found = select(ENTRIES).where(ENTRIES.c.seq > seq) if seq else select(ENTRIES)
        rows = connection.execute(found.order_by(ENTRIES.c.seq).limit(_BATCH)).mappings().all()
        if not rows:
            break
        for row in rows:
            problem = _problem(row, seq, before)
            if problem is None and anchor is not None and row["seq"] == anchor.seq:
                met = row["hash"] == anchor.hash
                problem = None if met else "the entry is another one than the anchor names"
            if problem is not None:
                return Verdict(entries=seq, anchor=None, broken=Broken(seq=seq + 1, problem=problem))
            seq, before = row["seq"], row["hash"]
    if not met and anchor is not None:
        problem = f"the trail ends before entry {anchor.seq}, which the anchor names"
        return Verdict(entries=seq, anchor=None, broken=Broken(seq=seq + 1, problem=problem))
    return Verdict(entries=seq, anchor=Anchor(seq, before) if seq else None)


def _problem(row: RowMapping, seq: int, before: str) -> str | None:
    if row["seq"] <= seq:
        return "the entry stands before the first one"
    if row["seq"] != seq + 1:
        return _missing(seq + 1, row["seq"] - 1)
    if row["before"] != before:
        return "the entry does not follow the one before it"
    if row["hash"] != _hash(row):
        return "the entry was changed"
    return None


def _missing(first: int, last: int) -> str:
    return f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
