"""What a generated feature says of itself: facts, written as literals in its module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from promptspec.ports import World

if TYPE_CHECKING:
    import httpx2

    from promptspec.models.openai_api import Purpose
    from promptspec.models.port import Model
    from promptspec.runtime.records import Input, Record
    from promptspec.runtime.sources import Source

#: The contract between generated modules and this package. A change that old modules would not survive adds one.
ABI: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What a module was made from: the language's version, the ABI, and the hash of everything that was read."""

    language: str
    abi: int
    read: str

    def __post_init__(self) -> None:
        if self.abi != ABI:
            raise ImportError(
                f"this module was built for ABI {self.abi} of promptspec and the installed one has {ABI}: "
                "run `promptspec build` again"
            )


@dataclass(frozen=True, slots=True)
class Env:
    """The name of an environment variable, read when a client is made."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAI:
    """A model of OpenAI, or of a server with its API."""

    name: str
    server: str
    api: Literal["responses", "chat"]
    structured: Literal["json_schema", "grammar", "json_object", "prompt"]
    base_url: str | Env | None = None
    key: Env | None = None
    temperature: Decimal | None = None
    effort: str | None = None
    hosts: tuple[str, ...] = ()

    def connect(
        self, world: World, transport: httpx2.AsyncBaseTransport | None = None, *, purpose: Purpose = "replies"
    ) -> Model:
        """Return the model that speaks to the server, for this *purpose*; *transport* is no network."""
        from promptspec.models.openai_api import OpenAIModel

        base_url = self.base_url
        return OpenAIModel(
            name=self.name,
            server=self.server,
            api=self.api,
            structured=self.structured,
            base_url=base_url if isinstance(base_url, str) else None,
            base_url_env=base_url.name if isinstance(base_url, Env) else None,
            key_env=self.key.name if self.key else None,
            temperature=self.temperature,
            effort=self.effort,
            hosts=self.hosts,
            environment=world.environment,
            transport=transport,
            purpose=purpose,
        )


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Answers from the spec's own examples and types; asks nobody."""


ModelPlan: TypeAlias = OpenAI | Rehearsal


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A model that judges replies: with *decisions* in questions of their own, else by one structured reply."""

    model: OpenAI
    decisions: bool

    def connect(self, world: World, transport: httpx2.AsyncBaseTransport | None = None) -> Model:
        """Return the model that is asked; *transport* stands in for the network."""
        return self.model.connect(world, transport, purpose="decisions" if self.decisions else "replies")


@dataclass(frozen=True, slots=True, kw_only=True)
class ByServer:
    """A server's moderation. Where *blocks* and *above*, scores by category, are empty, what it flags is blocked."""

    model: OpenAI
    blocks: tuple[str, ...] = ()
    above: tuple[tuple[str, Decimal], ...] = ()

    @property
    def may_stand_beside(self) -> bool:
        """Whether this is a model of OpenAI's own, which moderates beside an answer of its server too."""
        from promptspec.models.servers import SERVERS

        return self.model.base_url is None and SERVERS[self.model.server].moderates_inline

    def connect(self, world: World, transport: httpx2.AsyncBaseTransport | None = None) -> Model:
        """Return the model that is asked; *transport* stands in for the network."""
        return self.model.connect(world, transport, purpose="moderation")


@dataclass(frozen=True, kw_only=True)
class ByWords:
    """A list of words and phrases, none of which may stand in a text."""

    phrases: tuple[str, ...]

    @cached_property
    def found_in(self) -> Callable[[str], bool]:
        """Says whether a text holds one of them, however it is spelt."""
        from promptspec.tone.phrases import Phrases

        return Phrases(self.phrases).found_in


