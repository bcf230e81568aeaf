"""Texts that a careless generator would run, end, or misread."""

from __future__ import annotations

from hypothesis import strategies as st

PIECES = (
    '"', "'", '"""', "'''", "\\", "\\n", "\n", "{", "}", "{{", "}}", "{% if %}", "${x}", "$", "%s", "%(x)s", "#", "`",
    "__import__('os').system('x')", "f\"{1}\"", "eval(", "]", ")", "):", ", ps.text(", "Annotated[", "\u2028", "\u202e",
    "\x85", "\u00e9", "\U0001f600", "]]", "\t", "import os", "0", " ", "e\u0301", "\\u0041", "\\N{DASH}", "None", "dt.",
)  # fmt: skip

TEXTS = st.lists(st.sampled_from(PIECES) | st.characters(codec="utf-8"), max_size=12).map("".join)


def quoted(text: str) -> str:
    """Return *text* as a string of the language, with escapes wherever one could be needed."""
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\u{{{ord(c):X}}}" for c in text) + '"'
