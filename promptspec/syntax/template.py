"""Templates inside message strings: `{{ … }}`, `{% if %}`, `{% for %}` and `{% raw %}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree
from promptspec.syntax.findings import Findings
from promptspec.syntax.quoted import shown
from promptspec.syntax.words import RESERVED, TEMPLATE_TAGS
from promptspec.text import Span

ParseExpression: TypeAlias = Callable[[tree.StringLiteral, int, int], "tree.Expr | None"]
"""Returns the expression that a part of a string's value is, or None after reporting why it is none."""

MOST_NESTED: Final = 32

_INSIDE: Final = r'(?:"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"|[^"{}%]|%(?!\}))*'
_TAG: Final = re.compile(r"\{\{(?P<print>" + _INSIDE + r")\}\}|\{%(?P<tag>" + _INSIDE + r")%\}")
_OPEN: Final = re.compile(r"\{\{|\{%")
_END_RAW: Final = re.compile(r"\{%-?\s*endraw\s*-?%\}")
_WORD: Final = re.compile(r"\s*([^\s{}%]*)\s*")
_LOOP: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s+in\s+(?=\S)")
_FILTER: Final = re.compile(r'(?:"[^"\\\n]*(?:\\.[^"\\\n]*)*"|[^"|])*\|')
_ENDS: Final = {"if": "endif", "elif": "endif", "else": "endif", "for": "endfor"}


@dataclass(slots=True, kw_only=True)
class _Frame:
    """An open `if` or `for`, and what was read of it."""

    word: str = ""
    span: Span
    parts: list[tree.TemplatePart] = field(default_factory=list["tree.TemplatePart"])
    condition: tree.Expr | None = None
    variable: tree.Name | None = None
    branches: list[tree.TemplateBranch] = field(default_factory=list[tree.TemplateBranch])


def parse_template(
    literal: tree.StringLiteral, findings: Findings, parse_expression: ParseExpression
) -> tuple[tree.TemplatePart, ...]:
    """Return the parts of *literal*; what is malformed is reported and left out."""
    return _Template(literal, findings, parse_expression).run()


