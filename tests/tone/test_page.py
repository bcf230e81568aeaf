"""The page about tone: each row of its table is a rule, a text that keeps it, and a text that breaks it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from check.specs import checked, feature
from promptspec.check.tone_judging import judge_of
from promptspec.tone.languages import LANGUAGES
from promptspec.tone.measures import MEASURES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "tone.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+ [^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE)


def written(text: str) -> str:
    text = re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), text)
    return text.replace("\\n", "\n").replace("\\|", "|")


@pytest.mark.parametrize(("rule", "kept", "broken"), ROWS, ids=[f"{rule} {at}" for at, (rule, *_) in enumerate(ROWS)])
def test_the_texts_of_the_page_are_judged_as_it_says(rule: str, kept: str, broken: str) -> None:
    found = checked(feature(f"tone {{\n    {written(rule)}\n}}", output="text(..400)"))
    (only,) = found.tone
    judge = judge_of(only.kind)
    assert judge is not None
    assert judge(written(kept))
    assert not judge(written(broken))


def test_the_page_shows_texts_for_every_rule_that_is_judged() -> None:
    shown = {rule.split()[0] for rule, *_ in ROWS}
    assert shown == {*MEASURES, "language", "person", "avoid", "mention", "profanity"}
    assert all(f"`{name}`" in PAGE for name in ("voice", "topic", "judge"))


def test_the_page_lists_the_languages() -> None:
    listed = re.search(r"^(ar bg .*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert listed[1].split() == sorted(LANGUAGES)
    assert f"[{len(LANGUAGES)}](#languages)" in PAGE
