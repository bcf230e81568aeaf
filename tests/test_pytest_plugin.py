"""The pytest plugin: the fixture for an application's own tests, and specs as tests of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.terminal import promptspec
from fuzz.broken_runtime import TINY, tiny
from promptspec.fuzz.failures import FOLDER
from promptspec.fuzz.laws import LAWS
from promptspec.fuzz.profiles import PROFILES
from promptspec.pytest_plugin import PROFILES as OFFERED

ROOT = Path(__file__).parents[1]

APPLICATION_TEST = """
import pytest
import promptspec

classify_message = promptspec.load({spec!r}).classify_message


def test_with_a_reply(promptspec_replies):
    promptspec_replies(classify_message, "order", "complaint")
    caller = promptspec.Session("s")
    assert [classify_message(message="Hello", caller=caller) for _ in range(2)] == ["order", "complaint"]


def test_a_reply_is_judged_like_a_models(promptspec_replies):
    promptspec_replies(classify_message, "nonsense")
    with pytest.raises(promptspec.ReplyRefused):
        classify_message(message="Hello", caller=promptspec.Session("s"))
"""


def test_the_fixture_replaces_the_model_until_the_test_ends(tmp_path: Path) -> None:
    spec = str(ROOT / "specs" / "classify_message.spec")
    (tmp_path / "test_application.py").write_text(APPLICATION_TEST.format(spec=spec))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "promptspec.pytest_plugin", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_loading_the_plugin_imports_nothing_of_the_compiler_or_the_runtime() -> None:
    script = (
        "import pytest, sys, promptspec.pytest_plugin;"
        "print([m for m in sys.modules if m.startswith('promptspec.') and m != 'promptspec.pytest_plugin'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Specs

#: A strict project: warnings are errors, and so are markers that nobody knows.
SETTINGS = """
[tool.promptspec]

[tool.pytest.ini_options]
promptspec_paths = ["specs"]
promptspec_profile = "dev"
addopts = "--strict-markers --strict-config -p no:cacheprovider"
filterwarnings = ["error"]
"""
RPM = "Name: hello\nVersion: 1\nSummary: says hello\n%description\nSays promptspec 1.\n"
BUG = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
from fuzz.broken_runtime import brackets_are_lost
bug = brackets_are_lost()
bug.__enter__()
"""
#: The profile `dev`, made short.
SHORT = """
from dataclasses import replace
from promptspec.fuzz.profiles import PROFILES
PROFILES["dev"] = replace(PROFILES["dev"], searched=5, boundaries=10, sequences=1)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the folder of a project with one spec."""
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "conftest.py").write_text(SHORT)
    tiny(tmp_path / "specs")
    return tmp_path


