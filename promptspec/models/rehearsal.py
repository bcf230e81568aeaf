"""Replies without a model: from a spec's own examples, else from its types (rule 23).

Nothing here is judged: every text goes through the checks of any reply, and where one fails the next is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Final, TypeAlias, assert_never, cast

from promptspec.contract.feature import Feature, Module
from promptspec.contract.json_text import json_text
from promptspec.contract.types import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Email,
    Field,
    Group,
    Image,
    Integer,
    JsonSchema,
    ListOf,
    Number,
    ObjectConstant,
    OneOfItems,
    OneOfShortlist,
    OneOfSource,
    Record,
    Text,
    Turns,
    Type,
    Url,
    Words,
)
from promptspec.contract.wire_value import wire_value
from promptspec.models.draws import Draws, prose, prose_of_words

Keys: TypeAlias = Callable[[OneOfSource], Iterator[str]]
KeptKeys: TypeAlias = Callable[[OneOfSource], list[object]]

#: Values built from types before a rehearsal gives up.
MOST_BUILT: Final = 50
#: Counts of words that are tried for a cap in tokens.
_MOST_TRIES: Final = 50
#: Keys of a source that are drawn from; a list of ten million rows is not read to its end for one of them.
_MOST_KEYS: Final = 1_000


def candidates(
    module: Module, feature: Feature, given: Mapping[str, object], *, keys: Keys, today: date
) -> Iterator[str]:
    """Yield replies to *given*, as JSON texts of the wire.

    First come the examples whose closed inputs (enums, words, keys, numbers, booleans, dates; in records and lists
    too) equal those of *given*, the ones that equal it in everything before the others; then 50 values built from the
    types of the output. *given* holds keys in place of rows, and under the names of shortlists the keys of
    their rows; *keys* yields those of a source. The same arguments give
    the same texts in every process.
    """
    yield from _from_examples(module, feature, given)
    fields = {field.name: given.get(field.name) for field in feature.input.fields}
    # What was read for the contract stands for the contract: it is hashed already.
    kept = _kept(keys)
    seed = json_text([module.version, module.file, feature.name, [list(read) for read in module.read], fields])
    for attempt in range(MOST_BUILT):
        builder = _Builder(module, given, kept, today, Draws(f"{attempt} {seed}"), attempt)
        yield json_text(builder.record(feature.output))


def _kept(keys: Keys) -> KeptKeys:
    """Return what gives the first keys of a source, each source read once."""
    known: dict[tuple[str, str], list[object]] = {}

    def first(type: OneOfSource) -> list[object]:
        place = (type.source, type.file)
        if place not in known:
            known[place] = list(islice(keys(type), _MOST_KEYS))
        return known[place]

    return first


def _from_examples(module: Module, feature: Feature, given: Mapping[str, object]) -> Iterator[str]:
    asked = _closed_record(module, feature.input, given)
    alike = [
        example
        for example in feature.examples
        if _closed_record(module, feature.input, dict(example.given.entries)) == asked
    ]
    for example in sorted(alike, key=lambda example: not _is_given(feature, example.given, given)):
        yield wire_value(module, feature, example.returns, given)


def _is_given(feature: Feature, written: ObjectConstant, given: Mapping[str, object]) -> bool:
    entries = dict(written.entries)
    return all(
        json_text(entries.get(field.name, field.default)) == json_text(given.get(field.name, field.default))
        for field in feature.input.fields
    )


def _closed_record(module: Module, record: Record, value: object) -> dict[str, object]:
    entries = dict(value.entries) if isinstance(value, ObjectConstant) else cast("Mapping[str, object]", value)
    return {
        field.name: _closed(module, field.type, entries.get(field.name, field.default))
        for field in record.fields
        if _has_closed(module, field.type)
    }


def _closed(module: Module, type: Type, value: object) -> object:
    """Return the closed part of *value* in a form that can be compared."""
    match type:
        case Group() if isinstance(value, Mapping | ObjectConstant):
            return _closed_record(module, module.record(type.name, type.file), cast("object", value))
        case ListOf() if isinstance(value, list | tuple):
            return [_closed(module, type.item, item) for item in cast("tuple[object, ...]", value)]
        case Integer() | Number() if isinstance(value, int | Decimal):
            return Decimal(value)
        case _:
            return json_text(value)


def _has_closed(module: Module, type: Type) -> bool:
    match type:
        case Text() | Email() | Url() | JsonSchema() | Turns() | Image():
            return False
        case Group():
            return any(_has_closed(module, field.type) for field in module.record(type.name, type.file).fields)
        case ListOf():
            return _has_closed(module, type.item)
        case _:
            return True


def _topic(name: str) -> str:
    topic = name.replace("_", " ").strip()
    return topic if topic and topic.isascii() else "answer"


class _Builder:
    """One value, built from types. The first attempt leaves nothing out; later ones vary more."""

    def __init__(
        self, module: Module, given: Mapping[str, object], keys: KeptKeys, today: date, draws: Draws, attempt: int
    ) -> None:
        self._module = module
        self._given = given
        self._keys = keys
        self._today = today
        self._draws = draws
        self._attempt = attempt

    def record(self, record: Record) -> dict[str, object]:
        return {field.name: self._field(field) for field in record.fields}

    def _field(self, field: Field) -> object:
        if field.optional and self._attempt and self._draws.one_in(3):
            return 0 if isinstance(field.type, OneOfItems | OneOfShortlist) else None
        if isinstance(field.type, OneOfItems | OneOfShortlist) and field.optional and not self._offered(field.type):
            return 0
        return self._value(field.type, _topic(field.name))

    def _value(self, type: Type, topic: str) -> object:
        draws = self._draws
        match type:
            case Text():
                return self._text(type, topic)
            case Words() | Choice() | OneOfSource() | OneOfItems() | OneOfShortlist():
                options = self._options(type)
                # Nothing is on offer: no value is right, and the checks will say so.
                return draws.pick(options) if options else "" if isinstance(type, OneOfSource) else 1
            case Group():
                return self.record(self._module.record(type.name, type.file))
            case Integer():
                return draws.between(type.least, type.most)
            case Number():
                return draws.decimal(type.least, type.most, type.places)
            case Boolean():
                return draws.one_in(2)
            case Date():
                return self._day(type)
            case DateTime():
                return f"{self._today.isoformat()}T{draws.below(24):02}:30:00Z"
            case Email():
                return "reader@example.org"
            case Url():
                return f"https://{draws.pick(type.hosts or ('example.org',))}/"
            case ListOf():
                return self._list(type, topic)
            case Turns():
                return [{"role": "user", "text": self._text(type.item, topic)}] * max(type.least, 1)
            case JsonSchema():
                from promptspec.models.schema_values import schema_value
                from promptspec.values.json_schema import read_schema

                return schema_value(draws, read_schema(type.schema), topic)
            case Image():
                raise TypeError("an image stands in inputs only")
            case _:
                assert_never(type)

    def _text(self, type: Text, topic: str) -> str:
        if not type.code:
            return self._words(type, topic)
        from promptspec.values.code import as_code

        cap = type.cap
        room = replace(cap, least=max(cap.least - 2, 0), most=max(cap.most - 2, 1))
        return as_code(type.code, self._words(replace(type, cap=room), topic))

    def _words(self, type: Text, topic: str) -> str:
        from promptspec.values.units import measure, raw_bound

        cap, draws = type.cap, self._draws
        most = raw_bound(cap.most, cap.unit)
        if type.pattern is not None:
            from promptspec.values.automaton import samples

            source, ignore_case = type.pattern.source, type.pattern.ignore_case
            least = cap.least if cap.unit == "chars" else min(cap.least, 1)
            text = samples(source, ignore_case, least=least, most=most, choose=draws.below, kind=type.kind)
            if text is not None:
                return text
        if cap.unit in ("chars", "bytes"):
            return prose(draws, topic, least=cap.least, most=cap.most)
        # A plain English word is about a token; where it is not, fewer or more are tried.
        least, most = cap.least, draws.between(max(cap.least, min(cap.most, 8)), min(cap.most, max(cap.least, 30)))
        text = prose_of_words(draws, topic, least=least, most=most)
        for _ in range(_MOST_TRIES):
            broken = measure(text, least=cap.least, most=cap.most, unit=cap.unit)
            if broken is None:
                break
            most = max(most + (1 if broken == "too_short" else -1), 1)
            text = prose_of_words(draws, topic, least=most, most=most)
        return text

    def _day(self, type: Date) -> date:
        least = self._today if type.least == "today" else type.least
        most = self._today if type.most == "today" else type.most
        if least is None:
            least = (most or self._today) - timedelta(days=30)
        if most is None:
            most = max(least, self._today + timedelta(days=30))
        return least + timedelta(days=self._draws.between(0, (most - least).days))

    def _list(self, type: ListOf, topic: str) -> list[object]:
        length = self._draws.between(max(type.least, min(1, type.most)), min(type.most, max(type.least, 1) + 2))
        if isinstance(type.item, Words | Choice | OneOfSource | OneOfItems | OneOfShortlist):
            options = self._draws.shuffled(self._options(type.item)[:_MOST_KEYS])
            # What is on offer is told once, as long as that is enough.
            return options[: max(min(length, len(options)), 0)] + [
                self._value(type.item, topic) for _ in range(type.least - len(options))
            ]
        items: list[object] = []
        for _ in range(length * 4):
            item = self._value(type.item, topic)
            if not (type.unique and item in items):
                items.append(item)
            if len(items) == length:
                break
        return items

    def _options(self, type: Words | Choice | OneOfSource | OneOfItems | OneOfShortlist) -> list[object]:
        match type:
            case Words():
                return list(type.words)
            case Choice():
                return [member.name for member in self._module.enum(type).members]
            case OneOfSource():
                small = self._module.source(type.source, type.file).small_keys
                return self._keys(type) if small is None else list(small)
            case OneOfItems() | OneOfShortlist():
                return list(range(1, self._offered(type) + 1))
            case _:
                assert_never(type)

    def _offered(self, type: OneOfItems | OneOfShortlist) -> int:
        entries = self._given.get(type.field if isinstance(type, OneOfItems) else type.shortlist)
        return len(cast("tuple[object, ...]", entries)) if isinstance(entries, list | tuple) else 0
