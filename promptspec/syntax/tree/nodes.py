"""What every part of the syntax tree is: something that stands somewhere in a spec."""

from __future__ import annotations

from dataclasses import dataclass, field

from promptspec.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything that stands somewhere in a spec."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A bare word: a name or a word of the language."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Node):
    """A `#` comment with its marks; *own_line* says that nothing stands before it on its line."""

    text: str
    own_line: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc(Node):
    """The text of the `##` lines above a declaration, field or member, without the marks, joined by line breaks."""

    text: str
