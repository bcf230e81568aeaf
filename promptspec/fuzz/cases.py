"""Cases: what the fuzzer feeds in, as plain data that can be written down, found again and replayed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

Phase: TypeAlias = Literal["examples", "boundaries", "search", "sequences"]

#: A value of JSON, with Decimal for decimals; on the way in also floats that JSON has no word for.
Json: TypeAlias = object
#: Where in a value something stands: names of fields and indexes.
Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the maker of a case says of its input: *valid*, or that it breaks *rule* at *path* (`input.note`).

    *rules* are further names that the refusal may give, where a value breaks several rules at once.
    """

    valid: bool
    path: str = ""
    rules: tuple[str, ...] = ()


VALID = Claim(valid=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """What the model will answer, as far as that can be said before it is asked.

    *liar* names one of LIARS and *form* one of its ways. *reply* is the honest reply, a value as the wire has it, that
    the liar starts from; *place* is where in it the lie goes, and *text* what is told there.
    """

    liar: str = "honest"
    form: str = ""
    reply: Json = None
    place: Place = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call: the input by the names of the spec, the caller's id, and what the model answers.

    *claim* is None where the maker claims nothing, and the reference alone decides. *techniques* names the attacks in
    it, *seed* feeds the entropy of the call: tags, ids, waits. *today* is None for the subject's own day. *verdict*
    names one of VERDICTS, what a judge answers where there is one; with "" it finds that everything holds. *finding*
    names what moderators find, `flagged@input`; with "" they find nothing.
    """

    given: Json
    claim: Claim | None = None
    lie: Lie = Lie()
    caller: str = "reader-1"
    seed: int = 0
    today: date | None = None
    phase: Phase = "search"
    techniques: tuple[str, ...] = ()
    verdict: str = ""
    finding: str = ""
