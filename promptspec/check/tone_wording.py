"""Rules of tone in words: what the model is told, and what a violation says. Nothing of a reply stands in either."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import assert_never

from promptspec.contract.expressions import Constant
from promptspec.contract.feature import Fixed, Part, Print
from promptspec.contract.tone import (
    ToneAvoid,
    ToneJudge,
    ToneKind,
    ToneLanguage,
    ToneMeasure,
    ToneMention,
    TonePerson,
    ToneProfanity,
    ToneRule,
    ToneTopic,
    ToneVoice,
)
from promptspec.contract.types import Trust
from promptspec.tone.languages import LANGUAGES
from promptspec.tone.measures import MEASURES, Measure

#: The most entries of a list of words that a model is told of; all are checked.
MOST_TOLD = 100

#: The most characters of a statement that a violation shows.
MOST_SHOWN = 80

HEAD = "Rules for the text of your reply:\n"


def told(rules: Iterable[ToneRule], all_texts: tuple[tuple[str, ...], ...]) -> tuple[Part, ...]:
    """Return what the system message says of *rules* that ask for no value of the input; nothing where there are none.

    A rule that is not about *all_texts* names those that it is about. A phrase to mention is a part of its own, since
    a reply may repeat it.
    """
    parts: list[Part] = []
    for rule in rules:
        lead = f"- {_where(rule, all_texts)}"
        match rule.kind:
            case ToneMention(phrase=phrase, value=None):
                parts += [Fixed(text=lead + "mention “"), fixed(phrase), Fixed(text="”.\n")]
            case ToneMention():
                pass
            case ToneLanguage(chosen=chosen) if chosen is not None:
                pass
            case kind:
                parts.append(Fixed(text=f"{lead}{_told(kind)}\n"))
    return (Fixed(text=HEAD), *parts) if parts else ()


def fixed(text: str) -> Print:
    """Return *text* of the spec as a part that a reply may repeat."""
    return Print(value=Constant(value=text), trust=Trust.FIXED, type=None, kind="text", path="")


def _where(rule: ToneRule, all_texts: tuple[tuple[str, ...], ...]) -> str:
    if rule.texts == all_texts:
        return ""
    names = (".".join(step for step in path if step != "[]") for path in rule.texts)
    return "In " + ", ".join(f"`{name}`" for name in dict.fromkeys(names)) + ": "


def lead_of(rule: ToneRule, all_texts: tuple[tuple[str, ...], ...]) -> str:
    """Return the beginning of the line that tells *rule*."""
    return f"- {_where(rule, all_texts)}"


def _told(kind: ToneKind) -> str:
    match kind:
        case ToneMeasure():
            return _measure_told(kind)
        case ToneLanguage(languages=languages):
            return f"write in {_or(LANGUAGES[each] for each in languages)}."
        case TonePerson(person="third", negated=False):
            return "write in the third person: not about yourself, and not to the reader."
        case TonePerson(person="third", negated=True):
            return "write in the first or the second person."
        case TonePerson(person=person, negated=negated):
            pronouns = "I, we, my, our" if person == "first" else "you, your"
            return f"{'do not write' if negated else 'write'} in the {person} person ({pronouns})."
        case ToneAvoid():
            return _avoid_told(kind)
        case ToneProfanity():
            return "never use profanity or slurs, in no spelling."
        case ToneVoice(text=text):
            return f"your voice is: {text}"
        case ToneTopic(text=text):
            return f"write about this and nothing else: {text}"
        case ToneJudge(text=text):
            return f"this has to hold of each text: {text}"
        case ToneMention():
            raise AssertionError("a mention is told in parts")
        case _:
            assert_never(kind)


def _measure_told(kind: ToneMeasure) -> str:
    least, most = kind.least, kind.most
    match kind.name:
        case "reading_grade":
            return (
                f"write so that the reading grade (Automated Readability Index) of each text is {_range(least, most)}."
            )
        case "sentiment":
            return f"keep the sentiment of each text (VADER, from -1 for bad to 1 for good) at {_range(least, most)}."
        case "sentence_words":
            return f"the longest sentence of each text has {_range(least, most)} words."
        case "capitals":
            return f"of the letters of each text {_range(least, most, '%')} are capital letters."
        case _:
            many = {"numbers": "numbers in digits"}.get(kind.name, MEASURES[kind.name].many)
            return f"write no {many}." if most == 0 else f"each text has {_range(least, most)} {many}."


def _range(least: Decimal | None, most: Decimal | None, sign: str = "") -> str:
    if least is None or (least == 0 and most is not None):
        return f"at most {most:f}{sign}"
    if most is None:
        return f"at least {least:f}{sign}"
    return f"{least:f}{sign} to {most:f}{sign}" if least != most else f"exactly {most:f}{sign}"


def _avoid_told(kind: ToneAvoid) -> str:
    parts = [f"“{phrase}”" for phrase in kind.phrases[:MOST_TOLD]]
    parts += [f"what matches /{pattern.source}/{'i' if pattern.ignore_case else ''}" for pattern in kind.patterns]
    stars = " A * stands for any ending." if any("*" in phrase for phrase in kind.phrases[:MOST_TOLD]) else ""
    more = len(kind.phrases) - MOST_TOLD
    others = f", and {more:,} other blocked words" if more > 0 else ""
    return f"never write {_or(parts)}{others}.{stars}"


def message_of(kind: ToneKind) -> str:
    """Return what a violation of the rule says."""
    match kind:
        case ToneMeasure(name="reading_grade"):
            return f"has a reading grade that is not {_range(kind.least, kind.most)}"
        case ToneMeasure(name="sentiment"):
            return f"has a sentiment that is not {_range(kind.least, kind.most)}"
        case ToneMeasure(name="sentence_words"):
            return f"has a longest sentence that is not of {_range(kind.least, kind.most)} words"
        case ToneMeasure(name="capitals"):
            return f"has a share of capital letters that is not {_range(kind.least, kind.most, '%')}"
        case ToneMeasure(name=name):
            return _count_broken(kind, MEASURES[name])
        case ToneLanguage(chosen=None, languages=languages):
            return f"is not in {_or(LANGUAGES[each] for each in languages)}"
        case ToneLanguage():
            return "is not in the language that was asked for"
        case TonePerson(person=person, negated=negated):
            return f"is {'' if negated else 'not '}in the {person} person"
        case ToneAvoid():
            return "holds what is to be avoided"
        case ToneProfanity():
            return "holds profanity"
        case ToneMention():
            return "does not mention what it has to"
        case ToneVoice():
            return "is not in the voice that was asked for"
        case ToneTopic():
            return "is not about the topic that was asked for"
        case ToneJudge(text=text):
            return f"is judged not to meet “{text[:MOST_SHOWN]}{'…' if len(text) > MOST_SHOWN else ''}”"
        case _:
            assert_never(kind)


def _count_broken(kind: ToneMeasure, measure: Measure) -> str:
    least, most = kind.least, kind.most
    if most == 0:
        return f"has {measure.many}"
    if least is None or least == 0:
        return f"has more than {most:f} {measure.one if most == 1 else measure.many}"
    if most is None:
        return f"has fewer than {least:f} {measure.one if least == 1 else measure.many}"
    return f"does not have {_range(least, most)} {measure.many}"


def _or(parts: Iterable[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} or {last}" if first else last
