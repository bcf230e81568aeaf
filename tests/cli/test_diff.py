"""`promptspec diff`: two versions of specs, and what fails in CI."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.terminal import promptspec

SPEC = """promptspec 1

## Answers.
feature answer {
    model "gpt-5.6-luna"

    input {
        question: text(1..500)
    }

    output text(..280)
}
"""


@pytest.fixture
def versions(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project)
    for name in ("old", "new"):
        (project / name).mkdir()
        (project / name / "answer.spec").write_text(SPEC)
    return project


def settings(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.promptspec]\n{text}\n")


def rewrite(folder: Path, old: str, new: str) -> None:
    spec = folder / "answer.spec"
    assert old in spec.read_text()
    spec.write_text(spec.read_text().replace(old, new))


def test_the_same_specs_do_not_differ(versions: Path) -> None:
    seen = promptspec("diff", "old", "new", "--fail-on", "looser")
    assert (seen.code, seen.out, seen.err) == (0, "nothing changed that the specs declare\n", "")


def test_each_rule_is_told_with_a_value_that_shows_it(versions: Path) -> None:
    rewrite(versions / "new", "text(1..500)", "text(0..500)")
    seen = promptspec("diff", "old", "new")
    assert seen.code == 0
    assert seen.out.splitlines() == [
        "answer (answer.spec): looser, minor",
        "    looser (minor)  input.question: text(1..500) → text(..500)",
        '        taken now only: ""',
        "as a whole: looser; version: minor",
    ]


def test_files_may_be_compared_as_well_as_folders(versions: Path) -> None:
    rewrite(versions / "new", "..280", "..281")
    seen = promptspec("diff", "old/answer.spec", "new/answer.spec", "--fail-on", "major")
    assert seen.code == 1
    assert "looser (major)  output: text(..280) → text(..281)" in seen.out


@pytest.mark.parametrize(
    ("old", "new", "fail_on", "code"),
    [
        ("1..500", "1..501", "looser", 1),
        ("1..500", "1..501", "major", 0),
        ("1..500", "1..499", "looser", 0),
        ("1..500", "1..499", "major", 1),
        ("1..500", "1..499", "nothing", 0),
        ("..280", "..279", "looser", 0),
        ("Answers.", "Answers!", "looser", 1),
    ],
)
def test_what_fails_can_be_chosen(versions: Path, old: str, new: str, fail_on: str, code: int) -> None:
    rewrite(versions / "new", old, new)
    assert promptspec("diff", "old", "new", "--fail-on", fail_on).code == code


def test_features_come_and_go(versions: Path) -> None:
    rewrite(versions / "new", "feature answer", "feature respond")
    seen = promptspec("diff", "old", "new")
    assert "answer (answer.spec): removed, stricter, major" in seen.out
    assert "respond (answer.spec): added, looser, minor" in seen.out
    assert "as a whole: incomparable; version: major" in seen.out


@pytest.mark.parametrize("name", ["env", "hosts", "private_hosts", "functions"])
def test_settings_that_reach_further_are_looser(versions: Path, name: str) -> None:
    settings(versions / "old", f'{name} = ["A_B"]')
    settings(versions / "new", f'{name} = ["A_B", "C_D"]')
    seen = promptspec("diff", "old", "new", "--fail-on", "looser")
    assert seen.code == 1
    assert f"looser (patch)  [tool.promptspec] {name}: now C_D" in seen.out
    assert promptspec("diff", "new", "old", "--fail-on", "looser").code == 0


POLICY = "promptspec 1\n\npolicy company {{\n    {}\n}}\n"


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        ("reply at most 900 tokens", "reply at most 800 tokens", "stricter"),
        ("reply at most 800 tokens", "reply at most 900 tokens", "looser"),
        ("caller at least session", "caller at least anyone", "looser"),
        ("no text over 600 chars", "no text over 500 chars", "stricter"),
        ("reply at most 900 tokens", "reply at most 900 tokens\n    may waive review", "looser"),
        ("reply at most 900 tokens", "time at most 1m", "incomparable"),
        ("every feature must review", "every feature must review\n    every feature must report", "stricter"),
        ("every feature must moderate", "every feature must moderate input", "looser"),
    ],
)
@pytest.mark.parametrize("applied", [True, False])
def test_policies_are_compared_rule_by_rule(versions: Path, old: str, new: str, relation: str, applied: bool) -> None:
    if applied and "must" in old + new:
        pytest.skip("the feature of this test follows no practice")
    for name, rules in (("old", old), ("new", new)):
        (versions / name / "company.spec").write_text(POLICY.format(rules))
        if applied:
            settings(versions / name, 'policy = "company.spec"')
    where = ("old", "new") if applied else ("old/company.spec", "new/company.spec")
    seen = promptspec("diff", *where, "--format", "json")
    told = json.loads(seen.out)
    assert (told["relation"], told["loosens"]) == (relation, relation != "stricter")
    assert {each["rule"] for each in told["project"]} == {"policy"}


def test_a_policy_that_is_no_longer_applied_is_looser(versions: Path) -> None:
    (versions / "old" / "company.spec").write_text(POLICY.format("reply at most 900 tokens"))
    settings(versions / "old", 'policy = "company.spec"')
    seen = promptspec("diff", "old", "new", "--fail-on", "looser")
    assert seen.code == 1
    assert "looser (patch)  policy: no more reply at most 900" in seen.out


def test_the_difference_as_json_has_the_whole_value(versions: Path) -> None:
    rewrite(versions / "new", "1..500", "1..600")
    told = json.loads(promptspec("diff", "old", "new", "--format", "json").out)
    (feature,) = told["features"]
    (change,) = feature["changes"]
    assert (told["format"], told["version"], feature["fate"]) == (1, "minor", "kept")
    assert change["witness"]["taken"] == "now"
    assert 500 < len(change["witness"]["value"]) <= 600


def test_a_version_that_does_not_compile_is_told(versions: Path) -> None:
    rewrite(versions / "new", "text(1..500)", "text")
    seen = promptspec("diff", "old", "new")
    assert (seen.code, seen.out) == (1, "")
    assert "PS301" in seen.err
    assert json.loads(promptspec("diff", "old", "new", "--format", "json").out)["error"]["code"] == "spec_error"


def test_two_places_have_to_be_named(versions: Path) -> None:
    assert promptspec("diff", "old").code == 2
    assert promptspec("diff", "old", "nowhere").code == 2
