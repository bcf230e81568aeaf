"""The texts of a reply that rules of tone are about, on the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from promptspec.contract.expressions import Expression, Reference
from promptspec.contract.tone import (
    ToneAvoid,
    ToneKind,
    ToneLanguage,
    ToneMeasure,
    ToneMention,
    TonePerson,
    ToneProfanity,
    ToneRule,
)
from promptspec.fuzz.lies.values import entries_of, items_of
from promptspec.tone import judges

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.subjects import Subject


def texts_of(subject: Subject, rule: ToneRule, reply: Json) -> Iterator[tuple[str, str]]:
    """Yield the (path, text) of every text of *reply*, a value of the wire, that *rule* is about."""
    for path in rule.texts:
        bare = subject.feature.bare
        yield from _at(entries_of(reply).get(path[0]), path[1:], "output" if bare else f"output.{path[0]}")


def value_of(subject: Subject, rule: ToneRule, given: Mapping[str, object]) -> str | None:
    """Return the text of the input that *rule* asks for, of fields as they were *given*; "" where it asks for none.

    None where it cannot be told here.
    """
    asked: Expression | None = None
    if isinstance(rule.kind, ToneLanguage):
        asked = rule.kind.chosen
    elif isinstance(rule.kind, ToneMention):
        asked = rule.kind.value
    if asked is None:
        return ""
    if not isinstance(asked, Reference) or asked.root != "input":
        return None
    value: object = given
    for step in asked.steps:
        if isinstance(value, str):  # a key stands for its row
            row = next((rows[value] for rows in subject.rows.values() if value in rows), None)
            value = row if row is not None else {}
        value = entries_of(cast("Json", value)).get(step)
    return value if isinstance(value, str) else None


def broken_tone(subject: Subject, given: Mapping[str, object], reply: Json) -> list[tuple[str, str]]:
    """Return the (path, rule) of what *reply* breaks by the judges that the module itself has."""
    found: list[tuple[str, str]] = []
    for rule in subject.feature.tone:
        value = value_of(subject, rule, given)
        if value is None or rule.is_told_only or rule.is_judged:
            continue
        texts = list(texts_of(subject, rule, reply))
        wrong = [path for path, text in texts if not _holds(rule, text, value)]
        if isinstance(rule.kind, ToneMention):
            found += [(path, rule.id) for path in dict.fromkeys(wrong) if len(wrong) == len(texts)]
            found += [] if texts else [("output", rule.id)]
        else:
            found += [(path, rule.id) for path in wrong]
    return found


def mentioned(subject: Subject, given: Mapping[str, object], rule: ToneRule) -> str:
    """Return what *rule* wants to be mentioned, "" where it wants nothing or that cannot be told here."""
    if not isinstance(rule.kind, ToneMention):
        return ""
    return (rule.kind.phrase or value_of(subject, rule, given) or "").replace("*", "")


def with_mentions(subject: Subject, given: Mapping[str, object], reply: Json) -> Json:
    """Return *reply* with what its rules want to be mentioned in the first of the texts that may mention it."""
    wanted: dict[str, list[str]] = {}
    for rule in subject.feature.tone:
        phrase = mentioned(subject, given, rule)
        found = [text for _, text in texts_of(subject, rule, reply)]
        value = value_of(subject, rule, given) or ""
        # Only fields are filled: of a list nobody knows whether it holds an item.
        if phrase and len(rule.texts[0]) == 1 and not any(_holds(rule, text, value) for text in found):
            wanted.setdefault(rule.texts[0][0], []).append(phrase)
    if not wanted:
        return reply
    return {**entries_of(reply), **{name: _led(phrases, reply, name) for name, phrases in wanted.items()}}


def _led(phrases: list[str], reply: Json, name: str) -> str:
    text, lead = str(entries_of(reply).get(name) or ""), " ".join(phrases)
    return f"{lead} {text}"[: max(len(text), len(lead))].strip()


def _holds(rule: ToneRule, text: str, value: str) -> bool:
    return _judge(rule.kind)(text, value)


@lru_cache(maxsize=64)
def _judge(kind: ToneKind) -> judges.GivenJudge:
    judge: judges.Judge
    match kind:
        case ToneMention(value=asked) if asked is not None:
            return judges.mentions_given()
        case ToneLanguage(chosen=asked) if asked is not None:
            return judges.in_given_language()
        case ToneMeasure(name=name, least=least, most=most):
            judge = judges.measured(name, least, most)
        case TonePerson(person=person, languages=languages, negated=negated):
            judge = judges.in_person(person, *languages, negated=negated)
        case ToneAvoid(phrases=phrases, patterns=patterns):
            judge = judges.avoids(phrases, tuple((each.source, each.ignore_case) for each in patterns))
        case ToneProfanity(languages=languages):
            judge = judges.without_profanity(*languages)
        case ToneMention(phrase=phrase):
            judge = judges.mentions(phrase)
        case ToneLanguage(languages=languages):
            judge = judges.in_language(*languages)
        case _:
            raise AssertionError("what a model judges, or nobody, has no judge here")
    return lambda text, _: judge(text)


def _at(value: object, path: tuple[str, ...], name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        rest = path[1:] if path[:1] == ("[]",) else path
        for at, item in enumerate(items_of(cast("Json", value))):
            yield from _at(item, rest, f"{name}[{at}]")
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            if not path or key == path[0]:
                yield from _at(item, path[1:], f"{name}.{key}")
