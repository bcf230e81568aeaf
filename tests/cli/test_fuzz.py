"""`promptspec fuzz`: exit codes, options, reports, corpora, replay, progress, and Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cli.terminal import ROOT, Seen, on_a_terminal, promptspec
from fuzz.broken_runtime import BROKEN_COMMAND, TINY, brackets_are_lost, tiny
from promptspec.fuzz.failures import FOLDER

EXAMPLES = ("--phase", "examples")
REPORTS = ("html", "junit", "sarif", "jsonl")


@pytest.fixture
def spec(project: Path) -> Path:
    return tiny(project)


def fuzz(spec: Path, *arguments: object, **options: Any) -> Seen:
    """Fuzz *spec* in this process."""
    return promptspec("fuzz", spec, *arguments, **options)


def fall(spec: Path, *arguments: object) -> Seen:
    """Fuzz *spec* with a bug in the runtime, by the law that it breaks."""
    with brackets_are_lost():
        return fuzz(spec, *EXAMPLES, "--law", "fences_hold", *arguments)


def kept(spec: Path) -> list[str]:
    """Return the ids of the failures that are kept."""
    return sorted(path.stem for path in (spec.parent / FOLDER).glob("*.json"))


def run_of(seen: Seen) -> dict[str, Any]:
    """Return the last line of what was written as JSON lines: the one about the run."""
    return json.loads(seen.out.splitlines()[-1])


# How it ends


def test_0_where_all_laws_hold(spec: Path) -> None:
    seen = fuzz(spec, *EXAMPLES)
    assert seen.code == 0
    assert re.search(r"\d+ laws of 1 feature held in \d+ cases", seen.out)
    assert "Traceback" not in seen.err


def test_1_where_a_law_fell_and_the_failure_is_told_whole(spec: Path) -> None:
    seen = fall(spec)
    assert seen.code == 1
    (id,) = kept(spec)
    assert "FELL fences_hold" in seen.out
    assert f"again: promptspec fuzz tiny.spec --replay {id}" in seen.out
    assert '"note": "Say everything, [[now]]."' in seen.out
    assert "1 law fell and 1 example, test or attack did not go as the spec says" in seen.out


def test_1_where_a_test_of_the_spec_does_not_go_as_it_says(spec: Path) -> None:
    spec.write_text(TINY.replace("returns no\n", "returns yes\n"))
    seen = fuzz(spec, *EXAMPLES)
    assert seen.code == 1
    assert 'FAILED  tiny.spec:19  tiny: test "no is no"' in seen.out


def test_2_where_a_spec_does_not_compile_with_its_diagnostics(spec: Path, broken: Path) -> None:
    seen = fuzz(broken.parent)
    assert seen.code == 2
    assert "error[PS" in seen.out + seen.err
    assert "broken.spec" in seen.out + seen.err
    spec.write_text(TINY.replace("returns yes", "returns maybe"))
    assert fuzz(spec).code == 2


def test_2_where_an_example_is_refused_by_its_own_feature(spec: Path) -> None:
    spec.write_text(
        TINY.replace("    output Verdict\n", '    output Verdict\n\n    require note == "Well." else "is unwell"\n')
    )
    seen = fuzz(spec)
    assert seen.code == 2
    assert "PS604" in seen.out + seen.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--profile", "nihtly"), "there is no profile `nihtly`|did you mean `nightly`?"),
        (("--profile", "\x1b[31m"), "there is no profile `\\u{1B}[31m`|there are dev, pr, nightly"),
        (("--law", "fence_holds"), "there is no law `fence_holds`|did you mean `fences_hold`?"),
        (("--phase", "serach"), "there is no phase `serach`|did you mean `search`?"),
        (("--feature", "tinny"), "there is no feature `tinny`|did you mean `tiny`?"),
        (("--feature", "x"), "there is no feature `x`|there are tiny"),
        (("--seed", "7"), "a run of the profile `dev` draws afresh each time|--seed is for --profile pr"),
        (("--profile", "nightly", "--seed", "0"), "a run of the profile `nightly` draws afresh each time"),
        (("--seed", "-1"), "Invalid value for '--seed'|"),
        (("--replay", "nope"), "there is no failure `nope`; none is kept|"),
    ],
)
def test_2_where_a_name_is_wrong_with_the_near_one(spec: Path, arguments: tuple[str, ...], words: str) -> None:
    seen = fuzz(spec, *arguments)
    assert seen.code == 2
    assert seen.out == ""
    for part in words.split("|"):
        assert part in seen.err
    assert "Traceback" not in seen.err


def test_2_where_there_is_nothing_to_fuzz(project: Path) -> None:
    seen = fuzz(project)
    assert seen.code == 2
    assert "no spec" in seen.err
    (project / "words.spec").write_text("promptspec 1\n\nenum Mood { calm, wild }\n")
    seen = fuzz(project)
    assert seen.code == 2
    assert "there is no feature to put to the test" in seen.err


NO_HYPOTHESIS = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "hypothesis":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "hypothesis" else found(name, *more)
from promptspec.cli import main
sys.exit(main())
"""


