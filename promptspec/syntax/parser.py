"""Spec text to syntax tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from promptspec.diagnostics import Report
from promptspec.syntax import tree
from promptspec.syntax.build import Place
from promptspec.syntax.characters import check_characters
from promptspec.syntax.depth import is_too_deep
from promptspec.syntax.explain import explain
from promptspec.syntax.findings import Findings
from promptspec.syntax.lark_grammar import Start
from promptspec.syntax.quoted import shown
from promptspec.syntax.recover import recover, unused_docs
from promptspec.syntax.run import LOCK, make_place, report_too_deep, try_parser
from promptspec.syntax.scanner import Scan, scan
from promptspec.text import Span, SpecText

VERSION: Final = (1, 0)

_HEADER: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*promptspec[ \t]+([0-9]{1,6})(?:\.([0-9]{1,6}))?(?![\w.])")
_FIRST_WORDS: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*([^\s#]?[^\n#]*)")

_WORD: Final = re.compile(r"[A-Za-z_]\w*")


def parse(text: SpecText, report: Report) -> tree.SpecFile | None:
    """Return the syntax tree of *text*: all of it, or the declarations and clauses that could be read.

    None where nothing can be: the header is missing, or asks for a newer version of the language.
    """
    findings = Findings()
    with LOCK:
        found = _parse(text, findings)
    report.extend(findings.diagnostics())
    return found


def parse_expression(content: str, report: Report, *, file: str = "expression") -> tree.Expr | None:
    """Return the expression that *content* is, or None where it is none."""
    return _parse_alone(content, report, file, "expression")


def parse_type(content: str, report: Report, *, file: str = "type") -> tree.Type | None:
    """Return the type that *content* is, or None where it is none."""
    return _parse_alone(content, report, file, "type")


def read_header(content: str) -> tuple[int, int] | None:
    """Return the version that the header of *content* asks for, or None where there is no header."""
    match = _HEADER.match(content)
    return None if match is None else (int(match[1]), int(match[2] or 0))


def _parse(text: SpecText, findings: Findings) -> tree.SpecFile | None:
    header = _check_header(text, findings)
    if header is None:
        return None
    problems = Findings()
    scanned = scan(text, problems)
    check_characters(text, scanned, findings)
    if not (scanned.faults or scanned.too_deep):
        aside = Findings()  # what is found before a parse fails is found again by the parts
        place = make_place(text, scanned, aside)
        spec, failure = try_parser(text.content, "file", place)
        if spec is not None and failure is None:
            findings.absorb(problems)
            findings.absorb(aside)
            return _finish(text, spec, scanned, place, findings, ())
    scanned = scan(text, findings, mend=True)
    place = make_place(text, scanned, findings)
    spec, failed = recover(text, scanned, place, header, findings)
    return _finish(text, spec, scanned, place, findings, failed)


def _finish(
    text: SpecText,
    spec: tree.SpecFile,
    scanned: Scan,
    place: Place,
    findings: Findings,
    failed: Sequence[tuple[int, int]],
) -> tree.SpecFile:
    """Check what the grammar cannot see, and return *spec* with its comments."""
    for declaration in spec.declarations:
        _check_first_on_line(text, declaration.span.start, "a declaration", findings)
        if isinstance(declaration, tree.FeatureDeclaration | tree.DefaultsDeclaration):
            for clause in declaration.clauses:
                _check_first_on_line(text, clause.span.start, "a clause", findings)
    for doc in unused_docs(place, failed):
        findings.add(
            "PS105",
            doc.span,
            "this documentation comment documents nothing",
            help="`##` stands above a declaration, field or member; a plain comment begins with `#`",
        )
    return replace(spec, comments=tuple(scanned.comments))


def _check_first_on_line(text: SpecText, offset: int, what: str, findings: Findings) -> None:
    at = offset - 1
    while at >= 0 and text.content[at] in " \t\r":
        at -= 1
    if at < 0 or text.content[at] in "\n{":
        return
    word = _WORD.match(text.content, offset)
    end = offset + 1 if word is None else word.end()
    findings.add(
        "PS110",
        Span(text.file, offset, end),
        f"`{shown(text.content[offset:end])}` is {what} and begins a line of its own",
        help="put a line break before it",
    )


def _parse_alone(content: str, report: Report, file: str, start: Start) -> Any:
    findings = Findings()
    text = SpecText(file, content)
    with LOCK:
        scanned = scan(text, findings)
        node = None
        if not scanned.faults:
            place = make_place(text, scanned, findings)
            node, failure = try_parser(content, start, place)
            if failure is not None:
                explain(failure, content, 0, len(content), findings, locate=lambda start, end: Span(file, start, end))
            if start == "expression" and node is not None and is_too_deep(node):
                report_too_deep(node.span, findings)
                node = None
    report.extend(findings.diagnostics())
    return node


def _check_header(text: SpecText, findings: Findings) -> tree.Header | None:
    match = _HEADER.match(text.content)
    if match is None:
        first = _FIRST_WORDS.match(text.content)
        start, end = (0, 0) if first is None else first.span(1)
        line = text.content[start:end].rstrip()
        if line.startswith("promptspec"):
            message = f"`{shown(line)}` is no header"
        elif line:
            message = f"a spec begins with `promptspec 1`, not with `{shown(line)}`"
        else:
            message = "a spec begins with `promptspec 1`"
        findings.add(
            "PS001", Span(text.file, start, start + len(line)), message, help="write `promptspec 1` on the first line"
        )
        return None
    version = (int(match[1]), int(match[2] or 0))
    if version == VERSION:
        start = match.group().rindex("promptspec")
        return tree.Header(major=version[0], minor=version[1], span=Span(text.file, start, match.end()))
    span = Span(text.file, match.start(1), match.end())
    asked = match[1] if match[2] is None else f"{match[1]}.{match[2]}"
    if version < VERSION:
        findings.add("PS001", span, f"there is no version {asked}", help="write `promptspec 1`")
    else:
        findings.add(
            "PS002",
            span,
            f"this spec needs {asked} of the language",
            note="this compiler knows 1.0",
            help="update promptspec, or write `promptspec 1`",
        )
    return None
