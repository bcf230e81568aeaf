"""Rule 12: what cleaning refuses, removes and keeps."""

from __future__ import annotations

import time
from functools import partial

import pytest
import regex
import unicodedata2
from hypothesis import given
from hypothesis import strategies as st

from promptspec.values import cleaning, unicode_tables
from promptspec.values.cleaning import Cleaned, Unclean, clean, has_visible, is_clean_key

clean_input = partial(clean, kind="text", direction="input", most=1_000)
clean_output = partial(clean, kind="text", direction="output", most=1_000)

ZWNJ, ZWJ, STYLE = "\u200c", "\u200d", "\ufe0f"
TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "gbeng") + "\U000e007f"

#: Characters that meet each other badly: joiners, tags, marks, letters that compose, emoji, breaks.
HOSTILE = st.text(
    st.sampled_from(
        [
            *"ab\n\r\t 1#é",
            *(ZWNJ, ZWJ, STYLE, "\ufe0e", "\u200b", "\u202e", "\xad", "\u034f", "\u20e3", "\u2800"),
            *("👩", "👧", "❤", "🔥", "🏴", "🏽", "⭐", *TAGS, "\u0301", "\u0327", "\u0344", "\u0958", "\u212b", "e"),
            *("ب", "ا", "\u064b", "क", "\u094d", "ष", "\u1100", "\u1161", "\u11a8", "\U00016d63", "\U00016d67"),
            *("\u2028", "\x85", "\x00", "\ud800", "\ufdd0", "\u0378", "\ue000"),
        ]
    ),
    max_size=24,
)


def rule(raw: str, **options: object) -> str | None:
    try:
        clean(raw, **{"kind": "text", "direction": "input", "most": 1_000, **options})  # type: ignore[arg-type]
    except Unclean as unclean:
        return unclean.rule
    return None


@given(st.one_of(st.text(), HOSTILE), st.sampled_from(["text", "line"]), st.sampled_from(["input", "output"]))
def test_cleaning_is_idempotent(raw: str, kind: cleaning.Kind, direction: cleaning.Direction) -> None:
    try:
        once = clean(raw, kind=kind, direction=direction, most=1_000)
    except Unclean:
        return
    assert clean(once.text, kind=kind, direction="output", most=1_000) == Cleaned(once.text, 0)


@given(st.one_of(st.text(), HOSTILE))
def test_clean_text_is_in_nfc_and_holds_no_controls(raw: str) -> None:
    try:
        text = clean_input(raw).text
    except Unclean:
        return
    assert unicodedata2.normalize("NFC", text) == text
    assert not {unicodedata2.category(one) for one in text if one not in "\n\t"} & {"Cc", "Cs", "Cn"}


@given(st.one_of(st.text(), HOSTILE))
def test_a_text_is_clean_for_outputs_exactly_if_nothing_is_removed_from_it(raw: str) -> None:
    try:
        removed = clean_input(raw).removed
    except Unclean:
        return
    assert (rule(raw, direction="output") == "invisible") == (removed > 0)


@given(HOSTILE)
def test_keys_are_those_lines_that_cleaning_leaves_alone(raw: str) -> None:
    try:
        same = clean(raw, kind="line", direction="input", most=1_000).text == raw
    except Unclean:
        same = False
    assert is_clean_key(raw) == same


def test_raw_text_far_over_the_cap_is_refused_before_it_is_looked_at() -> None:
    assert rule("a" * 264, most=100) is None
    assert rule("a" * 265, most=100) == "too_long_raw"
    assert rule("\x00" * 265, most=100) == "too_long_raw"


def test_a_megabyte_is_refused_at_once() -> None:
    hostile = "\u0301\u0327" * 500_000
    start = time.process_time()
    assert rule(hostile, most=500) == "too_long_raw"
    assert time.process_time() - start < 0.2


def test_runs_of_marks_are_refused_before_they_are_sorted() -> None:
    start = time.process_time()
    assert rule("a" + "\u0301\u0327" * 100_000, most=1_000_000) == "marks"
    assert time.process_time() - start < 2


def test_thirty_marks_in_a_row_are_the_most() -> None:
    assert rule("x" + "\u0327" * 30) is None
    assert rule("x" + "\u0327" * 31) == "marks"
    assert rule("x" + "\u0327\u200b" * 31) == "marks"
    assert rule("x" + "\u0344" * 16) == "marks"


@pytest.mark.parametrize("line_break", ["\r\n", "\r", "\x85", "\u2028", "\u2029", "\n"])
def test_every_line_break_becomes_one_newline_in_text_and_none_may_stand_in_a_line(line_break: str) -> None:
    assert clean_input(f"a{line_break}b") == Cleaned("a\nb", 0)
    assert clean_output(f"é{line_break}b") == Cleaned("é\nb", 0)
    assert rule(f"a{line_break}b", kind="line") == "line_break"
    assert rule(f"é{line_break}b", kind="line") == "line_break"


@pytest.mark.parametrize("start", ["a", "é"])
def test_tabs_stand_only_in_text(start: str) -> None:
    assert clean_input(start + "\tb").text == start + "\tb"
    assert rule(start + "\tb", kind="line") == "tab"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("a\x00", "control"),
        ("a\x0b", "control"),
        ("é\x1b[31m", "control"),
        ("a\x9b", "control"),
        ("a\x7f", "control"),
        ("a\ud800", "surrogate"),
        ("a\ufffe", "noncharacter"),
        ("a\ufdd0", "noncharacter"),
        ("a\U0010ffff", "noncharacter"),
        ("a\u0378", "unassigned"),
    ],
)
def test_what_is_no_text_is_refused_both_ways(raw: str, name: str) -> None:
    assert rule(raw) == name
    assert rule(raw, direction="output") == name


