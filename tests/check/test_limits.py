"""Budgets, patterns, and how replies are structured."""

from __future__ import annotations

import pytest

from check.specs import checked, codes, compiled, feature, said
from promptspec.check.prompts import MARK_NOTE
from promptspec.contract.models import OpenAIModel

# Budgets


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("reply 20 tokens", ["PS510"]), ("reply 200 tokens", ["PS511"]), ("reply 8_100 tokens", [])],
)
def test_a_reply_cap_is_held_against_the_smallest_and_the_largest_reply(limit: str, expected: list[str]) -> None:
    assert codes(feature(f"limits {{\n    {limit}\n}}", output="text(2_000..4_000)")) == expected


def test_without_a_reply_cap_the_largest_reply_fits() -> None:
    found = checked(feature(output="text(..4_000)"))
    assert found.limits.reply_derived
    assert found.limits.reply_tokens * 3 >= 6 * 4_000


@pytest.mark.parametrize(("limit", "expected"), [(5, ["PS410"]), (5_000, [])])
def test_a_prompt_cap_is_held_against_the_smallest_prompt(limit: int, expected: list[str]) -> None:
    assert codes(feature(f"limits {{\n    prompt {limit:_} tokens\n}}")) == expected


def test_examples_count_as_part_of_the_prompt() -> None:
    clauses = [f'example "{n}" {{\n    given {{ message: "{"a" * 180}" }}\n    returns true\n}}' for n in range(9)]
    assert checked(feature(*clauses)).largest_prompt > checked(feature()).largest_prompt + 9 * 180


def test_the_smallest_prompt_is_no_larger_than_the_largest() -> None:
    text = feature(
        'prompt {\n    user "{% if open %}{{ message }}{% else %}a{% endif %}{% for x in xs %}{{ x }}{% endfor %}"\n}',
        input="message: text(..200) open: bool xs: list(2..9) of line(..20)",
    )
    found = checked(text)
    assert 0 < found.smallest_prompt < found.largest_prompt


def test_the_largest_prompt_counts_marks_between_words() -> None:
    plain, marked = checked(feature()), checked(feature("fence datamark"))
    note = len(MARK_NOTE.encode())
    assert marked.largest_prompt - plain.largest_prompt >= 100 * len("^1a2b3c4d") + note
    assert marked.smallest_prompt - plain.smallest_prompt == note


# Patterns


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("line(..5, matching /[a-z]{6,}/)", ["PS304"]),
        ("line(..6, matching /[a-z]{6,}/)", []),
        ("line(3..9, matching /[a-z]{1,2}/)", ["PS304"]),
        ("line(2..9, matching /[a-z]{1,2}/)", []),
        ("line(..9, matching /a\\bb/)", ["PS304"]),
        ("line(..9, matching /(a|b)*c{10}/)", ["PS304"]),
        ("line(..9, matching /a(?=b)/)", ["PS303"]),
        ("line(..9, matching /(/)", ["PS303"]),
        ("line(..9, matching /[z-a]/)", ["PS303"]),
        ("line(..9, matching /a{5,2}/)", ["PS303"]),
        ("line(..9, matching /a{1001}/)", ["PS303"]),
    ],
)
def test_a_pattern_that_nothing_can_match_is_refused(written: str, expected: list[str]) -> None:
    assert codes(feature(input=f"message: {written}")) == expected


# How replies are structured


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", ("openai", "responses", "json_schema")),
        ("api chat", ("openai", "chat", "json_schema")),
        ("structured prompt", ("openai", "responses", "prompt")),
        ("structured json_object", ("openai", "responses", "json_object")),
        ("server llama_cpp", ("llama_cpp", "chat", "json_schema")),
        ("server llama_cpp\n    structured grammar", ("llama_cpp", "chat", "grammar")),
        ("server llama_cpp\n    api responses", ("llama_cpp", "responses", "prompt")),
        ("server other", ("other", "chat", "prompt")),
        ("server ollama", ("ollama", "chat", "json_schema")),
    ],
)
def test_auto_takes_the_strongest_that_the_server_has(settings: str, expected: tuple[str, str, str]) -> None:
    block = f" {{\n    {settings}\n}}" if settings else ""
    text = f'model local = openai("m"){block}\n' + feature().replace('model "gpt-5.6-luna"', "model local")
    (model,) = checked(text).models
    assert isinstance(model, OpenAIModel)
    assert (model.server, model.api, model.structured) == expected


@pytest.mark.parametrize(
    "settings",
    [
        "structured grammar",
        "server other\n    structured json_schema",
        "server llama_cpp\n    api responses\n    structured json_schema",
        "server ollama\n    structured grammar",
    ],
)
def test_what_a_server_does_not_have_is_never_downgraded(settings: str) -> None:
    assert codes(f'model local = openai("m") {{\n    {settings}\n}}\n') == ["PS502"]


DEEP = "{ board: " + "list(..2) of " * 10 + "bool }"


def test_a_schema_that_is_not_strict_is_refused_where_strictness_is_asked_for_and_only_there() -> None:
    asked = 'model local = openai("m") {\n    structured json_schema\n}\n'
    taking = feature(output=DEEP).replace('model "gpt-5.6-luna"', "model local")
    assert codes(asked + taking) == ["PS501"]
    (model,) = checked(taking.replace("model local", 'model "m"')).models
    assert isinstance(model, OpenAIModel)
    assert model.structured == "json_object"


# Examples


def test_an_example_is_reported_once_for_each_thing_that_is_wrong() -> None:
    text = feature('example "a" {\n    given { mesage: 3, message: 4 }\n    returns 5\n}')
    assert codes(text) == ["PS601", "PS601", "PS602"]


def test_a_test_may_give_what_the_feature_refuses() -> None:
    assert said(feature('test "a" {\n    given { mesage: 3 }\n    refuses message\n}')) == []


def test_an_example_of_a_list_names_entries_by_their_keys() -> None:
    text = feature(
        'example "a" {\n    given { lines: [{ sku: "a" }] }\n    returns "a"\n}',
        input="lines: list(..3) of { key sku: line(..9) }",
        output="one of lines",
    )
    assert compiled(text).diagnostics == ()
