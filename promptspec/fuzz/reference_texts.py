"""What the reference knows of text: cleaned and counted the obvious way; of the rest it says that it does not know."""

from __future__ import annotations

import re
import warnings
from datetime import date, datetime
from typing import Final

from promptspec.contract.types import Pattern, Text, Unit, Url
from promptspec.fuzz.reference_unicode import category, invisible, is_known, most_marks, settled, shows

#: Words of ASCII letters with blanks between them; marks stand at their ends alone, where they part no word.
_PLAIN_WORDS: Final = re.compile(r"[ \n]*(?:[A-Za-z]+[.,!?]*(?:[ \n]+|$))*")


class OutOfFragment(Exception):
    """The reference does not know: the value lies outside of what it judges."""


class Broken(Exception):
    """A rule does not hold; *rule* names it as violations do."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


#: Combining marks that may follow each other.
_MOST_MARKS: Final = 30
_LINE_BREAKS: Final = "\n\r\u0085\u2028\u2029"
# Output text in which no sink can be: words, commas, hyphens in words, and full stops that end a sentence.
_SURELY_PLAIN: Final = re.compile(r"(?:[^\W_]|[ \n,!?']|\.(?=[ \n]|$)|(?<=[^\W_])-(?=[^\W_]))*")

#: Python for sure.
_REMARK: Final = re.compile(r"# [A-Za-z ,.]*")


def judge_text(type: Text, raw: str, *, output: bool) -> str:
    """Return the cleaned text. Raises Broken for the rule that *raw* breaks."""
    text = _cleaned(raw, type, output=output)
    _measure(text, type.cap.least, type.cap.most, type.cap.unit)
    if type.pattern is not None and not matches(type.pattern, text, full=True):
        raise Broken("pattern")
    if output and type.code == "python" and _REMARK.fullmatch(text):
        return text
    if output and type.code:
        raise OutOfFragment("it takes a parser to tell whether this is code")
    if output and not _SURELY_PLAIN.fullmatch(_without_what_is_open(type, text)):
        raise OutOfFragment("it takes a recogniser to tell whether this is plain")
    return text


def _without_what_is_open(type: Text, text: str) -> str:
    """Return *text* without links between blanks to hosts of *type*, and without plain words that Markdown marks."""
    for host in type.links:
        query = r"(?:\?[a-z]+=[a-z0-9]+)?" if host in type.queries else ""
        text = re.sub(rf"(?<![^ ])https://{re.escape(host)}/[a-z0-9]*{query}(?![^ ])", "", text)
    return re.sub(r"(?<![^ ])\*\*([a-z]+)\*\*(?![^ ])", r"\1", text) if type.markdown else text


def _cleaned(raw: str, type: Text, *, output: bool) -> str:
    bound = type.cap.most * {"chars": 1, "bytes": 1, "words": 12, "tokens": 16}[type.cap.unit]
    if len(raw) > 2 * bound + 64:
        raise Broken("too_long_raw")
    if raw.isascii() and raw.isprintable():
        return raw
    distinct = sorted(set(raw))
    for character in distinct:
        _refuse_character(character, type)
    if most_marks(raw) > _MOST_MARKS:
        raise Broken("marks")
    if not is_known(raw):
        raise OutOfFragment("joiners and styles are judged by what stands around them")
    if output and not raw.isascii() and not invisible().isdisjoint(distinct):
        raise OutOfFragment("what shows nothing may stay in emoji, and is refused elsewhere")
    found = settled(raw)
    if most_marks(found) > _MOST_MARKS:
        raise Broken("marks")
    return found


def _refuse_character(character: str, type: Text) -> None:
    if "\ud800" <= character <= "\udfff":
        raise Broken("surrogate")
    if ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF:
        raise Broken("noncharacter")
    if character in _LINE_BREAKS or character == "\t":
        if type.kind == "line":
            raise Broken("tab" if character == "\t" else "line_break")
    elif ord(character) < 0x20 or 0x7F <= ord(character) <= 0x9F:
        raise Broken("control")
    elif category(character) == "Cn":
        raise Broken("unassigned")


def _measure(text: str, least: int, most: int, unit: Unit) -> None:
    length = count(text, unit, most)
    if unit == "words" and len(text) > 12 * most:
        raise Broken("too_long")
    if length > most:
        raise Broken("too_long")
    if length < least:
        raise Broken("too_short")
    if least >= 1:
        seen = shows(text)
        if seen is None:
            raise OutOfFragment("number signs alone are format characters, and show")
        if not seen:
            raise Broken("blank")


def count(text: str, unit: Unit, most: int | None = None) -> int:
    """Return the length of *text* in *unit*; for tokens a number on the right side of *most*, where bytes tell it."""
    match unit:
        case "chars":
            return len(text)
        case "bytes":
            return len(text.encode())
        case "words":
            if not _PLAIN_WORDS.fullmatch(text):
                raise OutOfFragment("only words of ASCII letters are counted")
            return len(text.split())
        case "tokens":
            size = len(text.encode())
            if most is not None and size > 16 * most:
                return size
            if size == 0 or (size == 1 and most != 0):
                return size
            raise OutOfFragment("tokens are not counted")


def matches(pattern: Pattern, text: str, *, full: bool) -> bool:
    """Tell whether *text* matches in full, or holds a match; Python's `re` where it means what RE2 means."""
    if not (text.isascii() and pattern.source.isascii()) and (pattern.ignore_case or "\\" in pattern.source):
        raise OutOfFragment("classes and case beyond ASCII differ from library to library")
    if "$" in pattern.source or "\v" in text or "\\v" in pattern.source:
        raise OutOfFragment("`$` and vertical tabs differ from library to library")
    flags = re.ASCII | (re.IGNORECASE if pattern.ignore_case else re.NOFLAG)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            compiled = re.compile(pattern.source, flags)
        except (re.error, FutureWarning):
            raise OutOfFragment("this pattern is read otherwise here") from None
    found = compiled.fullmatch(text) if full else compiled.search(text)
    return found is not None


