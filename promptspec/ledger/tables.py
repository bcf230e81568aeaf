"""The tables of the ledger, which may share a database with an application's own.

Moments are milliseconds since 1970 in UTC, so that every database keeps them alike.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA: Final = MetaData()


def _moment(name: str, *, empty: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=empty)


def _words(name: str, most: int, *, key: bool = False, empty: bool = False) -> Column[str]:
    return Column(name, String(most), primary_key=key, nullable=empty)


#: Who a hash stands for. The only place where a caller's own id is kept, as a JSON string, and one that can be cleared.
#: Rows of one *account*, a hash of kind and id, are of one caller: each key has made one.
CALLERS: Final = Table(
    "promptspec_callers",
    METADATA,
    _words("hash", 64, key=True),
    _words("kind", 16),
    _words("level", 16),
    Column("id", Text, nullable=False),
    _words("account", 64),
    _moment("since"),
    Index("promptspec_callers_by_account", "account"),
)

#: Hashes whose calls are refused, or were. A hash says nothing of who it stands for, so these stay where a caller is
#: forgotten. *state* is `suspended` or `restored`.
SUSPENDED: Final = Table(
    "promptspec_suspended",
    METADATA,
    _words("hash", 64, key=True),
    _words("state", 16),
    _moment("at"),
    _words("by", 200),
    _words("reason", 2_000),
)

#: The audit trail: each entry holds the hash of the one before it. Nothing in it is a text of anybody.
ENTRIES: Final = Table(
    "promptspec_entries",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _moment("at"),
    _words("kind", 32),
    _words("subject", 64),
    _words("feature", 512),
    _words("caller", 64, empty=True),
    Column("facts", Text, nullable=False),
    _words("before", 64),
    _words("hash", 64),
    Index("promptspec_entries_by_subject", "subject"),
)

#: Texts, in clear or sealed, beside the trail that holds their salted hashes. They go when their time is over.
TEXTS: Final = Table(
    "promptspec_texts",
    METADATA,
    _words("owner", 64, key=True),
    _words("name", 32, key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("sealed", Integer, nullable=False),
    _moment("until"),
    Index("promptspec_texts_by_until", "until"),
)

#: Replies that were made: whose they are, for reports, and for who asks again with the same key. *reporting* is where
#: reports on it go, as JSON; None where the feature takes none.
REPLIES: Final = Table(
    "promptspec_replies",
    METADATA,
    _words("id", 64, key=True),
    _words("feature", 512),
    _words("caller", 64, empty=True),
    _moment("at"),
    _words("model", 200),
    _words("ticket", 64, empty=True),
    Column("reporting", Text, nullable=True),
)

#: Calls with a key of the application's own: under way, or answered by a reply.
REQUESTS: Final = Table(
    "promptspec_requests",
    METADATA,
    _words("id", 64, key=True),
    _words("state", 16),
    _words("reply", 64, empty=True),
    _moment("at"),
    _moment("until"),
    Index("promptspec_requests_by_until", "until"),
)

#: What a person is to decide on, or to look at: *version* grows with each change, so that two cannot both decide.
TICKETS: Final = Table(
    "promptspec_tickets",
    METADATA,
    _words("id", 64, key=True),
    _words("kind", 16),
    _words("reply", 64),
    _words("feature", 512),
    _words("caller", 64, empty=True),
    _words("desk", 200),
    _words("why", 1_000),
    _words("show", 2_000),
    _moment("at"),
    _moment("until", empty=True),
    _words("otherwise", 16),
    _words("callback", 2_000, empty=True),
    _words("state", 16),
    Column("version", Integer, nullable=False),
    _moment("decided_at", empty=True),
    _words("decided_by", 200, empty=True),
    _words("reason", 2_000, empty=True),
    _moment("delivered_at", empty=True),
    Index("promptspec_tickets_by_state", "state", "at"),
)

#: What callers say of replies.
REPORTS: Final = Table(
    "promptspec_reports",
    METADATA,
    _words("id", 64, key=True),
    _words("reply", 64),
    _words("feature", 512),
    _words("caller", 64, empty=True),
    _moment("at"),
    _words("state", 16),
    Column("version", Integer, nullable=False),
    _moment("closed_at", empty=True),
    _words("closed_by", 200, empty=True),
    _words("reason", 2_000, empty=True),
    Index("promptspec_reports_by_state", "state", "at"),
    Index("promptspec_reports_by_reply", "reply"),
    Index("promptspec_reports_by_caller", "caller", "at"),
)

#: What is to be sent, and is sent again until somebody takes it: not before *next*, and by one sender, who holds it
#: until *leased*. *body* says what of *subject* is sent, and is no text of anybody.
OUTBOX: Final = Table(
    "promptspec_outbox",
    METADATA,
    _words("id", 64, key=True),
    _words("kind", 16),
    _words("subject", 64),
    _words("target", 2_000),
    Column("body", Text, nullable=False),
    _moment("at"),
    _moment("next"),
    _moment("leased"),
    Column("attempts", Integer, nullable=False),
    _words("state", 16),
    _words("problem", 500),
    Index("promptspec_outbox_by_state", "state", "next"),
)

#: What was used of a limit within one part of its window.
COUNTERS: Final = Table(
    "promptspec_counters",
    METADATA,
    _words("name", 64, key=True),
    Column("slot", BigInteger, primary_key=True, autoincrement=False),
    Column("used", BigInteger, nullable=False),
    _moment("until"),
    Index("promptspec_counters_by_until", "until"),
)
