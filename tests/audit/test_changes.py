"""Two versions of a feature: what is stricter, looser or breaks, and the value that shows it."""

from __future__ import annotations

import itertools
from typing import cast

import pytest
from jsonschema import Draft202012Validator

from check.specs import compiled, feature
from promptspec.audit.change import Change
from promptspec.audit.versions import Version, difference
from promptspec.contract.feature import Module
from promptspec.ports import Settings
from promptspec.schema.wire import input_schema, output_schema

TONE = "tone {{\n    {}\n}}"
EXAMPLE = 'example "a" {\n    given { message: "x" }\n    returns true\n}'
LIMITS = "limits {{\n    {}\n}}"


def module(text: str, **files: str) -> Module:
    found = compiled(text, **files)
    assert [f"{d.code} {d.message}" for d in found.diagnostics if d.severity.value == "error"] == []
    made = found.unit("shop.spec").module
    assert made is not None
    return made


def changes(old: str, new: str, **files: str) -> tuple[Change, ...]:
    """Return what changed in the only feature."""
    versions = [Version(modules=(module(text, **files),), settings=Settings(), policies=()) for text in (old, new)]
    found = difference(*versions)
    assert found.project == ()
    return tuple(change for each in found.features for change in each.changes)


def told(old: str, new: str, **files: str) -> list[tuple[str, str, str]]:
    return [(each.rule, each.relation, each.rise) for each in changes(old, new, **files)]


def test_a_feature_that_only_moved_did_not_change() -> None:
    text = feature(EXAMPLE, 'require message != "" else "no"', TONE.format("emoji none"), output="text(..9)").replace(
        "returns true", 'returns "y"'
    )
    assert told(text, "enum Other { a, b }\n\n" + text) == []


FIELDS = {
    "looser cap": ("message: text(..200)", "message: text(..201)", "looser", "minor"),
    "stricter cap": ("message: text(..200)", "message: text(..199)", "stricter", "major"),
    "both": ("message: text(2..200)", "message: text(1..199)", "incomparable", "major"),
    "a word more": ('message: "a" | "b"', 'message: "a" | "b" | "c"', "looser", "minor"),
    "a word less": ('message: "a" | "b"', 'message: "a"', "stricter", "major"),
    "optional": ("message: text(..9)", "message: text(..9)?", "looser", "minor"),
    "required": ("message: text(..9)?", "message: text(..9)", "stricter", "major"),
    "a longer list": ("message: list(..2) of bool", "message: list(..3) of bool", "looser", "minor"),
    "a range": ("message: int(1..5)", "message: int(1..9)", "looser", "minor"),
    "another kind": ("message: int(1..5)", "message: bool", "incomparable", "major"),
    "a pattern": ("message: line(..9)", "message: line(..9, matching /[a-c]+/)", "stricter", "major"),
}


@pytest.mark.parametrize("case", FIELDS.values(), ids=FIELDS.keys())
def test_an_input_that_takes_more_is_looser_and_one_that_takes_less_breaks(case: tuple[str, str, str, str]) -> None:
    before, after, relation, rise = case
    old, new = feature(input=before), feature(input=after)
    (change,) = (each for each in changes(old, new) if each.rule != "prompt")
    assert (change.rule, change.relation, change.rise) == ("input.message", relation, rise)
    assert change.witness is not None
    assert change.witness.known
    assert change.taken == ("now" if relation == "looser" else "before")
    takes = [accepts(module(text), "input", change) for text in (old, new)]
    assert takes == ([False, True] if relation == "looser" else [True, False])


def accepts(made: Module, side: str, change: Change) -> bool:
    """Say whether the JSON Schema takes the witness in its field; what is left out stands for none."""
    (only,) = made.features
    schema = input_schema(made, only) if side == "input" else output_schema(made, only)
    assert change.witness is not None
    properties = cast("dict[str, object]", schema["properties"])
    name = change.rule.removeprefix("input.").removeprefix("output.").replace("output", "answer")
    field = {**cast("dict[str, object]", properties[name]), "$defs": schema.get("$defs", {})}
    return Draft202012Validator(field).is_valid(cast("str", change.witness.value))


