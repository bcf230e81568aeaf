"""Foreign text to clean text: one Unicode form, no controls, nothing that does not show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, Literal, NamedTuple

from promptspec.values.unicode_tables import (
    EMOJI_STYLED,
    JOINS_NEXT,
    JOINS_PREVIOUS,
    code_points,
    joined_shapes,
)
from promptspec.values.untyped import UNICODE_VERSION as UNICODE_VERSION
from promptspec.values.untyped import category, combining, normalize

Kind = Literal["text", "line"]
Direction = Literal["input", "output"]

#: Longest run of combining marks; the Stream-Safe Text Format of UAX #15 allows as many.
MOST_MARKS: Final = 30
#: Rounds of NFC and stripping before a text counts as unstable (rule 12).
MOST_ROUNDS: Final = 3

_ZWNJ: Final = "\u200c"
_ZWJ: Final = "\u200d"
_EMOJI_STYLE: Final = "\ufe0f"
_FLAG: Final = "\U0001f3f4"
_TAGS: Final = "".join(map(chr, range(0xE0020, 0xE0080)))
_REGIONS: Final = ("gbeng", "gbsct", "gbwls")
_KEYCAP: Final = "\u20e3"
_KEYS: Final = frozenset("0123456789#*")
_JOINERS: Final = frozenset({_ZWNJ, _ZWJ})
#: Emoji in the longest RGI ZWJ sequence.
_MOST_PARTS: Final = 4

# Default_Ignorable_Code_Point as far as it is assigned, the other format characters (Cf) except the Arabic, Syriac
# and Kaithi number signs, which show, and four blanks that are letters or symbols by category.
_INVISIBLE_RANGES: Final = (
    "AD 34F 61C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-2064 2066-206F 2800 3164 FE00-FE0F FEFF FFA0 "
    "FFF9-FFFB 13430-1343F 16FE4 1BCA0-1BCA3 1D159 1D173-1D17A E0001 E0020-E007F E0100-E01EF"
)
INVISIBLE: Final = code_points(_INVISIBLE_RANGES)

#: What composes with the character before it though it is no mark: vowels and finals of Hangul, vowels of Kirat Rai.
_COMPOSING: Final = code_points("1161-1175 11A8-11C2 16D63 16D67-16D6A")

_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_FOREIGN_BREAKS: Final = frozenset("\r\x85\u2028\u2029")
_BREAKS: Final = _FOREIGN_BREAKS | {"\n"}
_REFUSED_CATEGORIES: Final = frozenset({"Cc", "Cn", "Cs"})
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
#: Format characters that are not INVISIBLE show: the signs that stand before Arabic and other numbers.
_BLANKS: Final = frozenset({"Zs", "Zl", "Zp", "Cc", "Cn", "Cs"})


class Unclean(ValueError):
    """A text that no cleaning makes acceptable; *rule* is stable, *message* holds nothing of the text."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


class Cleaned(NamedTuple):
    """A clean text, and how many code points that show nothing were removed from it."""

    text: str
    removed: int


def clean(raw: str, *, kind: Kind, direction: Direction, most: int) -> Cleaned:
    """Return *raw* in NFC, with `\\n` as its only line break and without characters that show nothing.

    *most* is the cap in code points; it is not judged here, but raw text beyond 2 × *most* + 64 is refused before
    anything else looks at it. Private use characters stay: they are assigned. Raises Unclean with the rule
    `too_long_raw`, `line_break`, `tab`, `control`, `surrogate`, `noncharacter`, `unassigned`, `marks`, `invisible`
    (outputs only) or `unstable`. Rule 12; a clean text comes back as it is.
    """
    if len(raw) > 2 * most + 64:
        raise Unclean("too_long_raw", f"at most {most} characters are allowed")
    if raw.isascii():
        if raw.isprintable():
            return Cleaned(raw, 0)
        return Cleaned(_check_ascii(raw, kind=kind), 0)
    return _clean_unicode(raw, kind=kind, direction=direction)


def has_visible(text: str) -> bool:
    """Tell whether *text* holds a character that shows; spaces, breaks and invisible ones do not."""
    if "!" <= text[:1] <= "~":
        return True
    if text.isascii():
        return any("!" <= character <= "~" for character in text)
    return any(character not in INVISIBLE and category(character) not in _BLANKS for character in text)