def test_private_use_characters_are_assigned_and_stay() -> None:
    assert clean_output("a\ue000") == Cleaned("a\ue000", 0)


@pytest.mark.parametrize(
    "hidden",
    [
        *("\u200b", "\u202e", "\u2066", "\u200e", "\ufeff", "\xad", "\u034f", "\u180e", "\u2800", "\u115f", "\u1160"),
        *("\u3164", "\uffa0", "\ufe00", "\ufe0e", STYLE, ZWJ, ZWNJ, "\U000e0041", "\U000e0100", "\u2061", "\ufff9"),
    ],
)
def test_what_shows_nothing_is_removed_from_inputs_and_refused_in_outputs(hidden: str) -> None:
    assert clean_input(f"a{hidden}b") == Cleaned("ab", 1)
    assert rule(f"a{hidden}b", direction="output") == "invisible"


def test_normalising_again_after_removal_reaches_a_fixpoint() -> None:
    assert clean_input("e\u200b\u0301").text == "é"
    assert clean_input("\u1100\u200b\u1161").text == "\uac00"


@pytest.mark.parametrize(
    "emoji",
    ["👩‍👩‍👧", "❤️‍🔥", "❤‍🔥", "🏳️‍🌈", "👩🏻‍🤝‍👩🏽", "1️⃣", "#️⃣", "☃️", "⭐️", "👍🏽", "🇩🇪", "🏴" + TAGS, "😀"],
)
def test_emoji_sequences_stay(emoji: str) -> None:
    assert clean_output(f"so {emoji} it is") == Cleaned(f"so {emoji} it is", 0)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (f"👩{ZWJ}{ZWJ}👧", "👩👧"),
        (f"👩{ZWJ}x", "👩x"),
        (f"a{ZWJ}👩", "a👩"),
        (f"😀{ZWJ}🔥", "😀🔥"),
        (f"😀{STYLE}", "😀"),
        (f"1{STYLE}", "1"),
        (f"☃{STYLE}{STYLE}", f"☃{STYLE}"),
        ("🏴" + TAGS[1:], "🏴"),
        ("🏴" + TAGS[:-1], "🏴"),
        ("🏴" + TAGS + TAGS, "🏴" + TAGS),
        ("😀" + TAGS, "😀"),
    ],
)
def test_what_is_no_emoji_sequence_loses_its_joiners(raw: str, text: str) -> None:
    assert clean_input(raw).text == text


def test_joiners_that_a_script_needs_stay() -> None:
    persian, hindi = f"می{ZWNJ}خواهم", f"क\u094d{ZWJ}ष"
    assert clean_output(persian) == Cleaned(persian, 0)
    assert clean_output(hindi) == Cleaned(hindi, 0)
    assert clean_output(f"क\u094d{ZWNJ}ष").removed == 0
    assert clean_input(f"ا{ZWNJ}ب").text == "اب"
    assert clean_input(f"ب{ZWJ}ب").text == "بب"


def test_a_lower_bound_needs_something_to_see() -> None:
    assert not any(map(has_visible, ["", " ", "\n\t", "\xa0", "\u3000", "\u2800", "\u3164", "\u200b"]))
    assert all(map(has_visible, ["a", " .", "é", "漢", "🙂", "\u0301"]))


def test_messages_hold_nothing_of_the_text() -> None:
    with pytest.raises(Unclean) as refused:
        clean_input("secret\x00")
    assert "secret" not in str(refused.value)


def test_only_listed_letters_compose_with_the_one_before_them() -> None:
    composing: set[str] = set()
    for character in map(chr, range(0x110000)):
        parts = unicodedata2.decomposition(character).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            composing.add(chr(int(parts[1], 16)))
    letters = {one for one in composing if not unicodedata2.category(one).startswith("M")}
    hangul = set(map(chr, [*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)]))
    assert letters | hangul <= cleaning._COMPOSING


def test_everything_that_unicode_lets_programs_ignore_is_invisible() -> None:
    ignorable = regex.compile(r"\p{Default_Ignorable_Code_Point}")
    everything = [chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    assigned = {one for one in everything if ignorable.match(one) and unicodedata2.category(one) != "Cn"}
    assert assigned <= cleaning.INVISIBLE
    shown = {one for one in everything if unicodedata2.category(one) == "Cf"} - cleaning.INVISIBLE
    assert {unicodedata2.name(one).split()[0] for one in shown} <= {"ARABIC", "SYRIAC", "KAITHI"}


def test_joining_letters_are_those_of_the_character_database() -> None:
    for table, types in ((unicode_tables.JOINS_NEXT, "LD"), (unicode_tables.JOINS_PREVIOUS, "RD")):
        joins = regex.compile("".join(["[", *(rf"\p{{Joining_Type={one}}}" for one in types), "]"]))
        expected = {chr(point) for point in range(0x110000) if not 0xD800 <= point < 0xE000 and joins.match(chr(point))}
        assert unicode_tables.code_points(table) == expected


def test_emoji_tables_hold_emoji_only() -> None:
    emoji = regex.compile(r"\p{Emoji}")
    parts = {part for shape in unicode_tables.joined_shapes() for part in shape}
    assert all(map(emoji.match, parts | unicode_tables.code_points(unicode_tables.EMOJI_STYLED)))
    assert max(map(len, unicode_tables.joined_shapes())) == cleaning._MOST_PARTS
