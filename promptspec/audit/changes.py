"""What changed between two versions of a feature: each rule stricter, looser or incomparable, and whether it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from promptspec.audit.change import Change, Rise, number_change, said, same
from promptspec.audit.relations import Compared, Relation, Sides, compare_fields, least_value
from promptspec.audit.tone_changes import moderation_changes, tone_changes
from promptspec.audit.use_changes import desk_changes, limit_changes, waiver_changes
from promptspec.audit.wording import field_words
from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Fixed, For, History, If, Message, Module, Part, Print, Rule
from promptspec.contract.models import Model, OpenAIModel
from promptspec.safety.callers import LEVELS


def feature_changes(old: Feature, new: Feature, sides: Sides) -> tuple[Change, ...]:
    """Return what changed, in the order of the card; nothing where both say the same."""
    return tuple(_changes(old, new, sides))


def _changes(old: Feature, new: Feature, sides: Sides) -> Iterator[Change]:
    levels = list(LEVELS)
    before, after = levels.index(old.caller), levels.index(new.caller)
    yield from number_change("caller", before, after, old.caller, new.caller, more="stricter", stricter="major")
    yield from _fields(old, new, sides, "input")
    yield from _rules("require", old.requires, new.requires, stricter="major")
    yield from moderation_changes(old, new)
    yield from _fields(old, new, sides, "output")
    yield from _rules("ensure", old.ensures, new.ensures, stricter="minor")
    yield from tone_changes(old.tone, new.tone)
    yield from limit_changes(old, new)
    yield from desk_changes(old, new)
    yield from waiver_changes(old, new)
    yield from _words(old, new)


def _fields(old: Feature, new: Feature, sides: Sides, side: Literal["input", "output"]) -> Iterator[Change]:
    before = old.input if side == "input" else old.output
    after = new.input if side == "input" else new.output
    if side == "output" and old.bare is not new.bare:
        yield Change(
            rule="output",
            relation="incomparable",
            rise="major",
            old="one type" if old.bare else "a record",
            new="one type" if new.bare else "a record",
        )
    for field in before.fields:
        other = after.field(field.name)
        named = "output" if side == "output" and old.bare else f"{side}.{field.name}"
        if other is None:
            relation: Relation = "stricter" if side == "input" else "incomparable"
            yield Change(rule=named, relation=relation, rise="major", old=field_words(field))
            continue
        found = compare_fields(field, other, sides)
        yield from _compared(named, field, other, found, side)
    for field in after.fields:
        if before.field(field.name) is None:
            named = "output" if side == "output" and new.bare else f"{side}.{field.name}"
            yield _added(named, field, side, sides.new)


def _compared(named: str, old: t.Field, new: t.Field, found: Compared, side: str) -> Iterator[Change]:
    marked = old.optional is not new.optional
    if found.relation == "equal" and not marked:
        if old.has_default and old.default != new.default:
            yield Change(
                rule=f"{named} = …", relation="incomparable", rise="minor", old="a default", new="another default"
            )
        return
    looser: Rise = "minor" if side == "input" else "major"
    stricter: Rise = "major" if side == "input" else "patch"
    rises: dict[str, Rise] = {"looser": looser, "stricter": stricter, "incomparable": "major", "equal": "patch"}
    rise = rises[found.relation]
    if side == "output" and marked:
        rise = "major"
    shown = found.only_new if found.relation == "looser" else found.only_old
    yield Change(
        rule=named,
        relation=found.relation,
        rise=rise,
        old=field_words(old),
        new=field_words(new),
        witness=shown,
        taken="" if shown is None else "now" if found.relation == "looser" else "before",
    )


def _added(named: str, field: t.Field, side: str, module: Module) -> Change:
    """Return the change of a field that was not there: a required one of the input refuses every call of before."""
    needed = side == "input" and not field.optional and not field.has_default
    witness = least_value(field.type, module) if side == "input" and not needed else None
    return Change(
        rule=named,
        relation="incomparable" if needed or side == "output" else "looser",
        rise="major" if needed else "minor",
        new=field_words(field),
        witness=witness,
        taken="" if witness is None else "now",
    )


def _rules(word: str, old: Sequence[Rule], new: Sequence[Rule], *, stricter: Rise) -> Iterator[Change]:
    def held(rule: Rule) -> object:
        return said((rule.condition, rule.when, rule.drop))

    gone = [rule for rule in old if held(rule) not in [held(each) for each in new]]
    come = [rule for rule in new if held(rule) not in [held(each) for each in old]]
    for rule in gone:
        other = next((each for each in come if each.message == rule.message), None)
        named = f'{word} … else "{rule.message}"'
        if other is None:
            yield Change(rule=named, relation="looser", rise="minor", old="stands")
            continue
        come.remove(other)
        yield Change(rule=named, relation="incomparable", rise="major" if word == "require" else "minor",
                     old="a condition", new="another condition")  # fmt: skip
    for rule in come:
        yield Change(rule=f'{word} … else "{rule.message}"', relation="stricter", rise=stricter, new="stands")


def _words(old: Feature, new: Feature) -> Iterator[Change]:
    """What a model reads, and which one it is: it changes what comes, and no rule."""
    parts: tuple[tuple[str, Callable[[Feature], object], Rise], ...] = (
        ("model", lambda each: each.models, "patch"),
        ("judge by", lambda each: each.judges, "patch"),
        ("prompt", lambda each: tuple(map(_message, each.messages)), "patch"),
        ("fence", lambda each: each.fence, "patch"),
        ("find", lambda each: each.shortlists, "minor"),
        ("limitations", lambda each: each.limitations, "patch"),
        ("examples", lambda each: tuple((x.given, x.returns) for x in each.examples), "patch"),
        ("evaluate", lambda each: each.evaluation, "patch"),
        ("documentation", lambda each: each.doc, "patch"),
    )
    for name, part, rise in parts:
        if not same(part(old), part(new)):
            old_words, new_words = _named(name, old), _named(name, new)
            yield Change(rule=name, relation="incomparable", rise=rise, old=old_words, new=new_words)


def _message(message: Message | History) -> object:
    return (message.role, _spoken(message.parts)) if isinstance(message, Message) else message.field


def _spoken(parts: tuple[Part, ...]) -> tuple[object, ...]:
    """Return what parts of a prompt say and print; how large what they print is, is told of the field."""
    found: list[object] = []
    for part in parts:
        match part:
            case Fixed(text=text):
                found.append(text)
            case Print(value=value, trust=trust):
                found.append((said(value), trust))
            case If(branches=branches, otherwise=otherwise):
                bodies = tuple((said(each.condition), _spoken(each.body)) for each in branches)
                found.append((bodies, _spoken(otherwise)))
            case For(variable=variable, over=over, body=body):
                found.append((variable, said(over), _spoken(body)))
    return tuple(found)


def _named(name: str, feature: Feature) -> str:
    if name == "model":
        return ", ".join(map(_model, feature.models))
    return "as it was"


def _model(model: Model) -> str:
    return f"{model.name} ({model.server})" if isinstance(model, OpenAIModel) else "rehearsal"
