"""Which safety practices a feature follows by what, which it waives and why, and which it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptspec.audit.bits import bits_of_record
from promptspec.audit.declared import Declared
from promptspec.audit.wording import duration, moderator_words
from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Module
from promptspec.contract.practices import Side
from promptspec.contract.walking import foreign_texts, types_in

Status: TypeAlias = Literal["met", "waived", "missing", "not needed"]

#: Levels of callers that are somebody.
_KNOWN = ("signed_in", "verified")
_CLOSED = (t.Words, t.Choice, t.Boolean, t.Integer, t.Number, t.Date, t.DateTime, t.OneOfSource, t.OneOfItems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """A practice and where the feature stands with it.

    *name* is what `waive` calls it, "" where it is always followed; *by* tells what follows it, or why it is not.
    """

    title: str
    name: str
    status: Status
    by: str


def practices_of(feature: Feature, module: Module) -> tuple[Practice, ...]:
    """Return the practices, in the order of the card."""
    return tuple(_practices(feature, module))


def missing(practices: tuple[Practice, ...]) -> tuple[str, ...]:
    """Return the names of the practices that are left out without a word."""
    return tuple(practice.name for practice in practices if practice.status == "missing")


def _practices(feature: Feature, module: Module) -> Iterator[Practice]:
    facts = Declared(module)
    yield _moderation(feature, facts, "input")
    yield _moderation(feature, facts, "output")
    attacks = sum(case.kind == "attack" for case in feature.cases)
    yield _one(
        feature, "Adversarial testing", "attack", f"{_count(attacks, 'attack')}, run by `fuzz`" if attacks else ""
    )
    yield _one(feature, "Human in the loop", "review", _review(feature))
    yield _tone(feature, facts)
    examples = len(feature.examples)
    yield _one(
        feature,
        "Prompt engineering: examples",
        "example",
        f"{_count(examples, 'example')} that the feature itself accepts" if examples else "",
    )
    known = feature.caller if feature.caller in _KNOWN else ""
    yield _one(feature, "Know your customer", "caller", f"caller {known}" if known else "")
    yield Practice(
        title="Constrain input",
        name="",
        status="met",
        by=f"caps of all types: {bits_of_record(feature.input, module)} bits, judged before a model is asked",
    )
    yield Practice(
        title="Limit output tokens",
        name="",
        status="met",
        by=f"{feature.limits.reply_tokens:,} tokens, sent with every request",
    )
    yield _narrow(feature, module)
    yield _dropdowns(feature, module)
    yield _validated(feature, module)
    report = ""
    if feature.report is not None:
        report = (
            f"kept, and forwarded{' with the reply' if feature.report.shows_reply else ''} to {feature.report.target}"
        )
    yield _one(feature, "Let users report issues", "report", report)
    told = "in form, docstring, card and system message" if feature.limitations else ""
    yield _one(feature, "Communicate limitations", "limitations", told)
    rows = feature.evaluation.rows if feature.evaluation else 0
    yield _one(
        feature,
        "Evaluate on a wide range",
        "evaluate",
        f"{_count(rows, 'labelled row')}, run by `evaluate`" if rows else "",
    )
    yield _ids(feature)


def _moderation(feature: Feature, facts: Declared, side: Side) -> Practice:
    record = feature.input if side == "input" else feature.output
    looking = [each for each in feature.moderations if (each.input if side == "input" else each.output)]
    by = "; ".join(map(moderator_words, looking))
    found = _one(feature, f"Moderation of the {side}", f"moderate {side}", by)
    if found.status == "missing" and not any(foreign_texts(record.fields, facts.record_named)):
        return _unneeded(found, "it holds nothing that somebody has written")
    return found


def _review(feature: Feature) -> str:
    """Return how a person sees replies before they are used; a sample is seen after, and is no review."""
    review = feature.review
    if review is None:
        return ""
    which = "every reply" if review.when is None else "replies for which the condition holds"
    within = f" within {duration(review.within_ms)}, else {review.otherwise}" if review.within_ms else ""
    return f"{which} held for {review.by or 'a person'}{within}"


def _tone(feature: Feature, facts: Declared) -> Practice:
    checked = sum(not rule.is_told_only for rule in feature.tone)
    told = len(feature.tone) - checked
    by = f"{_count(checked, 'rule')} checked on each reply" + (f", {told:,} told only" if told else "")
    found = _one(feature, "Prompt engineering: tone", "tone", by if feature.tone else "")
    texts = any(isinstance(type, t.Text) for type in types_in(feature.output.fields, facts.record_named))
    return found if texts or found.status != "missing" else _unneeded(found, "the reply holds no text")


def _one(feature: Feature, title: str, name: str, by: str) -> Practice:
    """Return the practice called *name*, followed *by* something, or waived, or missing."""
    if by:
        return Practice(title=title, name=name, status="met", by=by)
    because = waived_because(feature, name)
    if because is not None:
        return Practice(title=title, name=name, status="waived", by=because)
    return Practice(title=title, name=name, status="missing", by="")


def waived_because(feature: Feature, name: str) -> str | None:
    """Return why the feature waives what is called *name* (`moderate input`, `review`), or None."""
    for waiver in feature.waivers:
        if name in ([f"{waiver.practice} {side}" for side in waiver.sides] or [waiver.practice]):
            return waiver.because
    return None


def _unneeded(practice: Practice, why: str) -> Practice:
    return Practice(title=practice.title, name=practice.name, status="not needed", by=why)


def _narrow(feature: Feature, module: Module) -> Practice:
    fields = (*feature.input.fields, *feature.output.fields)
    closed = sum(_is_closed(field.type, module) for field in fields)
    return Practice(
        title="Narrow ranges",
        name="",
        status="met" if closed else "not needed",
        by=f"{closed:,} of {_count(len(fields), 'field')} of input and output are choices, numbers or dates",
    )


def _is_closed(type: t.Type, module: Module) -> bool:
    inner = list(types_in([t.Field(name="x", type=type, origin=t.Origin(file="", line=0))], module.record))
    leaves = [each for each in inner if not isinstance(each, t.ListOf | t.Group)]
    return all(isinstance(each, (_CLOSED, t.OneOfShortlist)) for each in leaves)


def _dropdowns(feature: Feature, module: Module) -> Practice:
    found = [type for type in types_in(feature.input.fields, module.record) if isinstance(type, t.OneOfSource)]
    sources = dict.fromkeys((type.source, type.file) for type in found)
    rows = ", ".join(f"{name} ({module.source(name, file).size:,} rows)" for name, file in sources)
    return Practice(
        title="Validated dropdowns",
        name="",
        status="met" if found else "not needed",
        by=f"checked against {rows}" if found else "no input is chosen from a source",
    )


def _validated(feature: Feature, module: Module) -> Practice:
    chosen = [
        type
        for type in types_in(feature.output.fields, module.record)
        if isinstance(type, t.OneOfSource | t.OneOfItems | t.OneOfShortlist)
    ]
    return Practice(
        title="Validated outputs",
        name="",
        status="met" if chosen else "not needed",
        by=f"{_count(len(chosen), 'choice')} of rows that are there, never of what the model writes"
        if chosen
        else "no reply chooses a row",
    )


def _ids(feature: Feature) -> Practice:
    if feature.caller == "anyone":
        return Practice(title="End-user ids", name="", status="not needed", by="callers have no id: `caller anyone`")
    by = "a keyed hash of the caller's id goes with each request, and nothing else of it"
    return Practice(title="End-user ids", name="", status="met", by=by)


def _count(number: int, one: str) -> str:
    return f"{number:,} {one}{'' if number == 1 else 's'}"
