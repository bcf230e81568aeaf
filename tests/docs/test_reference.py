"""The reference says what the code says."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from typing import Any

import pytest
import typer

import promptspec
from docs.pages import ROOT
from docs.tables import laws_table, servers_table, sinks_table
from promptspec import errors
from promptspec.check.functions import FUNCTIONS
from promptspec.cli.app import COMMANDS, GROUPS
from promptspec.models.servers import SERVERS
from promptspec.syntax.words import CASE_ITEMS, CLAUSES, DECLARATIONS, LIMITS, RESERVED, TEXT_UNITS, TYPES

REFERENCE = ROOT / "docs" / "reference"
LANGUAGE = (REFERENCE / "language.md").read_text(encoding="utf-8")
COMMAND_LINE = (REFERENCE / "command-line.md").read_text(encoding="utf-8")
PYTHON = (REFERENCE / "python.md").read_text(encoding="utf-8")
SETTINGS = (REFERENCE / "settings.md").read_text(encoding="utf-8")

_FLAG = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def options_of(name: str) -> set[str]:
    """Return the options that the command called *name* takes, or all of its commands where it has some."""
    module = import_module(f"promptspec.cli.commands.{name}")
    found: set[str] = set()
    for each in module.COMMANDS.values() if name in GROUPS else (module.command,):
        alone = typer.Typer(add_completion=False)
        alone.command(name)(each)
        command: Any = typer.main.get_command(alone)
        found |= {flag for parameter in command.params for flag in parameter.opts if flag.startswith("-")}
    return found


def options_on_the_page(name: str) -> set[str]:
    """Return the options in the table of the section called *name*."""
    section = COMMAND_LINE.split(f"\n## {name}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.replace(r"\|", "/").splitlines() if line.startswith("| `")]
    return {flag for cell in cells for flag in _FLAG.findall(cell)}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_takes_the_options_of_its_section(name: str) -> None:
    assert options_on_the_page(name) == options_of(name) - {"--help", "-h"}


def test_each_command_has_a_section_and_each_section_a_command() -> None:
    assert tuple(re.findall(r"^## (.*)$", COMMAND_LINE, re.MULTILINE)) == COMMANDS


def test_the_table_of_servers_is_that_of_the_code() -> None:
    assert servers_table() in (REFERENCE / "servers.md").read_text(encoding="utf-8")


def test_the_table_of_laws_is_that_of_the_code() -> None:
    assert laws_table() in (REFERENCE / "laws.md").read_text(encoding="utf-8")


def test_the_table_of_sinks_is_that_of_the_code() -> None:
    assert sinks_table() in (REFERENCE / "sinks.md").read_text(encoding="utf-8")


def error_classes() -> list[type[errors.PromptspecError]]:
    found: list[Any] = [value for value in vars(errors).values() if isinstance(value, type)]
    ours = [value for value in found if issubclass(value, errors.PromptspecError)]
    return [each for each in ours if each is not errors.PromptspecError and not each.__name__.startswith("_")]


@pytest.mark.parametrize("error", error_classes(), ids=lambda error: error.__name__)
def test_an_error_is_listed_with_its_code_and_message(error: type[errors.PromptspecError]) -> None:
    row = next(line for line in PYTHON.splitlines() if line.startswith(f"| `{error.__name__}`"))
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[2:4] == [f"`{error.code}`", error.user_message]


def test_every_public_name_is_on_the_page_about_python() -> None:
    names = {name for name in dir(promptspec) if not name.startswith("_")}
    assert {name for name in names if not re.search(rf"\b{name}\b", PYTHON)} == set()


def variables_of_the_code() -> set[str]:
    """Return the environment variables that stand in the code as strings."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "promptspec").rglob("*.py"))
    known = "PROMPTSPEC_[A-Z_]+|OPENAI_API_KEY|NO_COLOR|TERM|XDG_[A-Z_]+|SSL_CERT_FILE"
    return set(re.findall(rf"[\"'`]({known})(?=[\"'`])", code))


def test_every_environment_variable_is_on_the_page_about_settings() -> None:
    assert {name for name in variables_of_the_code() if f"`{name}`" not in SETTINGS} == set()


def test_every_word_of_the_language_is_in_its_reference() -> None:
    words = {*DECLARATIONS, *CLAUSES, *TYPES, *LIMITS, *TEXT_UNITS, *CASE_ITEMS, *RESERVED, *FUNCTIONS, *SERVERS}
    assert {word for word in words if not re.search(rf"\b{word}\b", LANGUAGE)} == set()


def test_the_layers_are_those_that_are_proven() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers: list[str] = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    names = [name.strip().removeprefix("promptspec.") for row in layers for name in row.split("|")]
    page = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == names


def test_decisions_are_short_and_numbered_without_gaps() -> None:
    decisions = sorted((ROOT / "docs" / "explanation" / "decisions").glob("[0-9]*.md"))
    for number, page in enumerate(decisions, 1):
        lines = page.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith(f"# {number}. ")
        assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]
        assert len(lines) <= 30, page


def test_the_changelog_has_the_version_of_the_package() -> None:
    assert f"## [{promptspec.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
