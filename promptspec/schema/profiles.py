"""What a provider's strict mode takes of JSON Schema, as dated data, and where a schema does not fit.

When a provider changes its mind, a new profile under a new date goes into PROFILES; an old one never changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from promptspec.values.json_schema import Schema

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a strict mode takes: so many *properties*, *levels* of objects and lists inside each other, and *words* in
    all enums together; an enum of more than *words_before_length* has at most *word_characters*; names and words
    together have at most *text_characters*.
    """

    name: str
    date: str
    properties: int
    levels: int
    words: int
    words_before_length: int
    word_characters: int
    text_characters: int
    keywords: frozenset[str]
    formats: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """What a strict mode does not take. *path* leads to the field by names of properties, with `[]` through a list;
    *rule* is the keyword or the limit.
    """

    path: Path
    rule: str
    message: str


OPENAI_2026_11: Final = Profile(
    name="openai",
    date="2026-11",
    properties=5_000,
    levels=10,
    words=1_000,
    words_before_length=250,
    word_characters=15_000,
    text_characters=120_000,
    keywords=frozenset(
        {
            "$defs",
            "$ref",
            "additionalProperties",
            "anyOf",
            "const",
            "description",
            "enum",
            "exclusiveMaximum",
            "exclusiveMinimum",
            "format",
            "items",
            "maxItems",
            "maxLength",
            "maximum",
            "minItems",
            "minLength",
            "minimum",
            "multipleOf",
            "pattern",
            "properties",
            "required",
            "title",
            "type",
        }
    ),
    formats=frozenset(
        {"date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid"},
    ),
)

PROFILES: Final[Mapping[str, Profile]] = {f"{p.name}-{p.date}": p for p in (OPENAI_2026_11,)}
LATEST: Final = OPENAI_2026_11


def misfits(schema: Schema, profile: Profile = LATEST) -> tuple[Misfit, ...]:
    """Return what *profile* does not take of *schema*, in the order of the schema; the limits of the whole go last."""
    counted = _Counted()
    found = [*_root(schema), *_schema(schema, (), 0, profile, counted)]
    return tuple(found + list(_whole(counted, profile)))


class _Counted:
    def __init__(self) -> None:
        self.properties = 0
        self.words = 0
        self.characters = 0


def _root(schema: Schema) -> Iterator[Misfit]:
    if "anyOf" in schema:
        yield Misfit(path=(), rule="anyOf", message="the schema as a whole is a choice")
    elif schema.get("type") != "object":
        yield Misfit(path=(), rule="type", message="the schema as a whole is no object")


def _schema(schema: Schema, path: Path, level: int, profile: Profile, counted: _Counted) -> Iterator[Misfit]:
    for keyword, value in schema.items():
        if keyword not in profile.keywords:
            yield Misfit(path=path, rule=keyword, message=f"`{keyword}` is not known to this strict mode")
        elif keyword == "format" and value not in profile.formats:
            yield Misfit(path=path, rule="format", message=f"the format `{value}` is not known to this strict mode")
        elif keyword == "enum":
            yield from _enum(value, path, profile, counted)
    kind = schema.get("type")
    if kind in ("object", "array"):
        level += 1
        if level == profile.levels + 1:
            said = f"records and lists stand more than {profile.levels} levels inside each other"
            yield Misfit(path=path, rule="levels", message=said)
    if kind == "object":
        yield from _object(schema, path)
    yield from _inner(schema, path, level, profile, counted)


def _inner(schema: Schema, path: Path, level: int, profile: Profile, counted: _Counted) -> Iterator[Misfit]:
    for name, sub in cast("dict[str, Schema]", schema.get("properties", {})).items():
        counted.properties += 1
        counted.characters += len(name)
        yield from _schema(sub, (*path, name), level, profile, counted)
    if "items" in schema:
        yield from _schema(schema["items"], (*path, "[]"), level, profile, counted)
    for branch in schema.get("anyOf", ()):
        yield from _schema(branch, path, level, profile, counted)


def _object(schema: Schema, path: Path) -> Iterator[Misfit]:
    if schema.get("additionalProperties") is not False:
        yield Misfit(path=path, rule="additionalProperties", message="an object that is not closed")
    required = schema.get("required", ())
    for name in schema.get("properties", ()):
        if name not in required:
            yield Misfit(path=(*path, name), rule="required", message="a field that may be left out, not only null")


def _enum(words: list[object], path: Path, profile: Profile, counted: _Counted) -> Iterator[Misfit]:
    length = sum(len(word) for word in words if isinstance(word, str))
    counted.words += len(words)
    counted.characters += length
    if len(words) > profile.words_before_length and length > profile.word_characters:
        said = f"{len(words):,} words of {length:,} characters, where more than {profile.words_before_length} words"
        message = f"{said} may have {profile.word_characters:,}"
        yield Misfit(path=path, rule="word_characters", message=message)


def _whole(counted: _Counted, profile: Profile) -> Iterator[Misfit]:
    for rule, count, most, what in (
        ("properties", counted.properties, profile.properties, "fields"),
        ("words", counted.words, profile.words, "words to choose from"),
        ("text_characters", counted.characters, profile.text_characters, "characters in names and words"),
    ):
        if count > most:
            yield Misfit(path=(), rule=rule, message=f"{count:,} {what} in all, at most {most:,} are taken")
