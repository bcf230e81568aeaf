"""Replies that the reference accepts: what an honest model answers, worked out without chance."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakKeyDictionary

from promptspec.contract.json_text import json_text
from promptspec.contract.types import JsonSchema, ObjectConstant
from promptspec.fuzz.reference import Found, OutOfFragment, judge_reply
from promptspec.models.rehearsal import candidates

if TYPE_CHECKING:
    from promptspec.contract.feature import Feature
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.subjects import Subject

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d|https?://|\S+@")
_ODD: Final = re.compile(r"[^A-Za-z0-9 \n,!?'\-._:]|(?<![A-Za-z0-9])[-_:]|[-_:](?![A-Za-z0-9])|\.(?![ \n]|$)")
#: Inputs whose replies are remembered, for each subject.
_MOST_KNOWN: Final = 512


def an_honest_reply(subject: Subject, given: Json, seed: int = 0) -> Json | None:
    """Return a reply to *given* that the reference accepts or does not know, or None where none is found.

    *seed* 0 is the first of them, 1 the second, and so on around. The same arguments give the same reply.
    """
    replies = _known_replies(subject, given)
    return replies.at(seed)


def plain_given(subject: Subject, given: Json) -> dict[str, object]:
    """Return the fields of *given* with the defaults of those that are missing; {} where it is no object."""
    entries = entries_of(given)
    found: dict[str, object] = {}
    for field in subject.feature.input.fields:
        value = entries.get(field.name)
        found[field.name] = plain(field.default) if value is None and field.has_default else value
    return found


def entries_of(value: Json) -> Mapping[str, object]:
    """Return the fields of an object, none of anything else."""
    none: Mapping[str, object] = {}
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else none


def items_of(value: Json) -> list[object]:
    """Return the items of a list, none of anything else."""
    none: list[object] = []
    return list(cast("list[object]", value)) if isinstance(value, list | tuple) else none


def plain(value: object) -> Json:
    """Return *value*, which may hold constants of a spec, as JSON: decimals as Decimal, dates as text."""
    if isinstance(value, ObjectConstant):
        return {name: plain(item) for name, item in value.entries}
    if value is None or isinstance(value, str | bool | int | Decimal):
        return value
    return read(json_text(value))


def read(text: str) -> Json:
    """Return the value of JSON *text* that was written here, decimals exact."""
    return json.loads(text, parse_float=Decimal)


def accepted(subject: Subject, given: Json, reply: Json) -> bool:
    """Say whether the reference accepts *reply*, or does not know; where *given* itself is not valid, always."""
    return not broken_by(subject, given, reply)


def broken_by(subject: Subject, given: Json, reply: Json) -> Found:
    """Return what the reference knows to be broken in *reply*.

    Where it does not know all of it, each condition is put to it by itself, of plainer texts.
    """
    found = _judged(subject, subject.feature, given, reply)
    if found is not None:
        return found
    feature, plainer = _knowable(subject), _plainer(subject, reply)
    found = []
    for rule in feature.ensures:
        found += _judged(subject, replace(feature, ensures=(rule,)), given, plainer) or []
    return found


def _judged(subject: Subject, feature: Feature, given: Json, reply: Json) -> Found | None:
    try:
        return judge_reply(
            subject.module, feature, given, reply, rows=subject.rows, today=subject.today, caller="reader-1"
        )
    except OutOfFragment:
        return None
    except (ValueError, LookupError):  # the input is refused; a condition asks for what is left out here
        return []


def _knowable(subject: Subject) -> Feature:
    """Return the feature without the fields of which the reference knows nothing."""
    output = subject.feature.output
    fields = tuple(field for field in output.fields if not isinstance(field.type, JsonSchema))
    return replace(subject.feature, output=replace(output, fields=fields))


def _plainer(subject: Subject, reply: Json) -> Json:
    """Return *reply* without those fields, and with a blank for each character that may be more than text."""
    kept = {field.name for field in _knowable(subject).output.fields}
    return {name: _plain_texts(value) for name, value in entries_of(reply).items() if name in kept}


def _plain_texts(value: Json) -> Json:
    if isinstance(value, str):
        return value if _DATE.match(value) else _ODD.sub("x", value)
    if isinstance(value, Mapping):
        return {name: _plain_texts(item) for name, item in entries_of(value).items()}
    return [_plain_texts(item) for item in items_of(value)] if isinstance(value, list) else value


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
            reply = read(text)
            if accepted(subject, given, reply):
                yield reply
    except TypeError:
        return
