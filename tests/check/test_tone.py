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


# What a model judges

JUDGES = 'model referee = openai("gpt-6-luna")\nmodel slow = openai("gpt-6-luna") { effort low }\n'


def test_without_a_judge_voice_and_topic_are_only_told() -> None:
    found = checked(feature('tone {\n    voice "warm"\n    topic "films"\n}', output="text(..200)"))
    assert [rule.is_told_only for rule in found.tone] == [True, True]
    assert found.judges == ()
    assert "- write about this and nothing else: films" in system(
        feature('tone {\n    topic "films"\n}', output="text(..200)")
    )


def test_with_a_judge_all_three_are_judged() -> None:
    rules = 'tone {\n    voice "warm"\n    topic "films" 0.6\n    judge "polite" 0.8\n    emoji none\n}'
    found = checked(JUDGES + feature("judge by referee", rules, output="text(..200)"))
    assert [rule.is_judged for rule in found.tone] == [True, True, True, False]
    assert [str(getattr(rule.kind, "threshold", None)) for rule in found.tone] == ["0.5", "0.6", "0.8", "None"]
    assert [(judge.model.name, judge.decisions) for judge in found.judges] == [("gpt-6-luna", True)]


@pytest.mark.parametrize(
    ("judge", "decisions"),
    [
        ("referee", [True]),
        ('"gpt-6-luna"', [True]),
        ('"gpt-5.6-luna"', [False]),
        ("slow", [False]),
        ("either", [True, False]),
    ],
)
def test_decisions_are_asked_where_they_are_answered(judge: str, decisions: list[bool]) -> None:
    text = JUDGES + "model either = first referee, slow\n"
    text += feature(
        f"judge by {judge}",
        'tone {\n    judge "polite" 0.8\n}',
        "limits {\n    thinking 100 tokens\n}",
        output="text(..200)",
    )
    assert [each.decisions for each in checked(text).judges] == decisions


def test_a_judge_may_stand_in_defaults() -> None:
    shared = JUDGES + "defaults house {\n    judge by referee\n}\n"
    rule = 'tone {\n    judge "polite" 0.8\n}'
    assert checked(shared + feature(rule, output="text(..200)", name="sort with house")).judges
    assert checked(shared + feature(output="text(..200)", name="sort with house")).judges == ()


def test_judges_of_a_shared_tone_and_of_the_feature_add_up() -> None:
    shared = JUDGES + 'tone house {\n    judge "polite" 0.8\n    topic "films"\n}\n'
    own = 'tone {\n    judge "short" 0.5\n    topic "hats"\n}'
    found = checked(shared + feature("judge by referee", "tone house", own, output="text(..200)"))
    assert [getattr(rule.kind, "text", "") for rule in found.tone] == ["polite", "short", "hats"]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ('judge "polite"', "PS701"),
        ("judge 0.8", "PS701"),
        ('judge "" 0.8', "PS701"),
        ('judge "a", "b"', "PS701"),
        (f'judge "{"a" * 1_001}" 0.8', "PS701"),
        ('judge "polite" 0', "PS702"),
        ('judge "polite" 1.01', "PS702"),
        ('topic "films" 0', "PS702"),
        ('voice "warm" 80', "PS702"),
        ("topic films", "PS701"),
    ],
)
def test_a_judged_rule_of_the_wrong_shape(rule: str, code: str) -> None:
    text = JUDGES + feature("judge by referee", f"tone {{\n    {rule}\n    emoji none\n}}", output="text(..200)")
    assert [each for each in codes(text) if each != "PS712"] == [code]


@pytest.mark.parametrize(
    ("clauses", "code"),
    [
        (['tone {\n    judge "polite" 0.8\n}'], "PS711"),
        (['tone {\n    topic "films" 0.8\n}'], "PS711"),
        (["judge by referee", "tone {\n    emoji none\n}"], "PS712"),
        (["judge by referee"], "PS712"),
        (["judge by nobody", 'tone {\n    judge "polite" 0.8\n}'], "PS202"),
        (["judge by dry", 'tone {\n    judge "polite" 0.8\n}'], "PS808"),
        (["judge by slow", 'tone {\n    judge "polite" 0.8\n}'], "PS512"),
        (["judge by referee", "judge by referee", 'tone {\n    judge "polite" 0.8\n}'], "PS206"),
    ],
)
def test_who_judges_is_said_once_and_can_be_asked(clauses: list[str], code: str) -> None:
    assert codes(JUDGES + "model dry = rehearsal()\n" + feature(*clauses, output="text(..200)")) == [code]


def test_the_host_of_a_judge_is_one_that_the_project_lists() -> None:
    text = 'model far = openai("m") {\n    base_url "https://far.example.org/v1"\n}\n'
    assert codes(text + feature("judge by far", 'tone {\n    judge "polite" 0.8\n}', output="text(..200)")) == ["PS807"]


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
