"""The places of a reply, each with what the contract says of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from promptspec.contract.types import Email, Group, JsonSchema, ListOf, Record, Text, Turns, Type, Url

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json, Place
    from promptspec.fuzz.subjects import Subject


@dataclass(frozen=True, kw_only=True)
class Site:
    """One place of *reply*, an honest reply to *given*. *type* is None for the whole and inside of embedded schemas."""

    subject: Subject
    given: Json
    reply: Json
    place: Place = ()
    value: Json = None
    type: Type | None = None
    optional: bool = False
    #: The record whose fields stand at this place.
    record: Record | None = field(default=None)

    @property
    def is_text(self) -> bool:
        """Whether free text stands here."""
        if self.type is None:
            return isinstance(self.value, str)
        return isinstance(self.type, Text | Url | Email)

    @property
    def kind(self) -> str:
        """What is read at this place: places of one kind are read by the same code."""
        if self.is_text:
            return "text"
        return type(self.value if self.type is None else self.type).__name__


def whole(subject: Subject, given: Json, reply: Json) -> Site:
    """Return the site of the whole reply."""
    return Site(subject=subject, given=given, reply=reply, value=reply, record=subject.feature.output)


def sites(subject: Subject, given: Json, reply: Json) -> tuple[Site, ...]:
    """Return every place of *reply*, the whole first."""
    root = whole(subject, given, reply)
    return (root, *_below(root))


def _below(site: Site) -> Iterator[Site]:
    for below in _children(site):
        yield below
        yield from _below(below)


def _children(site: Site) -> Iterator[Site]:
    value = site.value
    if site.record is not None and isinstance(value, Mapping):
        entries = cast("Mapping[str, Json]", value)
        for known in site.record.fields:
            if known.name in entries:
                yield _child(site, known.name, entries[known.name], known.type, optional=known.optional)
    elif isinstance(site.type, ListOf | Turns) and isinstance(value, list):
        item = site.type.item
        for index, each in enumerate(cast("list[Json]", value)):
            yield _child(site, index, each, None if isinstance(site.type, Turns) else item)
    elif (site.type is None or isinstance(site.type, JsonSchema)) and isinstance(value, Mapping):
        for name, each in cast("Mapping[str, Json]", value).items():
            yield _child(site, name, each, None)
    elif site.type is None and isinstance(value, list):
        for index, each in enumerate(cast("list[Json]", value)):
            yield _child(site, index, each, None)


def _child(site: Site, step: str | int, value: Json, type: Type | None, *, optional: bool = False) -> Site:
    subject = site.subject
    return Site(
        subject=subject,
        given=site.given,
        reply=site.reply,
        place=(*site.place, step),
        value=value,
        type=type,
        optional=optional,
        record=subject.record(type.name, type.file) if isinstance(type, Group) else None,
    )
