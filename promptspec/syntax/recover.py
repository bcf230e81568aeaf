"""A file that does not parse as a whole: cut into declarations, clauses and fields, so that each failure is its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from promptspec.diagnostics import did_you_mean
from promptspec.syntax import tree
from promptspec.syntax.build import Place
from promptspec.syntax.explain import Failure, explain
from promptspec.syntax.findings import Findings
from promptspec.syntax.lark_grammar import Start
from promptspec.syntax.quoted import shown
from promptspec.syntax.run import try_parser
from promptspec.syntax.scanner import LineStart, Scan
from promptspec.syntax.words import CLAUSES, DECLARATIONS, RESERVED
from promptspec.text import Span, SpecText

_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_TRIVIA: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_FEATURE: Final = re.compile(
    r"(feature|defaults)\s+([A-Za-z_]\w*)\s*(?:with\s+([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)\s*)?\{"
)
_LIKE_A_DECLARATION: Final = re.compile(r"\w+\s+\w+\s*(?:=|\{|with\b)")
_CONTINUES: Final = RESERVED | {
    "else",
    "when",
    "drop",
    "by",
    "top",
    "above",
    "with",
    "because",
    "near",
    "of",
    "from",
    "as",
}


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a file that should be one declaration, clause or field."""

    word: str
    start: int
    end: int


def recover(
    text: SpecText, scanned: Scan, place: Place, header: tree.Header, findings: Findings
) -> tuple[tree.SpecFile, list[tuple[int, int]]]:
    """Return what could be read of *text*, and the stretches that could not."""
    recovery = _Recovery(text, scanned, place, findings)
    declarations = tuple(recovery.declarations(header.span.end))
    span = Span(text.file, header.span.start, len(text.content))
    return tree.SpecFile(header=header, declarations=declarations, span=span), recovery.failed