def in_a_process(
    code: str, *arguments: object, cwd: Path = ROOT, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run *code* in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=100,
        check=False,
    )


def test_3_without_hypothesis_with_the_line_that_installs_it(spec: Path) -> None:
    seen = in_a_process(NO_HYPOTHESIS, "fuzz", spec)
    assert seen.returncode == 3
    assert seen.stderr == 'error: the fuzzer is not installed\nhelp: pip install "promptspec[fuzz]"\n'
    assert in_a_process(NO_HYPOTHESIS, "check", spec).returncode == 0


# What is chosen


def test_only_the_laws_features_and_phases_that_are_named_are_judged(project: Path, spec: Path) -> None:
    tiny(project, TINY.replace("feature tiny", "feature other").replace("Verdict", "Word"), "other.spec")
    seen = fuzz(
        project, "--law", "roles_hold", "--law", "fences_hold", "--feature", "other", *EXAMPLES, "--format", "json"
    )
    lines = [json.loads(line) for line in seen.out.splitlines()]
    assert {(line["feature"], line["law"]) for line in lines if line["kind"] == "law"} == {
        ("other", "roles_hold"),
        ("other", "fences_hold"),
    }
    (feature,) = [line for line in lines if line["kind"] == "feature"]
    assert set(feature["phases"]) == {"examples"}
    assert run_of(seen)["features"] == 1


def test_json_is_lines_and_nothing_else(spec: Path) -> None:
    seen = fuzz(spec, *EXAMPLES, "--format", "json", terminal=True, environment={"TERM": "xterm"})
    assert run_of(seen)["verdict"] == "held"
    assert seen.err == ""
    assert all(json.loads(line)["kind"] in ("law", "feature", "run") for line in seen.out.splitlines())


# The same cases


def test_a_seed_gives_the_same_cases_and_another_seed_others(spec: Path, tmp_path: Path) -> None:
    def exported(name: str, *arguments: object) -> bytes:
        out = tmp_path / name
        seen = fuzz(spec, "--profile", "pr", "--phase", "search", "--export", out, *arguments)
        assert seen.code == 0
        return out.read_bytes()

    first = exported("one")
    assert first.count(b"\n") == 200
    assert exported("two", "--seed", 0) == first
    assert exported("three", "--seed", 1) != first


def test_every_process_draws_the_same_cases(spec: Path, tmp_path: Path) -> None:
    command = "import sys; from promptspec.cli import main; sys.exit(main())"
    found: list[bytes] = []
    for hash_seed, locale, zone in (("0", "C", "Pacific/Kiritimati"), ("4711", "C.UTF-8", "America/Los_Angeles")):
        out = tmp_path / hash_seed
        chosen = ("--profile", "pr", "--phase", "search", "--phase", "examples", "--export", out)
        environment = {"PYTHONHASHSEED": hash_seed, "LC_ALL": locale, "TZ": zone}
        seen = in_a_process(command, "fuzz", spec, *chosen, cwd=spec.parent, **environment)
        assert seen.returncode == 0, seen.stderr
        found.append(out.read_bytes())
    assert found[0] == found[1]
    assert found[0].count(b"\n") > 200


# Reports


def test_all_reports_are_written(spec: Path, tmp_path: Path) -> None:
    paths = {kind: tmp_path / f"report.{kind}" for kind in REPORTS}
    options = [word for kind, path in paths.items() for word in (f"--{kind}", path)]
    seen = fall(spec, *options)
    assert seen.code == 1
    assert "fences_hold" in paths["html"].read_text()
    suite = ElementTree.fromstring(paths["junit"].read_text())[0]
    names = [case.get("name") for case in suite]
    assert {'example "a note"', 'test "no is no"', 'attack "asks for more"'} <= set(names)
    assert suite.get("failures") == "2"
    assert json.loads(paths["sarif"].read_text())["runs"][0]["results"][0]["ruleId"] == "fences_hold"
    assert json.loads(paths["jsonl"].read_text().splitlines()[-1])["verdict"] == "fell"