def judge_date(raw: str) -> date:
    """Return the day that *raw* writes as YYYY-MM-DD. Raises Broken."""
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", raw)
    if found is None:
        raise Broken("date")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise Broken("date") from None


def judge_datetime(raw: str) -> datetime:
    """Return the moment that *raw* writes with seconds, an optional fraction, and an offset. Raises Broken."""
    clock = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    if re.fullmatch(clock, raw):
        raise Broken("datetime_offset")
    if not re.fullmatch(clock + r"(?:Z|[+-][0-9]{2}:[0-5][0-9])", raw) or raw.endswith("-00:00"):
        raise Broken("datetime")
    try:
        return datetime.fromisoformat(raw.replace("Z", "+00:00"))
    except ValueError:
        raise Broken("datetime") from None


def judge_email(raw: str) -> str:
    """Return the address, by the pattern of the HTML standard, at most 254 characters. Raises Broken."""
    label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    if len(raw) > 254 or not re.fullmatch(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{label}(?:\.{label})*", raw):
        raise Broken("email")
    return raw


def judge_url(type: Url, raw: str, *, output: bool) -> str:
    """Return an address of the plainest form. Raises Broken for what is surely none."""
    if len(raw) > 2048 or " " in raw or not raw.isprintable():
        raise Broken("url")
    if "\\" in raw:
        raise Broken("url_parts")
    hosts = type.hosts or output
    written = re.match(r"(https?)://", raw, re.IGNORECASE)
    if written is None or (hosts and written[1].lower() != "https"):
        raise Broken("url_scheme")
    plain = re.fullmatch(r"https?://((?:[a-z][a-z0-9]*\.)+[a-z]+)(/[A-Za-z0-9/_]*)", raw)
    if plain is None:
        raise OutOfFragment("only plain addresses are judged")
    if hosts and plain[1] not in type.hosts:
        raise Broken("url_host")
    return raw
