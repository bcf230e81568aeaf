"""Whether a reply repeats what only the prompt knows: the tag of its fences, or a run of its private words."""

from __future__ import annotations

import base64
import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

from promptspec.values.words import letters, skeleton

Rule = Literal["echo_tag", "echo_prompt"]

#: Words of private text that may not stand in a reply in a row (rule 19).
WINDOW: Final = 12

#: Letters of a window's begin or end that a text is searched for before whole windows are compared.
_MOST_START: Final = 24
_WORD: Final = re.compile(r"[^\W_]+")
_BLANKS: Final = re.compile(r"\s+")
#: Shorter runs of base64 or hexadecimal are not decoded.
_SHORTEST_RUN: Final = 16
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_\-]{16,}")
_HEX: Final = re.compile(r"[0-9a-fA-F](?:[\s:,]{0,2}[0-9a-fA-F]){23,}")
_HEX_DIGITS: Final = re.compile(r"[^0-9a-fA-F]+")
# ASCII characters as `x` where such a run may hold them, else as a blank: a run is then found by its length alone.
_IN_BASE64: Final = bytes(b" x"[re.match(r"[A-Za-z0-9+/_\-]", chr(code)) is not None] for code in range(128)) * 2
_IN_HEX: Final = bytes(b" x"[re.match(r"[0-9a-fA-F\s:,]", chr(code)) is not None] for code in range(128)) * 2
_BASE64_RUN: Final = b"x" * _SHORTEST_RUN
_HEX_RUN: Final = b"x" * 24
_URL_SAFE: Final = str.maketrans("-_", "+/")


class Echo:
    """The private fixed texts of one prompt, by their runs of *window* words."""

    __slots__ = ("_grams", "_length", "_longest", "_room", "_shortest", "_starts", "_stride", "_windows")

    def __init__(self, texts: tuple[str, ...], window: int = WINDOW) -> None:
        windows: set[str] = set()
        for text in texts:
            words = _WORD.findall(skeleton(text))
            windows.update("".join(words[at : at + window]) for at in range(len(words) - window + 1))
        # Reversed windows in the index are cheaper than reversing every reply.
        windows |= {run[::-1] for run in windows}
        self._shortest = min(map(len, windows), default=0)
        self._room = min(self._shortest or _SHORTEST_RUN, _SHORTEST_RUN)
        self._length = min((self._shortest + 1) // 2, _MOST_START)
        self._windows: dict[str, list[str]] = {}
        for run in sorted(windows):
            self._windows.setdefault(run[: self._length], []).append(run)
        self._longest = max(map(len, windows), default=0)
        self._starts = sorted(self._windows)
        # A window is so long that one of every *stride* places of a text that holds it lies at its beginning.
        self._stride = self._shortest - self._length + 1
        self._grams = frozenset(run[at : at + self._length] for run in windows for at in range(self._stride))

    def find(self, text: str, tag: str) -> Rule | None:
        """Return `echo_tag` if *text* holds *tag*, `echo_prompt` if it holds a run of private words, else None.

        Both are looked for in the letters and digits of the skeleton alone, so spacing, punctuation, case, look-alikes
        and spelling letter by letter change nothing; forwards, backwards, and in what runs of base64 and hexadecimal
        decode to, one level deep.
        """
        wanted = _wanted(tag)
        size = len(text)
        # ASCII has no more letters than characters, and what is shorter than any encoded run holds none.
        if size < self._room and not (wanted and size >= len(wanted)) and text.isascii():
            return None
        found = self._find_in(letters(text), wanted)
        if found is None and _may_hold_encoded(text):
            for view in _decoded_runs(text):
                found = self._find_in(view, wanted)
                if found is not None:
                    break
        return found

    def may_straddle(self, text: str, at: int, tag: str) -> bool:
        """Say whether what is looked for may begin in *text* before *at* and end behind it, if *text* goes on.

        So a text that comes piece by piece is given up to *at* only where nothing that could still become a tag or a
        run of private words stands at its end. Encoded runs hold no full stop: whoever cuts behind one cuts none.
        """
        before, view = letters(text[:at]), letters(text)
        wanted = _wanted(tag)
        looked_for = [wanted, wanted[::-1]] if wanted else []
        longest = max(self._longest, len(wanted)) - 1
        for start in range(max(0, len(view) - longest), len(before)):
            rest = view[start:]
            if any(each.startswith(rest) for each in looked_for):
                return True
            if len(rest) < self._length:
                place = bisect_left(self._starts, rest)
                if place < len(self._starts) and self._starts[place].startswith(rest):
                    return True
            elif any(run.startswith(rest) for run in self._windows.get(rest[: self._length], ())):
                return True
        return False

    def _find_in(self, view: str, wanted: str) -> Rule | None:
        if wanted and (wanted in view or wanted[::-1] in view):
            return "echo_tag"
        return "echo_prompt" if self._holds_window(view) else None

    def _holds_window(self, view: str) -> bool:
        length, last = self._length, len(view) - self._length + 1
        if not length or len(view) < self._shortest:
            return False
        grams = self._grams
        if grams.isdisjoint([view[at : at + length] for at in range(0, last, self._stride)]):
            return False
        starts = {view[at : at + length] for at in range(last)}
        return any(run in view for start in starts & self._windows.keys() for run in self._windows[start])


def _may_hold_encoded(text: str) -> bool:
    """Say whether *text* may hold a run of base64 or hexadecimal that is long enough to be decoded."""
    if not text.isascii():
        return _BASE64.search(text) is not None or _HEX.search(text) is not None
    raw = text.encode()
    return _BASE64_RUN in raw.translate(_IN_BASE64) or _HEX_RUN in raw.translate(_IN_HEX)


def _decoded_runs(text: str) -> Iterator[str]:
    """Yield the letters of what each such run decodes to, from each place at which its encoding may begin."""
    for run in _HEX.findall(text):
        digits = _HEX_DIGITS.sub("", run)
        for start in (0, 1):
            shifted = digits[start:]
            yield _decoded(bytes.fromhex(shifted[: len(shifted) & ~1]))
    # Encoded text is often broken into lines, sometimes into words.
    for source in {text, _BLANKS.sub("", text)}:
        for run in _BASE64.findall(source):
            for start in range(4):
                shifted = run[start:].translate(_URL_SAFE)
                # A last group of one letter carries no byte.
                shifted = shifted[:-1] if len(shifted) % 4 == 1 else shifted
                yield _decoded(base64.b64decode(shifted + "=" * (-len(shifted) % 4)))


@lru_cache(maxsize=16)
def _wanted(tag: str) -> str:
    """Return the letters of *tag*: each text of a reply is searched for the same one."""
    return letters(tag)


def _decoded(data: bytes) -> str:
    return letters(data.decode("utf-8", "ignore"))
