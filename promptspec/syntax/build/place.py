"""Where a parse stands: the file, what was found in it, and how offsets of the parsed text become spans of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from promptspec.syntax import tree
from promptspec.syntax.depth import is_too_deep, is_type_too_deep
from promptspec.syntax.findings import Findings
from promptspec.syntax.words import NAMES_NOTHING, RESERVED
from promptspec.text import Span

ParseTemplate = Callable[[tree.StringLiteral], tuple[tree.TemplatePart, ...]]


class TooDeep(Exception):
    """A tree that later passes could not walk; *span* is the expression or type."""

    def __init__(self, span: Span) -> None:
        super().__init__(span)
        self.span = span


@dataclass(slots=True, kw_only=True)
class Place:
    """One parse of one text. *locate* is None where the text is the file itself."""

    file: str
    content: str
    findings: Findings
    docs: dict[int, tree.Doc] = field(default_factory=dict[int, tree.Doc])
    used_docs: set[int] = field(default_factory=set[int])
    locate: Callable[[int, int], Span] | None = None
    parse_template: ParseTemplate | None = None


class Build:
    """What all rules need. Children are tokens, nodes, tuples of nodes, or None for an optional part that is absent."""

    place: Place

    def _span(self, children: Sequence[Any]) -> Span:
        first = next(child for child in children if child is not None and child != ())
        last = next(child for child in reversed(children) if child is not None and child != ())
        start, end = self._edge(first, 0), self._edge(last, -1)
        return start if start is end else Span(start.file, start.start, end.end)

    def _edge(self, child: Any, index: int) -> Span:
        while isinstance(child, tuple):
            child = [part for part in cast("tuple[Any, ...]", child) if part is not None][index]
        if isinstance(child, tree.Node):
            return child.span
        return self._at(child.start_pos, child.end_pos)

    def _at(self, start: int, end: int) -> Span:
        locate = self.place.locate
        return Span(self.place.file, start, end) if locate is None else locate(start, end)

    def _name(self, token: Any) -> tree.Name:
        """Return the name of a field, a column, or of something declared elsewhere."""
        text = str(token)
        span = self._at(token.start_pos, token.end_pos)
        if text in RESERVED:
            self.place.findings.add(
                "PS115", span, f"`{text}` is a reserved word and names nothing", help="choose another name"
            )
        return tree.Name(text=text, span=span)

    def _word(self, token: Any) -> tree.Name:
        """Return a word of the language, or one that a later pass looks up in its vocabulary."""
        return tree.Name(text=str(token), span=self._at(token.start_pos, token.end_pos))

    def _declared(self, token: Any, what: str) -> tree.Name:
        """Return the name that a declaration gives, which must be no word of the language."""
        name = self._word(token)
        if name.text in NAMES_NOTHING:
            self.place.findings.add(
                "PS115",
                name.span,
                f"`{name.text}` is a word of the language and cannot name {what}",
                help=f"add a word, like `{name.text}_one`, or choose another name",
            )
        return name

    def _doc(self, start: int) -> tree.Doc | None:
        doc = self.place.docs.get(start)
        if doc is not None:
            self.place.used_docs.add(start)
        return doc

    def _shallow(self, expression: Any) -> Any:
        """Return *expression*, which may be None; raises TooDeep."""
        if expression is not None and is_too_deep(expression):
            raise TooDeep(expression.span)
        return expression

    def _shallow_type(self, type_: Any) -> Any:
        if is_type_too_deep(type_):
            raise TooDeep(type_.span)
        return type_

    def _nodes(self, children: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(child for child in children if isinstance(child, tree.Node))
