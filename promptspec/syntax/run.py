"""One run of the Lark parser over a part of a file, from a start symbol to a node of the syntax tree."""

from __future__ import annotations

from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.syntax import tree
from promptspec.syntax.build import Builder, Place, TooDeep
from promptspec.syntax.depth import MOST_LEVELS, is_too_deep
from promptspec.syntax.explain import Failure, explain
from promptspec.syntax.findings import Findings
from promptspec.syntax.lark_grammar import Start, awaited, make_parser
from promptspec.syntax.parser_tables import load_parser
from promptspec.syntax.scanner import Scan
from promptspec.syntax.template import parse_template
from promptspec.text import Span, SpecText

if TYPE_CHECKING:
    from lark import Lark
    from lark.exceptions import UnexpectedInput

LOCK: Final = RLock()
"""Lark binds one builder to a parser for good; its place is set for each run, so runs of different files take turns."""


@cache
def _parser() -> tuple[Lark, Builder]:
    builder = Builder()
    return load_parser(builder) or make_parser(builder), builder


def make_place(text: SpecText, scanned: Scan, findings: Findings) -> Place:
    """Return where a parse of the file *text* stands."""

    def expression(literal: tree.StringLiteral, start: int, end: int) -> tree.Expr | None:
        place = Place(file=text.file, content=literal.value, findings=findings, locate=literal.span_of)
        node, failure = try_parser(literal.value, "expression", place, begin=start, end=end)
        if failure is not None:
            explain(failure, literal.value, start, end, findings, locate=literal.span_of, code="PS113")
        if node is not None and is_too_deep(node):
            report_too_deep(node.span, findings)
            return None
        return node

    def template(literal: tree.StringLiteral) -> tuple[tree.TemplatePart, ...]:
        return parse_template(literal, findings, expression)

    return Place(file=text.file, content=text.content, findings=findings, docs=scanned.docs, parse_template=template)


def try_parser(
    content: str, start: Start, place: Place, *, begin: int = 0, end: int | None = None
) -> tuple[Any, Failure | None]:
    """Return what the part `begin:end` of *content* is, or why it is not what *start* asks for.

    Neither, where it is nested too deeply, which is reported.
    """
    from lark import TextSlice
    from lark.exceptions import UnexpectedInput

    parser, builder = _parser()
    before = getattr(builder, "place", None)
    builder.place = place
    end = len(content) if end is None else end
    part: Any = TextSlice(content, begin, end)
    parse = cast("Any", parser).parse  # typed to return a Tree, but the builder makes nodes of ours
    try:
        return parse(part, start), None
    except UnexpectedInput as error:
        return None, _failure(error, end)
    except TooDeep as too_deep:
        report_too_deep(too_deep.span, place.findings)
        return None, None
    finally:
        if before is not None:
            builder.place = before


def _failure(error: UnexpectedInput, end: int) -> Failure:
    position = error.pos_in_stream
    if position is None or getattr(getattr(error, "token", None), "type", "") == "$END":
        position = end
    words = _texts()
    return Failure(offset=position, awaited=frozenset(words.get(name, name) for name in awaited(error.state)))


@cache
def _texts() -> dict[str, str]:
    """Return how the terminals that have but one spelling are spelt."""
    parser, _ = _parser()
    return {
        str(terminal.name): terminal.pattern.value for terminal in parser.terminals if terminal.pattern.type == "str"
    }


def report_too_deep(span: Span, findings: Findings) -> None:
    """Report an expression or type that has more levels than later passes walk."""
    findings.add(
        "PS109",
        Span(span.file, span.start, min(span.end, span.start + 40)),
        f"this is nested more than {MOST_LEVELS} levels deep",
        help="split it into several conditions",
    )