@pytest.mark.parametrize("kind", [*REPORTS, "export"])
def test_a_report_that_cannot_be_written_is_told_and_the_others_are_written(
    spec: Path, tmp_path: Path, kind: str
) -> None:
    others = {other: tmp_path / f"report.{other}" for other in REPORTS if other != kind}
    options = [word for other, path in others.items() for word in (f"--{other}", path)]
    seen = fuzz(spec, *EXAMPLES, *options, f"--{kind}", "/dev/full")
    assert seen.code == 3
    assert seen.err.splitlines()[-1] == "error: `/dev/full` cannot be written: No space left on device"
    assert "held in" in seen.out
    assert all(path.stat().st_size for path in others.values())


def test_a_folder_that_is_missing_is_told_and_a_law_that_fell_is_worse(spec: Path, tmp_path: Path) -> None:
    page = tmp_path / "no\x1bwhere" / "page.html"
    seen = fuzz(spec, *EXAMPLES, "--html", page, "--jsonl", tmp_path / "lines")
    assert seen.code == 3
    assert seen.err.splitlines()[-1].endswith("no\\u{1B}where/page.html` cannot be written: No such file or directory")
    assert (tmp_path / "lines").exists()
    told = run_of(fuzz(spec, *EXAMPLES, "--html", page, "--format", "json"))
    assert any("cannot be written" in note for note in told["notes"])
    assert fall(spec, "--html", page).code == 1


def test_an_export_that_cannot_be_begun_is_told_before_the_run(spec: Path, tmp_path: Path) -> None:
    seen = fuzz(spec, *EXAMPLES, "--export", tmp_path / "nowhere" / "cases")
    assert seen.code == 3
    assert seen.err.startswith("error: No such file or directory")
    assert seen.out == ""


# Cases from outside


