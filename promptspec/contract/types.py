"""What values a field may hold: the closed union of checked types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Literal, TypeAlias

from promptspec.contract.expressions import Expression

Unit: TypeAlias = Literal["chars", "words", "bytes", "tokens"]


class Trust(Enum):
    """How far a value is to be trusted; an expression is as open as its most open operand."""

    FIXED = "fixed"
    CLOSED = "closed"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The line of the spec that something came from; *file* is relative to the project root, with `/`."""

    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """How long a text may be: at least and at most so many *unit*."""

    least: int
    most: int
    unit: Unit = "chars"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A regular expression of the common part of RE2 and ECMA-262."""

    source: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text of several lines, or one line.

    *links* are the hosts that a reply may link to, and *queries* those of them whose links may have a query;
    *markdown* opens it to Markdown; *code* is the language that it must be code of. In inputs all four say nothing.
    """

    kind: Literal["text", "line"]
    cap: Cap
    pattern: Pattern | None = None
    links: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    markdown: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One of the words."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A member of the enum *name* of the spec *file*."""

    name: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A record: the one called *name* of the spec *file*."""

    name: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOfSource:
    """A key of the source *name* of the spec *file*, of a row for which *where* holds."""

    source: str
    file: str
    where: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOfItems:
    """An entry of the input list *field*, whose record *name* of *file* has a key; travels as a position."""

    field: str
    record: str
    file: str
    most: int
    where: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOfShortlist:
    """A row of the source *source* of *file* that stands in the call's *shortlist*; travels as a position."""

    shortlist: str
    source: str
    file: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """A whole number within the bounds."""

    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A decimal number within the bounds, with at most *places* digits after the point."""

    least: Decimal
    most: Decimal
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean:
    """True or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Date:
    """A day within the bounds; "today" is the UTC date at the start of the call, None is no bound."""

    least: date | Literal["today"] | None = None
    most: date | Literal["today"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTime:
    """A moment with its offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """An e-mail address as in the WHATWG HTML pattern, ASCII, at most 254 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Url:
    """An http(s) address of at most 2,048 characters; *hosts* empty means any host."""

    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf:
    """From *least* to *most* items; a set (*unique*) keeps first-seen order and drops repetitions."""

    item: Type
    least: int
    most: int
    unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """A conversation of at most *most* turns, each with the text *item*."""

    item: Text
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonSchema:
    """An object by a JSON Schema; *schema* is its canonical JSON text, closed and capped."""

    schema: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A PNG, JPEG or WebP picture of at most *most* bytes."""

    most: int


Type: TypeAlias = (
    Text
    | Words
    | Choice
    | Group
    | OneOfSource
    | OneOfItems
    | OneOfShortlist
    | Integer
    | Number
    | Boolean
    | Date
    | DateTime
    | Email
    | Url
    | ListOf
    | Turns
    | JsonSchema
    | Image
)

#: A value that a spec writes down: a default, or a value of an example. Enum members and keys are strings,
#: decimals `Decimal`, dates `date`, lists tuples, records tuples of (name, value).
Constant: TypeAlias = "str | int | bool | Decimal | date | tuple[Constant, ...] | ObjectConstant | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectConstant:
    """A record written down."""

    entries: tuple[tuple[str, Constant], ...]

    def get(self, name: str) -> Constant:
        """Return the value of *name*, or None where it is left out."""
        return next((value for key, value in self.entries if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a record, an input, an output or a source."""

    name: str
    type: Type
    optional: bool = False
    default: Constant = None
    has_default: bool = False
    key: bool = False
    doc: str = ""
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of an enum and the label that people see."""

    name: str
    label: str = ""
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enumeration:
    """A closed, unordered set of words."""

    name: str
    members: tuple[Member, ...]
    doc: str = ""
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A group of fields; *anonymous* ones were written as `{ … }` and named by the compiler."""

    name: str
    fields: tuple[Field, ...]
    anonymous: bool = False
    doc: str = ""
    origin: Origin

    @property
    def key(self) -> Field | None:
        """The field marked `key`, or None."""
        return next((f for f in self.fields if f.key), None)

    def field(self, name: str) -> Field | None:
        """Return the field called *name*, or None."""
        return next((f for f in self.fields if f.name == name), None)
