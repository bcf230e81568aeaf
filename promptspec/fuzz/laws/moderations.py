"""The law about moderation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.contract.moderation import CATEGORIES, ServerModerator, WordModerator
from promptspec.contract.types import Email, Group, JsonSchema, ListOf, Text, Turns, Url
from promptspec.errors import NO_ANSWER, Moderated
from promptspec.fuzz.laws.calls import is_asked_as_declared
from promptspec.fuzz.settling import strings_in
from promptspec.fuzz.trial import LawFell
from promptspec.live.strict_json import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptspec.contract.moderation import Moderation
    from promptspec.contract.types import Record, Type
    from promptspec.fuzz.observations import Looked, Observation
    from promptspec.fuzz.subjects import Subject
    from promptspec.fuzz.trial import Trial

#: Before so many seconds of the call's own are over, a moderator has time to be asked.
_IN_TIME: Final = 0.9
_WORD: Final = re.compile(r"[a-z0-9]+")


def moderation_holds(trial: Trial) -> bool:
    """What a moderator flags is neither sent to a model nor delivered; where it cannot answer, neither.

    Everything that somebody else has written is shown to it, and nothing is held back that it passed.
    """
    subject, seen = trial.subject, trial.observation
    if not subject.feature.moderations:
        return False
    for looked in seen.looked_at:
        _is_asked_well(trial, looked)
    _are_told_to_moderate(trial)
    if seen.requests:
        for place, each in enumerate(subject.feature.moderations):
            if each.input:
                _input_has_passed(trial, place, each)
    if seen.reply is not None:
        for place, each in enumerate(subject.feature.moderations):
            if each.output:
                _output_has_passed(trial, place, each)
    if isinstance(seen.error, Moderated):
        _is_refused_rightly(trial, seen.error)
    return bool(seen.requests) or bool(seen.looked_at) or isinstance(seen.error, Moderated)


def _are_told_to_moderate(trial: Trial) -> None:
    """Look whether each request asks the server to moderate, where its findings are to come beside the answer."""
    subject = trial.subject
    names = [
        each.by.model.name
        for each in subject.feature.moderations
        if isinstance(each.by, ServerModerator) and subject.is_inline(each)
    ]
    for request in trial.observation.requests:
        asked = request.content.get("moderation")
        model = cast("dict[str, Any]", asked).get("model") if isinstance(asked, dict) else None
        if model != (names[0] if names else None):
            raise LawFell("the server was not told to moderate, or by another model")


def _input_has_passed(trial: Trial, place: int, each: Moderation) -> None:
    subject, seen = trial.subject, trial.observation
    texts = texts_at(subject, subject.feature.input, cast("Mapping[str, object]", trial.input.given))
    if isinstance(each.by, WordModerator):
        if any(map(_holding(each.by), texts)):
            raise LawFell("an input was sent to a model that holds what a list of words blocks")
        return
    if subject.is_inline(each):
        return  # what is found beside an answer keeps the answer back
    if texts and not any(_passes(each, looked) for looked in _at(seen, place, after=0)):
        raise LawFell("an input was sent to a model that its moderator flags, or says nothing about")
    _is_shown(_at(seen, place, after=0), texts, "input")


def _output_has_passed(trial: Trial, place: int, each: Moderation) -> None:
    subject, seen = trial.subject, trial.observation
    if trial.kept is NOTHING:
        return
    reply = {"answer": trial.kept} if subject.feature.bare and not _is_wrapped(trial.kept) else trial.kept
    texts = texts_at(subject, subject.feature.output, cast("Mapping[str, object]", reply))
    if isinstance(each.by, WordModerator):
        if any(map(_holding(each.by), texts)):
            raise LawFell("a reply was returned that holds what a list of words blocks")
        return
    if subject.is_inline(each):
        _is_passed_beside(seen, each)
        return
    last = _at(seen, place, after=len(seen.requests))
    if texts and not any(_passes(each, looked) for looked in last):
        raise LawFell("a reply was returned that its moderator flags, or says nothing about")
    _is_shown(last, texts, "reply")


def _is_wrapped(reply: object) -> bool:
    return isinstance(reply, dict) and "answer" in reply


def _is_passed_beside(seen: Observation, each: Moderation) -> None:
    """Look whether the server was to moderate beside its answer, and found nothing on either side."""
    assert isinstance(each.by, ServerModerator)
    found = seen.beside[-1] if seen.beside else None
    for side, looks in (("input", each.input), ("output", each.output)):
        said = None if found is None else found.get(side)
        results = _results_in(said)
        if looks and (results is None or _blocks(each.by, results)):
            raise LawFell(f"a reply was returned, and of its {side} the server flags something, or says nothing")


def _results_in(said: object) -> list[object] | None:
    if not isinstance(said, dict):
        return None
    found = cast("dict[str, object]", said)
    if found.get("type") == "moderation_result":
        return [found]
    results = found.get("results") if found.get("type") == "moderation_results" else None
    return cast("list[object]", results) if isinstance(results, list) and results else None


def _at(seen: Observation, place: int, *, after: int) -> list[Looked]:
    return [each for each in seen.looked_at if each.place == place and each.after == after]


def _passes(each: Moderation, looked: Looked) -> bool:
    by = each.by if isinstance(each.by, ServerModerator) else None
    found: object = looked.found
    if not isinstance(found, list):
        return False
    listed = cast("list[object]", found)
    return len(listed) == looked.texts and not _blocks(by, listed)


def _blocks(by: ServerModerator | None, found: list[object]) -> bool:
    """Say whether one of the findings blocks, or is none: by the manual, and nothing that the runtime knows."""
    return any(not _is_clean(by, finding) for finding in found)


def _is_clean(by: ServerModerator | None, finding: object) -> bool:
    if not isinstance(finding, dict):
        return False
    said = cast("dict[str, Any]", finding)
    flagged, categories, scores = said.get("flagged"), said.get("categories"), said.get("category_scores")
    if not isinstance(flagged, bool) or not isinstance(categories, dict) or not isinstance(scores, dict):
        return False
    flags = {name: on for name, on in cast("dict[str, object]", categories).items() if on is not None}
    numbers = {name: of for name, of in cast("dict[str, object]", scores).items() if of is not None}
    if not all(isinstance(on, bool) for on in flags.values()):
        return False
    if not all(isinstance(of, int | float) and not isinstance(of, bool) and 0 <= of <= 1 for of in numbers.values()):
        return False
    if by is None or not (by.blocks or by.above):
        return bool(flags) and not flagged and not any(flags.values())
    return (
        all(flags.get(name) is False for name in by.blocks)
        and all(name in numbers and cast("float", numbers[name]) < float(least) for name, least in by.above)
        and not any(on and name not in CATEGORIES for name, on in flags.items())
        and (not flagged or any(flags.values()))
    )


def _is_shown(looked: list[Looked], texts: list[str], what: str) -> None:
    """Look whether a moderator was shown each of the *texts*, as far as cleaning leaves them as they are."""
    if looked and all(text.isascii() and text.isprintable() for text in texts):
        shown = looked[-1].request.content["input"] if looked[-1].request is not None else looked[-1].shown
        if sorted(map(str, shown)) != sorted(texts) and not any(isinstance(each, dict) for each in shown):
            raise LawFell(f"a moderator was not shown every text of the {what}, or something else")


def _is_asked_well(trial: Trial, looked: Looked) -> None:
    subject = trial.subject
    each = subject.feature.moderations[looked.place]
    if looked.request is None:
        return
    if not isinstance(each.by, ServerModerator):
        raise LawFell("somebody was asked to moderate who is not declared")
    is_asked_as_declared(looked.request, each.by.model, subject.environment, path="/moderations")
    content = looked.request.content
    if set(content) != {"model", "input"}:
        raise LawFell("a moderator is sent more than the texts")


def _is_refused_rightly(trial: Trial, error: Moderated) -> None:
    subject, seen = trial.subject, trial.observation
    if seen.requests and error.user_message != NO_ANSWER:
        raise LawFell("the end user is told that a reply was flagged")
    if seen.seconds >= _IN_TIME * subject.feature.limits.time_ms / 1000:
        return
    for place, each in enumerate(subject.feature.moderations):
        if isinstance(each.by, WordModerator):
            return  # how words are spelt is judged by its own tests
        if any(not _passes(each, looked) for looked in seen.looked_at if looked.place == place):
            return
        if subject.is_inline(each):
            return
    raise LawFell("something was held back that every moderator passed")


def _holding(by: WordModerator) -> Any:
    """Return what says whether a text surely holds a phrase: plain words in plain text."""
    plain = [phrase.lower() for phrase in by.phrases if re.fullmatch("[a-z]{3,}", phrase.lower())]

    def holds(text: str) -> bool:
        return text.isascii() and not set(_WORD.findall(text.lower())).isdisjoint(plain)

    return holds


def texts_at(subject: Subject, record: Record, value: Mapping[str, object]) -> list[str]:
    """Return the texts of *value* that somebody else has written, those that are not empty."""
    return [text for field in record.fields for text in _texts(subject, field.type, value.get(field.name)) if text]


def _texts(subject: Subject, type: Type, value: object) -> Iterator[str]:
    match type:
        case Text() | Email() | Url() if isinstance(value, str):
            yield value
        case JsonSchema():
            yield from strings_in(value)
            yield from _keys_in(value)
        case Turns() if isinstance(value, list | tuple):
            for turn in cast("list[object]", value):
                if isinstance(turn, dict):
                    yield from strings_in(cast("dict[str, object]", turn).get("text"))
        case ListOf(item=item) if isinstance(value, list | tuple):
            for each in cast("list[object]", value):
                yield from _texts(subject, item, each)
        case Group(name=name, file=file) if isinstance(value, dict):
            yield from texts_at(subject, subject.record(name, file), cast("dict[str, object]", value))
        case _:
            pass


def _keys_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in cast("dict[str, object]", value).items():
            yield key
            yield from _keys_in(item)
    elif isinstance(value, list | tuple):
        for item in cast("list[object]", value):
            yield from _keys_in(item)