@dataclass(frozen=True, slots=True, kw_only=True)
class ByFunction:
    """A function of the application: it takes texts, and returns whether they are blocked."""

    module: str
    function: str

    @property
    def name(self) -> str:
        """How the spec names it."""
        return f"{self.module}:{self.function}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """Who looks at the texts of the input, of the output, or of both."""

    by: ByServer | ByWords | ByFunction
    input: bool
    output: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """A shortlist that is made by what *model* finds near. The *vectors* of the rows are in a file of this name.

    It stands beside the module of the source; "" where there is none, so that calls are refused.
    """

    shortlist: str
    model: OpenAI
    vectors: str = ""

    def connect(self, world: World, transport: httpx2.AsyncBaseTransport | None = None) -> Model:
        """Return the model that is asked; *transport* stands in for the network."""
        return self.model.connect(world, transport, purpose="embedding")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a call may use: tokens, seconds, further attempts. Modules built before there were repairs have none."""

    prompt: int | None
    reply: int
    thinking: int
    seconds: float
    retries: int
    repairs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Who decides on replies that are held: *by* whom, seeing the fields *show* of the input, or all.

    What nobody has decided on *within* so many seconds is withheld, or released. A decision is told to *callback*,
    whose host is one of *hosts*.
    """

    show: tuple[str, ...] = ()
    within: float | None = None
    by: str = ""
    releases: bool = False
    callback: str = ""
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTo:
    """Where reports on replies go: to *target*, whose host is one of *hosts*. With *shows_reply* the reply goes too."""

    target: str
    hosts: tuple[str, ...]
    shows_reply: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What the ledger has of each call, for *seconds*: who *review*s it, how many in a hundred are *sample*d, and where
    what callers *report* goes.

    With *seals* texts hold secrets, and are kept in cipher or not at all.
    """

    seconds: float
    review: Review | None = None
    sample: Decimal | None = None
    report: ReportTo | None = None
    seals: bool = False


#: What is kept of a feature that keeps nothing, where a call has a key of its own: its reply, for 30 days.
KEPT_FOR_KEYS: Final = Keeping(seconds=2_592_000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Across:
    """A limit across calls: *most* calls, or billionths of a dollar, in any *seconds*, of one caller or of all.

    With *allows* calls are let through uncounted while the counter cannot be reached.
    """

    counts: Literal["calls", "usd"]
    most: int
    seconds: int
    per: Literal["caller", "feature"]
    allows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What requests to the model *name* cost: dollars for a million tokens of *input* and *output*.

    From *long_after* tokens of a prompt on, all input costs *long_input* times as much, and all output *long_output*
    times. One request costs *most* billionths of a dollar at most.
    """

    name: str
    input: Decimal
    output: Decimal
    most: int
    long_after: int | None = None
    long_input: Decimal = Decimal(1)
    long_output: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What a call costs: each request to a model, in their order, to a judge, to a moderator, for a vector.

    *call* is what all requests that one call may send cost at most, in billionths of a dollar.
    """

    call: int
    models: tuple[Cost, ...] = ()
    judges: tuple[Cost, ...] = ()
    moderators: tuple[Cost, ...] = ()
    embedders: tuple[Cost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A few-shot example: the input as a call would give it, and the reply as the wire has it.

    Where a feature makes shortlists there is no *reply* here: what it chooses is a number that follows from them.
    """

    given: Mapping[str, Any]
    reply: str = ""
    today: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that the call needs to know of a feature beside its code.

    *asks_caller* says that a condition on rows reads the caller's id, so that not even a prompt is made without one.
    *conditional* are the paths of inputs whose rows stand under a `where`, with `[]` for an index. What moderators look
    at of input and output are the texts at *looked_at_in* and *looked_at_out*, paths of attributes with `[]` for items.
    *finds* says that calls have shortlists, *embeddings* which of them are made of vectors, and *unasked* is the reply,
    as the wire has it, where all are empty; "" for none, so that the call is refused. With *keeping* each call is
    written in the ledger. *across* are the limits across calls, which are counted under *counted_as*, and *costs* is
    what is reserved and settled for spending.
    """

    name: str
    module: str
    input: type[Input]
    output: type[Record]
    bare: bool
    caller: Literal["anyone", "session", "signed_in", "verified"]
    models: tuple[ModelPlan, ...]
    limits: Limits
    fence: Literal["tags", "datamark", "json"]
    schema: bytes
    largest_reply: int
    seed: str
    lists: tuple[str, ...] = ()
    sources: tuple[Source[Any], ...] = ()
    examples: tuple[Example, ...] = ()
    limitations: str = ""
    asks_caller: bool = False
    conditional: tuple[str, ...] = ()
    judges: tuple[Judge, ...] = ()
    moderations: tuple[Moderation, ...] = ()
    looked_at_in: tuple[tuple[str, ...], ...] = ()
    looked_at_out: tuple[tuple[str, ...], ...] = ()
    finds: bool = False
    embeddings: tuple[Embedding, ...] = ()
    unasked: str = ""
    keeping: Keeping | None = None
    across: tuple[Across, ...] = ()
    counted_as: str = ""
    costs: Costs | None = None
