"""What names mean: across files, in defaults, in Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from check.specs import checked, codes, compiled, feature, said
from promptspec.api import compile_paths
from promptspec.contract.moderation import WordModerator
from promptspec.contract.tone import ToneAvoid

HOUSE = """promptspec 1

enum Mood { calm, upset }
record Line { key sku: line(..12) mood: Mood }
source plans = rows { "free" "Free" }
model small = openai("gpt-5.6-luna")
defaults house {
    caller signed_in
    limits {
        time 20s
        retries 1
    }
    require len(message) > 3 else "is too short"
}
"""


# Across files


def test_what_is_used_keeps_the_file_that_declares_it() -> None:
    text = 'use Line, plans from "house.spec"\n' + feature(input="lines: list(..3) of Line plan: one of plans")
    found = compiled(text, house_spec=HOUSE)
    assert found.diagnostics == ()
    module = found.unit("shop.spec").module
    assert module is not None
    assert {r.name: r.origin.file for r in module.records if r.name == "Line"} == {"Line": "house.spec"}
    assert {s.name: s.origin.file for s in module.sources} == {"plans": "house.spec"}
    assert [(i.file, i.names) for i in module.imports] == [("house.spec", ("Line", "plans"))]


def test_a_name_may_be_used_through_a_second_file() -> None:
    text = 'use Mood from "middle.spec"\n' + feature(input="mood: Mood")
    middle = 'promptspec 1\n\nuse Mood from "house.spec"\n'
    assert said(text, middle_spec=middle, house_spec=HOUSE) == []


def test_an_error_in_a_used_file_is_reported_there_and_only_there() -> None:
    text = 'use Line from "house.spec"\n' + feature(input="line: Line", output="Line")
    found = compiled(text, house_spec=HOUSE.replace("line(..12)", "line"))
    assert [(d.code, d.span.file) for d in found.diagnostics] == [("PS301", "house.spec")]


def test_names_of_a_file_that_cannot_be_read_cause_no_further_errors() -> None:
    text = 'use Mood, plans, small, house from "gone.spec"\n'
    text += (
        "feature sort with house {\n    model small\n    input { mood: Mood plan: one of plans }\n    output Mood\n}\n"
    )
    assert codes(text) == ["PS118"]


def test_names_of_a_used_file_with_a_syntax_error_cause_no_further_errors() -> None:
    text = 'use Mood from "house.spec"\n' + feature(input="mood: Mood", output="Mood")
    assert codes(text, house_spec="promptspec 1\n\nenum Mood { calm upset }\n") == ["PS101"]


def test_a_declaration_that_cannot_be_read_causes_no_further_errors() -> None:
    assert codes("enum Mood { calm upset }\n" + feature(input="mood: Mood", output="Mood")) == ["PS101"]


def test_a_clause_that_cannot_be_read_is_not_missing() -> None:
    assert codes(feature(output="list(..3) text")) == ["PS101"]
    assert codes(feature(input="message = text(..5)")) == ["PS101"]


def test_a_source_that_cannot_be_read_causes_no_further_errors() -> None:
    text = 'source films = csv("gone.csv") {\n    key id\n}\n'
    assert codes(text + feature(input="film: one of films", output="{ film: one of films }")) == ["PS118"]


def test_a_field_that_does_not_check_causes_no_further_errors() -> None:
    clauses = ('require len(message) > 3 else "x"', 'prompt {\n    user "{{ message }}"\n}')
    assert codes(feature(*clauses, input="message: text")) == ["PS301"]
    assert codes(feature(*clauses, input="message: text(..3) more: txet")) == ["PS202"]


# Defaults


def test_a_clause_of_the_feature_replaces_the_whole_clause_of_its_defaults() -> None:
    text = 'use house from "house.spec"\n'
    found = checked(text + feature("limits {\n    retries 0\n}", name="sort with house"), house_spec=HOUSE)
    assert (found.limits.retries, found.limits.time_ms) == (0, 30_000)
    assert found.caller == "signed_in"


def test_rules_of_defaults_stand_before_those_of_the_feature() -> None:
    text = 'use house from "house.spec"\n' + feature('require len(message) < 9 else "is long"', name="sort with house")
    assert [rule.message for rule in checked(text, house_spec=HOUSE).requires] == ["is too short", "is long"]


def test_a_rule_of_defaults_is_checked_against_each_feature() -> None:
    text = 'use house from "house.spec"\n' + feature(input="mood: bool", name="sort with house")
    found = compiled(text, house_spec=HOUSE)
    assert [(d.code, d.span.file) for d in found.diagnostics] == [("PS202", "house.spec")]


# Python


@pytest.mark.parametrize(
    "name",
    ["from", "class", "model_dump", "_x", "__init__", "self", "caller", "idempotency_key", "json", "copy", "ps", "dt"],
)
def test_any_field_name_is_accepted_and_kept(name: str) -> None:
    text = feature(input=f"message: text(..9) {name}: bool", output=f"{{ {name}: bool }}")
    errors = [d for d in compiled(text).diagnostics if d.severity.value == "error"]
    assert errors == []
    found = compiled(text)
    module = found.unit("shop.spec").module
    assert module is not None
    assert module.features[0].input.fields[1].name == name
    assert found.unit("shop.spec").code is not None
    compile(str(found.unit("shop.spec").code), "shop.py", "exec")


@pytest.mark.parametrize("member", ["title", "name", "value", "upper", "mro", "from", "class", "_x", "__len__", "join"])
def test_any_member_name_is_accepted_and_compiles(member: str) -> None:
    found = compiled(f"enum Kind {{ {member}, other }}\n" + feature(output="Kind"))
    assert [d for d in found.diagnostics if d.severity.value == "error"] == []
    compile(str(found.unit("shop.spec").code), "shop.py", "exec")


@pytest.mark.parametrize(
    "text",
    [
        feature(input="from: line(..9) from_: line(..9)"),
        "enum Kind { class, class_ }\n" + feature(output="Kind"),
        "record SortInput { a: bool }\n" + feature(input="a: SortInput"),
        "record SortMood { a: bool }\n" + feature(input="mood: { b: bool } more: SortMood"),
        "enum SortMood { a, b }\n" + feature(input="mood: { b: bool } more: SortMood"),
        feature(input="a_b: { c: bool } a: { b: { d: bool } }"),
        'source plans = rows { "a" "A" }\nrecord PlansRow { a: bool }\n' + feature(),
    ],
)
def test_two_things_with_one_python_name_are_one_error(text: str) -> None:
    assert codes(text) == ["PS208"]


def test_the_spelling_that_is_offered_is_another_one() -> None:
    (warning,) = compiled(feature(input="_message: text(..9)")).diagnostics
    assert warning.help == ("write `message`",)


# Keys


def test_a_record_with_a_key_can_be_chosen_from_and_one_without_cannot() -> None:
    assert codes(feature(input="lines: list(1..3) of { key sku: line(..9) }", output="one of lines")) == []
    assert codes(feature(input="lines: list(1..3) of { sku: line(..9) }", output="one of lines")) == ["PS311"]
    assert codes(feature(input="lines: list(1..3) of { key sku: line(..9) }?", output="one of lines")) == ["PS311"]
    assert codes(feature(input="lines: list(1..3) of line(..9)", output="one of lines")) == ["PS311"]


def test_records_are_compared_by_their_keys() -> None:
    keyed = "items: list(1..3) of { key sku: line(..9) }"
    plain = "items: list(1..3) of { sku: line(..9) }"
    rule = 'ensure all x in output: x in items else "is not there"'
    assert codes(feature(rule, input=keyed, output="list(..3) of one of items")) == []
    assert codes(feature('require distinct(items) else "x"', input=keyed)) == []
    same = 'require all x in items: all y in items: x == y else "x"'
    assert codes(feature(same, input=plain)) == ["PS316"]


# Conditions on rows


PLANS = 'source plans = rows { "free" "Free", "pro" "Professional" }\n'


def test_a_condition_on_rows_sees_the_row_and_the_fields_above() -> None:
    assert codes(PLANS + feature(input="name: line(..9) plan: one of plans where label == name")) == []
    assert codes(PLANS + feature(input="plan: one of plans where label == name name: line(..9)")) == ["PS202"]
    assert codes(PLANS + feature(output="{ name: line(..9) plan: one of plans where label == name }")) == []
    assert codes(PLANS + feature(output="{ name: line(..9) plan: one of plans where label == output.name }")) == []
    assert codes(PLANS + feature(output="{ plan: one of plans where label == message }")) == []


def test_a_condition_on_rows_of_the_output_reads_the_output() -> None:
    found = checked(PLANS + feature(output="{ name: line(..9) plan: one of plans where label == name }"))
    plan = found.output.fields[1].type
    assert "root='output', steps=('name',)" in repr(plan)


def test_the_id_of_a_caller_stands_only_where_there_is_one() -> None:
    chosen = "plan: one of plans where label == caller.id"
    assert codes(PLANS + feature("caller session", input=chosen)) == []
    assert codes(PLANS + feature("caller anyone", input=chosen)) == ["PS202"]


# Models of other files


def test_a_model_of_another_file_finds_the_models_that_it_is_made_of() -> None:
    models = (
        'promptspec 1\n\nmodel small = openai("one")\nmodel large = openai("two")\nmodel steady = first small, large\n'
    )
    text = 'use steady from "models.spec"\n' + feature().replace('model "gpt-5.6-luna"', "model steady")
    found = checked(text, models_spec=models)
    assert [getattr(model, "name", "") for model in found.models] == ["one", "two"]


def test_a_model_that_defaults_name_is_found_where_they_stand() -> None:
    house = 'promptspec 1\n\nmodel small = openai("one")\ndefaults house {\n    model small\n}\n'
    text = 'use house from "house.spec"\nfeature sort with house {\n    input { a: bool }\n    output bool\n}\n'
    assert said(text, house_spec=house) == []


def test_fields_that_cannot_be_read_cause_no_further_errors() -> None:
    for field in ("b: int(1..", "b int(1..2)"):
        text = f"record Size {{\n    {field}\n    c: bool\n}}\n" + feature('require a.b > 3 else "x"', input="a: Size")
        assert [code for code in codes(text) if code > "PS2"] == []


SHARED = """promptspec 1

