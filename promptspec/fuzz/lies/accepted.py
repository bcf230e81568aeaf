"""Replies that the reference accepts: what an honest model answers, worked out without chance."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from promptspec.contract.json_text import json_text
from promptspec.fuzz.lies.conditions import broken_conditions
from promptspec.fuzz.lies.values import entries_of, plain, read
from promptspec.fuzz.reference import Found, OutOfFragment, judge_reply
from promptspec.fuzz.toned import broken_tone, with_mentions
from promptspec.models.rehearsal import candidates

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.subjects import Subject

#: Inputs whose replies are remembered, for each subject.
_MOST_KNOWN: Final = 512


def an_honest_reply(subject: Subject, given: Json, seed: int = 0) -> Json | None:
    """Return a reply to *given* that the reference accepts or does not know, or None where none is found.

    *seed* 0 is the first of them, 1 the second, and so on around. The same arguments give the same reply.
    """
    replies = _known_replies(subject, given)
    return replies.at(seed)


def plain_given(subject: Subject, given: Json) -> dict[str, object]:
    """Return the fields of *given* with the defaults of those that are missing, and the keys of each shortlist.

    Where *given* is no object every field is none.
    """
    entries = entries_of(given)
    found: dict[str, object] = {}
    for field in subject.feature.input.fields:
        value = entries.get(field.name)
        found[field.name] = plain(field.default) if value is None and field.has_default else value
    return found | subject.shortlisted_keys(given)


def accepted(subject: Subject, given: Json, reply: Json) -> bool:
    """Say whether the reference accepts *reply*, or does not know; where *given* itself is not valid, always."""
    return not broken_by(subject, given, reply)


def broken_by(subject: Subject, given: Json, reply: Json) -> Found:
    """Return what the reference knows to be broken in *reply*, and where it does not know, the broken conditions."""
    try:
        return judge_reply(
            subject.module,
            subject.feature,
            given,
            reply,
            rows=subject.rows,
            today=subject.today,
            caller="reader-1",
            finds=subject.finds(given),
        )
    except OutOfFragment:
        return broken_conditions(subject, given, reply)
    except ValueError:  # the input is refused, and nobody asked
        return []


class _Replies:
    """The honest replies to one input, found as they are asked for."""

    def __init__(self, found: Iterator[Json]) -> None:
        self._found: list[Json] = []
        self._left = found

    def at(self, seed: int) -> Json | None:
        self._found += islice(self._left, max(seed + 1 - len(self._found), 0))
        return self._found[seed % len(self._found)] if self._found else None


_KNOWN: Final[WeakKeyDictionary[Subject, dict[str, _Replies]]] = WeakKeyDictionary()


def _known_replies(subject: Subject, given: Json) -> _Replies:
    known = _KNOWN.setdefault(subject, {})
    try:
        name = json_text(given)
    except TypeError:  # what JSON has no word for is refused as input, and nobody is asked
        return _Replies(iter(()))
    if name not in known:
        if len(known) >= _MOST_KNOWN:
            del known[next(iter(known))]
        # Only the closures of the iterator hold the subject: it is looked up weakly.
        known[name] = _Replies(_honest(subject, given))
    return known[name]


def _honest(subject: Subject, given: Json) -> Iterator[Json]:
    module, feature = subject.module, subject.feature
    fields = plain_given(subject, given)
    try:
        texts = candidates(module, feature, fields, keys=lambda type: iter(subject.keys(type)), today=subject.today)
        for text in texts:
            reply = with_mentions(subject, fields, read(text))
            if accepted(subject, given, reply) and not broken_tone(subject, fields, reply):
                yield reply
    except TypeError:
        return
