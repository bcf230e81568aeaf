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
# Three or more single letters with one to three separators between each: "g u a r a n t e e d", "g-u-a-r".
_SPACED: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:[\s.,\-_*·•|/]{1,3}[^\W\d_](?![^\W_])){2,}")
_SEPARATORS: Final = re.compile(r"[\W_]+")


def skeleton(text: str) -> str:
    """Return *text* as a reader takes it: NFKC, caseless, without Latin accents, look-alikes as Latin letters.

    Separators between three or more single letters go. Two texts with one skeleton look alike; digits that stand for
    letters stay digits.
    """
    if text.isascii():
        folded = text.lower()
    else:
        folded = normalize("NFKC", normalize("NFKC", text).casefold()).translate(_LOOK_ALIKES)
        folded = _ACCENTS.sub("", normalize("NFD", folded))
        folded = normalize("NFC", folded).translate(_LOOK_ALIKES)
    return _SPACED.sub(_together, folded)


def _together(match: re.Match[str]) -> str:
    return _SEPARATORS.sub("", match.group())
