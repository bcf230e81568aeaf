"""Where the reference knows what a text is, the judges of the runtime say the same."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from contract.samples import text
from promptspec.contract.types import Pattern, Text, Url
from promptspec.fuzz.reference import Broken, OutOfFragment
from promptspec.fuzz.reference_texts import judge_date, judge_datetime, judge_email, judge_text, judge_url, matches
from promptspec.fuzz.reference_unicode import SEQUENCES, invisible
from promptspec.values.cleaning import INVISIBLE, Unclean, clean
from promptspec.values.formats import BadFormat, parse_date, parse_datetime, parse_email, parse_url
from promptspec.values.patterns import compile_pattern
from promptspec.values.sinks import find_sinks
from promptspec.values.units import measure, raw_bound

TEXTS = st.lists(
    st.sampled_from([*list("abz 09.-'!?_,\n\r\t:/@<>[]()*#`"), "\x00", "\x7f", "\x85", "\u2028", "é", "ж", "漢", "😀"])
    | st.sampled_from(
        [*SEQUENCES, *"\u0301\u0345\u0323\u200b\u202e\u1100\u1161\u11a8\u0628\u3164\u034f\U000e0041\U000e0101"]
    )
    | st.sampled_from([30 * "\u0301", "\u0344", "\u0958", "\u212b", "\u200d", "\ufe0f", "\u0378", "\ue000"])
    | st.characters(),
    max_size=30,
).map("".join)
MISSING = object()


def decided(judge: Any, *arguments: Any, **more: Any) -> object:
    """What the reference says: the value, or the rule that is broken; no claim where it does not know."""
    try:
        return judge(*arguments, **more)
    except Broken as broken:
        return broken
    except OutOfFragment:
        assume(False)
    return None


def runtime_text(type: Text, raw: str, direction: Any) -> object:
    try:
        cleaned = clean(raw, kind=type.kind, direction=direction, most=raw_bound(type.cap.most, type.cap.unit)).text
    except Unclean as unclean:
        return unclean
    broken = measure(cleaned, least=type.cap.least, most=type.cap.most, unit=type.cap.unit)
    return Broken(broken) if broken else cleaned


@given(
    raw=TEXTS,
    kind=st.sampled_from(["text", "line"]),
    unit=st.sampled_from(["chars", "bytes", "words", "tokens"]),
    least=st.integers(0, 3),
    extra=st.integers(0, 12),
    output=st.booleans(),
)
def test_texts(raw: str, kind: Any, unit: Any, least: int, extra: int, output: bool) -> None:
    type = text(least, least + extra, unit, kind=kind)
    said = decided(judge_text, type, raw, output=output)
    found = runtime_text(type, raw, "output" if output else "input")
    if isinstance(said, str):
        assert found == said
        assert not (output and find_sinks(said))
    else:
        assert isinstance(found, Broken | Unclean)


def test_what_shows_nothing_is_the_same_for_both() -> None:
    assert invisible() == INVISIBLE


@given(st.text(st.sampled_from(list("abcdefg hi.\n-'!?,ABC019é漢")), max_size=60))
def test_what_is_surely_plain_holds_no_sink(raw: str) -> None:
    said = decided(judge_text, text(0, 60), raw, output=True)
    assert isinstance(said, str)
    assert not find_sinks(said)


PATTERNS = (r"[A-Z]{3}-\d+", r"(a|b)*", r".+", r"\w+ \w+", r"[^ab]{2}", r"\bx\b.*", r"a.b", r"\S+")


@given(
    source=st.sampled_from(PATTERNS),
    raw=st.text(st.sampled_from(list("aABb x-1\né")), max_size=8),
    fold=st.booleans(),
    full=st.booleans(),
)
def test_patterns(source: str, raw: str, fold: bool, full: bool) -> None:
    said = decided(matches, Pattern(source=source, ignore_case=fold), raw, full=full)
    compiled = compile_pattern(source, fold)
    assert said is (compiled.fullmatch(raw) if full else compiled.search(raw))


def accepted(judge: Any, *arguments: Any) -> object:
    try:
        return judge(*arguments)
    except BadFormat:
        return MISSING


DATES = st.dates().map(date.isoformat) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\n?", fullmatch=True) | TEXTS
MOMENTS = st.from_regex(
    re.compile(
        r"20[0-9]{2}-0[0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,7})?(Z|[+-][0-2][0-9]:[0-6][0-9])?"
    ),
    fullmatch=True,
)
MAIL = st.from_regex(re.compile(r"[a-c.+]{1,3}@[a-c0-9.-]{1,70}\n?"), fullmatch=True)
ADDRESSES = st.from_regex(re.compile(r"(http|https|HTTPS|ftp)://[ab.]{1,5}(\.org)?(/[ab/.]*)?[ \\:@]?"), fullmatch=True)


@given(DATES)
def test_dates(raw: str) -> None:
    said = decided(judge_date, raw)
    assert accepted(parse_date, raw) == (MISSING if isinstance(said, Broken) else said)


@given(MOMENTS)
def test_moments(raw: str) -> None:
    said = decided(judge_datetime, raw)
    assert accepted(parse_datetime, raw) == (MISSING if isinstance(said, Broken) else said)


@given(MAIL | TEXTS)
def test_email(raw: str) -> None:
    said = decided(judge_email, raw)
    assert accepted(parse_email, raw) == (MISSING if isinstance(said, Broken) else said)


@given(raw=ADDRESSES | TEXTS, hosts=st.sampled_from([(), ("a.org",)]), output=st.booleans())
def test_addresses(raw: str, hosts: tuple[str, ...], output: bool) -> None:
    said = decided(judge_url, Url(hosts=hosts), raw, output=output)
    found = accepted(parse_url, raw, hosts if hosts or output else None)
    assert (found is MISSING) is isinstance(said, Broken)
