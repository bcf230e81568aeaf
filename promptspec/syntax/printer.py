"""Syntax tree to canonical text: one field, setting, rule or clause a line, every comment where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from promptspec.syntax import tree
from promptspec.syntax.print_words import (
    INDENT,
    WIDTH,
    field_head,
    field_tail,
    print_block,
    print_key,
    print_literal,
    print_string,
    print_type,
    unwrap_lists,
)

Item = TypeVar("Item", bound=tree.Node)
_Braced: TypeAlias = tree.ObjectLiteral | tree.ListLiteral


class Printer:
    """The lines printed so far, and the comments still to come. An entry of *lines* may itself be a block of lines."""

    def __init__(self, comments: Sequence[tree.Comment]) -> None:
        self._comments = sorted(comments, key=lambda comment: comment.span.start)
        self._next = 0
        self._depth = 0
        self.lines: list[str] = []

    @property
    def indent(self) -> str:
        """The indentation of the line that comes next."""
        return INDENT * self._depth

    @property
    def column(self) -> int:
        """How wide that indentation is."""
        return len(self.indent)

    # Lines and comments

    def line(self, text: str) -> None:
        """Print *text*, whose first line stands at the indentation."""
        self.lines.append(self.indent + text)

    def leaf(self, node: tree.Node, text: str) -> None:
        """Print a node of one line; comments that stood inside it come before it."""
        self.comments_before(node.span.start)
        self._own_lines(node.span.end)
        self.line(text)

    def comments_before(self, offset: int) -> None:
        """Print the comments that stood before *offset*: trailing ones on the last line, the others on their own."""
        self.trailing_comments(offset)
        self._own_lines(offset)

    def trailing_comments(self, offset: int) -> None:
        """Print the comment that stood behind the last line."""
        comment = self._peek(offset)
        if comment is not None and not comment.own_line and self.lines:
            self.lines[-1] += f"  {comment.text}"
            self._next += 1

    def _own_lines(self, offset: int) -> None:
        while (comment := self._peek(offset)) is not None:
            self.line(comment.text)
            self._next += 1

    def _peek(self, offset: int) -> tree.Comment | None:
        if self._next < len(self._comments) and self._comments[self._next].span.start < offset:
            return self._comments[self._next]
        return None

    def has_comment_in(self, node: tree.Node) -> bool:
        """Say whether a comment that is still to come stands inside *node*."""
        at = self._next
        while at < len(self._comments) and self._comments[at].span.start < node.span.start:
            at += 1
        return at < len(self._comments) and self._comments[at].span.start < node.span.end

    def doc(self, doc: tree.Doc | None) -> None:
        """Print documentation, with the comments that stood before it."""
        if doc is None:
            return
        self.comments_before(doc.span.start)
        for text in doc.text.split("\n"):
            self.line(f"## {text}".rstrip())

    def braces(
        self, node: tree.Node, head: str, items: Sequence[Item], write: Callable[[Item], None], tail: str = ""
    ) -> None:
        """Print `head {`, each item, and `}`."""
        self.open_braces(node, head)
        for item in items:
            write(item)
        self.close_braces(node, tail)

    def open_braces(self, node: tree.Node, head: str) -> None:
        """Print `head {`; what follows stands one step to the right."""
        self.comments_before(node.span.start)
        self.line(f"{head} {{")
        self._depth += 1

    def close_braces(self, node: tree.Node, tail: str = "") -> None:
        """Print what stands before the end of *node*, and `}`."""
        self.comments_before(node.span.end - 1)
        self._depth -= 1
        self.line("}" + tail)

    def separated(
        self, items: Sequence[Item], write: Callable[[Item], None], compact: Callable[[Item, Item], bool]
    ) -> None:
        """Print *items* with a blank line between two of them, but where both are of one line and *compact* says so."""
        before: Item | None = None
        was_long = False
        for item in items:
            start = item.span.start
            doc: tree.Doc | None = getattr(item, "doc", None)
            self.trailing_comments(start if doc is None else doc.span.start)
            at = len(self.lines)
            write(item)
            is_long = len(self.lines) > at + 1 or "\n" in self.lines[-1]
            if before is not None and (is_long or was_long or not compact(before, item)):
                self.lines.insert(at, "")
            before, was_long = item, is_long

    # Values

    def value(self, node: tree.Node, head: str, literal: tree.Literal_ | tree.EnvCall, tail: str = "") -> None:
        """Print *literal* between *head* and *tail*, in one line where it fits, else an entry a line."""
        if isinstance(literal, _Braced) and self._is_broken(head, literal, tail):
            opener, closer = ("{", "}") if isinstance(literal, tree.ObjectLiteral) else ("[", "]")
            self.comments_before(node.span.start)
            self.line(head + opener)
            self._depth += 1
            if isinstance(literal, tree.ObjectLiteral):
                for entry in literal.entries:
                    self.value(entry, f"{print_key(entry.name)}: ", entry.value, ",")
            else:
                for item in literal.items:
                    self.value(item, "", item, ",")
            self.comments_before(literal.span.end - 1)
            self._depth -= 1
            self.line(closer + tail)
        elif isinstance(literal, tree.StringLiteral):
            self.leaf(node, head + self.string(head, literal) + tail)
        else:
            self.leaf(node, head + print_literal(literal) + tail)

    def string(self, head: str, literal: tree.StringLiteral) -> str:
        """Return *literal* behind *head*, as a block where it was one."""
        return print_block(literal, self.indent + INDENT, self.column + len(head))

    def _is_broken(self, head: str, literal: _Braced, tail: str) -> bool:
        if isinstance(literal, tree.ObjectLiteral) and not literal.entries:
            return self.has_comment_in(literal)
        if isinstance(literal, tree.ListLiteral) and not literal.items:
            return self.has_comment_in(literal)
        if self.has_comment_in(literal) or _has_long_block(literal):
            return True
        return self.column + len(head) + len(print_literal(literal)) + len(tail) > WIDTH

    # Fields

    def fields(self, node: tree.Node, head: str, fields: Sequence[tree.Field], tail: str = "") -> None:
        """Print `head { … }`, a field a line."""
        self.braces(node, head, fields, self.field, tail)

    def field(self, field: tree.Field) -> None:
        """Print one field with its documentation."""
        self.doc(field.doc)
        self.typed(field, field_head(field), field.type, field_tail(field))

    def typed(self, node: tree.Node, head: str, type_: tree.Type, tail: str) -> None:
        """Print a type; a record's fields stand on lines of their own."""
        front, inner = unwrap_lists(type_)
        if isinstance(inner, tree.RecordType):
            self.comments_before(node.span.start)
            self.line(f"{head}{front}{{")
            self._depth += 1
            for field in inner.fields:
                self.field(field)
            self.comments_before(inner.span.end - 1)
            self._depth -= 1
            self.line("}" + tail)
        else:
            self.leaf(node, head + print_type(type_) + tail)

    def members(self, node: tree.EnumDeclaration) -> None:
        """Print an enum, in one line where it fits and nothing is documented."""
        head = f"enum {node.name.text}"
        texts = [
            member.name.text + ("" if member.label is None else f" {print_string(member.label)}")
            for member in node.members
        ]
        inline = f"{head} {{ {', '.join(texts)} }}"
        if not any(member.doc for member in node.members) and not self.has_comment_in(node) and len(inline) <= WIDTH:
            self.leaf(node, inline)
            return

        def write(member: tree.Member) -> None:
            self.doc(member.doc)
            label = "" if member.label is None else f" {print_string(member.label)}"
            self.leaf(member, f"{member.name.text}{label},")

        self.braces(node, head, node.members, write)


def _has_long_block(literal: tree.Literal_) -> bool:
    match literal:
        case tree.StringLiteral():
            return literal.block and "\n" in literal.value
        case tree.ListLiteral():
            return any(map(_has_long_block, literal.items))
        case tree.ObjectLiteral():
            return any(_has_long_block(entry.value) for entry in literal.entries)
        case _:
            return False
