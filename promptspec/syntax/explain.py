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
from promptspec.syntax.quoted import shown
from promptspec.syntax.words import CLAUSES, UNITS
from promptspec.text import Span

_LOOK: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Where a run of the parser stopped, and what it could have taken there: words as spelt, other terminals by name."""

    offset: int
    awaited: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Mistake:
    """*before* matches the end of what was read, *after* the beginning of what was not; *awaited* could have followed.

    *awaited* may name several, of which one is enough. In *message* and *help*, `{0}` is the text at fault, and `{name}` a group of *before* or *after*.
    """

    before: str
    after: str
    message: str
    help: str = ""
    awaited: str = ""
    code: str = "PS101"


_N: Final = r"-?[\d_.]+"
_MISTAKES: Final = (
    # Marks of other languages
    _Mistake("", r"'(?:[^'\n]*')?", "`{0}` is in single quotes", 'text stands in double quotes: `"…"`'),
    _Mistake("", r"[^\x00-\x7f]\S*", "`{0}` is not expected here",
             "names are made of the letters a to z, digits and `_`; everything else stands in quotes"),
    _Mistake("", r"//[^\n]*", "`{0}` is no comment", "a comment begins with `#`"),
    _Mistake("", r"/\*", "`/*` opens no comment", "a comment begins with `#`"),
    _Mistake("", r"&&?", "`{0}` is no operator", "write `and`"),
    _Mistake("", r"\|\|", "`||` is no operator", "write `or`"),
    _Mistake("", r"!(?!=)", "`!` is no operator", "write `not`"),
    _Mistake("", r"!=?=?", "`{0}` is not expected here"),
    _Mistake("", r"<>", "`<>` is no operator", "write `!=`", awaited="== else and"),
    _Mistake(r"[=<>!]=?\s*", r"=", "`==` has one `=` too many here", "write `==`, `!=`, `<=` or `>=`"),
    _Mistake("", r"=(?!=)", "`=` does not compare", "write `==`", awaited="== else and"),
    _Mistake("", r"is\b(?:\s+not\b)?", "`{0}` does not compare", "write `==` or `!=`", awaited="== else and"),
    _Mistake("", r"(?:==|!=|<=?|>=?|in\b|matches\b)", "comparisons do not chain", "write `a < b and b < c`", awaited="and else"),
    _Mistake("", r"/\s*\w+", "`{0}` is not expected here", "write `per minute`, `per hour` or `per day`", awaited="per"),
    _Mistake("", r"/", "`/` does not divide", "there are `+`, `-` and `*`", awaited="*"),
    _Mistake(r"[(,\s]", r"/[^\n]*", "this pattern is not closed: `{0}`", "end it with `/`", code="PS111"),
    _Mistake("", r"%[}\s]", "`%` is not expected here"),
    # Numbers
    _Mistake("", r"\.\d[\d_]*", "`{0}` is no number", "write a zero before the point: `0{0}`", code="PS114"),
    _Mistake("", r"\d[\d_]*_(?!\d)", "`{0}` is no number", "a `_` stands between two digits: `1_000`", code="PS114"),
    _Mistake(
        "", r"\d[\d_.]*\s?(?:seconds?|secs?|minutes?|mins?|hours?|days?)\b", "`{0}` is no duration",
        "durations are `500ms`, `20s`, `10m`, `4h` and `7d`", code="PS114",
    ),
    _Mistake("", r"\d[\d_.]*[A-Za-z]\w*", "`{0}` is no number, duration or size",
             "durations are `500ms`, `20s`, `10m`, `4h` and `7d`; sizes `64kb` and `4mb`", code="PS114"),
    _Mistake(r"\d,\s*", r"\d{3}", "`,` does not group digits", "write `2_000`"),
    # Caps and bounds
    _Mistake(r"\d\s*", r"-\s*\d+", "a range is written with two points", "write `1..5`", awaited=".."),
    _Mistake(rf"\b(?P<kind>int|decimal)\s*\(\s*(?P<n>{_N})\s*", rf",\s*(?P<m>{_N})", "bounds are a range",
             "write `{kind}({n}..{m})`", awaited=".."),
    _Mistake(rf"\b(?P<kind>text|line|code)\s*\(\s*(?P<n>{_N})\s*", r"[),]|[a-z]+", "a cap is a range",
             "write `{kind}(..{n})`", awaited=".."),
    _Mistake(rf"\b(?P<kind>int|decimal|list|set|turns)\s*\(\s*(?P<n>{_N})\s*", r"[),]", "bounds are a range",
             "write `{kind}(..{n})`, or `{kind}(1..{n})`", awaited=".."),
    _Mistake(r"\b(?P<kind>image)\s*\(\s*", r"\d\w*(?=\s*\))", "a cap is a range", "write `{kind}(..{0})`"),
    _Mistake(r"\b(?P<kind>image)\s*\(\s*(?P<n>\w+)\s*", r"\)", "a cap is a range", "write `{kind}(..{n})`"),
    _Mistake(r"\b(?P<kind>text|line|code|list|set|int|decimal|turns)\s*\(\s*(?:\.\.\s*)?", r"\)",
             "`{kind}(…)` says no cap", "write a number: `{kind}(..200)`"),
    _Mistake(r"\b(?P<kind>text|line|code)\s*", rf"(?P<n>\.\.\s*{_N}|{_N}\s*(?:\.\.\s*{_N})?)",
             "the cap of `{kind}` stands in parentheses", "write `{kind}(..200)`"),
    _Mistake(r"\b(?P<kind>text|line|code|list|set|int|decimal)\s*", r"[\[{<]", "`{kind}` has its cap in parentheses",
             "write `{kind}(..200)`"),
    _Mistake(r"\.\.\s*", r"\.+", "a range has two points", "write `1..5`"),
    # Types
    _Mistake(r":\s*optional\s*", r"\S", "`optional` is written as `?` behind the type", "write `note: text(..200)?`"),
    _Mistake("", r"optional\b", "`optional` is written as `?` behind the type", "write `note: text(..200)?`"),
    _Mistake(r"[^:\s]\s*", r"default\b", "a default is written with `=`", "write `mood: Mood = sad`", awaited="="),
    _Mistake(r":\s*(?P<kind>string|str)\s*", r"\(", "there is no type `{kind}`", "write `text(..200)` or `line(..80)`"),
    _Mistake(r":\s*(?P<kind>integer|number|float|double)\s*", r"\(", "there is no type `{kind}`",
             "write `int(0..10)` or `decimal(0..10, 2)`"),
    _Mistake(r":\s*(?P<kind>array|List|vector)\s*", r"[(<\[]", "there is no type `{kind}`", "write `list(..5) of text(..80)`"),
    _Mistake(r":\s*(?P<kind>[A-Za-z_]\w*)\s*", r"[(<]", "`{kind}` takes no parentheses"),
    _Mistake("", r"\[\s*\]?", "`{0}` makes no list here", "write `list(..5) of text(..80)`", awaited="?"),
    _Mistake("", r"\|", "only words in quotes are joined by `|`", 'write `"free" | "pro"`, or declare an enum',
             awaited="?"),
    _Mistake(r"\b(?P<kind>list|set|turns)\s*(?:\([^()]*\))?\s*", r"\S[^\s,(){}]*", "`of` is missing before `{0}`",
             "write `{kind}(..5) of {0}`", awaited="of"),
    _Mistake(r"\bone\s*", r"\S+", "`of` is missing before `{0}`", "write `one of {0}`", awaited="of"),
    # Signs between names and values
    _Mistake(r"(?P<name>\w+|\")\s*", r"=", "between a name and its type or value stands `:`, not `=`",
             "write `{name}: …`", awaited=":"),
    _Mistake(r"\b(?P<name>\w+)\s*", r":", "between a name and what it is stands `=`, not `:`", "write `{name} = …`",
             awaited="="),
    _Mistake(rf"\b(?P<clause>{'|'.join(CLAUSES)})\s*", r"[:=]", "no `{0}` stands behind `{clause}`", "leave it out"),
    _Mistake(r"\b(?P<name>\w+)\s*", r"[:=]", "no `{0}` stands behind `{name}`", "leave it out", awaited="NAME"),
    _Mistake(r"(?P<name>\w+|\")\s*", r"[\w\"{]\S*", "`:` is missing before `{0}`", "a field is written `name: type`, a value `name: value`",
             awaited=":"),
    _Mistake(r"\bmodel\s+(?P<name>\w+)\s*", r"[-.:/][\w.:/-]*", "the name that a maker gives to a model stands in quotes",
             'write `model "{name}{0}"`'),
    _Mistake(r"\btone\s+(?P<name>\w+)\s*", r"\{", "the tone of a feature has no name",
             "write `tone {{ … }}`, or declare `tone {name} {{ … }}` outside of the feature"),
    _Mistake(r"\(\s*(?P<name>\w+)\s*", r"\)", "`{name}` is not in quotes", 'write `"{name}"`', awaited="("),
    _Mistake(r"\d\s+(?P<name>[A-Za-z]\w*)\s*", r"\S", "`{name}` is no unit here",
             "units are " + ", ".join(f"`{unit}`" for unit in UNITS), awaited="NUMBER"),
    # Conditions
    _Mistake("", r"if\b", "a condition for a rule begins with `when`, not with `if`", 'write `… when … else "…"`', awaited="when"),
    _Mistake(r"\bif\s.*", r"\S", "a condition for a rule begins with `when`, not with `if`",
             'write `require … when … else "…"`', awaited="else"),
    _Mistake("", r"(?:because|message)\b", "what to say begins with `else`, not with `{0}`", 'write `else "…"`', awaited="else"),
    _Mistake("", r"[\"}]?(?:\w*)", "`else` and a message are missing before {found}",
             'a rule ends in what to say when it does not hold: `else "…"`', awaited="else"),
    _Mistake(r"\belse\s*(?:drop\s*)?", r"\S*", "behind `else` stands a message in quotes", 'write `else "…"`', awaited="STRING"),
    _Mistake(r"\bmatches\s*", r"\S+", "behind `matches` stands a pattern", "write `matches /…/`"),
    _Mistake(r"\bmatching\s*", r"\S+", "behind `matching` stands a pattern", "write `matching /…/`"),
    # Separators
    _Mistake("", r"\S+", "`from` is missing before `{0}`", "write `from {0}`", awaited="from"),
    _Mistake(r",\s*", r",", "this comma is one too many", "remove it", code="PS116"),
    _Mistake("", r"[\w\"]\S*", "a comma is missing before `{0}`", "write `, {0}`", awaited=","),
    _Mistake("", r",", "a comma separates nothing here", "a line break is enough", code="PS116"),
    # What is missing
    _Mistake("", r"\}", "something is missing before `}}`: {wanted}"),
    _Mistake("", r"[\])]", "`{0}` is not expected here", "here may stand {wanted}"),
    _Mistake(r"\b(?P<word>\w+)\s*", r"\{", "a name is missing between `{word}` and `{{`", awaited="NAME"),
    _Mistake("", r"[A-Za-z_]\w*", "text stands in double quotes", 'write `"{0}"`', awaited="STRING"),
    _Mistake(r"\d\s*", r"[A-Za-z]\w*", "`{0}` is no unit here", "units are " + ", ".join(f"`{unit}`" for unit in UNITS)),
)  # fmt: skip
_TABLE: Final = tuple(
    (re.compile(f"(?:{row.before})\\Z", re.DOTALL) if row.before else None, re.compile(row.after), row)
    for row in _MISTAKES
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
    names = sorted(
        {_PLAIN.get(name, f"`{name}`") for name in awaited if name != "$END"}, key=lambda name: (name[0] == "`", name)
    )
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "") if names else "nothing more"
