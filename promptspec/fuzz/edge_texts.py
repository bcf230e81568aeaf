"""Texts at the edge of their type: near the cap in every unit, and of every code point that is treated apart."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from promptspec.fuzz.edge import ASK, Edge
from promptspec.fuzz.reference_unicode import assigned, category, normalize
from promptspec.fuzz.texts import matching, raw_most

if TYPE_CHECKING:
    from promptspec.contract.types import Cap, Text

#: Ways to count that are not the declared one, more often than not.
Measure: TypeAlias = Literal["characters", "bytes", "utf-16", "graphemes"]
MEASURES: Final[tuple[Measure, ...]] = ("characters", "bytes", "utf-16", "graphemes")

#: What ends a fence, a tag, a quotation or a table somewhere.
DELIMITERS: Final = "[]{}<>()|`#\"'/\\:"
_BATCH: Final = 64
_MOST_MARKS: Final = 30


@cache
def delimiters_under_nfkc() -> str:
    """Return the characters beyond ASCII that NFKC makes one of DELIMITERS."""
    delimiters = frozenset(DELIMITERS)
    return "".join(c for c in assigned() if not c.isascii() and normalize("NFKC", c) in delimiters)


@cache
def format_characters() -> str:
    """Return the characters of category Cf."""
    return "".join(c for c in assigned() if category(c) == "Cf")


@cache
def line_breakers() -> str:
    """Return the characters at which `str.splitlines` cuts."""
    return "".join(c for c in assigned() if len(f"a{c}b".splitlines()) > 1)


@cache
def foreign_digits() -> str:
    """Return the characters beyond ASCII that are decimal digits, which `int` reads."""
    return "".join(c for c in assigned() if not c.isascii() and category(c) == "Nd")


@cache
def foreign_blanks() -> str:
    """Return the characters beyond ASCII that `str.strip` takes away."""
    return "".join(c for c in assigned() if not c.isascii() and not c.strip())


def text_edges(type: Text) -> Iterator[Edge]:
    """Yield texts at the edges of *type*."""
    if type.pattern is not None:
        yield from _near_pattern(type)
        return
    yield from _lengths(type.cap)
    yield from _refused(type)
    for text in ("", " ", "\u3000", "\n", "\u200b", "\u3164", "\u2800", "\U000e0041"):
        yield Edge("blank-text", text, ASK)
    for text in ("null", "none", "0", "true", "{}", "[[", "e\u0301", "\ufb01", "\u0344", "\u1100\u1161\u11a8"):
        yield Edge("odd-text", _padded(text, type.cap), ASK)


def code_point_edges(type: Text, *, one_by_one: bool) -> Iterator[Edge]:
    """Yield texts with each code point that somebody treats apart: alone in a text, or many together."""
    for technique, characters in (
        ("delimiter-under-nfkc", delimiters_under_nfkc()),
        ("format-character", format_characters()),
        ("line-breaker", line_breakers()),
        ("foreign-blank", foreign_blanks()),
    ):
        refused = technique == "line-breaker" or (technique == "foreign-blank" and type.kind == "line")
        yield from _with_each(technique, characters, type.cap, 1 if one_by_one or refused else _BATCH)
    yield from _with_each("foreign-digit", foreign_digits(), type.cap, _BATCH)


def _with_each(technique: str, characters: str, cap: Cap, together: int) -> Iterator[Edge]:
    size = max(min(together, (cap.most - 2) // (1 if cap.unit == "chars" else 4)), 1)
    for start in range(0, len(characters), size):
        yield Edge(technique, _padded(f"a{characters[start : start + size]}b", cap), ASK)


def _padded(text: str, cap: Cap) -> str:
    """Return *text* with as many plain words as it needs to be long enough."""
    filling = " a" if cap.unit in ("words", "tokens") else "a"
    return text + filling * max(cap.least, 0) if cap.least > 1 else text


def _lengths(cap: Cap) -> Iterator[Edge]:
    for by in (-1, 0, 1):
        yield from _at(cap, "length-at-cap", cap.most + by)
        yield from _at(cap, "length-at-least", cap.least + by)
    if cap.unit in ("chars", "bytes"):
        for measure in MEASURES:
            for by in (-1, 0, 1):
                for aim in (cap.most, cap.least):
                    if aim + by > 0:
                        yield Edge(f"length-in-{measure}", _of_length(measure, aim + by), ASK)
    if cap.unit == "words" and cap.most:
        # Words of many tokens and characters, of which a cap on words says nothing.
        yield Edge("length-at-cap", " ".join(["zyxwvut"] * cap.most), ())
        yield Edge("length-at-cap", " ".join(["zyxwvut"] * (cap.most + 1)), ("too_long",))
    raw = raw_most(cap)
    if cap.unit == "chars" and cap.most:
        yield Edge("length-before-cleaning", "e\u0301" * cap.most, ())
        yield Edge("length-before-cleaning", "e\u0301" * (cap.most + 1), ("too_long", "too_long_raw"))
        hidden = "\u200b" * (raw - cap.most)
        yield Edge("length-before-cleaning", "a" * cap.most + hidden, ())
        yield Edge("length-before-cleaning", "a" * cap.most + hidden + "\u200b", ("too_long_raw",))
    if cap.unit == "chars" and cap.most and cap.most >= cap.least:
        # NFC makes two of the first, and leaves the second, of which other forms make two.
        yield Edge("length-after-cleaning", "\u0958" * cap.most, ("too_long",))
        yield Edge("length-after-cleaning", "\ufb01" * cap.most, ())
    if cap.unit in ("chars", "bytes"):
        yield Edge("length-far-beyond", "a" * (raw + 1), ("too_long_raw",))


def _at(cap: Cap, technique: str, length: int) -> Iterator[Edge]:
    """Yield a text that counts *length* in the unit of *cap*."""
    if length < 0:
        return
    text = " ".join("a" * length) if cap.unit in ("words", "tokens") else "a" * length
    rules = ("too_long",) if length > cap.most else ("too_short", "blank") if length < cap.least else ()
    yield Edge(technique, text, rules)


def _of_length(measure: Measure, length: int) -> str:
    """Return a text that counts *length* in *measure* and otherwise in the others."""
    match measure:
        case "characters":
            return "\u6f22" * length
        case "bytes":
            return "\u00e9" * (length // 2) + "a" * (length % 2)
        case "utf-16":
            return "\U0001f600" * (length // 2) + "a" * (length % 2)
        case "graphemes":
            return "q\u0323" * length


def _refused(type: Text) -> Iterator[Edge]:
    cap = type.cap
    room = cap.most if cap.unit == "chars" else cap.most // 4
    for technique, character, rule in (
        ("control-character", "\x00", "control"),
        ("control-character", "\x1b", "control"),
        ("control-character", "\x08", "control"),
        ("control-character", "\x7f", "control"),
        ("control-character", "\x9b", "control"),
        ("half-character", "\ud800", "surrogate"),
        ("half-character", "\udfff", "surrogate"),
        ("noncharacter", "\ufffe", "noncharacter"),
        ("noncharacter", "\ufdd0", "noncharacter"),
        ("noncharacter", "\U0010ffff", "noncharacter"),
        ("unassigned", "\u0378", "unassigned"),
    ):
        yield Edge(technique, _padded(f"a{character}", cap), (rule,))
    for technique, text, rule in (
        ("tab", "\t", "tab"),
        ("line-break", "\n", "line_break"),
        ("line-break", "\r\n", "line_break"),
    ):
        if type.kind == "line":
            yield Edge(technique, _padded(f"a{text}a", cap), (rule,))
        elif room >= 3:
            yield Edge(technique, _padded(f"a{text}a", cap), ASK)
    if room > _MOST_MARKS + 1:
        yield Edge("marks-in-a-row", _padded("x" + "\u0334" * _MOST_MARKS, cap), ASK)
        yield Edge("marks-in-a-row", _padded("x" + "\u0334" * (_MOST_MARKS + 1), cap), ("marks",))


def _near_pattern(type: Text) -> Iterator[Edge]:
    """Yield texts that match, and what is nearly one of them."""
    for n in range(8):
        text = matching(type, n)
        yield Edge("plain", text)
        for other in (
            text[:-1],
            text[1:],
            f"{text}\n",
            f" {text}",
            f"{text} ",
            text.swapcase(),
            text + text,
            f"x{text}",
        ):
            yield Edge("pattern-missed", other, ASK)
        wide = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
        arabic = "".join(chr(0x660 + int(c)) if c in "0123456789" else c for c in text)
        for other in (wide, arabic, f"{text}\u200b"):
            if other != text:
                yield Edge("pattern-missed", other, ASK)
    yield Edge("empty-text", "", ASK)