def is_clean_key(text: str) -> bool:
    """Tell whether cleaning would leave *text*, a line of any length, as it is; keys are never cleaned."""
    try:
        return clean(text, kind="line", direction="output", most=len(text)).text == text
    except Unclean:
        return False


def beyond_ascii(text: str) -> set[str]:
    """Return which characters *text* holds beside the printable ones of ASCII."""
    if text.isascii() and text.isprintable():
        return set()
    rest = text.encode("utf-8", "surrogatepass").translate(None, _PRINTABLE)
    return set(rest.decode("utf-8", "surrogatepass"))


def stands_alone(character: str) -> bool:
    """Tell whether cleaning leaves each line of such characters as it is, whatever stands beside them."""
    kind = category(character)
    return (
        kind not in _REFUSED_CATEGORIES
        and kind not in _MARKS
        and character not in _BREAKS
        and character not in INVISIBLE
        and character not in _COMPOSING
        and normalize("NFC", character) == character
    )


def _check_ascii(raw: str, *, kind: Kind) -> str:
    if "\n" in raw or "\r" in raw:
        if kind == "line":
            raise _line_break()
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    rest = raw.replace("\n", "")
    if "\t" in rest:
        if kind == "line":
            raise Unclean("tab", "a tab is not allowed in one line")
        rest = rest.replace("\t", "")
    if not rest.isprintable():
        raise Unclean("control", "control characters are not allowed")
    return raw


def _clean_unicode(raw: str, *, kind: Kind, direction: Direction) -> Cleaned:
    distinct = set(raw)
    if not _BREAKS.isdisjoint(distinct):
        if kind == "line":
            raise _line_break()
        if not _FOREIGN_BREAKS.isdisjoint(distinct):
            raw = re.sub("\r\n|[\r\x85\u2028\u2029]", "\n", raw)
            distinct = set(raw)
    if "\t" in distinct and kind == "line":
        raise Unclean("tab", "a tab is not allowed in one line")
    distinct -= {"\n", "\t"}
    categories = set(map(category, distinct))
    if not _REFUSED_CATEGORIES.isdisjoint(categories):
        raise _refused(distinct)
    has_marks = not _MARKS.isdisjoint(categories)
    if has_marks:
        # Before normalising: reordering a long run of marks takes time in the square of its length.
        _check_marks(raw)
    elif (
        INVISIBLE.isdisjoint(distinct)
        and _COMPOSING.isdisjoint(distinct)
        and normalize("NFC", alone := "".join(distinct)) == alone
    ):
        # No character composes with its neighbours, so the text is as normal as its characters are.
        return Cleaned(raw, 0)

    text, removed = raw, 0
    for _ in range(MOST_ROUNDS):
        stripped = normalize("NFC", text)
        if not INVISIBLE.isdisjoint(stripped):
            shorter = strip_invisible(stripped)
            if direction == "output" and shorter != stripped:
                raise Unclean("invisible", "characters that show nothing are not allowed")
            removed += len(stripped) - len(shorter)
            stripped = normalize("NFC", shorter)
        if stripped == text:
            break
        text = stripped
    else:
        raise Unclean("unstable", "the text does not settle into one normal form")
    if text != raw:
        _check_marks(text)
    return Cleaned(text, removed)


def _line_break() -> Unclean:
    return Unclean("line_break", "a line break is not allowed in one line")


def _refused(distinct: set[str]) -> Unclean:
    bad = min(character for character in distinct if category(character) in _REFUSED_CATEGORIES)
    point = ord(bad)
    if category(bad) == "Cc":
        return Unclean("control", "control characters are not allowed")
    if category(bad) == "Cs":
        return Unclean("surrogate", "half of a surrogate pair is not a character")
    if point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF:
        return Unclean("noncharacter", "noncharacters are not allowed")
    return Unclean("unassigned", f"characters that Unicode {UNICODE_VERSION} does not assign are not allowed")


def _check_marks(text: str) -> None:
    """Refuse a run of more than MOST_MARKS combining marks; what shows nothing between marks does not end a run."""
    run = 0
    for character in text:
        if character < "\u0300":
            run = 0
        elif category(character) in _MARKS:
            run += 1
            if run > MOST_MARKS:
                raise Unclean("marks", f"at most {MOST_MARKS} combining marks may follow each other")
        elif character not in INVISIBLE:
            run = 0