@pytest.mark.parametrize(
    ("before", "after", "relation", "rise"),
    [
        ("text(..200)", "text(..199)", "stricter", "patch"),
        ("text(..200)", "text(..201)", "looser", "major"),
        ("text(..200)", "text(..200)?", "looser", "major"),
        ("text(..200)?", "text(..200)", "stricter", "major"),
        ('"a" | "b"', '"a"', "stricter", "patch"),
        ('"a" | "b"', '"a" | "c"', "incomparable", "major"),
        ('text(..200, links "a.example")', "text(..200)", "stricter", "patch"),
    ],
)
def test_an_output_that_says_more_breaks_and_so_does_a_question_mark(
    before: str, after: str, relation: str, rise: str
) -> None:
    assert told(feature(output=before), feature(output=after)) == [("output", relation, rise)]


def test_fields_come_and_go() -> None:
    one, two = "message: text(..9)", "message: text(..9)  more: bool"
    assert told(feature(input=one), feature(input=two))[0] == ("input.more", "incomparable", "major")
    assert told(feature(input=two), feature(input=one))[0] == ("input.more", "stricter", "major")
    assert told(feature(input=one), feature(input=two + " = true"))[0] == ("input.more", "looser", "minor")
    a, b = feature(output="{ a: bool }"), feature(output="{ a: bool  b: bool }")
    assert told(a, b) == [("output.b", "incomparable", "minor")]
    assert told(b, a) == [("output.b", "incomparable", "major")]


CLAUSES = {
    "require": ('require message != "" else "say it"', ("stricter", "major"), ("looser", "minor")),
    "ensure": ('ensure output != "" else "say it"', ("stricter", "minor"), ("looser", "minor")),
    "moderate": ("moderate input", ("stricter", "minor"), ("looser", "minor")),
    "tone": (TONE.format("emoji none"), ("stricter", "minor"), ("looser", "patch")),
    "reply": (LIMITS.format("reply 30 tokens"), ("stricter", "minor"), ("looser", "minor")),
    "prompt": (LIMITS.format("prompt 900 tokens"), ("stricter", "major"), ("looser", "minor")),
    "time": (LIMITS.format("time 1s"), ("stricter", "minor"), ("looser", "minor")),
    "retries": (LIMITS.format("retries 0"), ("stricter", "minor"), ("looser", "minor")),
    "thinking": (LIMITS.format("thinking 9 tokens"), ("looser", "minor"), ("stricter", "minor")),
    "caller": ("caller verified", ("stricter", "major"), ("looser", "minor")),
    "review": ("review always", ("stricter", "major"), ("looser", "major")),
    "sample": ("sample 2%", ("stricter", "patch"), ("looser", "minor")),
    "waive": ('waive report because "x"', ("looser", "patch"), ("stricter", "patch")),
    "attack": ('attack "a" {\n    given { message: "x" }\n}', ("stricter", "patch"), ("looser", "minor")),
}


@pytest.mark.parametrize("case", CLAUSES.values(), ids=CLAUSES.keys())
def test_a_clause_that_comes_is_stricter_and_one_that_goes_is_looser(
    case: tuple[str, tuple[str, str], tuple[str, str]],
) -> None:
    clause, came, went = case
    plain, more = feature(output="text(..80)"), feature(clause, output="text(..80)")
    assert [(each.relation, each.rise) for each in changes(plain, more) if each.rule != "prompt"] == [came]
    assert [(each.relation, each.rise) for each in changes(more, plain) if each.rule != "prompt"] == [went]


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        ("exclamations ..1", "exclamations ..2", "looser"),
        ("reading_grade ..8", "reading_grade ..6", "stricter"),
        ('avoid "a"', 'avoid "a", "b"', "stricter"),
        ('avoid "a", "b"', 'avoid "b", "c"', "incomparable"),
        ('mention "a"', 'mention "b"', "incomparable"),
        ("person not first", "person third", "incomparable"),
    ],
)
def test_rules_of_tone_are_compared_by_their_bounds(old: str, new: str, relation: str) -> None:
    texts = [feature(TONE.format(each), output="text(..80)") for each in (old, new)]
    found = [each for each in changes(*texts) if each.rule.startswith("tone")]
    assert [each.relation for each in found] == [relation]


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        ("block hate", "block hate, violence", "stricter"),
        ("above hate 0.4", "above hate 0.5", "looser"),
        ("block hate\n above violence 0.4", "block violence\n above hate 0.4", "incomparable"),
    ],
)
def test_moderators_are_compared_by_what_they_block(old: str, new: str, relation: str) -> None:
    clause = "moderate input with openai {{\n    {}\n}}"
    (change,) = changes(feature(clause.format(old)), feature(clause.format(new)))
    assert (change.rule, change.relation) == ("moderate input", relation)


