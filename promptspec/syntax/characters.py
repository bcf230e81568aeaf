"""Characters that a reader of a spec cannot see, or that change what it seems to say."""

from __future__ import annotations

import re
from typing import Final

from promptspec.syntax.findings import Findings
from promptspec.syntax.scanner import Scan
from promptspec.text import Span, SpecText

HIDDEN: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and line feed; CR is let pass before LF
    "\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufdd0-\ufdef\ufffe\uffff"
    "\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""Category Cf, variation selectors, default-ignorable fillers, controls and noncharacters, as of Unicode 17."""

_SPACES: Final = "\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_SUSPECT: Final = re.compile(f"[{HIDDEN}{_SPACES}]")
_HIDDEN: Final = re.compile(f"[{HIDDEN}\n\t]")
_SPACE: Final = re.compile(f"[{_SPACES}]")
_EMOJI: Final = re.compile("[\xa9\xae\u203c-\u3299\U0001f000-\U0001faff]")
_NAMES: Final = {
    "\ufeff": "a byte order mark",
    "\u200b": "a zero-width space",
    "\u200d": "a zero-width joiner",
    "\xa0": "a no-break space",
    "\xad": "a soft hyphen",
}
_BIDIRECTIONAL: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def check_characters(text: SpecText, scanned: Scan, findings: Findings) -> None:
    """Report tabs, once, and each hidden character; emoji in strings and comments keep what joins them."""
    content = text.content
    tab = content.find("\t")
    if tab >= 0:
        findings.add(
            "PS104", Span(text.file, tab, tab + 1), "a tab", help="indent with spaces; in a string write `\\t`"
        )
    for hit in _SUSPECT.finditer(content):
        if findings.full:
            return
        at, char = hit.start(), hit[0]
        if char == "\r" and content.startswith("\n", at + 1):
            continue
        quoted = scanned.is_quoted(at)
        if quoted and (_SPACE.match(char) or _joins_emoji(content, at)):
            continue
        code = f"U+{ord(char):04X}"
        name = _NAMES.get(char) or ("a bidirectional control" if _BIDIRECTIONAL.match(char) else "a hidden character")
        help = f"remove it; in a one-line string it can be written as `\\u{{{ord(char):04X}}}`"
        if _SPACE.match(char):
            help = "write a plain space"
        findings.add("PS106", Span(text.file, at, at + 1), f"{name}, {code}", help=help)


def is_hidden(value: str, at: int) -> bool:
    """Say whether the character at *at* of a string's value must be written as an escape."""
    char = value[at]
    return not (" " <= char <= "~") and _HIDDEN.match(char) is not None and not _joins_emoji(value, at)


def _joins_emoji(content: str, at: int) -> bool:
    """Say whether the character at *at* makes an emoji of its neighbours: VS16 behind one, ZWJ between two."""
    before = content[max(at - 2, 0) : at]
    if content[at] == "\ufe0f":
        return bool(_EMOJI.match(before[-1:])) or (
            before[-1:] in set("0123456789#*") and content[at + 1 : at + 2] == "\u20e3"
        )
    if content[at] == "\u200d":
        behind = bool(_EMOJI.match(before[-1:])) or (before[-1:] == "\ufe0f" and bool(_EMOJI.match(before[:1])))
        return behind and bool(_EMOJI.match(content[at + 1 : at + 2]))
    return False
