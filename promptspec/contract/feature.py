"""What a checked feature is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from promptspec.contract.expressions import Expression, Kind
from promptspec.contract.models import Environment, JudgeModel, Model, OpenAIModel
from promptspec.contract.moderation import Moderation
from promptspec.contract.practices import Waiver
from promptspec.contract.safety import AcrossCalls, CallCost, ReportTo, Review, Sample
from promptspec.contract.tone import ToneRule
from promptspec.contract.types import (
    Choice,
    Constant,
    Enumeration,
    Field,
    ObjectConstant,
    Origin,
    Record,
    Text,
    Trust,
    Type,
)

# Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """How the origin of a source outside of the project is read, and how often. Times are in milliseconds.

    Without *refresh_ms* the running application never reads it. *hosts* and *private_hosts* are what the project's
    settings allow of what it may need.
    """

    arguments: tuple[str | Environment, ...]
    time_ms: int
    refresh_ms: int | None = None
    stale_ms: int | None = None
    pin: str = ""
    hosts: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A row of `rows`: its key and its label."""

    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A dropdown source. *columns* are the fields that its rows show, the key column among them, as lines.

    *kind* is `csv`, `json`, `jsonl`, `parquet`, `rows`, `sql`, `http`, `python` or the name of an entry point. *path*
    is the file, which for a source with *live* is the snapshot that was pulled, except for `rows`; *headers* maps a
    column to the name in the file where they differ, and *content_hash* pins the snapshot that was checked, which was
    *pulled* then.
    """

    name: str
    kind: str
    key: str
    label: str
    columns: tuple[Field, ...]
    row_class: str
    trusted: bool
    path: str = ""
    select: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    most: int = 10_000_000
    rows: tuple[SourceRow, ...] = ()
    content_hash: str = ""
    size: int = 0
    keys_are_closed: bool = True
    small_keys: tuple[str, ...] | None = None
    live: Live | None = None
    pulled: str = ""
    doc: str = ""
    origin: Origin

    def column(self, name: str) -> Field | None:
        """Return the column called *name*, or None."""
        return next((c for c in self.columns if c.name == name), None)

    @property
    def searched(self) -> tuple[Field, ...]:
        """The columns that a shortlist searches and a prompt shows: the label, then all further texts but the key."""
        label = self.column(self.label)
        texts = tuple(c for c in self.columns if isinstance(c.type, Text) and c.name not in (self.key, self.label))
        return texts if label is None else (label, *texts)

    def is_closed(self, column: str) -> bool:
        """Say whether values of *column* are closed: the source is curated, and keys are of harmless characters."""
        return self.trusted and (column != self.key or self.keys_are_closed)


# Prompts


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Text of the spec."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A value. *path* is its name for the fence (`film.title`); what is closed is printed without one.

    A path inside a loop holds the loop's index as `[]`.
    """

    value: Expression
    trust: Trust
    type: Type | None
    kind: Kind
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A condition and what it shows."""

    condition: Expression
    body: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class If:
    """The first branch whose condition holds, else *otherwise*."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class For:
    """*body* once for each item, of which there are from *least* to *most*."""

    variable: str
    over: Expression
    path: str
    least: int
    most: int
    body: tuple[Part, ...]


Part: TypeAlias = Fixed | Print | If | For


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the prompt."""

    role: Literal["system", "user"]
    parts: tuple[Part, ...]
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The conversation in the input *field*, as messages."""

    field: str
    origin: Origin


# Shortlists


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """`by embedding small`: near is what *model* finds near.

    The vectors of the rows lie in the file *path*, relative to the root, with the hash *content_hash*; "" where they
    were not made yet.
    """

    model: OpenAIModel
    path: str
    content_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlist:
    """`find name = source near …`: up to *top* rows of *source* of *file*, of those for which *where* holds.

    They are those nearest to the texts *near*, none less near than *above*. *itself* is the row that is left out: the
    one that the texts are of. *field* is the field of the input that they come from. Near is lexical without an
    *embedding*.
    """

    name: str
    source: str
    file: str
    near: tuple[Expression, ...]
    field: str
    itself: Expression | None = None
    top: int
    above: Decimal = Decimal(0)
    where: Expression | None = None
    embedding: Embedding | None = None
    origin: Origin


