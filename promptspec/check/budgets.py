"""How large a prompt and a reply can get, in bytes and tokens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import cast

from promptspec.check.shapes import Facts
from promptspec.contract import types as t
from promptspec.contract.feature import Fixed, For, History, If, Message, Part, Print
from promptspec.contract.types import Trust
from promptspec.values.images import MOST_TOKENS
from promptspec.values.json_formats import LONGEST
from promptspec.values.units import BYTES_A_TOKEN, CHARS_A_WORD, MESSAGE_OVERHEAD

#: What the two marks of a fence cost beside its path: brackets, a slash and two tags of 96 bits.
_MARKS = 2 * (2 + 1 + 24 + 2) + 1
#: The line that announces the tag, and the line that says whose words a turn of the assistant is said to hold.
_ANNOUNCEMENT = 60
_QUOTED = 60
#: A mark between words, and its part of the line that announces it.
_MARK = 9
_MARK_ANNOUNCED = 40


def largest_text(cap: t.Cap) -> int:
    """Return the bytes that a text within *cap* has at most."""
    per = {"chars": 4, "words": 4 * CHARS_A_WORD, "bytes": 1, "tokens": BYTES_A_TOKEN}[cap.unit]
    return cap.most * per


def largest_marks(type: t.Type | None, facts: Facts, kind: str = "text") -> int:
    """Return the bytes of all marks in a value of *type*: at most one for two characters, a blank and a word."""
    if isinstance(type, t.Image):
        return 0
    if isinstance(type, t.Text) and type.cap.unit == "chars":
        return type.cap.most // 2 * _MARK
    return largest_value(type, facts, kind) // 2 * _MARK


def largest_value(type: t.Type | None, facts: Facts, kind: str = "text") -> int:
    """Return the bytes that a prompt prints for a value of *type*, at most."""
    match type:
        case None:
            return 400 if kind == "number" else 20
        case t.Text(cap=cap):
            return largest_text(cap)
        case t.Words(words=words):
            return max(len(word.encode()) for word in words)
        case t.Choice():
            return max((len(m.encode()) for m in facts.members(type)), default=0)
        case t.Integer(least=least, most=most):
            return max(len(str(least)), len(str(most)))
        case t.Number(least=low, most=high, places=places):
            return max(len(str(int(low))), len(str(int(high)))) + places + 2
        case t.Boolean():
            return 5
        case t.Date():
            return 10
        case t.DateTime():
            return 40
        case t.Email():
            return 254
        case t.Url():
            return 2_048
        case t.OneOfSource(source=name):
            source = facts.source(name)
            return sum(len(c.name) + 6 + largest_value(c.type, facts) for c in source.columns)
        case t.OneOfItems() | t.OneOfShortlist():
            return 8
        case t.ListOf(item=item, most=most):
            return most * (largest_value(item, facts) * 2 + 4) + 2
        case t.Turns(item=item, most=most):
            return most * (largest_text(item.cap) + 40)
        case t.Group():
            return sum(len(f.name.encode()) + 6 + 2 * largest_value(f.type, facts) for f in facts.record(type).fields)
        case t.JsonSchema(schema=schema):
            return largest_json(json.loads(schema))
        case t.Image():
            return MOST_TOKENS  # a token has at least a byte


def largest_json(schema: object) -> int:
    """Return the bytes of the largest compact JSON value that a closed schema allows."""
    if not isinstance(schema, dict):
        return 20
    found = cast("dict[str, object]", schema)
    if "const" in found:
        return len(json.dumps(found["const"]).encode())
    if isinstance(found.get("enum"), list):
        return max((len(json.dumps(v).encode()) for v in _items(found["enum"])), default=4)
    for union in ("anyOf", "oneOf"):
        if union in found:
            return max(map(largest_json, _items(found[union])), default=4)
    return max((_largest_of(kind, found) for kind in _kinds(found)), default=4)


def _largest_of(kind: str, schema: dict[str, object]) -> int:
    match kind:
        case "string":
            longest = LONGEST.get(str(schema.get("format")), 10_000)
            return 6 * _number(schema.get("maxLength"), longest) + 2
        case "array":
            return _number(schema.get("maxItems"), 1_000) * (largest_json(schema.get("items")) + 1) + 2
        case "object":
            properties = schema.get("properties")
            if not isinstance(properties, dict):
                return 2
            named = cast("dict[str, object]", properties)
            return 2 + sum(len(json.dumps(name).encode()) + 2 + largest_json(inner) for name, inner in named.items())
        case "integer" | "number":
            return 40
        case _:
            return 5


def smallest_json(schema: object) -> int:
    """Return the bytes of the smallest compact JSON value that a wire schema allows."""
    if not isinstance(schema, dict):
        return 1
    found = cast("dict[str, object]", schema)
    if "const" in found:
        return len(json.dumps(found["const"], ensure_ascii=False).encode())
    if isinstance(found.get("enum"), list):
        return min((len(json.dumps(v, ensure_ascii=False).encode()) for v in _items(found["enum"])), default=4)
    for union in ("anyOf", "oneOf"):
        if union in found:
            return min(map(smallest_json, _items(found[union])), default=4)
    return min((_smallest_of(kind, found) for kind in _kinds(found)), default=4)


def _smallest_of(kind: str, schema: dict[str, object]) -> int:
    match kind:
        case "string":
            return _number(schema.get("minLength"), 0) + 2
        case "array":
            least = _number(schema.get("minItems"), 0)
            return 2 + least * smallest_json(schema.get("items")) + max(least - 1, 0)
        case "object":
            properties = schema.get("properties")
            if not isinstance(properties, dict) or not properties:
                return 2
            named = cast("dict[str, object]", properties)
            sizes = [len(json.dumps(n, ensure_ascii=False).encode()) + 1 + smallest_json(i) for n, i in named.items()]
            return 1 + sum(sizes) + len(sizes)
        case "integer" | "number":
            least = schema.get("minimum", 0)
            return len(str(least)) if isinstance(least, int | Decimal) and least > 9 else 1
        case _:
            return 4


def _kinds(schema: dict[str, object]) -> list[str]:
    kinds = schema.get("type")
    return [str(kind) for kind in _items(kinds)] or [str(kinds)]


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _number(value: object, otherwise: int) -> int:
    return int(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else otherwise


def prompt_bounds(
    messages: tuple[Message | History, ...], facts: Facts, input: t.Record, *, extra: int, marked: bool = False
) -> tuple[int, int]:
    """Return the bytes of the smallest and the largest prompt; *extra* is what is sent beside the messages.

    *marked* says that a mark stands between the words of open values.
    """
    least = most = extra
    for message in messages:
        if isinstance(message, History):
            turns = input.field(message.field)
            assert turns is not None
            assert isinstance(turns.type, t.Turns)
            beside = MESSAGE_OVERHEAD + _ANNOUNCEMENT + _QUOTED + _MARKS + 2 * len(message.field)
            beside += _MARK_ANNOUNCED + largest_marks(turns.type.item, facts) if marked else 0
            most += turns.type.most * (beside + largest_text(turns.type.item.cap))
            least += turns.type.least * (MESSAGE_OVERHEAD + _MARKS)
            continue
        low, high = _parts(message.parts, facts, marked=marked)
        least += low + MESSAGE_OVERHEAD
        most += high + MESSAGE_OVERHEAD + _ANNOUNCEMENT + (_MARK_ANNOUNCED if marked else 0)
    return least, most


def _parts(parts: Iterable[Part], facts: Facts, *, marked: bool) -> tuple[int, int]:
    least = most = 0
    for part in parts:
        match part:
            case Fixed(text=text):
                size = len(text.encode())
                least, most = least + size, most + size
            case Print(trust=trust, type=type, kind=kind, path=path):
                fence = _MARKS + 2 * (len(path.encode()) + 8) if trust is Trust.OPEN else 0
                marks = largest_marks(type, facts, kind) if fence and marked else 0
                most += largest_value(type, facts, kind) + fence + marks
                least += fence
            case If(branches=branches, otherwise=otherwise):
                bodies = [*(branch.body for branch in branches), otherwise]
                sizes = [_parts(body, facts, marked=marked) for body in bodies]
                least += min(size[0] for size in sizes)
                most += max(size[1] for size in sizes)
            case For(least=fewest, most=rounds, body=body):
                low, high = _parts(body, facts, marked=marked)
                least, most = least + fewest * low, most + rounds * high
    return least, most


#: The least cap that is derived: small replies are told with white space, and small vocabularies spell them out.
LEAST_REPLY = 64


def derived_reply_tokens(largest: int) -> int:
    """Return the reply cap that fits the largest reply of *largest* bytes, at three bytes a token (rule 17)."""
    return max(largest // 3 + 16, LEAST_REPLY)