#: Invisible characters that stay where an emoji sequence or a script needs them.
_CONDITIONAL: Final = frozenset({_EMOJI_STYLE, *_JOINERS, *_TAGS})


@cache
def _interesting() -> re.Pattern[str]:
    """An emoji with what belongs to it, or an invisible character; one leading class, so that searching is fast."""
    parts = "".join(sorted({part for shape in joined_shapes() for part in shape} | code_points(EMOJI_STYLED)))
    invisible = "".join(sorted(INVISIBLE))
    element = f"(?:{_EMOJI_STYLE}|[\U0001f3fb-\U0001f3ff])?"
    return re.compile(
        f"[{parts}{invisible}](?:(?<![{invisible}]){element}(?:{_ZWJ}[{parts}]{element})*[\U000e0020-\U000e007f]*)?"
    )


def strip_invisible(text: str) -> str:
    """Return *text* without the invisible characters that no emoji sequence and no script needs.

    U+FE0F stays after a base of emoji-variation-sequences.txt and in keycaps; U+200D in a ZWJ sequence that is RGI
    once U+FE0F and skin tones are taken out, so that a tone on a part that takes none also passes (a tone shows);
    tags in the three RGI flags of England, Scotland and Wales. U+200C and U+200D stay where RFC 5892, A.1 and A.2,
    allows them.
    """
    found = INVISIBLE.intersection(text)
    if found.isdisjoint(_CONDITIONAL):
        # None of these stays anywhere, so that nobody need look where they stand.
        return text.translate(dict.fromkeys(map(ord, found)))
    return "".join(_kept(text))


def _kept(text: str) -> Iterator[str]:
    end = 0
    for match in _interesting().finditer(text):
        yield text[end : match.start()]
        end = match.end()
        found = match.group()
        if found not in INVISIBLE:
            yield from _joined(found)
        elif found == _EMOJI_STYLE:
            if text[end : end + 1] == _KEYCAP and text[match.start() - 1 : match.start()] in _KEYS:
                yield found
        elif found in _JOINERS and _joiner_allowed(text, match.start()):
            yield found
    yield text[end:]


def _joined(found: str) -> Iterator[str]:
    """Cut a chain of emoji and U+200D into the longest sequences that are RGI; the other joiners fall away."""
    if len(found) == 1:
        yield found
        return
    joined = found.rstrip(_TAGS)
    if len(joined) < len(found):
        if joined == _FLAG:
            yield _flag(found)
            return
        found = joined
    parts = found.split(_ZWJ)
    shapes = joined_shapes()
    styled = code_points(EMOJI_STYLED)
    start = 0
    while start < len(parts):
        for stop in range(min(len(parts), start + _MOST_PARTS), start + 1, -1):
            if tuple(part[0] for part in parts[start:stop]) in shapes:
                break
        else:
            stop = start + 1
        yield _ZWJ.join(
            part[0] if part[1:] == _EMOJI_STYLE and part[0] not in styled else part for part in parts[start:stop]
        )
        start = stop


def _flag(found: str) -> str:
    """Keep the tags of a black flag where they name a region that has an RGI flag."""
    tags = "".join(chr(ord(tag) - 0xE0000) for tag in found[1:])
    for region in _REGIONS:
        if tags.startswith(region + "\x7f"):
            return found[: len(region) + 2]
    return _FLAG


def _joiner_allowed(text: str, at: int) -> bool:
    """RFC 5892, A.1 (ZWNJ) and A.2 (ZWJ): after a virama; ZWNJ also between letters that would join."""
    if at == 0:
        return False
    # Joiners do not vouch for each other: the virama must stand right before.
    if combining(text[at - 1]) == 9:
        return True
    return text[at] == _ZWNJ and _joins(text, at, -1) and _joins(text, at, 1)


def _joins(text: str, at: int, step: int) -> bool:
    """Look past what is transparent (marks and format characters) for a letter that joins towards *at*."""
    letters = code_points(JOINS_NEXT if step < 0 else JOINS_PREVIOUS)
    # A clean text has at most MOST_MARKS marks in a row; looking further would be quadratic.
    for _ in range(MOST_MARKS + 1):
        at += step
        if not 0 <= at < len(text):
            return False
        character = text[at]
        if character in letters:
            return True
        if character in (_ZWNJ, _ZWJ) or category(character) not in ("Mn", "Me", "Cf"):
            return False
    return False
