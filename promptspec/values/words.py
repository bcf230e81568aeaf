"""Text to what a reader takes it for: case, accents, look-alikes and spaced-out letters folded away."""

from __future__ import annotations

import re
from typing import Final

from promptspec.values.untyped import normalize

#: Small letters that look like a Latin one, by that letter. Facts from Unicode's confusables.txt, the common part;
#: digits for letters (l33t) are no look-alikes and stay.
_LIKE: Final = {
    "a": "аαɑᴀ",
    "b": "вβʙьЬ",
    "c": "сϲᴄ",
    "d": "ԁɗđᴅ",
    "e": "еεєҽᴇə",
    "f": "ƒғ",
    "g": "ɡցɢ",
    "h": "һнհħʜ",
    "i": "іιıɩɪӏ",
    "j": "јϳᴊ",
    "k": "кκқᴋ",
    "l": "łʟⅼ",
    "m": "мᴍ",
    "n": "ηոɴпŋ",
    "o": "оοσօøᴏө",
    "p": "рρᴘþ",
    "q": "ԛգ",
    "r": "гʀг",
    "s": "ѕꜱʂ",
    "t": "тτᴛŧ",
    "u": "υսᴜʋ",
    "v": "νѵᴠ",
    "w": "ԝωѡᴡ",
    "x": "хχ×",
    "y": "уγүʏყ",
    "z": "ᴢʐƶ",
}
_LOOK_ALIKES: Final = str.maketrans({like: letter for letter, likes in _LIKE.items() for like in likes})
_ACCENTS: Final = re.compile("[\u0300-\u036f]+")
# Three or more single letters with one to three separators between each: "g u a r a n t e e d", "g-u-a-r". What was
# one letter may be two once it is folded: ß.
_SPACED: Final = re.compile(r"(?<![^\W_])(?:ss|[^\W\d_])(?:[\s.,\-_*·•|/]{1,3}(?:ss|[^\W\d_])(?![^\W_])){2,}")
_SEPARATORS: Final = re.compile(r"[\W_]+")
_WORD: Final = re.compile(r"[^\W_]+")
_NO_ASCII_LETTERS: Final = bytes(code for code in range(128) if not chr(code).isalnum())


def skeleton(text: str) -> str:
    """Return *text* as a reader takes it: NFKC, caseless, without Latin accents, look-alikes as Latin letters.

    Separators between three or more single letters go. Two texts with one skeleton look alike; digits that stand for
    letters stay digits.
    """
    return _SPACED.sub(_together, _folded(text))


def letters(text: str) -> str:
    """Return the letters and digits of the skeleton of *text*, without anything between them."""
    folded = _folded(text)
    if folded.isascii():
        return folded.encode().translate(None, _NO_ASCII_LETTERS).decode()
    return "".join(_WORD.findall(folded))  # what stands between spaced-out letters goes with all the rest


def folded(text: str) -> str:
    """Return what `skeleton` makes of *text*, with spaced-out letters left apart."""
    return _folded(text)


def spaced_runs(folded: str) -> list[str]:
    """Return the letters of each run of three or more single letters of a *folded* text, without what parts them."""
    return [_SEPARATORS.sub("", run) for run in _SPACED.findall(folded)]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    folded = normalize("NFKC", normalize("NFKC", text).casefold()).translate(_LOOK_ALIKES)
    folded = _ACCENTS.sub("", normalize("NFD", folded))
    return normalize("NFC", folded).translate(_LOOK_ALIKES)


def _together(match: re.Match[str]) -> str:
    return _SEPARATORS.sub("", match.group())
