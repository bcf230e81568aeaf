"""How long a text is, in characters, words, bytes or tokens, and whether that is within its cap."""

from __future__ import annotations

import re
from typing import Final, Literal, assert_never

from promptspec.values.cleaning import has_visible
from promptspec.values.untyped import compile_regex, tokenizer

Unit = Literal["chars", "words", "bytes", "tokens"]
Broken = Literal["too_short", "too_long", "blank"]

#: Code points that a word has at most, on average over the text (rule 13).
CHARS_A_WORD: Final = 12
#: UTF-8 bytes that a token has at most, on average over the text (rule 13).
BYTES_A_TOKEN: Final = 16
#: Tokens that a message costs beside its text, on servers that nobody has measured (rule 17).
MESSAGE_OVERHEAD: Final = 16

# UAX #29 on ASCII: letters, digits and _ hold together; so do . ' : between letters and . ' , ; between digits.
_ASCII_WORD: Final = re.compile(
    r"[A-Za-z0-9_]+(?:(?:(?<=[A-Za-z])[.':](?=[A-Za-z])|(?<=[0-9])[.',;](?=[0-9]))[A-Za-z0-9_]+)*"
)
_UNDERSCORES: Final = re.compile(r"(?<![A-Za-z0-9_])_+(?![A-Za-z0-9_])")
_REGIONAL_INDICATORS: Final = re.compile("[\U0001f1e6-\U0001f1ff]+")


def count(text: str, unit: Unit) -> int:
    """Return the length of *text*: in code points, in UAX #29 words that hold a letter or digit, in UTF-8 bytes,
    or in o200k tokens.
    """
    match unit:
        case "chars":
            return len(text)
        case "words":
            return _count_words(text)
        case "bytes":
            return len(text.encode())
        case "tokens":
            return tokenizer().count(text)
        case _:
            assert_never(unit)


def raw_bound(most: int, unit: Unit) -> int:
    """Return the code points that a text of at most *most* *unit* can have."""
    match unit:
        case "chars" | "bytes":
            return most
        case "words":
            return most * CHARS_A_WORD
        case "tokens":
            return most * BYTES_A_TOKEN
        case _:
            assert_never(unit)


def measure(text: str, *, least: int, most: int, unit: Unit) -> Broken | None:
    """Return which bound a clean *text* breaks, or None: `too_long`, `too_short`, or `blank` where nothing shows.

    Words carry a cap of 12 code points and tokens one of 16 bytes, on average over the text. `blank` needs
    *least* ≥ 1. Cheap facts decide first: a text of n bytes has at most n tokens, one of n characters at most n words.
    """
    if unit != "chars" and len(text) > raw_bound(most, unit):
        return "too_long"
    if least >= 1 and not text:
        return "too_short"
    if unit == "tokens":
        broken = _measure_tokens(text, least=least, most=most)
    else:
        length = len(text)
        if unit == "bytes" and not text.isascii():
            length = len(text.encode())
        elif unit == "words" and (least > 0 or length > most):
            length = _count_words(text)
        broken = "too_long" if length > most else "too_short" if length < least else None
    if broken is None and least >= 1 and not has_visible(text):
        return "blank"
    return broken


def count_tokens_at_most(text: str, limit: int) -> bool:
    """Tell whether *text* has at most *limit* o200k tokens; bytes decide where they can, and counting stops early."""
    if len(text) * 4 <= limit or len(text.encode()) <= limit:
        return True
    return tokenizer().count_till_limit(text, limit) is not None


def _measure_tokens(text: str, *, least: int, most: int) -> Broken | None:
    size = len(text.encode())
    if size > most * BYTES_A_TOKEN:
        return "too_long"
    if size < least:
        return "too_short"
    if least > 1 and tokenizer().count(text) < least:
        return "too_short"
    return None if count_tokens_at_most(text, most) else "too_long"


def _count_words(text: str) -> int:
    if text.isascii():
        words = len(_ASCII_WORD.findall(text))
        return words - len(_UNDERSCORES.findall(text)) if "_" in text else words
    # Flags hold no letter, and the library pairs their halves in time of the square of their number.
    text = _REGIONAL_INDICATORS.sub(" ", text)
    holds = compile_regex(r"[\p{L}\p{N}]")
    return sum(1 for part in compile_regex(r"(?wV1)\b").split(text) if holds.search(part))
