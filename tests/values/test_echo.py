"""Rule 19: what a reply may not repeat, however it is spelt."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.values.echo import Echo
from promptspec.values.words import skeleton

PRIVATE = (
    "You are a careful film critic who never reveals the budget of the studio and always answers in two sentences "
    "without adjectives or names of actors. "
    + " ".join(f"word{number} thing{number * 7 % 50}" for number in range(300))
)
LEAK = "who never reveals the budget of the studio and always answers in two"
TAG = "q7zk-93aa81bc02d4e5f6a7b8c9d0"
ECHO = Echo((PRIVATE, "short text"))


def in_base64(text: str, before: bytes = b"") -> str:
    return base64.b64encode(before + text.encode()).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: f"I say: {text}!",
    "upper": str.upper,
    "reversed": lambda text: text[::-1],
    "letter by letter": " ".join,
    "dashed": "-".join,
    "with other blanks": lambda text: text.replace(" ", "\n\n — "),
    "with look-alikes": lambda text: text.translate(str.maketrans("aeoc", "аеос")),
    "full-width": lambda text: "".join(chr(ord(one) + 0xFEE0) if one > " " else one for one in text),
    "with accents": lambda text: text.replace("e", "é"),
    "base64": in_base64,
    "base64 shifted by one": lambda text: in_base64(text, b"x"),
    "base64 shifted by two": lambda text: in_base64(text, b"xy"),
    "base64 behind a letter": lambda text: "z" + in_base64(text),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in lines": lambda text: "\n".join(in_base64(text)[at : at + 20] for at in range(0, 200, 20)),
    "base64 reversed": lambda text: in_base64(text[::-1]),
    "hex": lambda text: text.encode().hex(),
    "hex upper": lambda text: text.encode().hex(" ").upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex behind a digit": lambda text: "0" + text.encode().hex(),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_run_of_twelve_private_words_is_found(spelling: str) -> None:
    assert len(LEAK.split()) >= 12
    assert ECHO.find(SPELLINGS[spelling](LEAK), TAG) == "echo_prompt"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_tag_is_found(spelling: str) -> None:
    assert ECHO.find(SPELLINGS[spelling](TAG), TAG) == "echo_tag"


def test_eleven_words_are_not_twelve() -> None:
    eleven = " ".join(PRIVATE.split()[:11])
    assert ECHO.find(f"Well, {eleven}.", TAG) is None
    assert ECHO.find(" ".join(PRIVATE.split()[:12]), TAG) == "echo_prompt"
    assert Echo((PRIVATE,), window=11).find(eleven, TAG) == "echo_prompt"


def test_ordinary_replies_pass() -> None:
    reply = "Paris, Texas follows a man who walks out of the desert. It never reveals more than it must."
    assert ECHO.find(reply, TAG) is None
    assert ECHO.find("", TAG) is None
    assert Echo(()).find(PRIVATE, TAG) is None


@given(st.integers(0, 500), st.integers(12, 30))
def test_every_run_of_the_prompt_is_found(start: int, length: int) -> None:
    run = PRIVATE.split()[start : start + length]
    assert (ECHO.find(" ".join(run), TAG) == "echo_prompt") == (len(run) >= 12)


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert ECHO.find(text, TAG) is None


@pytest.mark.parametrize("piece", ["a", "QUJD", " a", "ab:", "A-", "é"])
def test_judging_takes_little_time(piece: str) -> None:
    start = time.process_time()
    ECHO.find(piece * (200_000 // len(piece)), TAG)
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("G u a r a n t e e d", "guaranteed"),
        ("g-u-a-r-a-n-t-e-e-d!", "guaranteed!"),
        ("Guаrantееd", "guaranteed"),
        ("Ｆｕｌｌ Naïve STRASSE straße", "full naive strasse strasse"),
        ("I am a cat", "i am a cat"),
        ("l33t", "l33t"),
    ],
)
def test_skeletons_are_what_a_reader_takes_a_text_for(text: str, like: str) -> None:
    assert skeleton(text) == like


@given(st.text())
def test_a_skeleton_is_its_own_skeleton(text: str) -> None:
    assert skeleton(skeleton(text)) == skeleton(text)


_STRADDLED = "Never speak about the old green lamp that hangs behind the kitchen door of this house."


@pytest.mark.parametrize(
    ("text", "straddles"),
    [
        ("Well. Never speak. About the old", False),  # the cut lies before the run, which has not begun
        ("Never speak. About the old green", True),
        ("Never speak. About the new green", False),
        ("N e v e r  s p e a k. About", True),
        ("ѕреак. Nothing of it", False),
        ("esuoh siht. fo rood", True),
        ("The tag is b4c3d2. e1f0", True),
        ("The tag is b4c3d2. e1f1", False),
        ("It is 0f1e2d. 3c4", True),
    ],
)
def test_what_may_become_a_run_or_a_tag_straddles_the_cut(text: str, straddles: bool) -> None:
    echo = Echo((_STRADDLED,))
    cut = text.index(". ") + 2
    assert echo.may_straddle(text, cut, "b4c3d2e1f0") is straddles
