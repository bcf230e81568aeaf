"""Mistakes that people make in a spec, by example: how each is known, what to say, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from promptspec.syntax.words import CLAUSES, UNITS


@dataclass(frozen=True, slots=True)
class Mistake:
    """*before* matches the end of what was read, *after* the beginning of what was not; *awaited* could have followed.

    *awaited* may name several, of which one is enough. In *message* and *help*, `{0}` is the text at fault, and
    `{name}` a group of *before* or *after*. *blame* is the group of *before* that is at fault, where it is not `{0}`.
    """

    before: str
    after: str
    message: str
    help: str = ""
    awaited: str = ""
    code: str = "PS101"
    blame: str = ""


_N: Final = r"-?[\d_.]+"
MISTAKES: Final = (
    # Marks of other languages
    Mistake("", r"'(?:[^'\n]*')?", "`{0}` is in single quotes", 'text stands in double quotes: `"…"`'),
    Mistake(
        "",
        r"[^\x00-\x7f]\S*",
        "`{0}` is not expected here",
        "names are made of the letters a to z, digits and `_`; everything else stands in quotes",
    ),
    Mistake("", r"//[^\n]*", "`{0}` is no comment", "a comment begins with `#`"),
    Mistake("", r"/\*", "`/*` opens no comment", "a comment begins with `#`"),
    Mistake("", r"&&?", "`{0}` is no operator", "write `and`"),
    Mistake("", r"\|\|", "`||` is no operator", "write `or`"),
    Mistake("", r"!(?!=)", "`!` is no operator", "write `not`"),
    Mistake("", r"!=?=?", "`{0}` is not expected here"),
    Mistake("", r"<>", "`<>` is no operator", "write `!=`", awaited="== else and"),
    Mistake(r"[=<>!]=?\s*", r"=", "`==` has one `=` too many here", "write `==`, `!=`, `<=` or `>=`"),
    Mistake("", r"=(?!=)", "`=` does not compare", "write `==`", awaited="== else and"),
    Mistake("", r"is\b(?:\s+not\b)?", "`{0}` does not compare", "write `==` or `!=`", awaited="== else and"),
    Mistake(
        "",
        r"(?:==|!=|<=?|>=?|in\b|matches\b)",
        "comparisons do not chain",
        "write `a < b and b < c`",
        awaited="and else",
    ),
    Mistake("", r"/\s*\w+", "`{0}` is not expected here", "write `per minute`, `per hour` or `per day`", awaited="per"),
    Mistake("", r"/", "`/` does not divide", "there are `+`, `-` and `*`", awaited="*"),
    Mistake(r"[(,\s]", r"/[^\n]*", "this pattern is not closed: `{0}`", "end it with `/`", code="PS111"),
    Mistake("", r"%[}\s]", "`%` is not expected here"),
    # Numbers
    Mistake("", r"\.\d[\d_]*", "`{0}` is no number", "write a zero before the point: `0{0}`", code="PS114"),
    Mistake("", r"\d[\d_]*_(?!\d)", "`{0}` is no number", "a `_` stands between two digits: `1_000`", code="PS114"),
    Mistake(
        "",
        r"\d[\d_.]*\s?(?:seconds?|secs?|minutes?|mins?|hours?|days?)\b",
        "`{0}` is no duration",
        "durations are `500ms`, `20s`, `10m`, `4h` and `7d`",
        code="PS114",
    ),
    Mistake(
        "",
        r"\d[\d_.]*[A-Za-z]\w*",
        "`{0}` is no number, duration or size",
        "durations are `500ms`, `20s`, `10m`, `4h` and `7d`; sizes `64kb` and `4mb`",
        code="PS114",
    ),
    Mistake(r"\d,\s*", r"\d{3}", "`,` does not group digits", "write `2_000`"),
    # Caps and bounds
    Mistake(r"\d\s*", r"-\s*\d+", "a range is written with two points", "write `1..5`", awaited=".."),
    Mistake(
        rf"\b(?P<kind>int|decimal)\s*\(\s*(?P<n>{_N})\s*",
        rf",\s*(?P<m>{_N})",
        "bounds are a range",
        "write `{kind}({n}..{m})`",
        awaited="..",
    ),
    Mistake(
        rf"\b(?P<kind>text|line|code)\s*\(\s*(?P<n>{_N})\s*",
        r"[),]|[a-z]+",
        "a cap is a range",
        "write `{kind}(..{n})`",
        awaited="..",
    ),
    Mistake(
        rf"\b(?P<kind>int|decimal|list|set|turns)\s*\(\s*(?P<n>{_N})\s*",
        r"[),]",
        "bounds are a range",
        "write `{kind}(..{n})`, or `{kind}(1..{n})`",
        awaited="..",
    ),
    Mistake(r"\b(?P<kind>image)\s*\(\s*", r"\d\w*(?=\s*\))", "a cap is a range", "write `{kind}(..{0})`"),
    Mistake(r"\b(?P<kind>image)\s*\(\s*(?P<n>\w+)\s*", r"\)", "a cap is a range", "write `{kind}(..{n})`"),
    Mistake(
        r"\b(?P<kind>text|line|code|list|set|int|decimal|turns)\s*\(\s*(?:\.\.\s*)?",
        r"\)",
        "`{kind}(…)` says no cap",
        "write a number: `{kind}(..200)`",
    ),
    Mistake(
        r"\b(?P<kind>text|line|code)\s*",
        rf"(?P<n>\.\.\s*{_N}|{_N}\s*(?:\.\.\s*{_N})?)",
        "the cap of `{kind}` stands in parentheses",
        "write `{kind}(..200)`",
    ),
    Mistake(
        r"\b(?P<kind>text|line|code|list|set|int|decimal)\s*",
        r"[\[{<]",
        "`{kind}` has its cap in parentheses",
        "write `{kind}(..200)`",
    ),
    Mistake(r"\.\.\s*", r"\.+", "a range has two points", "write `1..5`"),
    # Types
    Mistake(
        r":\s*(?P<word>optional)\s*",
        r"\S",
        "`optional` is written as `?` behind the type",
        "write `note: text(..200)?`",
        blame="word",
    ),
    Mistake("", r"optional\b", "`optional` is written as `?` behind the type", "write `note: text(..200)?`"),
    Mistake(r"[^:\s]\s*", r"default\b", "a default is written with `=`", "write `mood: Mood = sad`", awaited="="),
    Mistake(
        r":\s*(?P<kind>string|str)\s*",
        r"\(",
        "there is no type `{kind}`",
        "write `text(..200)` or `line(..80)`",
        blame="kind",
    ),
    Mistake(
        r":\s*(?P<kind>integer|number|float|double)\s*",
        r"\(",
        "there is no type `{kind}`",
        "write `int(0..10)` or `decimal(0..10, 2)`",
        blame="kind",
    ),
    Mistake(
        r":\s*(?P<kind>array|List|vector)\s*",
        r"[(<\[]",
        "there is no type `{kind}`",
        "write `list(..5) of text(..80)`",
        blame="kind",
    ),
    Mistake(r":\s*(?P<kind>[A-Za-z_]\w*)\s*", r"[(<]", "`{kind}` takes no parentheses"),
    Mistake("", r"\[\s*\]?", "`{0}` makes no list here", "write `list(..5) of text(..80)`", awaited="?"),
    Mistake(
        "", r"\|", "only words in quotes are joined by `|`", 'write `"free" | "pro"`, or declare an enum', awaited="?"
    ),
    Mistake(
        r"\b(?P<kind>list|set|turns)\s*(?:\([^()]*\))?\s*",
        r"\S[^\s,(){}]*",
        "`of` is missing before `{0}`",
        "write `{kind}(..5) of {0}`",
        awaited="of",
    ),
    Mistake(r"\bone\s*", r"\S+", "`of` is missing before `{0}`", "write `one of {0}`", awaited="of"),
    # Signs between names and values
    Mistake(
        r"(?P<name>\w+|\")\s*",
        r"=",
        "between a name and its type or value stands `:`, not `=`",
        "write `{name}: …`",
        awaited=":",
    ),
    Mistake(
        r"\b(?P<name>\w+)\s*",
        r":",
        "between a name and what it is stands `=`, not `:`",
        "write `{name} = …`",
        awaited="=",
    ),
    Mistake(
        rf"\b(?P<clause>{'|'.join(CLAUSES)})\s*", r"[:=]", "`{0}` does not stand behind `{clause}`", "leave it out"
    ),
    Mistake(r"\b(?P<name>\w+)\s*", r"[:=]", "`{0}` does not stand behind `{name}`", "leave it out", awaited="NAME"),
    Mistake(
        r"(?P<name>\w+|\")\s*",
        r"[\w\"{]\S*",
        "`:` is missing before `{0}`",
        "a field is written `name: type`, a value `name: value`",
        awaited=":",
    ),
    Mistake(
        r"\bmodel\s+(?P<name>\w+)\s*",
        r"[-.:/][\w.:/-]*",
        "the name that a maker gives to a model stands in quotes",
        'write `model "{name}{0}"`',
    ),
    Mistake(
        r"\btone\s+(?P<name>\w+)\s*",
        r"\{",
        "the tone of a feature has no name",
        "write `tone {{ … }}`, or declare `tone {name} {{ … }}` outside of the feature",
    ),
    Mistake(
        r"\(\s*(?P<name>\w+)\s*", r"\)", "`{name}` is not in quotes", 'write `"{name}"`', awaited="(", blame="name"
    ),
    Mistake(
        r"\d\s+(?P<name>[A-Za-z]\w*)\s*",
        r"\S",
        "`{name}` is no unit here",
        "units are " + ", ".join(f"`{unit}`" for unit in UNITS),
        awaited="NUMBER",
        blame="name",
    ),
    # Conditions
    Mistake(
        "",
        r"if\b",
        "a condition for a rule begins with `when`, not with `if`",
        'write `… when … else "…"`',
        awaited="when",
    ),
    Mistake(
        r"\bif\s.*",
        r"\S",
        "a condition for a rule begins with `when`, not with `if`",
        'write `require … when … else "…"`',
        awaited="else",
    ),
    Mistake(
        "",
        r"(?:because|message)\b",
        "what to say begins with `else`, not with `{0}`",
        'write `else "…"`',
        awaited="else",
    ),
    Mistake(
        "",
        r"[\"}]?(?:\w*)",
        "`else` and a message are missing before {found}",
        'a rule ends in what to say when it does not hold: `else "…"`',
        awaited="else",
    ),
    Mistake(
        r"\belse\s*(?:drop\s*)?",
        r"\S*",
        "behind `else` stands a message in quotes",
        'write `else "…"`',
        awaited="STRING",
    ),
    Mistake(r"\bmatches\s*", r"\S+", "behind `matches` stands a pattern", "write `matches /…/`"),
    Mistake(r"\bmatching\s*", r"\S+", "behind `matching` stands a pattern", "write `matching /…/`"),
    # Separators
    Mistake("", r"\S+", "`from` is missing before `{0}`", "write `from {0}`", awaited="from"),
    Mistake(r",\s*", r",", "this comma is one too many", "remove it", code="PS116"),
    Mistake("", r"[\w\"]\S*", "a comma is missing before `{0}`", "write `, {0}`", awaited=","),
    Mistake("", r",", "a comma separates nothing here", "a line break is enough", code="PS116"),
    # What is missing
    Mistake("", r"\}", "something is missing before `}}`: {wanted}"),
    Mistake("", r"[\])]", "`{0}` is not expected here", "here may stand {wanted}"),
    Mistake(r"\b(?P<word>\w+)\s*", r"\{", "a name is missing between `{word}` and `{{`", awaited="NAME"),
    Mistake("", r"[A-Za-z_]\w*", "text stands in double quotes", 'write `"{0}"`', awaited="STRING"),
    Mistake(r"\d\s*", r"[A-Za-z]\w*", "`{0}` is no unit here", "units are " + ", ".join(f"`{unit}`" for unit in UNITS)),
)
