"""The laws of every feature: one function each, whose docstring is its claim.

A law is given a trial, one case put to one feature. It returns True where the case says that it holds, False where the
case says nothing about it, and raises LawFell where it does not hold. Laws about a part of the language that this
version does not enforce (`calls`, `spend`, `refresh`) come with that part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from promptspec.fuzz.laws import (
    calls,
    inputs,
    judgements,
    moderations,
    prompts,
    repairs,
    replies,
    reviews,
    streams,
    tones,
    tools,
)
from promptspec.fuzz.results import Degree
from promptspec.fuzz.trial import Trial


def judges_agree(trial: Trial) -> bool:
    """The generated model, the JSON Schema and a slow reference judge accept the same inputs and the same replies."""
    of_inputs = inputs.judges_agree_on_inputs(trial)
    return replies.judges_agree_on_replies(trial) or of_inputs


@dataclass(frozen=True, slots=True)
class Law:
    """A law: what it is called, how far it is guaranteed, and how a case is judged by it."""

    judge: Callable[[Trial], bool]
    degree: Degree

    @property
    def name(self) -> str:
        """The name, as reports and `--law` have it."""
        return self.judge.__name__

    @property
    def claim(self) -> str:
        """What the law says, in a sentence or two."""
        return " ".join((self.judge.__doc__ or "").split())


_ALL: Final = (
    Law(inputs.accepts_valid, "enforced"),
    Law(inputs.refuses_invalid, "enforced"),
    Law(judges_agree, "enforced"),
    Law(inputs.cleaning_is_idempotent, "enforced"),
    Law(prompts.roles_hold, "by construction"),
    Law(prompts.fences_hold, "unforgeable"),
    Law(prompts.system_is_closed, "by construction"),
    Law(prompts.prompt_fits, "enforced"),
    Law(calls.caller_stays_hidden, "by construction"),
    Law(calls.callers_are_apart, "by construction"),
    Law(calls.weak_callers_are_refused, "enforced"),
    Law(calls.nothing_is_kept, "by construction"),
    Law(calls.limits_hold, "enforced"),
    Law(repairs.repairs_are_closed, "by construction"),
    Law(calls.fallback_keeps_laws, "enforced"),
    Law(replies.reply_is_total, "enforced"),
    Law(replies.world_is_closed, "enforced"),
    Law(replies.sinks_are_closed, "enforced"),
    Law(tones.tone_holds, "enforced"),
    Law(judgements.judgement_holds, "enforced"),
    Law(moderations.moderation_holds, "enforced"),
    Law(reviews.review_holds, "enforced"),
    Law(reviews.held_is_rechecked, "enforced"),
    Law(reviews.ledger_keeps_its_word, "enforced"),
    Law(replies.nothing_echoes, "enforced"),
    Law(streams.stream_leaks_nothing, "enforced"),
    Law(replies.errors_say_nothing, "by construction"),
    Law(calls.same_in_same_out, "by construction"),
    Law(tools.check_is_hermetic, "by construction"),
)

#: Every law by its name, in the order of reports.
LAWS: Final[Mapping[str, Law]] = {law.name: law for law in _ALL}
