"""Judging a hostile project opens no socket, starts no process, and reads nothing outside of it (rule 1)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FEATURE = 'feature f {\n    model "m"\n    input { a: bool }\n    output bool\n}\n'
CSV = "key id\n    label id\n"


def run(folder: Path, command: str, spec: str = "a.spec") -> subprocess.CompletedProcess[str]:
    """Run one command of the guard on a spec of *folder*; it must end within seconds."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PROMPTSPEC_CACHE": str(folder.parent / "cache"),
        "OPENAI_API_KEY": "sk-canary",
    }
    return subprocess.run(
        [sys.executable, str(ROOT / "tests" / "properties" / "guard.py"), str(folder), command, str(folder / spec)],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


def source(path: str) -> str:
    return f'source s = csv("{path}") {{\n    {CSV}}}\n' + FEATURE


def link(target: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "x.csv").symlink_to(target)


def linked_folder(folder: Path) -> None:
    (folder / "sub").symlink_to("/etc")


def fifo(folder: Path) -> None:
    os.mkfifo(folder / "x.csv")


def large(folder: Path) -> None:
    (folder / "b.spec").write_text("# " + "x" * (5 * 1024 * 1024))


def nothing(folder: Path) -> None:
    del folder


def evil_module(folder: Path) -> None:
    (folder / "evil.py").write_text("import os\nos.system('touch owned')\n")
    (folder / "conftest.py").write_text("import os\nos.system('touch owned')\n")
    (folder / "pydantic.py").write_text("import os\nos.system('touch owned')\n")


PROJECTS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a link to a file outside": (source("x.csv"), link("/etc/passwd")),
    "a link to a device": (source("x.csv"), link("/dev/zero")),
    "a link to itself": (source("x.csv"), link("x.csv")),
    "a linked folder": (source("sub/passwd"), linked_folder),
    "a fifo": (source("x.csv"), fifo),
    "an absolute path": (source("/etc/passwd"), nothing),
    "a path upwards": (source("../../../../etc/passwd"), nothing),
    "a path through the root": (source("sub/../../../etc/passwd"), nothing),
    "a NUL": (source("x\\u{0}.csv"), nothing),
    "a home": (source("~/.ssh/id_rsa"), nothing),
    "a used file outside": ('use A from "/etc/passwd"\n' + FEATURE, nothing),
    "a used file upwards": ('use A from "../../etc/passwd"\n' + FEATURE, nothing),
    "a used file of 5 MiB": ('use A from "b.spec"\n' + FEATURE, large),
    "a used link": ('use A from "x.csv"\n' + FEATURE, link("/etc/passwd")),
    "a schema outside": (FEATURE.replace("a: bool", 'a: schema("../../etc/passwd")'), nothing),
    "examples of a fifo": (FEATURE.replace("output bool", 'output bool\n    examples from "x.csv"'), fifo),
    "examples of a device": (FEATURE.replace("output bool", 'output bool\n    examples from "/dev/zero"'), nothing),
    "a callable": ('source s = python("evil:rows") {\n    key id\n    label id\n}\n' + FEATURE, evil_module),
    "an address": ('source s = http("https://127.0.0.1/x") {\n    key id\n    label id\n}\n' + FEATURE, nothing),
    "a database": ('source s = sql(env("HOME"), "select 1") {\n    key id\n    label id\n}\n' + FEATURE, nothing),
    "deep brackets": (FEATURE.replace("bool", "list(..2) of " * 10_000 + "bool", 1), nothing),
    "a deep condition": (
        FEATURE.replace("output bool", "output bool\nrequire " + "(" * 10_000 + 'a else "x"'),
        nothing,
    ),
    "modules of its own": (FEATURE, evil_module),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.promptspec]\nfunctions = ["evil:rows"]\n')
    return folder


@pytest.mark.parametrize("name", PROJECTS)
def test_a_hostile_project_is_judged_without_leaving_it(project: Path, name: str) -> None:
    text, prepare = PROJECTS[name]
    (project / "a.spec").write_text("promptspec 1\n\n" + text)
    prepare(project)
    done = run(project, "build" if name == "modules of its own" else "check")
    assert done.returncode == 0, done.stderr
    assert "root:x:" not in done.stdout + done.stderr
    assert "sk-canary" not in done.stdout + done.stderr
    assert ("PS" in done.stdout) is (name != "modules of its own")
    assert not (project / "owned").exists()