# Rules, cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """`else drop`: items that fail are left out of their list, as long as *least* of them are left."""

    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A `require` or `ensure`: *condition* must hold where *when* does. *id* is its stable name in violations.

    With *drop* the condition is an `all` over a list of the output, and *path* is that of the list.
    """

    id: str
    condition: Expression
    when: Expression | None
    message: str
    path: str
    drop: Drop | None = None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A few-shot example: a valid input and the reply to it; *today* is the day it speaks of."""

    title: str
    given: ObjectConstant
    returns: Constant
    today: date | None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A `test` or `attack`. *replies* is a value with keys, *wire* the raw text of the model's answer."""

    kind: Literal["test", "attack"]
    title: str
    given: ObjectConstant
    level: str | None
    caller: str | None
    today: date | None
    replies: Constant = None
    has_replies: bool = False
    wire: str | None = None
    returns: Constant = None
    has_returns: bool = False
    refuses: str | None = None
    has_refuses: bool = False
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationTarget:
    """`team at least 92%`: *field* of the output is right in at least *share* percent of the rows."""

    field: str
    share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """`evaluate "…"`: so many labelled *rows* of the file *path*, named from the root. Only a run can prove it."""

    path: str
    rows: int
    targets: tuple[EvaluationTarget, ...]
    content_hash: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a call may use. Tokens, milliseconds, counts; *prompt_tokens* None means: no cap was declared."""

    prompt_tokens: int | None = None
    reply_tokens: int
    reply_derived: bool
    thinking_tokens: int = 0
    time_ms: int = 30_000
    retries: int = 2
    repairs: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NoStream:
    """Why nothing of a reply can be shown before it is whole: *because* of what stands at *origin*."""

    because: str
    origin: Origin


CallerLevel: TypeAlias = Literal["anyone", "session", "signed_in", "verified"]
FenceMode: TypeAlias = Literal["tags", "datamark", "json"]
#: In the order of the manual.
FENCES: Final = ("tags", "datamark", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One LLM feature: one Python function.

    An output that is one type is the record *output* with the single field `answer`, and *bare* is true. Replies can
    be streamed where *no_stream* is None. Calls are kept for *keep_ms* milliseconds, or only where something else
    needs them, and texts of a feature with *secrets*, fields of its input, are kept in cipher or not at all. The *cost*
    of a call is known where one of the limits *across* calls is on spending.
    """

    name: str
    class_name: str
    doc: str
    models: tuple[Model, ...]
    input: Record
    output: Record
    bare: bool
    messages: tuple[Message | History, ...]
    fence: FenceMode
    shortlists: tuple[Shortlist, ...] = ()
    requires: tuple[Rule, ...]
    ensures: tuple[Rule, ...]
    tone: tuple[ToneRule, ...] = ()
    judges: tuple[JudgeModel, ...] = ()
    moderations: tuple[Moderation, ...] = ()
    limits: Limits
    across: tuple[AcrossCalls, ...] = ()
    cost: CallCost | None = None
    caller: CallerLevel
    review: Review | None = None
    sample: Sample | None = None
    report: ReportTo | None = None
    keep_ms: int | None = None
    secrets: tuple[str, ...] = ()
    limitations: str
    waivers: tuple[Waiver, ...] = ()
    examples: tuple[Example, ...]
    cases: tuple[Case, ...]
    evaluation: Evaluation | None = None
    largest_prompt: int
    smallest_prompt: int
    no_stream: NoStream | None = None
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Names that the module takes from the module of another spec."""

    file: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """Everything that one spec file declares, checked. *file* is relative to the project root.

    *enums*, *records* and *sources* hold what this file declares, and after it what it uses of other files;
    *own* tells which are its own. *read* is the sorted list of (name, SHA-256) of everything that was read.
    """

    file: str
    version: str
    enums: tuple[Enumeration, ...]
    records: tuple[Record, ...]
    sources: tuple[Source, ...]
    features: tuple[Feature, ...]
    imports: tuple[Import, ...]
    hosts: tuple[str, ...]
    environment: tuple[str, ...]
    read: tuple[tuple[str, str], ...]

    def enum(self, type: Choice) -> Enumeration:
        """Return the enum that *type* names."""
        return next(e for e in self.enums if e.name == type.name and e.origin.file == type.file)

    def record(self, name: str, file: str) -> Record:
        """Return the record called *name* of the spec *file*."""
        return next(r for r in self.records if r.name == name and r.origin.file == file)

    def source(self, name: str, file: str) -> Source:
        """Return the source called *name* of the spec *file*."""
        return next(s for s in self.sources if s.name == name and s.origin.file == file)
