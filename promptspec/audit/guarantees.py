"""Every rule of a feature with its degree of guarantee, and the line that it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptspec.audit.wording import amount, duration, field_words, moderator_words
from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Fixed, For, History, If, Message, Module, Part, Print, Rule
from promptspec.contract.models import Model, OpenAIModel
from promptspec.contract.moderation import ServerModerator
from promptspec.contract.tone import ToneRule
from promptspec.contract.types import Origin, Trust
from promptspec.contract.walking import foreign_texts, types_in
from promptspec.models.servers import SERVERS, STRONGEST_FIRST

Degree: TypeAlias = Literal["by construction", "enforced", "unforgeable", "persuasion"]

#: Languages of code that are parsed; the others are told to the model.
_PARSED = ("python", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """What holds, how surely, and how; *note* tells what the degree rests on."""

    rule: str
    degree: Degree
    note: str
    origin: Origin


def guarantees_of(feature: Feature, module: Module) -> tuple[Guarantee, ...]:
    """Return the rules in the order in which a call meets them."""
    return tuple(_guarantees(feature, module))


def roles_words(feature: Feature) -> str:
    """Return who says which role a message has (rule 7)."""
    unclaimed = [model for model in feature.models if not _claims_roles(model)]
    return "roles: by the server" if unclaimed else "roles: by construction"


def weakest(feature: Feature) -> Model:
    """Return the member of the chain of models of which least is known: of roles first, then of the form of replies."""

    def strength(model: Model) -> tuple[bool, int]:
        if not isinstance(model, OpenAIModel):
            return True, 0
        return _claims_roles(model), -STRONGEST_FIRST.index(model.structured)

    return min(feature.models, key=strength)


def _claims_roles(model: Model) -> bool:
    return not isinstance(model, OpenAIModel) or SERVERS[model.server].claims_roles


def _guarantees(feature: Feature, module: Module) -> Iterator[Guarantee]:
    origin = feature.origin
    yield _held(f"caller {feature.caller}", "enforced", "a call of less goes nowhere", origin)
    if feature.caller != "anyone":
        yield _held("the caller's id stays here", "enforced", "only a keyed hash of it is sent", origin)
    for field in feature.input.fields:
        yield from _parts(field, "input", module)
    for rule in feature.requires:
        yield _rule("require", rule)
    yield from _looks(feature, "input")
    for found in feature.shortlists:
        above = f" above {found.above.normalize():f}" if found.above else ""
        name = f"find {found.name} = {found.source} near {found.field} top {found.top}{above}"
        yield _held(
            name, "enforced", "what is on offer is made here; that it holds what fits is not claimed", found.origin
        )
    yield from _prompt(feature, module)
    yield from _limits(feature)
    for field in feature.output.fields:
        yield from _parts(field, "output", module, bare=feature.bare)
    yield from _replies(feature, module)
    for rule in feature.ensures:
        yield _rule("ensure", rule)
    for rule in feature.tone:
        yield _tone(rule)
    yield from _looks(feature, "output")
    yield from _desk(feature)
    for example in feature.examples:
        yield _held(f'example "{example.title}"', "enforced", "`check` passes it through the feature", example.origin)


def _held(rule: str, degree: Degree, note: str, origin: Origin) -> Guarantee:
    return Guarantee(rule=rule, degree=degree, note=note, origin=origin)


def _parts(field: t.Field, side: str, module: Module, *, bare: bool = False) -> Iterator[Guarantee]:
    named = "output" if bare else f"{side}.{field.name}"
    when = "before a model is asked" if side == "input" else "before anything is returned"
    yield _held(f"{named}: {field_words(field)}", "enforced", f"judged {when}", field.origin)
    for type in types_in([field], module.record):
        match type:
            case t.OneOfSource(source=source) | t.OneOfShortlist(source=source) if side == "output":
                note = f"it is a row of `{source}`, never text of the model"
                yield _held(f"the row of {named}", "by construction", note, field.origin)
            case t.OneOfItems(field=items) if side == "output":
                note = f"it is an entry of `{items}`, never text of the model"
                yield _held(f"the entry of {named}", "by construction", note, field.origin)
            case t.Text(code=code) if side == "output" and code and code not in _PARSED:
                yield _held(f"{named} is {code}", "persuasion", "no parser judges it", field.origin)
            case t.Image():
                yield _held(
                    f"what words in {named} say", "persuasion", "the model is told that they are data", field.origin
                )
            case _:
                pass


def _rule(word: str, rule: Rule) -> Guarantee:
    if rule.drop is not None:
        note = "items that fail are left out; too few left refuse the reply"
        return _held(f'{word} … else drop "{rule.message}"', "enforced", note, rule.origin)
    note = "exact and total" if word == "require" else "exact and total; sent back or refused"
    return _held(f'{word} … else "{rule.message}"', "enforced", note, rule.origin)


def _tone(rule: ToneRule) -> Guarantee:
    named = f"tone: {rule.message}" if rule.message else f"tone: {rule.id.removeprefix('tone_')}"
    if rule.is_told_only:
        return _held(named, "persuasion", "told to the model alone", rule.origin)
    if rule.is_judged:
        return _held(named, "enforced", "by a model's score; without one the reply is refused", rule.origin)
    return _held(named, "enforced", "counted in each reply", rule.origin)


def _looks(feature: Feature, side: str) -> Iterator[Guarantee]:
    for each in feature.moderations:
        if each.input if side == "input" else each.output:
            by = "a server's finding" if isinstance(each.by, ServerModerator) else "what matches"
            note = f"{by} blocks, and so does no answer; what is missed is not claimed"
            yield _held(f"moderate {side} with {moderator_words(each)}", "enforced", note, each.origin)


def _prompt(feature: Feature, module: Module) -> Iterator[Guarantee]:
    origin = feature.origin
    yield _held("nothing open in a system message", "by construction", "the compiler refuses such a prompt", origin)
    roles = "typed parts; no text can begin or end a message"
    yield _held("number, order and roles of messages in the request", "by construction", roles, origin)
    for model in feature.models:
        if not _claims_roles(model) and isinstance(model, OpenAIModel):
            note = f"by the server `{model.name}`; known control tokens are refused in open values"
            yield _held("roles as the model sees them", "enforced", note, model.origin)
    if any(_fenced(message) for message in feature.messages):
        yield _held("a value cannot close its fence", "unforgeable", "a tag of 96 random bits a request", origin)
        yield _held("fenced text is data", "persuasion", "the model is told so", origin)
    yield _held("the instructions of the prompt", "persuasion", "the model reads them", origin)
    if feature.limitations:
        yield _held("limitations", "persuasion", "told to the model, and to people in form and docstring", origin)


def _fenced(message: Message | History) -> bool:
    return isinstance(message, History) or any(map(_is_open, message.parts))


def _is_open(part: Part) -> bool:
    match part:
        case Fixed():
            return False
        case Print(trust=trust):
            return trust is Trust.OPEN
        case If(branches=branches, otherwise=otherwise):
            return any(_is_open(each) for body in (*(b.body for b in branches), otherwise) for each in body)
        case For(body=body):
            return any(map(_is_open, body))


def _limits(feature: Feature) -> Iterator[Guarantee]:
    limits, origin = feature.limits, feature.origin
    if limits.prompt_tokens is not None:
        yield _held(f"prompt {limits.prompt_tokens:_} tokens", "enforced", "counted before it is sent", origin)
    derived = " (derived)" if limits.reply_derived else ""
    yield _held(f"reply {limits.reply_tokens:_} tokens{derived}", "enforced", "sent with every request", origin)
    if limits.thinking_tokens:
        note = "added to the cap of the reply"
        yield _held(f"thinking {limits.thinking_tokens:_} tokens", "enforced", note, origin)
    note = "one deadline for all attempts, on the monotonic clock"
    yield _held(f"time {limits.time_ms / 1000:g}s", "enforced", note, origin)
    yield _held(f"retries {limits.retries}", "enforced", "one budget a call, for all models", origin)
    yield _held(f"repairs {limits.repairs}", "enforced", "a repair is judged like the first reply", origin)
    for each in feature.across:
        unit = "calls" if each.counts == "calls" else "usd"
        named = f"{amount(each.amount)} {unit} in {duration(each.period_ms)} per {each.per}"
        without = "counts nothing, and lets through" if each.allows else "refuses"
        note = f"a sliding window over all processes that share the counter; without it a call {without}"
        yield _held(named, "enforced", f"{note}; a counter in memory is per process", each.origin)


def _desk(feature: Feature) -> Iterator[Guarantee]:
    """Yield what people see of calls, and what is kept of them."""
    review, sample, report = feature.review, feature.sample, feature.report
    if review is not None:
        which = "always" if review.when is None else "when …"
        note = "held until a person decides; judged again at release"
        if review.otherwise == "release" and review.within_ms is not None:
            note = f"held for {duration(review.within_ms)}, and released where nobody has decided"
        yield _held(f"review {which}", "enforced", note, review.origin)
    if sample is not None:
        note = "chosen by a keyed hash, so that asking again changes nothing; seen after delivery"
        yield _held(f"sample {amount(sample.share)}%", "enforced", note, sample.origin)
    if report is not None:
        yield _held(
            "report", "enforced", "kept before it is forwarded, and forwarded again until it arrives", report.origin
        )
    if feature.keep_ms is not None:
        yield _held(
            f"keep {duration(feature.keep_ms)}", "enforced", "texts are removed from the ledger", feature.origin
        )
    if feature.secrets:
        note = "its texts are sealed in the ledger, or not kept"
        yield _held(f"secret {', '.join(feature.secrets)}", "enforced", note, feature.origin)


def _replies(feature: Feature, module: Module) -> Iterator[Guarantee]:
    origin = feature.output.origin
    if any(foreign_texts(feature.output.fields, module.record)):
        note = "no hit of the versioned recognisers; not the same as safe in HTML"
        yield _held("replies hold no sinks but those that types open", "enforced", note, origin)
        note = "no tag, and no run of twelve words of private fixed text, plain or in listed encodings"
        yield _held("nothing of the prompt is echoed", "enforced", note, origin)