class _Recovery:
    def __init__(self, text: SpecText, scanned: Scan, place: Place, findings: Findings) -> None:
        self._file = text.file
        self._content = text.content
        self._scan = scanned
        self._place = place
        self._findings = findings
        self.failed: list[tuple[int, int]] = []

    def declarations(self, begin: int) -> Iterator[tree.Declaration]:
        """Read each declaration behind *begin*."""
        starts = [start for start in self._scan.starts if start.offset >= begin and self._opens_declaration(start)]
        end = len(self._content)
        self._junk(begin, starts[0].offset if starts else end)
        for at, start in enumerate(starts):
            if self._findings.full:
                return
            part = _Part(start.word, start.offset, starts[at + 1].offset if at + 1 < len(starts) else end)
            declaration = self._declaration(part)
            if declaration is not None:
                yield declaration

    def _opens_declaration(self, start: LineStart) -> bool:
        if start.depth:
            return False
        if start.word in DECLARATIONS and start.column == 0:
            return True
        return (start.column == 0 or start.word in DECLARATIONS) and _LIKE_A_DECLARATION.match(
            self._content, start.offset
        ) is not None

    def _declaration(self, part: _Part) -> Any:
        if part.word not in DECLARATIONS:
            self._unknown(part, "a declaration", DECLARATIONS)
            return None
        faulty = self._scan.fault_in(part.start, part.end)
        node, failure = (None, None) if faulty else self._try(part, "declaration")
        if node is not None:
            return node
        before = self._findings.count
        found = None
        if part.word in ("feature", "defaults"):
            found = self._feature(part)
        elif part.word == "record":
            found = self._record(part)
        if failure is not None and self._findings.count == before:
            self._explain(failure, part)
        if found is None:
            self.failed.append((part.start, part.end))
        return found

    # Features

    def _feature(self, part: _Part) -> Any:
        head = _FEATURE.match(self._content, part.start, part.end)
        opener = self._content.find("{", part.start, part.end) if head is None else head.end() - 1
        if opener < 0:
            return None
        closer = self._scan.closers.get(opener, part.end)
        clauses = tuple(self._clauses(opener + 1, min(closer, part.end)))
        if closer < part.end:
            self._junk(closer + 1, part.end)
        if head is None:
            return None
        name = self._name(head, 2)
        span = Span(self._file, part.start, min(closer + 1, part.end))
        doc = self._place.docs.get(part.start)
        self._place.used_docs.add(part.start)
        if head[1] == "defaults":
            return tree.DefaultsDeclaration(name=name, clauses=clauses, doc=doc, span=span)
        defaults = () if head[3] is None else tuple(self._names(head.start(3), head[3]))
        return tree.FeatureDeclaration(name=name, defaults=defaults, clauses=clauses, doc=doc, span=span)

    def _clauses(self, begin: int, end: int) -> Iterator[tree.Clause]:
        inside = [start for start in self._scan.starts_between(begin, end) if start.depth == 1]
        inside += [
            start for start in self._scan.fields if begin <= start.offset < end and self._is_clause_with_colon(start)
        ]
        inside.sort(key=lambda start: start.offset)
        known = [start for start in inside if start.word in CLAUSES]
        column = known[0].column if known else inside[0].column if inside else 0
        starts = [
            start
            for start in inside
            if start.word in CLAUSES or (start.column <= column and start.word not in _CONTINUES)
        ]
        self._junk(begin, starts[0].offset if starts else end)
        for at, start in enumerate(starts):
            if self._findings.full:
                return
            part = _Part(start.word, start.offset, starts[at + 1].offset if at + 1 < len(starts) else end)
            clause = self._clause(part)
            if clause is not None:
                yield clause

    def _is_clause_with_colon(self, start: LineStart) -> bool:
        return start.depth == 1 and start.word in CLAUSES

    def _clause(self, part: _Part) -> Any:
        if part.word not in CLAUSES:
            self._unknown(part, "a clause of a feature", CLAUSES)
            return None
        if self._scan.fault_in(part.start, part.end):
            self.failed.append((part.start, part.end))
            return None
        node, failure = self._try(part, "clause")
        if node is not None:
            return node
        before = self._findings.count
        found = None
        if part.word in ("input", "output"):
            fields = self._fields(part)
            if fields is not None:
                span = Span(self._file, part.start, part.end)
                if part.word == "input":
                    found = tree.InputClause(fields=fields, span=span)
                else:
                    found = tree.OutputClause(type=tree.RecordType(fields=fields, span=span), span=span)
        if failure is not None and self._findings.count == before:
            self._explain(failure, part)
        if found is None:
            self.failed.append((part.start, part.end))
        return found

    # Fields

    def _record(self, part: _Part) -> Any:
        fields = self._fields(part)
        head = re.compile(r"record\s+([A-Za-z_]\w*)").match(self._content, part.start)
        if fields is None or head is None:
            return None
        self._place.used_docs.add(part.start)
        return tree.RecordDeclaration(
            name=self._name(head, 1),
            fields=fields,
            doc=self._place.docs.get(part.start),
            span=Span(self._file, part.start, part.end),
        )

    def _fields(self, part: _Part) -> tuple[tree.Field, ...] | None:
        """Return the fields of the first `{ … }` of *part* that can be read, where it reads as lines of fields."""
        opener = self._content.find("{", part.start, part.end)
        closer = self._scan.closers.get(opener, -1)
        if opener < 0 or closer < 0 or closer > part.end or self._content[closer + 1 : part.end].strip():
            return None
        starts = [start.offset for start in self._scan.fields if start.opener == opener]
        trivia = _TRIVIA.match(self._content, opener + 1, closer)
        first = opener + 1 if trivia is None else trivia.end()
        if not starts:
            return None
        if first < starts[0]:
            starts.insert(0, first)
        fields: list[tree.Field] = []
        for at, start in enumerate(starts):
            field = _Part("", start, starts[at + 1] if at + 1 < len(starts) else closer)
            if self._scan.fault_in(field.start, field.end):
                continue
            node, failure = self._try(field, "field")
            if failure is not None:
                self._explain(failure, field)
                self.failed.append((field.start, field.end))
            elif node is not None:
                fields.append(node)
        return tuple(fields)

    # Words

    def _try(self, part: _Part, start: Start) -> tuple[Any, Any]:
        return try_parser(self._content, start, self._place, begin=part.start, end=part.end)

    def _explain(self, failure: Any, part: _Part) -> None:
        explain(failure, self._content, part.start, part.end, self._findings, locate=self._span)

    def _span(self, start: int, end: int) -> Span:
        return Span(self._file, start, end)

    def _name(self, match: re.Match[str], group: int) -> tree.Name:
        return tree.Name(text=match[group], span=self._span(*match.span(group)))

    def _names(self, offset: int, text: str) -> Iterator[tree.Name]:
        for word in re.finditer(r"\w+", text):
            yield tree.Name(text=word[0], span=self._span(offset + word.start(), offset + word.end()))

    def _unknown(self, part: _Part, what: str, known: Sequence[str]) -> None:
        self.failed.append((part.start, part.end))
        self._findings.add(
            "PS117",
            self._span(part.start, part.start + len(part.word)),
            f"`{shown(part.word)}` is not {what}",
            help=did_you_mean(part.word, known)
            or (("declarations are " + ", ".join(f"`{word}`" for word in known),) if known is DECLARATIONS else ()),
        )

    def _junk(self, begin: int, end: int) -> None:
        """Report what stands between *begin* and *end* beside comments, once."""
        trivia = _TRIVIA.match(self._content, begin, end)
        start = begin if trivia is None else trivia.end()
        if start >= end or self._scan.fault_in(begin, end):
            return
        self.failed.append((start, end))
        word = _WORD.match(self._content, start, end)
        if word is not None and word[0] in CLAUSES:
            self._findings.add(
                "PS101",
                self._span(*word.span()),
                f"`{word[0]}` stands outside of a feature",
                help="a `}` above may be one too many",
            )
        else:
            self._explain(Failure(offset=start, awaited=frozenset()), _Part("", begin, end))


def unused_docs(place: Place, failed: Sequence[tuple[int, int]]) -> list[tree.Doc]:
    """Return the documentation that documents nothing, leaving out what belongs to stretches that could not be read."""
    return [
        doc
        for target, doc in place.docs.items()
        if target not in place.used_docs and not any(start <= target < end for start, end in failed)
    ]
