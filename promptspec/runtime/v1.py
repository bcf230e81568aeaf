"""What generated modules import: version 1."""

from __future__ import annotations

from promptspec.errors import Violation
from promptspec.runtime.collections import Turn, TurnFields, items, schema_object, turn
from promptspec.runtime.drafts import Draft, Message, Rendered
from promptspec.runtime.dropping import Drops
from promptspec.runtime.expressions import (
    contains,
    distinct,
    exact,
    holds,
    lower,
    matches,
    member,
    search,
    total,
    words,
)
from promptspec.runtime.feature import Feature
from promptspec.runtime.held import Held, value_of
from promptspec.runtime.images import Image, image
from promptspec.runtime.opinions import Judged
from promptspec.runtime.overrides import Rehearse, flags, replies, verdicts, wires
from promptspec.runtime.pieces import Piece
from promptspec.runtime.plan import (
    ByFunction,
    ByServer,
    ByWords,
    Embedding,
    Env,
    Example,
    Judge,
    Keeping,
    Limits,
    Moderation,
    OpenAI,
    Plan,
    Rehearsal,
    ReportTo,
    Review,
    Stamp,
)
from promptspec.runtime.records import Input, Record, Row
from promptspec.runtime.replies import Guarantees, Outcome, Reply
from promptspec.runtime.shortlists import Shortlist
from promptspec.runtime.sources import NOT_ON_OFFER, Live, Source, entry, one_of
from promptspec.runtime.streaming import AsyncStream, Stream
from promptspec.runtime.toning import (
    Tone,
    avoids,
    in_given_language,
    in_language,
    in_person,
    measured,
    mentions,
    mentions_given,
    without_profanity,
)
from promptspec.runtime.values import Word, boolean, day, email, given, integer, moment, number, text, url, word
from promptspec.safety.callers import Anyone, Session, SignedIn, Verified

__all__ = [
    "NOT_ON_OFFER",
    "Anyone",
    "AsyncStream",
    "ByFunction",
    "ByServer",
    "ByWords",
    "Draft",
    "Drops",
    "Embedding",
    "Env",
    "Example",
    "Feature",
    "Guarantees",
    "Held",
    "Image",
    "Input",
    "Judge",
    "Judged",
    "Keeping",
    "Limits",
    "Live",
    "Message",
    "Moderation",
    "OpenAI",
    "Outcome",
    "Piece",
    "Plan",
    "Record",
    "Rehearsal",
    "Rehearse",
    "Rendered",
    "Reply",
    "ReportTo",
    "Review",
    "Row",
    "Session",
    "Shortlist",
    "SignedIn",
    "Source",
    "Stamp",
    "Stream",
    "Tone",
    "Turn",
    "TurnFields",
    "Verified",
    "Violation",
    "Word",
    "avoids",
    "boolean",
    "contains",
    "day",
    "distinct",
    "email",
    "entry",
    "exact",
    "flags",
    "given",
    "holds",
    "image",
    "in_given_language",
    "in_language",
    "in_person",
    "integer",
    "items",
    "lower",
    "matches",
    "measured",
    "member",
    "mentions",
    "mentions_given",
    "moment",
    "number",
    "one_of",
    "replies",
    "schema_object",
    "search",
    "text",
    "total",
    "turn",
    "url",
    "value_of",
    "verdicts",
    "wires",
    "without_profanity",
    "word",
    "words",
]
