"""What changed of who looks at texts, and of how replies are worded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from promptspec.audit.change import Change, Rise, compare_bounds, compare_refused, joined, said, same, turned
from promptspec.audit.relations import Relation
from promptspec.audit.wording import moderator_words
from promptspec.contract.feature import Feature
from promptspec.contract.moderation import Moderation, ServerModerator, WordModerator
from promptspec.contract.tone import (
    ToneAvoid,
    ToneJudge,
    ToneLanguage,
    ToneMeasure,
    ToneProfanity,
    ToneRule,
    ToneTopic,
    ToneVoice,
)


def moderation_changes(old: Feature, new: Feature) -> Iterator[Change]:
    """Yield who looks now and did not, or looks for other things."""
    for side in ("input", "output"):

        def of(feature: Feature, side: str = side) -> dict[object, Moderation]:
            looking = (each for each in feature.moderations if (each.input if side == "input" else each.output))
            return {_who(each): each for each in looking}

        before, after = of(old), of(new)
        for who in dict.fromkeys((*before, *after)):
            one, other = before.get(who), after.get(who)
            if one is not None and other is not None and same(one.by, other.by):
                continue
            relation = _moderated(one, other)
            yield Change(
                rule=f"moderate {side}",
                relation=relation,
                rise="minor" if relation != "equal" else "none",
                old=moderator_words(one) if one else "",
                new=moderator_words(other) if other else "",
            )


def _who(each: Moderation) -> object:
    match each.by:
        case ServerModerator(model=model):
            return "server", model.name, said(model.base_url)
        case WordModerator(path=path):
            return "words", path
        case _:
            return said(each.by)


def _moderated(one: Moderation | None, other: Moderation | None) -> Relation:
    if one is None:
        return "stricter"
    if other is None:
        return "looser"
    match one.by, other.by:
        case WordModerator(phrases=before), WordModerator(phrases=after):
            return compare_refused(set(before), set(after))
        case ServerModerator() as before, ServerModerator() as after if before.blocks or before.above:
            if not (after.blocks or after.above):
                return "incomparable"
            return joined(
                compare_refused(set(before.blocks), set(after.blocks)), _scores(dict(before.above), dict(after.above))
            )
        case _:
            return "incomparable"


def _scores(old: Mapping[str, Decimal], new: Mapping[str, Decimal]) -> Relation:
    """Compare scores from which on texts are blocked: a lower one, and one more, blocks more."""
    relation: Relation = compare_refused(set(old), set(new))
    for name in old.keys() & new.keys():
        if old[name] != new[name]:
            relation = joined(relation, "stricter" if new[name] < old[name] else "looser")
    return relation


def tone_changes(old: Sequence[ToneRule], new: Sequence[ToneRule]) -> Iterator[Change]:
    """Yield the rules of tone that came, went, or have other bounds."""

    def key(rule: ToneRule) -> tuple[object, ...]:
        kind = rule.kind
        name = kind.name if isinstance(kind, ToneMeasure) else ""
        return type(kind).__name__, name, rule.texts

    remaining = list(new)
    unmatched: list[ToneRule] = []
    for rule in old:
        exact = next((each for each in remaining if each.texts == rule.texts and same(each.kind, rule.kind)), None)
        if exact is not None:
            remaining.remove(exact)
        else:
            unmatched.append(rule)
    for rule in unmatched:
        named = f"tone: {rule.id.removeprefix('tone_')}"
        other = next((each for each in remaining if key(each) == key(rule)), None)
        if other is None:
            relation: Relation = "equal" if rule.is_told_only else "looser"
            yield Change(rule=named, relation=relation, rise="patch", old=rule.message)
            continue
        remaining.remove(other)
        relation = _tone(rule, other)
        yield Change(rule=named, relation=relation, rise="minor", old=rule.message, new=other.message)
    for rule in remaining:
        relation = "equal" if rule.is_told_only else "stricter"
        rise: Rise = "patch" if rule.is_told_only else "minor"
        yield Change(rule=f"tone: {rule.id.removeprefix('tone_')}", relation=relation, rise=rise, new=rule.message)


def _tone(old: ToneRule, new: ToneRule) -> Relation:
    match old.kind, new.kind:
        case ToneMeasure(least=a, most=b), ToneMeasure(least=c, most=d):
            return joined(compare_bounds(a, c, lower=True), compare_bounds(b, d, lower=False))
        case ToneAvoid(phrases=a, patterns=b), ToneAvoid(phrases=c, patterns=d):
            return joined(
                compare_refused(set(a), set(c)), compare_refused({str(each) for each in b}, {str(each) for each in d})
            )
        case ToneLanguage(languages=a, chosen=None), ToneLanguage(languages=b, chosen=None):
            return turned(compare_refused(set(a), set(b)))
        case ToneProfanity(languages=a), ToneProfanity(languages=b):
            return compare_refused(set(a), set(b))
        case ((ToneVoice() | ToneTopic() | ToneJudge() as a), (ToneVoice() | ToneTopic() | ToneJudge() as b)):
            if a.text != b.text:
                return "incomparable"
            before, after = a.threshold or Decimal(0), b.threshold or Decimal(0)
            return "equal" if before == after else "stricter" if after > before else "looser"
        case _:
            return "incomparable"
