"""Types, and the fields that have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptspec.syntax.tree.expressions import Expr
from promptspec.syntax.tree.literals import (
    DateLiteral,
    Literal_,
    NumberLiteral,
    PercentLiteral,
    RegexLiteral,
    SizeLiteral,
    StringLiteral,
    WordLiteral,
)
from promptspec.syntax.tree.nodes import Doc, Name, Node

Bound: TypeAlias = NumberLiteral | PercentLiteral | DateLiteral | SizeLiteral | WordLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Node):
    """`1..5`, `..200` or `2..`; a negative number carries its sign in its value and text."""

    low: Bound | None = None
    high: Bound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingOption(Node):
    """`matching /…/`."""

    pattern: RegexLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksOption(Node):
    """`links "example.org"`, `links "example.org" query`."""

    host: StringLiteral
    query: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WordOption(Node):
    """A bare word in a type's parentheses: `markdown`, or the language of `code`."""

    word: Name


TextOption: TypeAlias = MatchingOption | LinksOption | WordOption


@dataclass(frozen=True, slots=True, kw_only=True)
class TextType(Node):
    """`text(20..500)`, `line(..60 words, matching /…/)`, `code(..4_000, python)`."""

    kind: Literal["text", "line", "code"]
    cap: Range | None = None
    unit: Name | None = None
    options: tuple[TextOption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsType(Node):
    """`"free" | "pro"`."""

    words: tuple[StringLiteral, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedType(Node):
    """The name of an enum or a record."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType(Node):
    """`{ fields }`."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOfType(Node):
    """`one of name`, with an optional condition on the rows."""

    name: Name
    where: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberType(Node):
    """`int(1..5)`, `decimal(0..9_999, 2)`."""

    kind: Literal["int", "decimal"]
    bounds: Range | None = None
    places: NumberLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolType(Node):
    """`bool`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateType(Node):
    """`date`, `date(2020-01-01..today)`."""

    bounds: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTimeType(Node):
    """`datetime`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailType(Node):
    """`email`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlType(Node):
    """`url`, `url(hosts "example.org", "example.net")`."""

    hosts: tuple[StringLiteral, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListType(Node):
    """`list(1..5) of T`, `set(..5) of T`."""

    kind: Literal["list", "set"]
    bounds: Range | None
    item: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnsType(Node):
    """`turns(..20) of text(..2_000)`."""

    bounds: Range | None
    item: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageType(Node):
    """`image(..4mb)`."""

    bounds: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaType(Node):
    """`schema("invoice.schema.json", text ..500, items ..50)`."""

    path: StringLiteral
    text: Range | None = None
    items: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedType(Node):
    """`pdf(…)`, `slots(…)`, `quote(…) of field`: kept for later versions; *arguments* is their text as written."""

    word: Literal["pdf", "slots", "quote"]
    arguments: str
    of: Name | None = None


Type: TypeAlias = (
    TextType
    | WordsType
    | NamedType
    | RecordType
    | OneOfType
    | NumberType
    | BoolType
    | DateType
    | DateTimeType
    | EmailType
    | UrlType
    | ListType
    | TurnsType
    | ImageType
    | SchemaType
    | ReservedType
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Node):
    """`name: type`, with what may stand around it; *header* is the `"Film Title" as` of a column."""

    name: Name
    type: Type
    optional: bool = False
    default: Literal_ | None = None
    key: bool = False
    header: StringLiteral | None = None
    doc: Doc | None = None
