"""Literals, and the settings that take them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from promptspec.syntax.tree.nodes import Name, Node
from promptspec.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLiteral(Node):
    '''A string: *value* after escapes or dedenting. *block* says that it was written with `"""`.

    *pieces* maps value to file: pairs of (index in value, offset in file), each valid up to the next pair.
    '''

    value: str
    block: bool = field(default=False, compare=False)
    pieces: tuple[tuple[int, int], ...] = field(default=(), compare=False, repr=False)

    def span_of(self, start: int, end: int) -> Span:
        """Return where the part `start:end` of the value stands in the file."""
        return Span(
            self.span.file, self._offset(start), max(self._offset(start), self._offset(max(start, end - 1)) + 1)
        )

    def _offset(self, index: int) -> int:
        if not self.pieces:
            return self.span.start
        at = max(bisect_right(self.pieces, (index, 1 << 62)) - 1, 0)
        base, offset = self.pieces[at]
        return offset + (index - base)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexLiteral(Node):
    """`/…/` or `/…/i`; *source* has `\\/` for a slash as written."""

    source: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Node):
    """A number; *text* is how the author wrote it (`1_000`)."""

    value: Decimal
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentLiteral(Node):
    """`5%`: *value* is 5."""

    value: Decimal
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationLiteral(Node):
    """`20s`, in milliseconds."""

    milliseconds: int
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLiteral(Node):
    """`4mb`, in bytes (`kb` is 1,024)."""

    bytes: int
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateLiteral(Node):
    """`2026-01-31`."""

    value: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolLiteral(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoneLiteral(Node):
    """`none`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLiteral(Node):
    """A bare word where a value is expected: an enum's member, `today`, or a word of a setting."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLiteral(Node):
    """`[a, b]`."""

    items: tuple[Literal_, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Node):
    """`name: value` in an object."""

    name: Name
    value: Literal_


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLiteral(Node):
    """`{ a: 1, b: "x" }`; a key that is no name is written as a string."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvCall(Node):
    """`env("NAME")`."""

    name: StringLiteral


Literal_: TypeAlias = (
    StringLiteral
    | NumberLiteral
    | PercentLiteral
    | DurationLiteral
    | SizeLiteral
    | DateLiteral
    | BoolLiteral
    | NoneLiteral
    | WordLiteral
    | ListLiteral
    | ObjectLiteral
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Node):
    """`name value` of a source, a model, a moderation or a review: `key id`, `base_url env("LLM_URL")`."""

    name: Name
    value: Literal_ | EnvCall
