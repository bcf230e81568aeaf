"""Which rule of tone is about which text, what the model is told, and what a call does with a reply."""

from __future__ import annotations

from pathlib import Path

import pytest

from check.specs import checked, codes, feature, said
from promptspec import Session, load
from promptspec.api import compile_paths
from promptspec.contract.feature import Fixed, Message, Print
from promptspec.errors import ReplyRefused
from promptspec.runtime.v1 import replies

HOUSE = 'tone house {\n    emoji none\n    avoid "synergy"\n    sentence_words ..20\n}\n'
OUTPUT = "{ title: line(..80) points: list(..3) of { what: text(..200) count: int(1..9) } }"
ALL = (("title",), ("points", "[]", "what"))


def rules(text: str) -> list[tuple[str, tuple[tuple[str, ...], ...]]]:
    return [(rule.id, rule.texts) for rule in checked(text).tone]


def system(text: str) -> str:
    first = checked(text).messages[0]
    assert isinstance(first, Message)
    assert first.role == "system"
    shown = (p.text if isinstance(p, Fixed) else "<value>" if isinstance(p, Print) else "" for p in first.parts)
    return "".join(shown)


def test_a_tone_is_about_all_text_of_the_output() -> None:
    assert rules(feature("tone {\n    emoji none\n}", output=OUTPUT)) == [("tone_emoji", ALL)]


def test_a_tone_for_fields_is_about_those() -> None:
    found = rules(feature("tone for points.what {\n    emoji none\n}", output=OUTPUT))
    assert found == [("tone_emoji", (("points", "[]", "what"),))]


def test_rules_of_the_feature_win_over_shared_ones_text_by_text() -> None:
    clauses = ("tone house", 'tone for title {\n    emoji ..1\n    avoid "leverage"\n}')
    assert rules(HOUSE + feature(*clauses, output=OUTPUT)) == [
        ("tone_emoji", (("points", "[]", "what"),)),
        ("tone_avoid", ALL),
        ("tone_sentence_words", ALL),
        ("tone_emoji", (("title",),)),
        ("tone_avoid", (("title",),)),
    ]


def test_a_tone_in_defaults_counts_as_shared() -> None:
    text = (
        HOUSE
        + "defaults shop {\n    tone house\n}\n"
        + feature("tone {\n    emoji ..2\n}", name="sort with shop", output=OUTPUT)
    )
    assert [id for id, _ in rules(text)].count("tone_emoji") == 1


def test_an_unknown_tone_is_refused_with_the_nearest_name() -> None:
    assert said(HOUSE + feature("tone hous", output=OUTPUT)) == ["PS202 there is no tone `hous`"]


def test_the_same_mistake_is_said_once_for_all_texts() -> None:
    assert codes(feature('tone {\n    language "de"\n    reading_grade ..8\n}', output=OUTPUT)) == ["PS703"]


def test_the_model_is_told_every_rule() -> None:
    told = system(
        feature(
            'tone {\n    voice "warm"\n    emoji none\n    person not first\n    mention "refund policy"\n}',
            output="text(..200)",
        )
    )
    for line in ("your voice is: warm", "write no emoji.", "do not write in the first person", "mention “<value>”."):
        assert f"- {line}" in told


def test_a_closed_value_to_mention_stands_at_the_end_of_the_system_message() -> None:
    told = system(
        feature("tone {\n    language to\n}", input='message: text(..9) to: "en" | "de"', output="text(..200)")
    )
    assert told.endswith("write in the language with the code <value>.\n")


SPEC = """promptspec 1

feature answer_reader {
    model "gpt-5.6-luna"
    input { name: line(1..40) }
    output { title: line(..80)? from: list(..3) of text(..200) }
    prompt {
        system "You answer."
        user "{{ name }}"
    }
    tone {
        emoji none
        avoid "guarantee*"
    }
    tone for from {
        mention name
    }
}
"""


@pytest.mark.parametrize(
    ("reply", "broken"),
    [
        ({"title": None, "from": ["Dear", "Ann Lee"]}, []),
        ({"title": "Ann", "from": ["For Ann\nLee 😀", "x"]}, [("output.from[0]", "tone_emoji")]),
        ({"title": "We guaranteed it", "from": ["Ann Lee"]}, [("output.title", "tone_avoid")]),
        ({"title": "Ann Lee", "from": []}, [("output", "tone_mention")]),
        ({"title": "Ann Lee", "from": ["Bob"]}, [("output", "tone_mention")]),
    ],
)
def test_a_reply_is_judged_by_its_tone(reply: dict[str, object], broken: list[tuple[str, str]], tmp_path: Path) -> None:
    (tmp_path / "answer.spec").write_text(SPEC, encoding="utf-8")
    answer_reader = load(tmp_path / "answer.spec").answer_reader
    with answer_reader.override(model=replies(reply)):
        if not broken:
            assert answer_reader(name="Ann Lee", caller=Session("1")).title is None
            return
        with pytest.raises(ReplyRefused) as refused:
            answer_reader(name="Ann Lee", caller=Session("1"))
    assert [(each.path, each.rule) for each in refused.value.violations] == broken
    assert all("guarantee" not in str(each) and "Ann" not in str(each) for each in refused.value.violations)


LISTED = 'tone {\n    avoid words("blocked.txt")\n}'


def test_a_list_of_words_that_is_missing_or_empty_is_refused() -> None:
    assert codes(feature(LISTED, output=OUTPUT)) == ["PS118"]
    assert codes(feature(LISTED, output=OUTPUT), blocked_txt="# nothing\n\n") == ["PS708"]
    assert codes(feature(LISTED, output=OUTPUT), blocked_txt="synergy\n") == []


def test_a_list_of_words_of_fifty_megabytes_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "blocked.txt").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    (tmp_path / "shop.spec").write_text(f"promptspec 1\n\n{feature(LISTED, output=OUTPUT)}", encoding="utf-8")
    found = [each.code for each in compile_paths([tmp_path / "shop.spec"]).diagnostics]
    assert found == ["PS108"]


@pytest.mark.parametrize(
    ("clause", "output"),
    [
        ("links 1..", "text(..200)"),
        ("links 1..", "text(..200, markdown)"),
        ("exclamations 4..", "line(..3)"),
        ('mention "refund policy"', "line(..12)"),
        ('mention "größe"', "line(..6 bytes)"),
        ('mention "example.org/x"', "text(..200)"),
        ('person not first\n    mention "our policy"', "text(..200)"),
        ('person third\n    mention "your policy"', "text(..200)"),
        ('avoid "refund*"\n    mention "refund policy"', "text(..200)"),
        ('profanity none\n    mention "bullshit"', "text(..200)"),
    ],
)
def test_a_rule_that_no_text_keeps_is_refused(clause: str, output: str) -> None:
    assert codes(feature(f"tone {{\n    {clause}\n}}", output=output)) == ["PS705"]


@pytest.mark.parametrize(
    ("clause", "output"),
    [
        ("links 1..", 'text(..200, links "example.org")'),
        ("links ..1", "text(..200)"),
        ("exclamations 3..", "line(..3)"),
        ('mention "refund policy"', "{ title: line(..12) why: text(..200) }"),
        ('mention "example.org/x"', 'text(..200, links "example.org")'),
        ('person first\n    mention "your policy"', "text(..200)"),
        ('person not third\n    mention "refund policy"', "text(..200)"),
    ],
)
def test_a_rule_that_some_text_keeps_is_none(clause: str, output: str) -> None:
    assert codes(feature(f"tone {{\n    {clause}\n}}", output=output)) == []