defaults house {
    moderate output with words("words.txt")
    tone {
        avoid words("words.txt")
    }
}

tone voice {
    avoid words("words.txt")
}
"""


def test_files_that_a_shared_clause_names_lie_beside_the_spec_that_it_stands_in(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.promptspec]\n")
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared/house.spec").write_text(SHARED)
    (tmp_path / "shared/words.txt").write_text("theirs\n")
    (tmp_path / "words.txt").write_text("mine\n")
    own = feature("tone voice", 'moderate output with words("words.txt")', output="text(..20)")
    own = own.replace("feature sort {", "feature sort with house {")
    (tmp_path / "shop.spec").write_text(f'promptspec 1\n\nuse house, voice from "shared/house.spec"\n\n{own}')
    found = compile_paths([tmp_path / "shop.spec"])
    assert [each.message for each in found.diagnostics] == []
    module = found.unit("shop.spec").module
    assert module is not None
    (checked_feature,) = module.features
    lists = [each.by for each in checked_feature.moderations]
    assert lists == [
        WordModerator(path="shared/words.txt", phrases=("theirs",)),
        WordModerator(path="words.txt", phrases=("mine",)),
    ]
    avoided = [rule.kind for rule in checked_feature.tone if isinstance(rule.kind, ToneAvoid)]
    assert "mine" not in repr(avoided)
    assert "theirs" in repr(avoided)