def run_pytest(
    project: Path, *arguments: str, plugins: Sequence[str] = (), code: str = "import pytest; sys.exit(pytest.main())"
) -> subprocess.CompletedProcess[str]:
    """Run pytest in *project* with this plugin, and those that are named."""
    named = [word for name in ("promptspec.pytest_plugin", *plugins) for word in ("-p", name)]
    return subprocess.run(
        [sys.executable, "-c", "import sys; " + code, "--color=no", *named, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def collected(project: Path, *arguments: str) -> list[str]:
    """Return the ids of the items that are collected."""
    done = run_pytest(project, "--collect-only", "-q", *arguments)
    assert done.returncode in (0, 5), done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if "::" in line]


def test_each_part_of_a_feature_is_an_item(project: Path) -> None:
    assert collected(project) == [
        "specs/tiny.spec::tiny[examples]",
        "specs/tiny.spec::tiny[test: no is no]",
        "specs/tiny.spec::tiny[attack: asks for more]",
        *(f"specs/tiny.spec::tiny[{law}]" for law in LAWS),
    ]
    assert collected(project, "-k", "tiny and fences_hold") == ["specs/tiny.spec::tiny[fences_hold]"]
    assert collected(project, "specs/tiny.spec::tiny[roles_hold]") == ["specs/tiny.spec::tiny[roles_hold]"]


def test_only_specs_under_the_paths_are_items(project: Path) -> None:
    tiny(project / "elsewhere")
    (project / "specs" / "hello.spec").write_text(RPM)
    (project / "specs" / "noise.spec").write_bytes(b"promptspec \xff\0\x1b")
    assert {each.partition("::")[0] for each in collected(project)} == {"specs/tiny.spec"}
    (project / "pyproject.toml").write_text(SETTINGS.replace('promptspec_paths = ["specs"]\n', ""))
    assert collected(project) == []


def test_what_holds_passes_in_a_strict_project_without_xdist(project: Path) -> None:
    done = run_pytest(
        project, "-k", "examples or test or attack or roles_hold or check_is_hermetic or sinks_are_closed"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed, 1 skipped" in done.stdout
    assert not (project / FOLDER).exists()
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [(), ("--dist", "loadgroup")])
def test_workers_share_the_items(project: Path, arguments: tuple[str, ...]) -> None:
    wanted = "examples or test or roles_hold or prompt_fits"
    done = run_pytest(project, "-n", "2", *arguments, "-k", wanted, plugins=["xdist.plugin", "xdist.looponfail"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def test_a_law_that_fell_is_told_whole_and_can_be_replayed(project: Path) -> None:
    (project / "conftest.py").write_text(SHORT + BUG)
    done = run_pytest(project, "-k", "attack or fences_hold or roles_hold")
    assert done.returncode == 1
    assert "2 failed, 1 passed" in done.stdout
    assert "FELL fences_hold" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert "collecting.py" not in done.stdout
    assert "Captured log" not in done.stdout
    ids = re.findall(r"promptspec fuzz specs/tiny\.spec --replay ([0-9a-f]{12})", done.stdout)
    assert {path.stem for path in (project / FOLDER).glob("*.json")} == set(ids)
    for id in set(ids):
        seen = promptspec("fuzz", project / "specs" / "tiny.spec", "--replay", id)
        assert (seen.code, seen.out[:13]) == (0, "FIXED  tiny: ")


def test_a_project_that_takes_no_files_is_told_below_the_failure(project: Path) -> None:
    (project / "conftest.py").write_text(SHORT + BUG)
    (project / ".promptspec").write_text("in the way")
    done = run_pytest(project, "-k", "attack or fences_hold")
    assert "2 failed" in done.stdout
    below, _, _ = done.stdout.partition("short test summary")  # in CI the summary tells the whole messages again
    assert below.count("failures cannot be kept: Not a directory") == 2


def test_the_first_failure_ends_the_run_and_the_last_ones_are_run_again(project: Path) -> None:
    (project / "pyproject.toml").write_text(SETTINGS.replace(" -p no:cacheprovider", ""))
    spec = project / "specs" / "tiny.spec"
    spec.write_text(TINY.replace("returns no\n", "returns yes\n"))
    done = run_pytest(project, "-x", "-k", "examples or test or attack")
    assert "1 failed, 1 passed" in done.stdout
    assert "specs/tiny.spec::tiny[test: no is no]" in done.stdout
    assert "tiny.spec:19" in done.stdout
    again = run_pytest(project, "--lf")
    assert "1 failed" in again.stdout
    assert "passed" not in again.stdout.replace("previously passed", "")
    spec.write_text(TINY)
    assert "1 passed" in run_pytest(project, "--lf").stdout


def test_a_spec_that_does_not_compile_is_one_error_and_the_rest_goes_on(project: Path) -> None:
    tiny(project / "specs", TINY.replace("text(1..60)", "text"), "broken.spec")
    done = run_pytest(project, "-k", "examples", "--continue-on-collection-errors")
    assert done.returncode == 1
    assert "1 passed" in done.stdout
    assert "1 error" in done.stdout
    assert "error[PS" in done.stdout
    assert "--> specs/broken.spec:9" in done.stdout
    assert "Traceback" not in done.stdout
    assert "collecting.py" not in done.stdout


def test_a_spec_that_cannot_be_read_is_an_error_and_not_left_out(project: Path) -> None:
    (project / "specs" / "huge.spec").write_text("promptspec 1\n" + "#" * 5_000_000)
    (project / "specs" / "linked.spec").symlink_to("/etc/hostname")
    done = run_pytest(project, "--collect-only", "-q")
    assert "specs/huge.spec" in done.stdout
    assert "bytes" in done.stdout
    assert "Traceback" not in done.stdout
    assert "specs/tiny.spec::tiny[examples]" in done.stdout


def test_an_example_that_is_refused_fails_alone_and_laws_say_so(project: Path) -> None:
    rule = '    output Verdict\n\n    require note == "Well." else "is unwell"\n'
    tiny(project / "specs", TINY.replace("    output Verdict\n", rule))
    done = run_pytest(project, "-k", "examples or fences_hold")
    assert re.search(r"1 failed, \d+ deselected, 1 error", done.stdout)
    assert "error[PS604]" in done.stdout
    assert "an example of tiny is refused, so nothing else is tried" in done.stdout
    assert "Traceback" not in done.stdout
    assert "AssertionError" not in done.stdout


def test_without_hypothesis_examples_and_tests_run_and_laws_say_what_to_install(project: Path) -> None:
    (project / "conftest.py").write_text("import sys\n\nsys.modules['hypothesis'] = None\n")
    done = run_pytest(project)
    assert f"2 passed, {len(LAWS) + 1} errors" in done.stdout
    assert done.stdout.count('the fuzzer is not installed: pip install "promptspec[fuzz]"') >= len(LAWS) + 1
    assert "Traceback" not in done.stdout


def test_a_profile_that_does_not_exist_is_wrong_usage(project: Path) -> None:
    assert tuple(PROFILES) == OFFERED
    done = run_pytest(project, "--promptspec-profile", "hard")
    assert done.returncode == 4
    (project / "pyproject.toml").write_text(SETTINGS.replace('"dev"', '"hard"'))
    done = run_pytest(project)
    assert done.returncode == 4
    assert "promptspec_profile: there is no profile `hard`, only dev, pr, nightly" in done.stderr


GUARDED = """
import pytest
sys.path.insert(0, {tests!r})
from properties.guard import install
install({root!r})
sys.exit(pytest.main())
"""


def test_collecting_touches_nothing_outside_and_runs_no_code_of_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
    (project / "conftest.py").unlink()
    for folder in (project, project / "specs"):
        for name in ("tiny", "promptspec_tiny", "verdict"):
            (folder / f"{name}.py").write_text("raise SystemExit('code of the project ran')\n")
    code = GUARDED.format(tests=str(ROOT / "tests"), root=str(project))
    done = run_pytest(project, "--collect-only", "-q", "-s", "-p", "no:faulthandler", code=code)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "specs/tiny.spec::tiny[examples]" in done.stdout
    spied = run_pytest(
        project, "-s", "-p", "no:faulthandler", code=code.replace("sys.exit", "open('/etc/hostname'); sys.exit")
    )
    assert spied.returncode == 42


def test_a_run_that_meets_no_spec_imports_nothing_but_the_plugin(project: Path) -> None:
    (project / "specs" / "tiny.spec").write_text(RPM.replace("promptspec 1", "hello"))
    (project / "specs" / "tiny.spec").rename(project / "other.spec")
    (project / "conftest.py").unlink()
    (project / "test_it.py").write_text(
        "import sys\n\ndef test_it():\n"
        "    loaded = {name for name in sys.modules if name.startswith('promptspec')}\n"
        "    assert loaded == {'promptspec', 'promptspec.pytest_plugin'}\n"
        "    assert 'hypothesis' not in sys.modules\n"
    )
    done = run_pytest(project)
    assert "1 passed" in done.stdout, done.stdout
