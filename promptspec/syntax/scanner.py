"""A first look at a spec, without its grammar: quotes, comments, brackets, and the words that begin lines.

It finds what the parser never sees (comments, documentation), what it could not explain (an open string, a missing
bracket), and where a file that does not parse can be cut into declarations and clauses that may.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import Final

from promptspec.diagnostics import Label
from promptspec.syntax import tree
from promptspec.syntax.depth import MOST_BRACKETS
from promptspec.syntax.findings import Findings
from promptspec.syntax.quoted import shown
from promptspec.syntax.words import CLAUSES
from promptspec.text import Span, SpecText

_MARK: Final = re.compile(
    r"""
      (?P<block>  \"\"\"[\s\S]*?\"\"\" )
    | (?P<ajar>   \"\"\" )
    | (?P<string> "[^"\\\n]*(?:\\[^\n][^"\\\n]*)*" )
    | (?P<broken> "[^\n]* )
    | (?P<comment>\#[^\n]* )
    | (?P<regex>  (?<=[\s(,])/(?![/*])[^/\\\n]*(?:\\[^\n][^/\\\n]*)*/i? )
    | (?P<open>   [\[({] )
    | (?P<close>  [\])}] )
    | (?P<curly>  [\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u201b] )
    | (?P<semi>   ; )
    | ^[ \t]*     (?P<field> (?:key[ \t]+)?[A-Za-z_][A-Za-z0-9_]*[ \t]*: )
    | ^[ \t]*     (?P<word> [A-Za-z_][A-Za-z0-9_]* )
    """,
    re.VERBOSE | re.MULTILINE,
)
_DECLARATION: Final = re.compile(
    r"(?:use\s+[A-Za-z_]|(?:source|model)\s+[A-Za-z_]\w*\s*=|(?:enum|record|tone|defaults|policy)\s+[A-Za-z_]\w*[ ]*\{"
    r"|feature\s+[A-Za-z_]\w*)"
)
_NEXT_DECLARATION: Final = re.compile(r"^" + _DECLARATION.pattern, re.MULTILINE)
_WORD_AFTER_BRACE: Final = re.compile(r"[ \t]*((?:key[ \t]+)?[A-Za-z_][A-Za-z0-9_]*)([ \t]*:)?")
_TRIVIA: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_CURLY: Final = re.compile(
    "[\u201c\u201e\u2018\u201a][^\u201c\u201d\u201f\u2018\u2019\u201b\n]{0,400}[\u201c\u201d\u201f\u2018\u2019\u201b]"
)
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_CLOSERS: Final = {opener: closer for closer, opener in _PAIRS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStart:
    """A word that stands first on its line or right behind `{`, and how deep in brackets."""

    offset: int
    word: str
    depth: int
    column: int
    opener: int


@dataclass(slots=True, kw_only=True)
class Scan:
    """What a first look found."""

    comments: list[tree.Comment] = field(default_factory=list[tree.Comment])
    docs: dict[int, tree.Doc] = field(default_factory=dict[int, tree.Doc])
    quoted_starts: list[int] = field(default_factory=list[int])
    quoted_ends: list[int] = field(default_factory=list[int])
    starts: list[LineStart] = field(default_factory=list[LineStart])
    fields: list[LineStart] = field(default_factory=list[LineStart])
    closers: dict[int, int] = field(default_factory=dict[int, int])
    faults: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    too_deep: bool = False

    def is_quoted(self, offset: int) -> bool:
        """Say whether *offset* lies in a string, pattern or comment."""
        at = bisect_right(self.quoted_starts, offset) - 1
        return at >= 0 and offset < self.quoted_ends[at]

    def starts_between(self, start: int, end: int) -> list[LineStart]:
        """Return the words that begin lines between *start* and *end*."""
        low = bisect_left(self.starts, start, key=lambda word: word.offset)
        high = bisect_left(self.starts, end, key=lambda word: word.offset)
        return self.starts[low:high]

    def fault_in(self, start: int, end: int) -> bool:
        """Say whether something was already reported between *start* and *end*."""
        at = bisect_right(self.faults, (start, -1))
        return at < len(self.faults) and self.faults[at][0] < end


def scan(text: SpecText, findings: Findings, *, mend: bool = False) -> Scan:
    """Look at *text* once, left to right, and report what the parser could not explain.

    With *mend*, for a text that is known not to parse, a declaration at the first column ends what stands open,
    and so does a clause that is not indented more than the line on which a bracket inside its feature opened.
    """
    return _Scanner(text, findings, mend=mend).run()


class _Scanner:
    def __init__(self, text: SpecText, findings: Findings, *, mend: bool) -> None:
        self._text = text
        self._content = text.content
        self._findings = findings
        self._mend = mend
        self._found = Scan()
        self._stack: list[tuple[str, int, int]] = []  # bracket, offset, indentation of its line
        self._line = (0, 0, 0)  # start of the line last looked at, its indentation, and where that was
        self._doc_target = -1
        self._doc_start = self._doc_end = 0
        self._doc_lines: list[str] = []
        self._shallow_again = True

    def run(self) -> Scan:
        content, found = self._content, self._found
        at = 0
        while (mark := _MARK.search(content, at)) is not None:
            kind = mark.lastgroup or ""
            start, at = mark.start(kind), mark.end()
            match kind:
                case "block" | "string" | "regex":
                    self._quote(start, at)
                case "comment":
                    self._quote(start, at)
                    self._comment(start, at)
                case "open":
                    self._open(content[start], start)
                case "close":
                    self._close(content[start], start)
                case "word":
                    self._word(start, mark["word"], start - (content.rfind("\n", 0, start) + 1))
                case "field":
                    self._field(start, mark["field"], start - (content.rfind("\n", 0, start) + 1))
                case "ajar":
                    at = self._ajar(start)
                case "broken":
                    self._quote(start, at)
                    self._broken(start, at)
                case "curly":
                    at = self._curly(start)
                case _:
                    self._fault("PS116", start, at, "a semicolon ends nothing here", help="a line break is enough")
        self._end_doc()
        self._unclosed(len(content.rstrip()), self._stack)
        found.faults.sort()
        return found

    def _fault(
        self, code: str, start: int, end: int, message: str, *, labels: tuple[Label, ...] = (), help: str = ""
    ) -> None:
        self._found.faults.append((start, end))
        if self._findings.full:
            return
        self._findings.add(code, self._span(start, end), message, labels=labels, help=(help,) if help else ())

    def _span(self, start: int, end: int) -> Span:
        return Span(self._text.file, start, end)

    def _quote(self, start: int, end: int) -> None:
        self._found.quoted_starts.append(start)
        self._found.quoted_ends.append(end)

    # Comments

    def _comment(self, start: int, end: int) -> None:
        line_start = self._content.rfind("\n", 0, start) + 1
        own_line = not self._content[line_start:start].strip(" \t")
        text = self._content[start:end].rstrip()
        if not text.startswith("##") or text.startswith("###"):
            self._found.comments.append(
                tree.Comment(text=text, own_line=own_line, span=self._span(start, start + len(text)))
            )
        elif not own_line:
            self._findings.add(
                "PS105",
                self._span(start, start + len(text)),
                "a documentation comment stands behind what it documents",
                help="put it on a line of its own above, or write `#` for a plain comment",
            )
        else:
            self._doc(start, start + len(text), text)

    def _doc(self, start: int, end: int, text: str) -> None:
        line = text[2:].removeprefix(" ")
        if start >= self._doc_target:
            self._end_doc()
            trivia = _TRIVIA.match(self._content, end)
            self._doc_target = end if trivia is None else trivia.end()
            self._doc_start = start
        self._doc_lines.append(line)
        self._doc_end = end

    def _end_doc(self) -> None:
        """Keep the lines of documentation read so far for what stands below them."""
        if self._doc_lines:
            span = self._span(self._doc_start, self._doc_end)
            self._found.docs[self._doc_target] = tree.Doc(text="\n".join(self._doc_lines), span=span)
            self._doc_lines = []

    # Brackets

    def _open(self, bracket: str, offset: int) -> None:
        if len(self._stack) >= MOST_BRACKETS and self._shallow_again:
            self._found.too_deep = True
            self._shallow_again = False
            self._fault(
                "PS109",
                offset,
                offset + 1,
                f"brackets stand more than {MOST_BRACKETS} deep in each other",
                help="give the inner parts names of their own",
            )
        self._stack.append((bracket, offset, self._indent(offset)))
        if bracket == "{" and (word := _WORD_AFTER_BRACE.match(self._content, offset + 1)) is not None:
            if word[2]:
                self._field(word.start(1), word[0], word.start(1) - offset)
            else:
                self._start(word.start(1), word[1], word.start(1) - offset)

    def _close(self, bracket: str, offset: int) -> None:
        if self._stack and self._stack[-1][0] == _PAIRS[bracket]:
            self._found.closers[self._stack.pop()[1]] = offset
            self._shallow_again = self._shallow_again or not self._stack
            return
        opener = next(
            (
                at
                for at in range(len(self._stack) - 1, max(len(self._stack) - 9, -1), -1)
                if self._stack[at][0] == _PAIRS[bracket]
            ),
            None,
        )
        if opener is None:
            self._fault("PS102", offset, offset + 1, f"`{bracket}` closes nothing", help="remove it")
            return
        self._unclosed(offset, self._stack[opener + 1 :])
        self._found.closers[self._stack[opener][1]] = offset
        del self._stack[opener:]

    def _unclosed(self, offset: int, stack: list[tuple[str, int, int]]) -> None:
        """Report that the first bracket of *stack* is still open at *offset*; what follows there is not at fault."""
        for bracket, opened, _ in stack[:1]:
            end = min(offset + 1, len(self._content))
            self._found.faults.append((opened, opened + 1))
            self._findings.add(
                "PS102",
                self._span(min(offset, max(end - 1, 0)), end),
                f"`{_CLOSERS[bracket]}` is missing before this",
                labels=(Label(span=self._span(opened, opened + 1), message=f"this `{bracket}` is not closed"),),
                help=f"write `{_CLOSERS[bracket]}`",
            )

    def _indent(self, offset: int) -> int:
        """Return how far the line of *offset* is indented; offsets come in the order of the file."""
        line_start, indent, looked = self._line
        newer = self._content.rfind("\n", looked, offset) + 1
        if newer:
            line_start, indent = newer, 0
            while self._content[line_start + indent] in " \t" and line_start + indent < offset:
                indent += 1
        self._line = (line_start, indent, offset)
        return indent

    # Lines

    def _word(self, offset: int, word: str, column: int) -> None:
        if self._mend and self._stack:
            if column == 0 and _DECLARATION.match(self._content, offset):
                self._unclosed(offset, self._stack)
                self._stack.clear()
                self._shallow_again = True
            elif word in CLAUSES:
                while len(self._stack) > 1 and column <= self._stack[-1][2] and self._stack[0][2] < column:
                    self._unclosed(offset, self._stack[-1:])
                    self._stack.pop()
        self._start(offset, word, column)

    def _start(self, offset: int, word: str, column: int) -> None:
        if len(self._stack) <= 2:
            self._found.starts.append(self._line_start(offset, word, column))

    def _field(self, offset: int, word: str, column: int) -> None:
        if len(self._stack) <= 4:
            self._found.fields.append(self._line_start(offset, word.rstrip(": \t"), column))

    def _line_start(self, offset: int, word: str, column: int) -> LineStart:
        opener = self._stack[-1][1] if self._stack else -1
        return LineStart(offset=offset, word=word, depth=len(self._stack), column=column, opener=opener)

    # Quotes

    def _ajar(self, start: int) -> int:
        """Report a block that is never closed; it ends before the next declaration, so that those are still read."""
        declaration = _NEXT_DECLARATION.search(self._content, start)
        end = len(self._content) if declaration is None else declaration.start()
        self._quote(start, end)
        self._found.faults += [(opened, opened + 1) for _, opened, _ in self._stack]
        self._stack.clear()  # their ends were swallowed with the rest
        self._fault("PS111", start, start + 3, "this block is never closed", help='write `"""` after its last line')
        return end

    def _broken(self, start: int, end: int) -> None:
        text = self._content[start:end].rstrip()
        self._fault(
            "PS111",
            start,
            start + len(text),
            f"this string is not closed on its line: `{shown(text)}`",
            help='close it with `"`; text of several lines stands between `"""` and `"""`',
        )

    def _curly(self, start: int) -> int:
        """Report curly quotes, with what they enclose, so that a quoted sentence is one problem and not five."""
        quoted = _CURLY.match(self._content, start)
        end = start + 1 if quoted is None else quoted.end()
        self._quote(start, end)
        self._fault(
            "PS103",
            start,
            end,
            f"`{shown(self._content[start:end])}` has curly quotes",
            help='write straight ones: `"`',
        )
        return end
