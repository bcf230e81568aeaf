"""Hostile texts fit their type where they claim to, and hold what they should often enough."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from promptspec.contract.types import Cap, Pattern, Text
from promptspec.fuzz.recipes import FILLERS, alphabet
from promptspec.fuzz.reference_texts import OutOfFragment, judge_text
from promptspec.fuzz.reference_unicode import SEQUENCES, category, is_known, settled
from promptspec.fuzz.texts import Made, harmless, hostile_texts, matching, plainest, valid_texts
from promptspec.values.cleaning import clean

LITERALS = ("message", "yes", "[[message]]", "[[/message]]", "hello world")
TYPES = [
    Text(kind=kind, cap=cap)
    for kind in ("text", "line")
    for cap in (
        Cap(least=0, most=0),
        Cap(least=1, most=1),
        Cap(least=3, most=12),
        Cap(least=0, most=120),
        Cap(least=40, most=2_000),
        Cap(least=2, most=40, unit="bytes"),
        Cap(least=2, most=9, unit="words"),
        Cap(least=0, most=30, unit="tokens"),
    )
]


@given(st.sampled_from(TYPES).flatmap(lambda type: st.tuples(st.just(type), valid_texts(type, LITERALS))))
def test_a_valid_text_is_accepted(drawn: tuple[Text, Made]) -> None:
    type, made = drawn
    assert isinstance(made.value, str)
    try:
        judge_text(type, made.value, output=False)
    except OutOfFragment:
        assert type.cap.unit in ("words", "tokens")


@given(st.text(max_size=60), st.booleans())
def test_what_is_made_harmless_is_known_and_cleaned_alike(raw: str, line: bool) -> None:
    text = harmless(raw, line=line)
    kind = "line" if line else "text"
    assert is_known(text)
    assert clean(text, kind=kind, direction="input", most=len(text)).text == settled(text)


@pytest.mark.parametrize("type", TYPES, ids=str)
def test_the_plainest_text_is_accepted(type: Text) -> None:
    try:
        judge_text(type, plainest(type), output=False)
    except OutOfFragment:
        assert type.cap.unit in ("words", "tokens")


def test_texts_of_a_pattern_match_it() -> None:
    type = Text(kind="line", cap=Cap(least=0, most=12), pattern=Pattern(source=r"PO-\d{4,8}"))
    texts = {matching(type, n) for n in range(40)}
    assert len(texts) > 10
    assert all(re.fullmatch("PO-[0-9]{4,8}", text) for text in texts)
    assert len(matching(type, 0)) == 7


def test_a_filler_is_one_character_beside_any_other() -> None:
    for one in FILLERS:
        for two in FILLERS:
            assert len(settled(f"a{one}{two}")) == 1 + len(settled(one)) + len(settled(two))


@pytest.mark.parametrize("valid", [True, False])
def test_texts_hold_what_laws_ask_often_enough(valid: bool) -> None:
    type = Text(kind="text", cap=Cap(least=0, most=500))
    texts = drawn(valid_texts(type, LITERALS) if valid else hostile_texts(type, LITERALS), 1_500)
    found: Counter[str] = Counter()
    for made in texts:
        text = str(made.value)
        length = len(settled(text)) if is_known(text) else len(text)
        found["near the cap"] += abs(length - type.cap.most) <= 1
        found["bidirectional"] += bool(re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u0590-\u07ff]", text))
        found["tags"] += bool(re.search("[\U000e0000-\U000e007f]", text))
        found["zero width"] += bool(re.search("[\u200b-\u200d\u2060\ufeff\u00ad\u034f]", text))
        found["marks"] += any(category(character).startswith("M") for character in text)
        found["emoji sequences"] += any(sequence in text for sequence in SEQUENCES)
        found["fences"] += "[[" in text or "The tag of this message is" in text
        found["attacks"] += bool(made.techniques)
    assert found["near the cap"] >= 0.1 * len(texts)
    assert [name for name, count in found.items() if count < 0.05 * len(texts)] == []


def drawn(strategy: st.SearchStrategy[Made], count: int) -> list[Made]:
    found: list[Made] = []

    @settings(
        max_examples=count,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
    )
    @given(strategy)
    def draw(made: Made) -> None:
        found.append(made)

    draw()
    return found


def test_the_first_letter_is_the_plainest() -> None:
    assert str(alphabet(LITERALS)[0]) == "Piece(text='a', technique='')"