@pytest.mark.parametrize(
    "name", ["a link to a file outside", "a used file upwards", "a schema outside", "a callable", "modules of its own"]
)
def test_the_schema_of_a_hostile_project_is_printed_without_leaving_it(project: Path, name: str) -> None:
    text, prepare = PROJECTS[name]
    (project / "a.spec").write_text("promptspec 1\n\n" + text)
    prepare(project)
    done = run(project, "schema")
    assert done.returncode == 0, done.stderr
    told = done.stdout + done.stderr
    assert "root:x:" not in told
    assert "sk-canary" not in told
    assert ("PS" in done.stderr) is (name != "modules of its own")
    assert f"ended with {0 if name == 'modules of its own' else 1}" in done.stdout
    assert not (project / "owned").exists()


@pytest.mark.parametrize("format", ["md", "html"])
@pytest.mark.parametrize(
    "name", ["a link to a file outside", "a used file upwards", "a schema outside", "a callable", "modules of its own"]
)
def test_the_card_of_a_hostile_project_is_printed_without_leaving_it(project: Path, name: str, format: str) -> None:
    text, prepare = PROJECTS[name]
    (project / "a.spec").write_text("promptspec 1\n\n" + text)
    prepare(project)
    done = run(project, "audit" if format == "md" else "audit-html")
    assert done.returncode == 0, done.stderr
    told = done.stdout + done.stderr
    assert "root:x:" not in told
    assert "sk-canary" not in told
    assert "PS" in done.stderr
    assert f"ended with {0 if name == 'modules of its own' else 1}" in done.stdout
    assert not (project / "owned").exists()


@pytest.mark.parametrize("name", ["a link to a file outside", "a callable", "modules of its own"])
def test_two_versions_of_a_hostile_project_are_compared_without_leaving_them(project: Path, name: str) -> None:
    text, prepare = PROJECTS[name]
    (project / "a.spec").write_text("promptspec 1\n\n" + text)
    prepare(project)
    done = run(project, "diff")
    assert done.returncode == 0, done.stderr
    assert "root:x:" not in done.stdout + done.stderr
    assert f"ended with {0 if name == 'modules of its own' else 1}" in done.stdout
    assert not (project / "owned").exists()


@pytest.mark.parametrize("policy", ["/etc/passwd", "../../../etc/passwd", "x.spec", "fifo.spec"])
def test_a_hostile_policy_is_not_followed_out_of_the_project(project: Path, policy: str) -> None:
    (project / "a.spec").write_text("promptspec 1\n\n" + FEATURE)
    (project / "x.spec").symlink_to("/etc/passwd")
    os.mkfifo(project / "fifo.spec")
    (project / "pyproject.toml").write_text(f'[tool.promptspec]\npolicy = "{policy}"\n')
    done = run(project, "check")
    assert done.returncode == 0, done.stderr
    assert "unusable `policy` in `[tool.promptspec]`" in done.stdout
    assert "root:x:" not in done.stdout + done.stderr


def test_a_code_is_explained_without_reading_the_project(project: Path) -> None:
    (project / "a.spec").write_text("promptspec 1\n\n" + FEATURE)
    evil_module(project)
    done = run(project, "explain")
    assert done.returncode == 0, done.stderr
    assert "# PS301" in done.stdout
    assert "ended with 0" in done.stdout
    assert not (project / "owned").exists()


@pytest.mark.parametrize("command", ["check", "fmt", "build", "schema", "audit"])
def test_bytes_that_are_no_text_are_reported(project: Path, command: str) -> None:
    (project / "a.spec").write_bytes(b"promptspec 1\n\xff\xfe\x00")
    done = run(project, command)
    assert done.returncode == 0, done.stderr
    assert "PS107" in done.stdout


def test_a_spec_that_is_a_link_out_of_a_named_folder_is_not_read(project: Path) -> None:
    (project / "a.spec").symlink_to("/etc/passwd")
    done = run(project, "check", ".")
    assert done.returncode == 0, done.stderr
    assert "PS119" in done.stdout
    assert "root:x:" not in done.stdout


def test_a_fifo_that_is_named_ends_at_once(project: Path) -> None:
    os.mkfifo(project / "a.spec")
    assert run(project, "check").returncode == 0


@pytest.mark.parametrize("command", ["plug", "read"])
def test_the_guard_sees_what_it_forbids(project: Path, command: str) -> None:
    (project / "a.spec").write_text("promptspec 1\n\n" + FEATURE)
    done = run(project, command)
    assert done.returncode == 42
    assert "FORBIDDEN" in done.stderr
