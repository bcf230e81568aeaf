"""Whether a reply can be shown before it is whole, and which rule keeps it from that (rule 27)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from promptspec.contract.feature import Feature, Module, NoStream
from promptspec.contract.tone import (
    ToneAvoid,
    ToneLanguage,
    ToneMeasure,
    TonePerson,
    ToneProfanity,
    ToneRule,
    ToneTopic,
    ToneVoice,
)
from promptspec.contract.types import Field, ListOf, OneOfItems, OneOfSource, Text
from promptspec.contract.unasked import unasked
from promptspec.contract.walking import types_in

#: What these measure of a text does not become less where the text goes on.
_GROWING: Final = frozenset({"sentence_words", "emoji", "exclamations", "links", "numbers", "questions"})
#: Rules that are decided on one field, or one item of a list, alone.
_OF_ONE_FIELD: Final = (ToneMeasure, ToneLanguage, TonePerson, ToneAvoid, ToneProfanity, ToneVoice, ToneTopic)


def why_no_stream(feature: Feature, module: Module) -> NoStream | None:
    """Return the first rule that only a whole reply shows to hold, None where there is no such rule.

    One text is shown sentence by sentence: its rules must hold of each beginning of a text that keeps them. A record is
    shown field by field, and its lists item by item: its rules must be decided on one of these alone.
    """
    return next(_reasons(feature, module), None)


def _reasons(feature: Feature, module: Module) -> Iterator[NoStream]:
    answer = feature.output.fields[0]
    one_text = feature.bare and isinstance(answer.type, Text)
    if one_text:
        yield from _of_text(answer)
    elif len(feature.output.fields) == 1 and not isinstance(answer.type, ListOf):
        yield NoStream(because="the reply is one value, no part of which comes earlier", origin=answer.origin)
    for field in feature.output.fields:
        for type in types_in((field,), module.record):
            if isinstance(type, OneOfSource | OneOfItems) and type.where is not None:
                yield NoStream(because="`where` is judged on the whole reply", origin=field.origin)
    if feature.shortlists and unasked(feature, module) is not None:
        yield NoStream(because="where nothing is near nobody is asked", origin=feature.shortlists[0].origin)
    for rule in feature.tone:
        decided = _holds_of_begins(rule) if one_text else isinstance(rule.kind, _OF_ONE_FIELD)
        if rule.is_judged or not decided:
            yield NoStream(because=f"`{_word(rule)}` is judged on the whole reply", origin=rule.origin)
    for moderation in feature.moderations:
        if moderation.output:
            yield NoStream(because="`moderate output` looks at the whole reply", origin=moderation.origin)
    for each, word in ((feature.review, "review"), (feature.sample, "sample"), (feature.report, "report")):
        if each is not None:
            yield NoStream(because=f"`{word}` is decided on the whole reply", origin=each.origin)
    if feature.keep_ms is not None:
        yield NoStream(because="`keep` has each reply in the ledger before it is delivered", origin=feature.origin)
    for each in feature.ensures:
        word = "ensure" if each.drop is None else "else drop"
        yield NoStream(because=f"`{word}` is judged on the whole reply", origin=each.origin)


def _of_text(answer: Field) -> Iterator[NoStream]:
    assert isinstance(answer.type, Text)
    for stands, what in (
        (answer.optional, "`?`"),
        (answer.type.pattern is not None, "`matching`"),
        (bool(answer.type.code), "`code`"),
    ):
        if stands:
            yield NoStream(because=f"{what} is judged on the whole reply", origin=answer.origin)


def _holds_of_begins(rule: ToneRule) -> bool:
    """Say whether *rule* holds of each begin of a text of which it holds."""
    match rule.kind:
        case ToneVoice() | ToneTopic() | ToneAvoid() | ToneProfanity():
            return True
        case ToneMeasure(name=name, least=least):
            return name in _GROWING and not least
        case TonePerson(person=person, negated=negated):
            # Third is neither first nor second: `person third` and `person not first` both say what does not stand.
            return negated != (person == "third")
        case _:
            return False


def _word(rule: ToneRule) -> str:
    """Return the word of the spec: rules are called `tone_language`."""
    return rule.id.removeprefix("tone_")
