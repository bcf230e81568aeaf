"""What a reply must not repeat, looked for the obvious way."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Final

#: So many words of the prompt in a row are an echo (rule 19).
WINDOW: Final = 12

_WORD: Final = re.compile(r"[a-z0-9]+")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX: Final = re.compile(r"(?:[0-9a-fA-F]{2}[ :]?){16,}")
_LETTERS: Final = re.compile(r"(?:[A-Za-z0-9][ .\-]){16,}[A-Za-z0-9]")


def windows(texts: Sequence[str]) -> frozenset[str]:
    """Return every run of WINDOW words of *texts*, folded."""
    found: set[str] = set()
    for text in texts:
        words = _WORD.findall(text.casefold())
        found.update(" ".join(words[at : at + WINDOW]) for at in range(len(words) - WINDOW + 1))
    return frozenset(found)


def echoes(text: str, *, tags: Sequence[str], words: frozenset[str]) -> str:
    """Return what of the prompt *text* repeats, in words, or ""."""
    for name, view in _views(text):
        folded = view.casefold()
        if any(tag and tag in folded for tag in tags):
            return f"the tag of the fences{name}"
        if words and len(folded) >= WINDOW * 2:
            spoken = _WORD.findall(folded)
            if any(" ".join(spoken[at : at + WINDOW]) in words for at in range(len(spoken) - WINDOW + 1)):
                return f"{WINDOW} words of the prompt{name}"
    return ""


def _views(text: str) -> Iterator[tuple[str, str]]:
    yield "", text
    if len(text) < 20:
        return
    yield ", reversed", text[::-1]
    for found in _BASE64.findall(text):
        body = found.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            yield ", in base64", base64.b64decode(body + "=" * (-len(body) % 4)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue
    for found in _HEX.findall(text):
        digits = re.sub(r"[ :]", "", found)
        yield ", in hexadecimal", bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("utf-8", "replace")
    for found in _LETTERS.findall(text):
        yield ", letter by letter", re.sub(r"[ .\-]", "", found)
