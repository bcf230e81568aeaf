"""`promptspec source pull`: what it reads, writes and says."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest

from cli.terminal import promptspec

SPEC = """promptspec 1

source films = sql("sqlite:///data/shop.db", "select id, title from film order by id") {
    key id
    label title
}

source plans = python("plans_of_tests:plans") {
    key id
}

source moods = csv("moods.csv") {
    key id
}

feature suggest {
    model "gpt-5.6-luna"

    input {
        film: one of films
        plan: one of plans
        mood: one of moods
    }

    output bool
}
"""


@pytest.fixture
def spec(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", list(sys.path))
    sys.modules.pop("plans_of_tests", None)
    (project / "data").mkdir()
    fill(project, ("1", "Alien"), ("2", "Brazil"))
    (project / "plans_of_tests.py").write_text("def plans():\n    yield {'id': 'free'}\n")
    (project / "pyproject.toml").write_text('[tool.promptspec]\nfunctions = ["plans_of_tests:plans"]\n')
    (project / "moods.csv").write_text("id\na\n")
    path = project / "suggest.spec"
    path.write_text(SPEC)
    return path


def fill(project: Path, *rows: tuple[str, str]) -> None:
    database = sqlite3.connect(project / "data/shop.db", isolation_level=None)
    database.execute("drop table if exists film")
    database.execute("create table film (id text, title text)")
    database.executemany("insert into film values (?, ?)", rows)
    database.close()


def test_a_pull_writes_the_snapshots_that_a_spec_is_checked_against(project: Path, spec: Path) -> None:
    seen = promptspec("source", "pull", spec)
    assert (seen.code, seen.err) == (0, "")
    lines = seen.out.splitlines()
    assert lines[0:2] == ["films: sql", "  rows    2"]
    hash = lines[2].split()[1]
    assert lines[3:6] == [
        f'  pin     pin "{hash}"',
        "  written snapshots/films.sqlite",
        "  new: there was no sound snapshot before",
    ]
    assert "plans: python\n  rows    1\n" in seen.out
    assert "moods" not in seen.out
    assert sorted(path.name for path in (project / "snapshots").iterdir()) == ["films.sqlite", "plans.sqlite"]
    assert promptspec("check", spec).code == 0
    status = promptspec("source", "status", f"{spec}:films").out
    assert "films: sql snapshots/films.sqlite\n  rows    2\n" in status
    assert "  pulled  20" in status
    assert "  stale   never: it has no `refresh`\n" in status
    assert promptspec("source", "search", f"{spec}:films", "braz").out == "2  Brazil\n"
    assert promptspec("build", spec, "--out", project / "out").code == 0


def test_status_says_when_a_source_is_stale(spec: Path) -> None:
    spec.write_text(SPEC.replace('plans") {\n    key id', 'plans") {\n    key id\n    refresh 10m\n    stale 1h'))
    assert promptspec("source", "pull", spec).code == 0
    (plans,) = json.loads(promptspec("source", "status", f"{spec}:plans", "--format", "json").out)["sources"]
    assert plans["stale"] > plans["pulled"] > "2026"


def test_a_pull_tells_what_changed(project: Path, spec: Path) -> None:
    promptspec("source", "pull", spec)
    fill(project, ("1", "Aliens"), ("3", "Casino"))
    before = (project / "snapshots/films.sqlite").read_bytes()
    changes = "- 2  Brazil\n+ 3  Casino\n~ 1  title: Alien → Aliens\n1 added, 1 removed, 1 changed\n"
    for option in ("--check", "--dry-run"):
        seen = promptspec("source", "pull", f"{spec}:films", option)
        assert seen.code == 1
        assert changes in seen.out
        assert "written" not in seen.out
        assert (project / "snapshots/films.sqlite").read_bytes() == before
        assert [path.name for path in (project / "snapshots").glob(".*")] == []
    seen = promptspec("source", "pull", f"{spec}:films")
    assert seen.code == 0
    assert changes in seen.out
    seen = promptspec("source", "pull", f"{spec}:films", "--check", "--format", "json")
    told = json.loads(seen.out)["pulled"][0]
    assert (seen.code, told["rows"], told["changes"]["changed"]) == (0, 2, 0)


def test_a_pin_of_other_rows_is_told(spec: Path) -> None:
    spec.write_text(SPEC.replace("label title", 'label title\n    pin "sha256:00"'))
    seen = promptspec("source", "pull", f"{spec}:films")
    assert seen.code == 0
    assert "the spec pins another hash: look at what changed, then pin this one" in seen.out
    assert "PS804" in promptspec("check", spec).out + promptspec("check", spec).err


def test_rows_that_do_not_fit_end_with_1_and_leave_the_snapshot(project: Path, spec: Path) -> None:
    promptspec("source", "pull", spec)
    before = (project / "snapshots/films.sqlite").read_bytes()
    fill(project, ("1", "Alien"), ("1", "x" * 300))
    seen = promptspec("source", "pull", spec)
    assert seen.code == 1
    assert seen.err.splitlines() == [
        "error: source `films`: its rows do not fit",
        "  row 2: title: the cell is longer than 200 chars",
    ]
    assert "plans: python" in seen.out
    assert (project / "snapshots/films.sqlite").read_bytes() == before
    told = json.loads(promptspec("source", "pull", f"{spec}:films", "--format", "json").out)
    assert told["failed"][0]["problems"] == ["row 2: title: the cell is longer than 200 chars"]


def test_an_origin_that_fails_ends_with_3_and_says_why_escaped(project: Path, spec: Path) -> None:
    (project / "plans_of_tests.py").write_text("def plans():\n    raise ValueError('red \\x1b[31m')\n")
    seen = promptspec("source", "pull", f"{spec}:plans")
    assert seen.code == 3
    assert seen.err == "error: source `plans`: it raised ValueError\n  red \\u{1B}[31m\n"
    (project / "data/shop.db").unlink()
    assert promptspec("source", "pull", spec).code == 3


def test_a_folder_that_leads_out_of_the_project_is_not_written_to(
    project: Path, spec: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (project / "snapshots").symlink_to(outside)
    seen = promptspec("source", "pull", f"{spec}:films")
    assert seen.code == 1
    assert "lies outside the project" in seen.err
    assert list(outside.iterdir()) == []


def test_only_sources_with_an_origin_are_pulled(project: Path, spec: Path) -> None:
    seen = promptspec("source", "pull", f"{spec}:mods")
    assert seen.code == 1  # the spec does not compile yet
    promptspec("source", "pull", spec)
    seen = promptspec("source", "pull", f"{spec}:moods")
    assert seen.code == 2
    assert "source to pull" in seen.err
    spec.write_text('promptspec 1\n\nsource moods = csv("moods.csv") {\n    key id\n}\n')
    seen = promptspec("source", "pull", spec)
    assert (seen.code, "the spec has no source to pull" in seen.err) == (2, True)


def test_a_spec_that_does_not_parse_is_told(spec: Path) -> None:
    spec.write_text("promptspec 1\n\nsource films = sql(\n")
    assert promptspec("source", "pull", spec).code == 1
