"""`policy`: what every feature of a project must declare, and what happens to one that falls short."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from check.specs import feature
from promptspec.api import Compilation, compile_paths
from promptspec.building import build, stale
from promptspec.diagnostics.terminal import render_terminal
from promptspec.project import Unusable

Compile = Callable[..., Compilation]


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compile:
    """Compile a spec in a project whose policy has the given rules."""
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    (folder / "policies").mkdir(parents=True)

    def compile(rules: str, text: str, settings: str = "", **files: str) -> Compilation:
        policy = "promptspec 1\n\npolicy company {\n" + textwrap.indent(rules, "    ") + "\n}\n"
        (folder / "policies" / "company.spec").write_text(policy)
        (folder / "pyproject.toml").write_text(
            f'[tool.promptspec]\npolicy = "policies/company.spec"\n{settings}\n', encoding="utf-8"
        )
        for name, content in files.items():
            (folder / ".".join(name.rsplit("_", 1))).write_text(content, encoding="utf-8")
        (folder / "shop.spec").write_text(f"promptspec 1\n\n{text}", encoding="utf-8")
        return compile_paths([folder / "shop.spec"])

    return compile


def said(found: Compilation) -> list[str]:
    return [f"{d.code} {d.message}" for d in found.diagnostics]


TEXT = "text(..80)"
MUST = {
    "moderate input": "moderate input",
    "moderate output": "moderate output",
    "attack": 'attack "a" {\n    given { message: "x" }\n}',
    "tone": "tone {\n    person not first\n}",
    "example": 'example "a" {\n    given { message: "x" }\n    returns "y"\n}',
    "limitations": 'limitations "Knows nothing."',
    "evaluate": 'evaluate "rows.jsonl" {\n    answer at least 10%\n}',
    "test": 'test "a" {\n    given { message: "" }\n    returns "y"\n    replies "y"\n}',
}


@pytest.mark.parametrize(("named", "clause"), MUST.items(), ids=MUST.keys())
def test_a_clause_that_must_stand_is_asked_for(held: Compile, named: str, clause: str) -> None:
    rows = '{"given": {"message": "x"}, "returns": "y"}\n'
    short = held(f"every feature must {named}", feature(output=TEXT))
    assert said(short) == [f"PS906 feature `sort` has no `{named}`"]
    fine = held(f"every feature must {named}", feature(clause, output=TEXT), rows_jsonl=rows)
    assert [line for line in said(fine) if "PS608" not in line] == []


def test_both_places_are_shown(held: Compile) -> None:
    found = held("every feature must limitations", feature())
    (diagnostic,) = found.diagnostics
    assert (diagnostic.span.file, diagnostic.labels[0].span.file) == ("shop.spec", "policies/company.spec")
    shown = render_terminal(found.diagnostics, found.texts, colour=False, width=100)
    assert "shop.spec:3:9" in shown
    assert "every feature must limitations" in shown
    assert "policy `company` asks for it here" in shown


@pytest.mark.parametrize("clause", ["review always", 'report to "mailto:a@example.org"', "sample 2%", "keep 7d"])
def test_what_the_ledger_is_for_may_be_asked_for(held: Compile, clause: str) -> None:
    named = clause.split()[0]
    found = held(f"every feature must {named}", feature(clause))
    assert not any("PS906" in line for line in said(found))
    assert said(held(f"every feature must {named}", feature())) == [f"PS906 feature `sort` has no `{named}`"]


@pytest.mark.parametrize(
    ("clause", "falls"), [("keep 31d", True), ("keep 7d", False), ("sample 2%", True), ("caller session", False)]
)
def test_texts_are_kept_no_longer_than_the_policy_allows(held: Compile, clause: str, falls: bool) -> None:
    assert [line[:5] for line in said(held("keep at most 7d", feature(clause)))] == (["PS906"] if falls else [])


@pytest.mark.parametrize("name", ["calls", "spend"])
def test_limits_across_calls_may_be_asked_for(held: Compile, name: str) -> None:
    assert said(held(f"every feature must {name}", feature())) == [f"PS906 feature `sort` has no `{name}`"]


def test_a_waiver_satisfies_no_policy(held: Compile) -> None:
    found = held("every feature must limitations", feature('waive limitations because "x"'))
    assert said(found) == ["PS906 `limitations` is waived, which policy `company` does not allow"]


def test_a_waiver_satisfies_a_policy_that_allows_it(held: Compile) -> None:
    rules = "every feature must limitations\nmay waive limitations"
    assert said(held(rules, feature('waive limitations because "x"'))) == []
    assert said(held(rules, feature())) == ["PS906 feature `sort` has no `limitations`"]


def test_a_side_is_waived_only_where_that_side_may_be(held: Compile) -> None:
    rules = "every feature must moderate input, output\nmay waive moderate output"
    found = held(rules, feature('waive moderate because "x"', output=TEXT))
    assert said(found) == ["PS906 `moderate input` is waived, which policy `company` does not allow"]


def test_there_is_nothing_to_moderate_where_nobody_writes(held: Compile) -> None:
    assert said(held("every feature must moderate output", feature(output="bool"))) == []
    assert said(held("every feature must tone", feature(output="bool"))) == []


@pytest.mark.parametrize("clause", ["caller anyone", "caller session", ""])
def test_callers_must_be_known_well_enough(held: Compile, clause: str) -> None:
    found = held("caller at least signed_in", feature(*([clause] if clause else [])))
    assert said(found) == ["PS906 feature `sort` takes callers of whom less is known than `signed_in`"]


@pytest.mark.parametrize("level", ["signed_in", "verified"])
def test_callers_who_are_known_well_enough_are_fine(held: Compile, level: str) -> None:
    assert said(held("caller at least signed_in", feature(f"caller {level}"))) == []


@pytest.mark.parametrize(
    ("rule", "input", "falls"),
    [
        ("no text over 200 chars", "message: text(..200)", False),
        ("no text over 199 chars", "message: text(..200)", True),
        ("no text over 199 chars", "message: list(..2) of { a: line(..200) }", True),
        ("no text over 199 chars", "message: turns(..2) of text(..200)", True),
        ("no text over 199 chars", 'message: schema("a.json", text ..200, items ..50)', True),
        ("no text over 200 chars", 'message: schema("a.json", text ..200, items ..50)', False),
        ("no text over 240 chars", "message: text(..20 words)", False),
        ("no text over 239 chars", "message: text(..20 words)", True),
        ("no text over 800 bytes", "message: text(..200)", False),
        ("no text over 799 bytes", "message: text(..200)", True),
        ("no text over 200 words", "message: text(..200)", False),
        ("no text over 1_600 chars", "message: text(..100 tokens)", False),
        ("no text over 1_599 chars", "message: text(..100 tokens)", True),
        ("no line over 10 chars", "message: text(..200)", False),
        ("no line over 10 chars", "message: line(..11)", True),
        ("no list over 3", "message: list(..4) of bool", True),
        ("no list over 3", "message: set(..4) of bool", False),
        ("no set over 3", "message: set(..4) of bool", True),
        ("no list over 49", 'message: schema("a.json", text ..200, items ..50)', True),
        ("no turns over 3", "message: turns(..4) of text(..5)", True),
        ("no turns over 4", "message: turns(..4) of text(..5)", False),
        ("no image over 2mb", "message: image(..3mb)", True),
        ("no image over 3mb", "message: image(..3mb)", False),
    ],
)
def test_no_type_is_larger_than_the_policy_allows(held: Compile, rule: str, input: str, falls: bool) -> None:
    schema = '{"type": "object", "properties": {"a": {"type": "array", "items": {"type": "string"}}}}'
    found = [line[:5] for line in said(held(rule, feature(input=input), a_json=schema)) if "PS402" not in line]
    assert found == (["PS906"] if falls else [])


def test_a_size_is_told_where_the_field_stands(held: Compile) -> None:
    found = held("no text over 10 chars", feature(output="{ why: text(..11) }"))
    places = [d.span for d in found.diagnostics]
    text = found.unit("shop.spec").text.content
    assert [text[s.start : s.end] for s in places] == ["message: text(..200)", "why: text(..11)"]
    found = held("no code over 10 chars", feature(output="code(..11, python)"))
    assert said(found) == ["PS906 the output may hold a code of 11 chars"]


@pytest.mark.parametrize(
    ("rule", "limits", "falls"),
    [
        ("reply at most 64 tokens", "", False),
        ("reply at most 63 tokens", "", True),
        ("reply at most 300 tokens", "reply 301 tokens", True),
        ("reply at most 301 tokens", "reply 301 tokens", False),
        ("prompt at most 500 tokens", "", True),
        ("prompt at most 500 tokens", "prompt 500 tokens", False),
        ("thinking at most 9 tokens", "thinking 10 tokens", True),
        ("time at most 20s", "time 21s", True),
        ("time at most 20s", "", True),
        ("time at most 1m", "", False),
        ("retries at most 1", "", True),
        ("repairs at most 0", "", True),
        ("repairs at most 0", "repairs 0", False),
        ("cost at most 0.01 usd", "", False),
        ("cost at most 0.001 usd", "", True),
    ],
)
def test_no_call_uses_more_than_the_policy_allows(held: Compile, rule: str, limits: str, falls: bool) -> None:
    clause = [f"limits {{\n    {limits}\n}}"] if limits else []
    assert [line[:5] for line in said(held(rule, feature(*clause)))] == (["PS906"] if falls else [])


def test_a_call_whose_price_is_not_known_falls_short(held: Compile) -> None:
    text = feature().replace("gpt-5.6-luna", "moon-1")
    assert said(held("cost at most 1 usd", text)) == [
        "PS906 nobody knows what a call of `sort` costs: `moon-1` has no known price"
    ]
    prices = "[tool.promptspec.prices]\nmoon-1 = { input = 0, output = 0 }"
    assert said(held("cost at most 0 usd", text, prices)) == []


@pytest.mark.parametrize(
    "rule",
    [
        "every feature must sing",
        "every feature must caller",
        "every feature must review input",
        "may waive sampling",
        "may waive sample",
        "no prose over 10 chars",
        "no text over 10",
        "no list over 10 words",
        "no text over 10 usd",
        "no text over 1.5 chars",
        "no text over 10s",
        "no list over 3 chars",
        "no image over 3",
        "no image over 3mb bytes",
        "reply at most 10",
        "reply at most 10 usd",
        "reply at most 20s",
        "reply at most 1.5 tokens",
        "time at most 10",
        "time at most 10 tokens",
        "retries at most 10 tokens",
        "length at most 10 tokens",
        "model at least large",
        "caller at least somebody",
        "reply at most 10 tokens\nreply at most 20 tokens",
        "every feature must report\nevery feature must report",
        "every feature must moderate\nevery feature must moderate input",
        "caller at least session\ncaller at least signed_in",
    ],
)
def test_a_rule_that_says_nothing_is_refused(held: Compile, rule: str) -> None:
    found = held(rule, "enum Topic { order, other }\n")
    assert [(d.code, d.span.file) for d in found.diagnostics] == [("PS907", "policies/company.spec")]


def test_a_file_without_a_policy_is_told(held: Compile) -> None:
    found = held("caller at least session", feature())
    root = found.project.root
    (root / "policies" / "company.spec").write_text("promptspec 1\n\nenum Topic { order, other }\n")
    assert [d.code for d in compile_paths([root / "shop.spec"]).diagnostics] == ["PS907"]


def test_a_policy_that_does_not_parse_is_told_once(held: Compile) -> None:
    found = held("every feature should report", feature())
    assert {(d.code, d.span.file) for d in found.diagnostics} == {("PS101", "policies/company.spec")}
    assert len(compile_paths([found.project.root]).diagnostics) == len(found.diagnostics)


def test_a_policy_that_is_not_the_projects_is_refused(held: Compile) -> None:
    found = held("caller at least session", "policy other {\n    reply at most 10 tokens\n}\n" + feature())
    assert said(found) == ["PS908 nothing applies policy `other`"]
    assert found.diagnostics[0].help == (
        'name this file in `pyproject.toml`: `[tool.promptspec] policy = "shop.spec"`',
    )


@pytest.mark.parametrize("name", ["gone.spec", "../outside.spec", "/etc/passwd", "policies"])
def test_a_policy_that_cannot_be_read_stops_everything(held: Compile, name: str) -> None:
    root = held("caller at least session", feature()).project.root
    (root / "pyproject.toml").write_text(f'[tool.promptspec]\npolicy = "{name}"\n')
    with pytest.raises(Unusable, match=r"`policy` in `\[tool.promptspec\]`"):
        compile_paths([root / "shop.spec"])


def test_a_policy_is_the_name_of_a_file(held: Compile) -> None:
    root = held("caller at least session", feature()).project.root
    (root / "pyproject.toml").write_text("[tool.promptspec]\npolicy = 3\n")
    with pytest.raises(Unusable, match="is the name of a spec"):
        compile_paths([root / "shop.spec"])


def test_the_policy_is_part_of_the_stamp(held: Compile, tmp_path: Path) -> None:
    found = held("caller at least session", feature())
    build(found, tmp_path / "out")
    assert not stale(compile_paths([found.project.root / "shop.spec"]), tmp_path / "out")
    again = held("caller at least anyone", feature())
    assert [path.name for path in stale(again, tmp_path / "out")] == ["shop.py", "shop.contract.json"]


def test_the_policy_makes_no_module_of_its_own(held: Compile) -> None:
    found = held("caller at least session", feature())
    assert [unit.file for unit in found.units] == ["shop.spec"]
    assert [policy.name for policy in found.policies] == ["company"]


def test_every_feature_of_a_project_is_held_to_the_policy(held: Compile) -> None:
    root = held("every feature must limitations", feature()).project.root
    (root / "deep").mkdir()
    (root / "deep" / "other.spec").write_text("promptspec 1\n\n" + feature(name="other"))
    found = compile_paths([root])
    assert [(d.span.file, d.code) for d in found.diagnostics] == [("deep/other.spec", "PS906"), ("shop.spec", "PS906")]


def test_what_defaults_declare_counts(held: Compile) -> None:
    shared = 'defaults house {\n    limitations "Knows nothing."\n}\n'
    assert said(held("every feature must limitations", shared + feature(name="sort with house"))) == []