class _Template:
    def __init__(self, literal: tree.StringLiteral, findings: Findings, parse_expression: ParseExpression) -> None:
        self._literal = literal
        self._value = literal.value
        self._findings = findings
        self._parse_expression = parse_expression
        self._stack = [_Frame(span=literal.span)]

    def run(self) -> tuple[tree.TemplatePart, ...]:
        value = self._value
        at = 0
        while (opener := _OPEN.search(value, at)) is not None:
            tag = _TAG.match(value, opener.start())
            if tag is None:
                self._unclosed(opener)
                at = len(value)
                break
            start, end = tag.span()
            if tag["print"] is not None:
                self._text(at, start)
                self._print(tag)
                at = end
                continue
            first = tag.start("tag")
            if value.startswith("-", first):
                self._edge(tag)
                first += 1
            word_match = _WORD.match(value, first, tag.end("tag"))
            word = "" if word_match is None else word_match[1]
            rest = tag.end("tag") if word_match is None else word_match.end()
            start, end = self._whole_line(start, end)
            self._text(at, max(start, at))
            if word == "raw":
                at = self._raw(tag, end)
            else:
                self._tag(word, tag, rest)
                at = end
        self._text(at, len(value))
        self._close_all()
        return tuple(self._stack[0].parts)

    def _whole_line(self, start: int, end: int) -> tuple[int, int]:
        """Return the tag's bounds, or those of its line where nothing else stands on it."""
        value = self._value
        line_start, line_end = start, end
        while line_start > 0 and value[line_start - 1] in " \t":
            line_start -= 1
        while line_end < len(value) and value[line_end] in " \t":
            line_end += 1
        if (line_start == 0 or value[line_start - 1] == "\n") and (line_end == len(value) or value[line_end] == "\n"):
            return line_start, min(line_end + 1, len(value))
        return start, end

    def _text(self, start: int, end: int) -> None:
        if start < end:
            parts = self._stack[-1].parts
            parts.append(tree.TemplateText(text=self._value[start:end], span=self._literal.span_of(start, end)))

    def _print(self, tag: re.Match[str]) -> None:
        expression = self._expression(tag.start("print"), tag.end("print"), tag)
        if expression is not None:
            self._stack[-1].parts.append(
                tree.TemplatePrint(value=expression, span=self._literal.span_of(tag.start(), tag.end()))
            )

    def _raw(self, tag: re.Match[str], start: int) -> int:
        """Take everything up to `endraw` as it stands; return where to go on."""
        end_tag = _END_RAW.search(self._value, tag.end())
        if end_tag is None:
            self._add(tag.start(), tag.end(), "`{% raw %}` is not closed", help="write `{% endraw %}` behind its text")
            self._text(start, len(self._value))
            return len(self._value)
        end, after = self._whole_line(*end_tag.span())
        self._text(start, max(end, start))
        return max(after, start)

    def _tag(self, word: str, tag: re.Match[str], rest: int) -> None:
        span = self._literal.span_of(tag.start(), tag.end())
        frame = self._stack[-1]
        match word:
            case "if":
                condition = self._expression(rest, tag.end("tag"), tag)
                self._push(_Frame(word="if", span=span, condition=condition))
            case "for":
                self._for(tag, rest, span)
            case "elif" if frame.word in ("if", "elif"):
                self._end_branch(frame, span)
                frame.word, frame.condition = "elif", self._expression(rest, tag.end("tag"), tag)
            case "else" if frame.word in ("if", "elif"):
                self._nothing_more(word, rest, tag)
                self._end_branch(frame, span)
                frame.word, frame.condition = "else", None
            case "endif" if frame.word in ("if", "elif", "else"):
                self._nothing_more(word, rest, tag)
                self._end_if(span)
            case "endfor" if frame.word == "for":
                self._nothing_more(word, rest, tag)
                self._end_for(span)
            case _:
                self._stray(word, span)

    def _for(self, tag: re.Match[str], rest: int, span: Span) -> None:
        loop = _LOOP.match(self._value, rest, tag.end("tag"))
        variable, over = None, None
        if loop is None:
            self._add(tag.start(), tag.end(), "a loop is written `{% for x in xs %}`")
        else:
            name_span = self._literal.span_of(*loop.span(1))
            if loop[1] in RESERVED:
                self._findings.add("PS115", name_span, f"`{loop[1]}` is a reserved word and names nothing")
            variable = tree.Name(text=loop[1], span=name_span)
            over = self._expression(loop.end(), tag.end("tag"), tag)
        self._push(_Frame(word="for", span=span, variable=variable, condition=over))

    def _push(self, frame: _Frame) -> None:
        if len(self._stack) == MOST_NESTED + 1:
            self._findings.add("PS109", frame.span, f"tags stand more than {MOST_NESTED} deep in each other")
        self._stack.append(frame)

    def _end_branch(self, frame: _Frame, span: Span) -> None:
        if frame.word != "else" and frame.condition is not None:
            where = Span(span.file, frame.span.start, span.end)
            frame.branches.append(tree.TemplateBranch(condition=frame.condition, body=tuple(frame.parts), span=where))
            frame.parts = []

    def _end_if(self, span: Span) -> None:
        frame = self._stack.pop()
        self._end_branch(frame, span)
        if frame.branches and len(self._stack) <= MOST_NESTED:
            otherwise = tuple(frame.parts) if frame.word == "else" else ()
            whole = Span(span.file, frame.span.start, span.end)
            self._stack[-1].parts.append(
                tree.TemplateIf(branches=tuple(frame.branches), otherwise=otherwise, span=whole)
            )

    def _end_for(self, span: Span) -> None:
        frame = self._stack.pop()
        if frame.variable is not None and frame.condition is not None and len(self._stack) <= MOST_NESTED:
            self._stack[-1].parts.append(
                tree.TemplateFor(
                    variable=frame.variable,
                    over=frame.condition,
                    body=tuple(frame.parts),
                    span=Span(span.file, frame.span.start, span.end),
                )
            )

    def _expression(self, start: int, end: int, tag: re.Match[str]) -> tree.Expr | None:
        text = self._value[start:end]
        if not text.strip():
            self._add(
                tag.start(), tag.end(), f"`{shown(tag[0])}` says nothing", help="a name or a condition stands in it"
            )
            return None
        filtered = _FILTER.match(text)
        if filtered is not None:
            at = start + filtered.end() - 1
            self._add(
                at,
                end,
                f"`{shown(self._value[at:end].strip())}` is a filter, and templates have none",
                help="values are printed as their type says; compute with a function, like `lower(x)`",
            )
            return None
        if text.startswith("-") or text.endswith("-"):
            self._edge(tag)
            return None
        return self._parse_expression(self._literal, start, end)

    def _edge(self, tag: re.Match[str]) -> None:
        self._add(
            tag.start(),
            tag.end(),
            "`-` at the edge of a tag has no meaning",
            help="a tag alone on its line already takes the whole line with it",
        )

    def _nothing_more(self, word: str, rest: int, tag: re.Match[str]) -> None:
        more = self._value[rest : tag.end("tag")].strip()
        if more == "-":
            self._edge(tag)
        elif more:
            self._add(tag.start(), tag.end(), f"nothing follows `{word}` in its tag, but here does `{shown(more)}`")

    def _stray(self, word: str, span: Span) -> None:
        frame = self._stack[-1]
        message = f"`{{% {shown(word)} %}}` is no tag of a template"
        help: tuple[str, ...] = did_you_mean(word, TEMPLATE_TAGS)
        labels: tuple[Label, ...] = ()
        if word in TEMPLATE_TAGS:
            message, help = f"`{{% {word} %}}` closes nothing", ()
            if word in ("else", "elif"):
                message = f"`{{% {word} %}}` belongs to no `{{% if … %}}`"
            if frame.word:
                message += f"; here `{{% {_ENDS[frame.word]} %}}` is awaited"
                labels = (Label(span=frame.span, message="opened here"),)
        elif not help:
            help = ("tags are `if`, `elif`, `else`, `endif`, `for`, `endfor`, `raw` and `endraw`",)
        self._findings.add("PS113", span, message, labels=labels, help=help)

    def _unclosed(self, opener: re.Match[str]) -> None:
        closer = "}}" if opener[0] == "{{" else "%}"
        line_end = self._value.find("\n", opener.start())
        end = len(self._value) if line_end < 0 else line_end
        self._add(
            opener.start(),
            min(end, opener.start() + 40),
            f"`{shown(self._value[opener.start() : end])}` is not closed",
            help=f"write `{closer}`; text that only looks like a tag stands between `{{% raw %}}` and `{{% endraw %}}`",
        )

    def _close_all(self) -> None:
        for frame in self._stack[1:]:
            end = _ENDS[frame.word]
            self._findings.add(
                "PS113", frame.span, f"`{{% {frame.word} … %}}` is not closed", help=f"write `{{% {end} %}}`"
            )

    def _add(self, start: int, end: int, message: str, *, help: str = "") -> None:
        span = self._literal.span_of(start, end)
        self._findings.add("PS113", span, message, help=(help,) if help else ())
