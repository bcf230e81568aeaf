"""The judges of rules of tone, as far as a compiler can apply them."""

from __future__ import annotations

from typing import Final

from promptspec.check.tone_rules import ReadPerson, ReadProfanity, ReadRule
from promptspec.contract.tone import (
    ToneAvoid,
    ToneKind,
    ToneLanguage,
    ToneMeasure,
    ToneMention,
    TonePerson,
    ToneProfanity,
)
from promptspec.tone import person, profanity
from promptspec.tone.judges import Judge, avoids, in_language, in_person, measured, mentions, without_profanity

#: Measures that a phrase which has to be there can break.
_COUNTED: Final = frozenset({"emoji", "exclamations", "links", "numbers", "questions"})


def judge_of(kind: ToneKind) -> Judge | None:
    """Return the judge of a rule that asks for no value of the input; None for others, and for what is only told."""
    match kind:
        case ToneMeasure(name=name, least=least, most=most):
            return measured(name, least, most)
        case ToneLanguage(languages=languages):
            return in_language(*languages)
        case TonePerson():
            return in_person(kind.person, *kind.languages, negated=kind.negated)
        case ToneAvoid(phrases=phrases, patterns=patterns):
            return avoids(phrases, tuple((each.source, each.ignore_case) for each in patterns))
        case ToneProfanity(languages=languages):
            return without_profanity(*languages)
        case ToneMention(phrase=phrase, value=None):
            return mentions(phrase)
        case _:
            return None


def judge_of_phrases(rule: ReadRule, languages: tuple[str, ...]) -> Judge | None:
    """Return the judge of a rule that a phrase breaks whatever stands around it."""
    match rule.kind:
        case ToneAvoid():
            return judge_of(rule.kind)
        case ReadProfanity() if profanity.LANGUAGES.issuperset(languages):
            return without_profanity(*languages)
        case ToneMeasure(name=name, most=most) if name in _COUNTED and most is not None:
            return measured(name, None, most)
        # What stands in a phrase stays in the text: a pronoun breaks these, and no words around it mend it.
        case ReadPerson(person=who, negated=negated) if negated is (who != "third"):
            return in_person(who, *languages, negated=negated) if person.LANGUAGES.issuperset(languages) else None
        case _:
            return None
