"""What the how-to about CI shows, and the hooks that it names."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "fuzz-in-ci.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
WORKFLOW, CONFIGURATION = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_blocks_are_laid_out_as_yaml_wants_it() -> None:
    for text in (WORKFLOW, CONFIGURATION, HOOKS):
        assert "\t" not in text
        for line in text.splitlines():
            assert (len(line) - len(line.lstrip())) % 2 == 0
            assert re.fullmatch(r" *(- )?[\w-]+:( .+)?|(- |)[\w./=\[\]\" -]+|", line.replace("repo: https:", "repo: "))


def test_the_workflow_may_do_no_more_than_it_needs() -> None:
    assert re.findall(r"^ *([\w-]+): (read|write)$", WORKFLOW, re.MULTILINE) == [
        ("contents", "read"),
        ("contents", "read"),
        ("security-events", "write"),
    ]
    assert "pull_request_target" not in WORKFLOW
    assert "persist-credentials: false" in WORKFLOW


def test_every_action_and_package_has_a_version() -> None:
    used = re.findall(r"uses: (.*)", WORKFLOW)
    assert len(used) == 4
    assert all(re.fullmatch(r"(actions|github)/[\w/-]+@v\d+", each) for each in used)
    assert re.findall(r'pip install "(.*)"', WORKFLOW) == ["promptspec[fuzz]==0.1.0"]
    assert "runs-on: ubuntu-24.04" in WORKFLOW


def test_what_is_uploaded_was_written() -> None:
    written = dict(re.findall(r"--(junit|sarif|html|jsonl) (\S+)", WORKFLOW))
    assert set(written) == {"junit", "sarif", "html", "jsonl"}
    assert f"sarif_file: {written['sarif']}\n" in WORKFLOW
    kept = WORKFLOW.split("path: |\n")[1].split("include-hidden-files")[0].split()
    assert set(kept) == {*written.values(), ".promptspec/fuzz"}


def test_the_options_that_are_used_are_those_of_the_command() -> None:
    section = COMMANDS.split("\n## fuzz\n")[1].split("\n## ")[0]
    used = re.findall(r"promptspec fuzz .*?(?=\n\S|\n +- |```|`)", PAGE + HOOKS, re.DOTALL)
    options = {flag for each in used for flag in re.findall(r"--[a-z]+", each)}
    assert {"--profile", "--replay", "--sarif"} <= options
    assert {flag for flag in options if f"`{flag} " not in section} == set()


def test_the_hooks_are_those_of_the_page() -> None:
    hooks = re.findall(r"^- id: (.*)$", HOOKS, re.MULTILINE)
    assert hooks == ["promptspec-check", "promptspec-fmt", "promptspec-fuzz"]
    assert sorted(re.findall(r"- id: (.*)", CONFIGURATION)) == hooks
    assert re.findall(r"entry: promptspec (\w+)", HOOKS) == ["check", "fmt", "fuzz"]
    assert HOOKS.count("language: python\n") == HOOKS.count("files: \\.spec$\n") == 3
