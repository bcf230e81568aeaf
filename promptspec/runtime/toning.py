"""Which rules of tone a reply breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from promptspec.errors import Violation
from promptspec.runtime.drafts import shown

if TYPE_CHECKING:
    from promptspec.tone.judges import GivenJudge, Judge
    from promptspec.tone.measures import MeasureName
    from promptspec.tone.person import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """A rule of tone: *judge* says of each text at *texts*, paths of attributes with `[]` for items, whether it holds.

    With *given* the judge is told that value of the input beside the text. With *once* one text that holds is enough.
    """

    rule: str
    message: str
    texts: tuple[tuple[str, ...], ...]
    judge: Callable[..., bool]
    given: Callable[[Any], object] | None = None
    once: bool = False


def broken_tone(rules: tuple[Tone, ...], x: object, y: object, *, bare: bool) -> Iterator[Violation]:
    """Yield what the reply *y* to the input *x* breaks of *rules*: each text that does, or for a mention the reply."""
    if not rules:
        return
    from promptspec.tone.phrases import Seen

    texts: dict[str, Seen] = {}
    for rule in rules:
        more = () if rule.given is None else (shown(rule.given(x)),)
        found = texts_at(y, rule.texts, bare=bare)
        places = [(path, texts.get(path) or texts.setdefault(path, Seen(text))) for path, text in found]
        if not rule.once:
            for path, text in places:
                if not rule.judge(text, *more):
                    yield Violation(path=path, rule=rule.rule, message=rule.message)
        elif not any(rule.judge(text, *more) for _, text in places):
            yield Violation(path="output", rule=rule.rule, message=rule.message)


def keeps_tone(rules: tuple[Tone, ...], x: object, y: object, field: str) -> bool:
    """Say whether *y*, the value of *field* or an item of it, keeps those of *rules* that are about texts in it."""
    is_list = isinstance(y, tuple | list)
    for rule in rules:
        more = () if rule.given is None else (shown(rule.given(x)),)
        for path in rule.texts:
            rest = path[2:] if path[1:2] == ("[]",) and not is_list else path[1:]
            if path[0] == field and not all(rule.judge(text, *more) for _, text in _texts(y, rest, "output")):
                return False
    return True


def texts_at(y: object, paths: tuple[tuple[str, ...], ...], *, bare: bool) -> Iterator[tuple[str, str]]:
    """Yield the texts of the reply *y* at *paths*, each with its own path."""
    for path in paths:
        yield from _texts(y, path, "output", bare)


def _texts(value: object, path: tuple[str, ...], name: str, bare: bool = False) -> Iterator[tuple[str, str]]:
    """Yield the texts at *path* below *value*, each with its own path; what is left out has none."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, BaseModel) and path:
        field = type(value).model_fields[path[0]]
        inner = name if bare else f"{name}.{field.serialization_alias or path[0]}"
        yield from _texts(getattr(value, path[0]), path[1:], inner)
    elif isinstance(value, tuple | list):
        rest = path[1:] if path[:1] == ("[]",) else path
        for at, item in enumerate(cast("tuple[object, ...]", value)):
            yield from _texts(item, rest, f"{name}[{at}]")
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[object, object]", value).items():
            yield from _texts(item, (), f"{name}.{key}")


# Judges. Generated modules make each once, when they are imported; a module without a tone loads none of this.


def measured(name: MeasureName, *, least: str | None, most: str | None) -> Judge:
    """Return the judge of a rule with a range, such as `emoji ..1`. Raises ModuleNotFoundError without its library."""
    from promptspec.tone import judges

    return judges.measured(name, least, most)


def in_language(*languages: str) -> Judge:
    """Return the judge of `language "en", "de"`. Raises ModuleNotFoundError without its library."""
    from promptspec.tone import judges

    return judges.in_language(*languages)


def in_given_language() -> GivenJudge:
    """Return the judge of `language to`. Raises ModuleNotFoundError without its library."""
    from promptspec.tone import judges

    return judges.in_given_language()


def in_person(person: Person, *languages: str, negated: bool) -> Judge:
    """Return the judge of `person first`, or with *negated* of `person not first`."""
    from promptspec.tone import judges

    return judges.in_person(person, *languages, negated=negated)


def avoids(phrases: tuple[str, ...], patterns: tuple[tuple[str, bool], ...]) -> Judge:
    """Return the judge of `avoid`; a pattern is its source and whether case is ignored."""
    from promptspec.tone import judges

    return judges.avoids(phrases, patterns)


def without_profanity(*languages: str) -> Judge:
    """Return the judge of `profanity none`."""
    from promptspec.tone import judges

    return judges.without_profanity(*languages)


def mentions(phrase: str) -> Judge:
    """Return the judge of `mention "refund policy"`."""
    from promptspec.tone import judges

    return judges.mentions(phrase)


def mentions_given() -> GivenJudge:
    """Return the judge of `mention film.title`."""
    from promptspec.tone import judges

    return judges.mentions_given()
