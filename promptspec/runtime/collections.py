"""Lists, sets, conversations and objects in generated models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from pydantic_core import CoreSchema, core_schema

from promptspec.runtime.context import Context, context_of
from promptspec.runtime.values import break_rule, cleaned_text, json_form, refuse_sinks, text
from promptspec.values.reading import MOST_DEPTH
from promptspec.values.units import raw_bound

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidationInfo

    from promptspec.values.json_schema import SchemaJudge


@dataclass(frozen=True)
class items:
    """From *least* to *most* items; *unique* keeps the first of equal items, in the order in which they were seen."""

    least: int
    most: int
    unique: bool = False

    def bound(self, value: object) -> object:
        """Return the list, before any of its items is looked at."""
        if not isinstance(value, list | tuple):
            break_rule("type", "must be a list")
        length = _length(cast("list[object] | tuple[object, ...]", value), self.most)
        if length > self.most:
            break_rule("too_many", f"must have at most {self.most:,} items")
        if length < self.least:
            break_rule("too_few", f"must have at least {self.least:,} items")
        return cast("object", value)

    def distinct(self, value: tuple[object, ...]) -> tuple[object, ...]:
        """Return the first of equal items, in order; refuse what is then too short."""
        kept = distinct(value)
        if len(kept) < self.least:
            break_rule("too_few", f"must have at least {self.least:,} different items")
        return kept

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = core_schema.no_info_before_validator_function(self.bound, handler(source))
        return core_schema.no_info_after_validator_function(self.distinct, schema) if self.unique else schema


def _length(value: list[object] | tuple[object, ...], most: int) -> int:
    """Return the number of items, counted to *most* + 1 where a subclass may say what it likes of itself: it is the
    items that are read.
    """
    return len(value) if type(value) in (list, tuple) else sum(1 for _ in islice(value, most + 1))


def distinct(values: tuple[object, ...]) -> tuple[object, ...]:
    """Return *values* without later equal ones, in order."""
    try:
        return tuple(dict.fromkeys(values))
    except TypeError:  # objects of a JSON Schema cannot be hashed
        kept: list[object] = []
        for value in values:
            if value not in kept:
                kept.append(value)
        return tuple(kept)


class TurnFields(TypedDict):
    """A turn of a conversation as a call gives it."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of a conversation: who spoke, and what they said."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True)
class turn:
    """One turn, whose text is judged by *said*."""

    said: text

    def judge(self, value: object, info: ValidationInfo) -> Turn:
        """Return the Turn."""
        if isinstance(value, Turn):
            role: object = value.role
            said: object = value.text
        elif isinstance(value, Mapping):
            fields = cast("Mapping[object, object]", value)
            if set(fields) != {"role", "text"}:
                break_rule("type", "must have exactly `role` and `text`")
            role, said = fields["role"], fields["text"]
        else:
            break_rule("type", "must be a turn with `role` and `text`")
        if role not in ("user", "assistant"):
            break_rule("choice", "must have the role `user` or `assistant`")
        return Turn(role, self.said.judge(said, info))

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge, json_schema_input_schema=core_schema.dict_schema()
        )


@dataclass(frozen=True)
class schema_object:
    """An object that a JSON Schema describes; *schema* is its canonical text."""

    schema: str

    @cached_property
    def _judge(self) -> SchemaJudge:
        from promptspec.values.json_schema import SchemaJudge

        return SchemaJudge(self.schema)

    @cached_property
    def _most(self) -> tuple[int, int]:
        """The longest text, and the most items or members, of anything that the schema accepts."""
        from promptspec.values.json_schema import read_schema

        return _largest(read_schema(self.schema))

    def judge(self, value: object, info: ValidationInfo) -> object:
        """Return the object with its texts cleaned."""
        context = context_of(info)
        if not isinstance(value, Mapping):
            break_rule("type", "must be an object")
        cleaned = self._cleaned(cast("object", value), context, 0)
        broken = self._judge.violations(cleaned)
        if broken:
            path, rule = broken[0]
            break_rule(rule, f"does not match its schema at {path or 'the top'}")
        return self._judge.settled(cleaned)

    def _cleaned(self, value: object, context: Context, depth: int) -> object:
        longest, most = self._most
        if depth > MOST_DEPTH:
            break_rule("depth", f"must not be nested deeper than {MOST_DEPTH}")
        if isinstance(value, Mapping | list | tuple) and len(cast("tuple[object, ...]", value)) > most:
            break_rule("too_many", "has more items than its schema allows")
        if isinstance(value, str):
            text = cleaned_text(value, "text", raw_bound(longest, "chars"), context)
            if context.direction == "output":
                refuse_sinks(text, context)
            return text
        if isinstance(value, Mapping):
            fields = cast("Mapping[object, object]", value)
            if not all(isinstance(key, str) for key in fields):
                break_rule("type", "must have strings as keys")
            return {str(key): self._cleaned(item, context, depth + 1) for key, item in fields.items()}
        if isinstance(value, list | tuple):
            return [self._cleaned(item, context, depth + 1) for item in cast("list[object]", value)]
        if isinstance(value, float | Decimal) and not math.isfinite(value):
            break_rule("type", "must hold finite numbers")
        return value.isoformat() if isinstance(value, date) else value

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge, json_schema_input_schema=core_schema.dict_schema()
        )


def _largest(schema: object) -> tuple[int, int]:
    longest, most = 0, 0
    work = [schema]
    while work:
        found = work.pop()
        if isinstance(found, list):
            work += cast("list[object]", found)
        if not isinstance(found, dict):
            continue
        for keyword, value in cast("dict[str, Any]", found).items():
            if keyword == "maxLength":
                longest = max(longest, value)
            elif keyword == "maxItems":
                most = max(most, value)
            elif keyword == "properties":
                most = max(most, len(value))
                work += value.values()
            elif keyword in ("enum", "const"):
                listed = cast("list[object]", value if keyword == "enum" else [value])
                longest = max(longest, 0, *(len(each) for each in listed if isinstance(each, str)))
            else:
                work.append(value)
    return longest, most
