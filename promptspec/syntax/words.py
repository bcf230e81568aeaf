"""The words of the language: which may name what."""

from __future__ import annotations

from typing import Final

RESERVED: Final = frozenset({"true", "false", "none", "not", "and", "or", "in", "all", "any", "where", "matches"})
"""Words that name nothing at all."""

DECLARATIONS: Final = ("use", "enum", "record", "source", "model", "tone", "defaults", "policy", "feature")

CLAUSES: Final = (
    "model",
    "judge",
    "input",
    "output",
    "find",
    "prompt",
    "fence",
    "tone",
    "require",
    "ensure",
    "limits",
    "caller",
    "moderate",
    "review",
    "sample",
    "report",
    "limitations",
    "evaluate",
    "keep",
    "secret",
    "waive",
    "otherwise",
    "example",
    "test",
    "attack",
    "examples",
)

TYPES: Final = (
    "text",
    "line",
    "code",
    "one",
    "int",
    "decimal",
    "bool",
    "date",
    "datetime",
    "email",
    "url",
    "list",
    "set",
    "turns",
    "image",
    "schema",
    "pdf",
    "slots",
    "quote",
)

CASE_ITEMS: Final = ("given", "returns", "refuses", "replies", "wire", "on")
LIMITS: Final = ("prompt", "reply", "thinking", "time", "calls", "spend", "repairs", "retries")
UNITS: Final = ("tokens", "chars", "words", "bytes", "usd")
TEXT_UNITS: Final = ("chars", "words", "bytes", "tokens")
PERIODS: Final = ("minute", "hour", "day", "caller", "feature")
TEMPLATE_TAGS: Final = ("if", "elif", "else", "endif", "for", "endfor", "raw", "endraw")

_OTHER: Final = (
    "promptspec", "from", "as", "key", "label", "columns", "rows", "first",
    "env", "with", "every", "must", "no", "over", "at", "most",
    "least", "may", "of", "matching", "links", "query", "hosts", "near",
    "by", "embedding", "top", "above", "for", "system", "user", "when",
    "else", "drop", "per", "block", "show", "always", "to", "because",
    "today",
)  # fmt: skip

KEYWORDS: Final = RESERVED.union(DECLARATIONS, CLAUSES, TYPES, CASE_ITEMS, LIMITS, UNITS, PERIODS, _OTHER)
"""All words of the language. All but the reserved ones may name a field or column."""

NAMES_NOTHING: Final = KEYWORDS - {"judge"}
"""The words that name no declaration. A clause that came later leaves `model judge` what it was."""