def test_broken_lines_are_counted_and_named_and_the_rest_is_used(spec: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl"
    corpus.write_bytes(b'{"name": "ours", "text": "[[let me out]]"}\n{\n\xff\xfe\n\n{"text": 7}\n')
    with brackets_are_lost("[[let"):
        seen = fuzz(spec, *EXAMPLES, "--seeds", corpus)
    assert seen.code == 1
    assert "note: the corpus has 3 lines that cannot be read (2, 3, 5); the rest was used" in seen.out
    assert "corpus: ours" in seen.out


def test_what_was_exported_runs_again(spec: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert fuzz(spec, "--profile", "pr", "--phase", "search", "--export", first).code == 0
    assert fuzz(spec, *EXAMPLES, "--seeds", first, "--export", second).code == 0

    def cases(path: Path) -> list[Any]:
        found = [json.loads(line)["case"] for line in path.read_text().splitlines()]
        return [{**case, "phase": ""} for case in found]

    assert cases(second)[-200:] == cases(first)


@pytest.mark.parametrize("kind", ["missing", "folder", "huge", "fifo"])
def test_a_corpus_that_cannot_be_read_is_one_message(spec: Path, tmp_path: Path, kind: str) -> None:
    corpus = tmp_path / "corpus"
    if kind == "folder":
        corpus.mkdir()
    elif kind == "huge":
        with corpus.open("wb") as file:
            file.truncate(300 * 1024 * 1024)
    elif kind == "fifo":
        os.mkfifo(corpus)
    seen = fuzz(spec, "--seeds", corpus)
    assert seen.code == 3
    assert re.fullmatch(r"error: .*corpus.*\n", seen.err)


def test_a_corpus_of_bytes_is_broken_lines_and_no_crash(spec: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.write_bytes(bytes(range(256)) * 100)
    seen = fuzz(spec, *EXAMPLES, "--seeds", corpus)
    assert seen.code == 0
    assert "the corpus has 101 lines that cannot be read" in seen.out


# Failures


def test_a_replay_says_failed_and_after_the_mend_fixed(spec: Path) -> None:
    fall(spec)
    (id,) = kept(spec)
    with brackets_are_lost():
        failed = fuzz(spec, "--replay", id)
        told = json.loads(fuzz(spec, "--replay", id, "--format", "json").out)
    assert failed.code == 1
    assert "FELL fences_hold" in failed.out
    assert failed.out.endswith("FAILED  tiny: fences_hold\n")
    assert (told["kind"], told["verdict"], told["fallen"]["id"]) == ("replay", "failed", id)
    fixed = fuzz(spec, "--replay", id)
    assert (fixed.code, fixed.out) == (0, "FIXED  tiny: fences_hold holds\n")
    assert json.loads(fuzz(spec, "--replay", id, "--format", "json").out)["verdict"] == "fixed"


def test_a_failure_that_cannot_be_replayed_is_one_sentence(spec: Path) -> None:
    fall(spec)
    (id,) = kept(spec)
    spec.write_text(TINY.replace("feature tiny", "feature gone"))
    seen = fuzz(spec, "--replay", id)
    assert seen.code == 2
    assert seen.err == f"error: failure {id} is of the feature `tiny` of tiny.spec: name that spec\n"
    (spec.parent / FOLDER / f"{id}.json").write_bytes(b"\0")
    assert fuzz(spec, "--replay", id).err == f"error: the file of failure {id} cannot be read\n"


def test_a_run_that_finds_nothing_writes_nothing(spec: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(spec.parent)
    assert fuzz(spec, "--profile", "pr", "--phase", "examples", "--phase", "search").code == 0
    assert [path.name for path in spec.parent.iterdir()] == ["tiny.spec"]


def test_a_run_at_ones_desk_keeps_what_it_found_in_the_project_alone(
    spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(spec.parent)
    assert fuzz(spec, "--phase", "search").code == 0
    assert sorted(path.name for path in spec.parent.iterdir()) == [".promptspec", "tiny.spec"]


def test_a_project_that_takes_no_files_is_told_and_the_run_goes_on(spec: Path) -> None:
    (spec.parent / ".promptspec").write_text("in the way")
    seen = fall(spec, "--phase", "search", "--law", "roles_hold")
    assert seen.code == 1
    assert "note: failures cannot be kept: " in seen.out
    assert "note: cases cannot be kept for the next run: " in seen.out
    assert "FELL fences_hold" in seen.out


# While it runs


def test_a_log_gets_plain_lines(spec: Path) -> None:
    seen = fuzz(spec, *EXAMPLES)
    began, ended = seen.err.splitlines()
    assert re.fullmatch(r"fuzzing tiny\.spec: tiny, \d+ laws", began)
    assert re.fullmatch(r"    \d+ cases in \d+\.\d s \([\d,]+ a second\); no law fell", ended)
    assert "\x1b" not in seen.out + seen.err


def test_a_terminal_gets_a_line_that_moves_and_is_gone_at_the_end(spec: Path, tmp_path: Path) -> None:
    cache = {"PROMPTSPEC_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    seen = on_a_terminal(["fuzz", str(spec), *EXAMPLES], [], cache)
    assert seen.code == 0
    assert re.search(r"\d+ of \d+ laws stand", seen.out)
    assert "\x1b[2K" in seen.out
    assert "fuzzing tiny.spec" not in seen.out
    assert "Traceback" not in seen.out


def interrupted(spec: Path, tmp_path: Path, code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Send a real SIGINT while cases are judged, and return what the process said."""
    out = tmp_path / "cases"
    command = [sys.executable, "-c", code, "fuzz", str(spec), "--export", str(out), *map(str, arguments)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and not (out.exists() and out.stat().st_size):
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, said, errors)


def test_an_interrupt_ends_the_run_and_reports_what_was_found_so_far(spec: Path, tmp_path: Path) -> None:
    page, lines = tmp_path / "page.html", tmp_path / "lines"
    command = "import sys; from promptspec.cli import main; sys.exit(main())"
    options = ("--profile", "nightly", "--phase", "search", "--html", page, "--jsonl", lines)
    seen = interrupted(spec, tmp_path, command, *options)
    assert seen.returncode == 3, seen.stderr
    assert "but the run was broken off before its end" in seen.stdout
    assert seen.stderr.splitlines()[-1].endswith("; broken off")
    assert "Traceback" not in seen.stderr
    assert "was never" not in seen.stderr
    assert "destroyed" not in seen.stderr
    assert "broken off" in page.read_text()
    assert json.loads(lines.read_text().splitlines()[-1])["verdict"] == "unfinished"


def test_an_interrupt_after_a_law_fell_is_code_1_and_the_failure_is_kept(spec: Path, tmp_path: Path) -> None:
    seen = interrupted(
        spec, tmp_path, BROKEN_COMMAND, "--profile", "nightly", "--phase", "examples", "--phase", "search"
    )
    assert seen.returncode == 1, seen.stderr
    assert "FELL fences_hold" in seen.stdout
    assert "broken off" in seen.stderr
    assert kept(spec)
