"""What a feature declares beyond a single call: review, samples, reports, limits across calls, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from promptspec.contract.expressions import Expression
from promptspec.contract.types import Origin

#: What becomes of a reply that nobody has decided on in time.
Otherwise: TypeAlias = Literal["withhold", "release"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """`review always`, or `review when …` with the condition *when*: a person decides before the reply is delivered.

    The desk shows the fields *show* of the input, or all where there are none. *by* is who is asked to look, and what
    nobody has decided on for *within_ms* milliseconds is dealt with *otherwise*. That there is a decision is told to
    *callback*, a URL, whose host the entries *hosts* of the project's settings allow.
    """

    when: Expression | None = None
    show: tuple[str, ...] = ()
    within_ms: int | None = None
    by: str = ""
    otherwise: Otherwise = "withhold"
    callback: str = ""
    hosts: tuple[str, ...] = ()
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """`sample 2%`: copies of *share* percent of the replies go to the desk after they were delivered."""

    share: Decimal
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTo:
    """`report to "…"`: reports on replies are kept, and forwarded to *target*, a `mailto:` or `https:` address.

    *hosts* are the entries of the project's settings that allow its host. What is forwarded holds the reply itself
    only where it *shows_reply*.
    """

    target: str
    hosts: tuple[str, ...]
    shows_reply: bool = False
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrossCalls:
    """`calls 20 per minute per caller`, or `spend 2 usd per day per caller`.

    No more than *amount* within any *period_ms* milliseconds. With *allows* (`otherwise allow`) calls are let through
    uncounted where the counter cannot be reached.
    """

    counts: Literal["calls", "usd"]
    amount: Decimal
    period_ms: int
    per: Literal["caller", "feature"]
    allows: bool = False
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestCost:
    """What a request to *model* costs, in dollars for a million tokens, as it was on *seen*; *most* dollars at most.

    No token is taken to be cached, and all of them to be kept where that costs more. Of a prompt with more than
    *long_after* tokens, all input costs *long_input* times as much, and all output *long_output* times.
    """

    model: str
    input: Decimal
    output: Decimal
    most: Decimal
    long_after: int | None = None
    long_input: Decimal = Decimal(1)
    long_output: Decimal = Decimal(1)
    seen: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCost:
    """What a call costs: by request to *models*, *judges*, *moderators* and *embedders*, and *most* dollars in all.

    Moderators by lists and functions cost nothing and are left out.
    """

    most: Decimal
    models: tuple[RequestCost, ...]
    judges: tuple[RequestCost, ...] = ()
    moderators: tuple[RequestCost, ...] = ()
    embedders: tuple[RequestCost, ...] = ()