def test_lists_of_words_are_compared() -> None:
    clause = feature('moderate input with words("blocked.txt")')
    versions = [
        Version(modules=(module(clause, blocked_txt=words),), settings=Settings(), policies=())
        for words in ("a\nb\n", "a\n")
    ]
    (only,) = difference(*versions).features
    assert [each.relation for each in only.changes] == ["looser"]


def test_a_condition_that_changed_under_one_sentence_is_not_compared() -> None:
    old, new = (feature(f'require len(message) > {n} else "too short"') for n in (1, 2))
    assert told(old, new) == [('require … else "too short"', "incomparable", "major")]


def test_reports_that_come_go_or_lead_elsewhere_are_told() -> None:
    settings = '[tool.promptspec]\nhosts = ["example.org"]\n'
    texts = [
        feature(),
        feature('report to "mailto:a@example.org"'),
        feature('report to "mailto:b@example.org"'),
        feature('report to "mailto:b@example.org" {\n    show reply\n}'),
    ]
    found = [told(one, other, pyproject_toml=settings) for one, other in itertools.pairwise(texts)]
    assert [each[0][:2] for each in found] == [
        ("report", "stricter"), ("report", "incomparable"), ("report", "incomparable"),
    ]  # fmt: skip
    assert told(texts[1], texts[0], pyproject_toml=settings) == [("report", "looser", "minor")]


def test_another_reason_is_another_waiver() -> None:
    old, new = (feature(f'waive report because "{why}"') for why in ("a", "b"))
    assert told(old, new) == [("waive report", "looser", "patch")]


def test_what_a_model_reads_changes_no_rule() -> None:
    old, new = feature(), feature().replace("gpt-5.6-luna", "gpt-6-luna")
    assert told(old, new) == [("model", "incomparable", "patch")]
    prompt = 'prompt {{\n    system "{}"\n    user "{{{{ message }}}}"\n}}'
    assert told(feature(prompt.format("Sort.")), feature(prompt.format("Sort it."))) == [
        ("prompt", "incomparable", "patch")
    ]
    assert told(feature(), feature(EXAMPLE)) == [("examples", "incomparable", "patch")]


def test_a_key_that_a_source_lost_is_shown() -> None:
    rows = "source plans = rows {{ {} }}\n" + feature(input="plan: one of plans").replace("{", "{{").replace("}", "}}")
    old, new = rows.format('"a" "A", "b" "B"'), rows.format('"a" "A"')
    versions = [Version(modules=(module(text),), settings=Settings(), policies=()) for text in (old, new)]
    found = difference(*versions)
    (change,) = found.features[0].changes
    assert (change.rule, change.relation, change.rise) == ("input.plan", "stricter", "major")
    assert change.witness is not None
    assert change.witness.value == "b"
    assert [(each.rule, each.relation) for each in found.project] == [("source plans: rows", "incomparable")]


def test_trust_that_is_given_to_a_source_is_looser() -> None:
    def text(trust: str) -> str:
        head = f'source films = csv("films.csv") {{\n    trust {trust}\n    key id\n    label id\n}}\n'
        return head + feature(input="film: one of films")

    versions = [
        Version(modules=(module(text(trust), films_csv="id\na\n"),), settings=Settings(), policies=())
        for trust in ("open", "curated")
    ]
    assert [(each.rule, each.relation) for each in difference(*versions).project] == [("source films: trust", "looser")]
    assert [each.relation for each in difference(*reversed(versions)).project] == ["stricter"]
