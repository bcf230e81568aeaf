"""What to say where a spec does not parse: mistakes that people make, by example, each with its help.

A mistake is known by the text before and behind the place where reading stopped, and by what could have stood there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from promptspec.diagnostics import near
from promptspec.syntax.findings import Findings
from promptspec.syntax.mistakes import MISTAKES
from promptspec.syntax.quoted import shown
from promptspec.text import Span

_LOOK: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Where a run of the parser stopped, and what it could have taken there: words as spelt, other kinds by name."""

    offset: int
    awaited: frozenset[str]


_TABLE: Final = tuple(
    (re.compile(f"(?:{row.before})\\Z", re.DOTALL) if row.before else None, re.compile(row.after), row)
    for row in MISTAKES
)
_TOKEN: Final = re.compile(r'[A-Za-z_]\w*|\d[\w.]*|"[^"\n]*"?|\.\.|\S')
_PLAIN: Final = {
    "NAME": "a name",
    "STRING": "text in quotes",
    "BLOCK": "text in quotes",
    "NUMBER": "a number",
    "PERCENT": "a percentage",
    "DURATION": "a duration like `20s`",
    "SIZE": "a size like `4mb`",
    "DATE": "a date like `2026-01-31`",
    "REGEX": "a pattern like `/…/`",
    "CATEGORY": "a category",
    "VERSION": "a number",
}


def explain(
    failure: Failure,
    content: str,
    begin: int,
    end: int,
    findings: Findings,
    *,
    locate: Callable[[int, int], Span],
    code: str = "",
) -> None:
    """Report why the part `begin:end` of *content* did not parse; *code* stands for all codes where it is given."""
    offset = min(failure.offset, end)
    before = content[max(begin, offset - _LOOK) : offset]
    after = content[offset : min(end, offset + _LOOK)]
    if not after.strip():
        _explain_end(failure, content, begin, offset, findings, locate, code)
        return
    for row_before, row_after, row in _TABLE:
        if row.awaited and failure.awaited.isdisjoint(row.awaited.split()):
            continue
        behind = row_after.match(after)
        if behind is None:
            continue
        ahead = None if row_before is None else row_before.search(before)
        if row_before is not None and ahead is None:
            continue
        groups = {**behind.groupdict(), **({} if ahead is None else ahead.groupdict())}
        facts = {name: shown(value or "") for name, value in groups.items()}
        facts["wanted"], facts["found"] = _wanted(failure.awaited), _found(behind[0] or after[:1])
        text = shown(behind[0].strip())
        span = locate(offset, offset + max(len(behind[0].rstrip()), 1))
        if ahead is not None and row.blame:
            span = locate(*(offset - len(before) + at for at in ahead.span(row.blame)))
        help = (row.help.format(text, **facts),) if row.help else ()
        findings.add(code or row.code, span, row.message.format(text, **facts), help=help)
        return
    token = _TOKEN.match(after)
    text = after[:1] if token is None else token[0]
    span = locate(offset, offset + len(text))
    message, help = f"`{shown(text)}` is not expected here", ()
    known = sorted(word for word in failure.awaited if word.islower() and word != text)
    meant = near(text, known)
    if meant is not None:
        help = (f"did you mean `{meant}`?",)
    elif len(failure.awaited) == 1 and not failure.awaited & _PLAIN.keys() and "$END" not in failure.awaited:
        message = f"`{next(iter(failure.awaited))}` is missing before `{shown(text)}`"
    elif failure.awaited - {"$END"}:
        help = (f"here may stand {_wanted(failure.awaited)}",)
    findings.add(code or "PS101", span, message, help=help)


def _explain_end(
    failure: Failure,
    content: str,
    begin: int,
    offset: int,
    findings: Findings,
    locate: Callable[[int, int], Span],
    code: str,
) -> None:
    """Report that something ends too early, at its last word and not at the white space behind it."""
    last = offset
    while last > begin and content[last - 1] in " \t\r\n":
        last -= 1
    line = content.rfind("\n", begin, last) + 1
    text = content[max(line, begin) : last].strip()
    span = locate(max(last - 1, begin), max(last, begin + 1))
    if "else" in failure.awaited:
        message, help = (
            "`else` and a message are missing",
            'a rule ends in what to say when it does not hold: `else "…"`',
        )
    else:
        message, help = f"something is missing behind `{shown(text)}`", f"here may stand {_wanted(failure.awaited)}"
    findings.add(code or "PS101", span, message, help=help)


def _found(text: str) -> str:
    return f"`{shown(text)}`" if text.strip() else "the end"


def _wanted(awaited: frozenset[str]) -> str:
    """Return what could have stood somewhere, in the words of an author, at most six of them."""
    if awaited - {"$END"} == frozenset({"NAME", "key"}):
        return "a field, like `note: text(..200)`"
    names = sorted(
        {_PLAIN.get(name, f"`{name}`") for name in awaited if name != "$END"}, key=lambda name: (name[0] == "`", name)
    )
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "") if names else "nothing more"
