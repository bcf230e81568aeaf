"""Failures on disk: kept, tried first, forgotten once they hold, and replayed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fuzz.broken_runtime import answers_are_mixed_up, brackets_are_lost, tiny, tiny_subject
from promptspec.api import Compilation, compile_paths
from promptspec.fuzz.cases import VALID, Case, Lie
from promptspec.fuzz.failures import FOLDER, FORMAT, Failures, Unreplayable
from promptspec.fuzz.laws import LAWS
from promptspec.fuzz.profiles import PROFILES
from promptspec.fuzz.replaying import replay
from promptspec.fuzz.results import Fallen
from promptspec.fuzz.running import Plan, fuzz_feature
from promptspec.fuzz.subjects import Subject

FENCES = {"fences_hold": LAWS["fences_hold"]}
EXAMPLES = replace(PROFILES["pr"], phases=("examples",))
CASE = Case(given={"note": "[[\ud800\u202e"}, claim=VALID, lie=Lie(reply={"answer": "yes"}), seed=3)


FALLEN = Fallen(
    id="0123456789ab",
    law="fences_hold",
    claim="",
    sentence="",
    file="tiny.spec",
    feature="tiny",
    line=1,
    case=CASE,
)


def fallen(**changes: Any) -> Fallen:
    """Return a failure like FALLEN."""
    return replace(FALLEN, **changes)


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return tiny_subject(tmp_path)


@pytest.fixture
def failures(tmp_path: Path) -> Failures:
    return Failures.of_project(tmp_path)


@pytest.fixture
def compilation(tmp_path: Path) -> Compilation:
    return compile_paths([tiny(tmp_path)])


def test_a_failure_comes_back_as_it_was_kept(failures: Failures) -> None:
    failures.keep(fallen(together=(CASE, replace(CASE, seed=4)), cut=0.5))
    found = failures.find("0123456789ab")
    assert (found.case, found.law, found.file, found.feature) == (CASE, "fences_hold", "tiny.spec", "tiny")
    assert found.together == (CASE, replace(CASE, seed=4))
    assert found.cut == 0.5
    assert list(failures.of("tiny.spec", "tiny")) == [found]
    assert list(failures.of("tiny.spec", "other")) == list(failures.of("other.spec", "tiny")) == []


def test_the_folder_is_left_alone_by_version_control(failures: Failures, tmp_path: Path) -> None:
    failures.keep(fallen())
    assert (tmp_path / FOLDER / ".gitignore").read_text() == "*\n"
    assert {path.suffix for path in (tmp_path / FOLDER).iterdir()} == {"", ".json"}


def test_what_fell_is_kept_tried_first_and_forgotten_once_it_holds(subject: Subject, failures: Failures) -> None:
    heard: list[Case] = []
    plan = Plan(profile=EXAMPLES, laws=FENCES, failures=failures, heard=lambda case, _subject: heard.append(case))
    with brackets_are_lost():
        (first,) = fuzz_feature(subject.running, plan).fallen
    (kept,) = failures.of("tiny.spec", "tiny")
    assert (kept.id, kept.case) == (first.id, first.case)
    heard.clear()
    fuzz_feature(subject.running, plan)
    assert heard[0] == first.case
    assert list(failures.of("tiny.spec", "tiny")) == []


def test_a_failure_of_a_law_that_was_not_asked_for_is_not_forgotten(subject: Subject, failures: Failures) -> None:
    failures.keep(fallen())
    fuzz_feature(subject.running, Plan(profile=EXAMPLES, failures=failures, laws={}))
    fuzz_feature(
        subject.running, Plan(profile=replace(EXAMPLES, phases=("boundaries",), boundaries=5), failures=failures)
    )
    assert len(list(failures.of("tiny.spec", "tiny"))) == 1


def test_a_folder_that_takes_nothing_is_told_of_and_the_run_goes_on(subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "full").write_text("a file stands here")
    plan = Plan(profile=EXAMPLES, laws=FENCES, failures=Failures(tmp_path / "full" / "fuzz"))
    with brackets_are_lost():
        result = fuzz_feature(subject.running, plan)
    assert [fallen.law for fallen in result.fallen] == ["fences_hold"]
    assert plan.notes == ["failures cannot be kept: Not a directory"]
    assert result.finished


def test_a_replay_says_whether_the_law_holds_now(
    subject: Subject, failures: Failures, compilation: Compilation
) -> None:
    with brackets_are_lost():
        (first,) = fuzz_feature(subject.running, Plan(profile=EXAMPLES, laws=FENCES, failures=failures)).fallen
        again = replay(compilation, failures.find(first.id))
    assert again is not None
    assert (again.id, again.sentence) == (first.id, first.sentence)
    assert replay(compilation, failures.find(first.id)) is None


def test_calls_that_were_mixed_up_are_replayed_together(
    subject: Subject, failures: Failures, compilation: Compilation
) -> None:
    case = replace(CASE, given={"note": "one"}, phase="sequences")
    other = replace(case, lie=Lie(reply={"answer": "no"}))
    failures.keep(fallen(law="callers_are_apart", case=case, together=(case, other)))
    with answers_are_mixed_up():
        again = replay(compilation, failures.find("0123456789ab"))
    assert again is not None
    assert again.sentence == "a call among others does not do what it does alone"
    assert replay(compilation, failures.find("0123456789ab")) is None


def test_the_law_about_the_compiler_is_replayed_too(
    failures: Failures, compilation: Compilation, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures.keep(fallen(law="check_is_hermetic", case=replace(CASE, given={"note": "a"})))

    def curious(_paths: object) -> None:
        Path("/etc/hostname").read_bytes()

    monkeypatch.setattr("promptspec.fuzz.laws.tools.compile_paths", curious)
    again = replay(compilation, failures.find("0123456789ab"))
    assert again is not None
    assert "the opening of a file outside of the project" in again.sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"law": "gravity_holds"}, "is of the law `gravity_holds`, which this version does not have"),
        ({"feature": "gone"}, "is of the feature `gone` of tiny.spec: name that spec"),
        ({"file": "gone.spec"}, "is of the feature `tiny` of gone.spec: name that spec"),
        ({"case": replace(CASE, lie=Lie(liar="gone"))}, "tells a lie that this version does not have"),
        ({"case": replace(CASE, lie=Lie(liar="leaky", form="gone"))}, "tells a lie that this version does not have"),
    ],
)
def test_what_is_gone_cannot_be_replayed(
    failures: Failures, compilation: Compilation, changes: dict[str, Any], sentence: str
) -> None:
    failures.keep(fallen(**changes))
    with pytest.raises(Unreplayable) as refused:
        replay(compilation, failures.find("0123456789ab"))
    assert str(refused.value) == f"failure 0123456789ab {sentence}"


UNREADABLE = "the file of failure 0123456789ab cannot be read"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", UNREADABLE),
        (b"\xff\xfe", UNREADABLE),
        (b"[]", UNREADABLE),
        (b"7", UNREADABLE),
        (b"[" * 100_000, UNREADABLE),
        (b'{"format": 1}', UNREADABLE),
        (b'{"format": 1, "law": "a", "file": "b", "feature": "c", "case": {}}', UNREADABLE),
        (b'{"format": 1, "law": "a", "file": "b", "feature": "c", "case": {"given": 1, "more": 1}}', UNREADABLE),
        (b'{"format": 1, "law": "a", "file": "b", "feature": "c", "case": {"given": 1}, "together": 7}', UNREADABLE),
        (b'{"format": 1, "law": "a", "file": "b", "feature": "c", "case": {"given": 1}, "cut": "x"}', UNREADABLE),
        (
            b'{"format": 99}',
            "failure 0123456789ab was written by another version of promptspec (format 99)",
        ),
        (
            b'{"format": "\\u001b[31m99999999999999999999"}',
            "failure 0123456789ab was written by another version of promptspec (format \\u{1B}[31m999999999…)",
        ),
    ],
)
def test_a_damaged_file_is_one_sentence_and_stops_nothing(
    failures: Failures, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / FOLDER / "0123456789ab.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(Unreplayable) as refused:
        failures.find("0123456789ab")
    assert str(refused.value) == sentence
    assert list(failures.of("b", "c")) == []


def test_a_huge_file_is_not_read(failures: Failures, tmp_path: Path) -> None:
    path = tmp_path / FOLDER / "0123456789ab.json"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    with pytest.raises(Unreplayable, match="is larger than any that is written"):
        failures.find("0123456789ab")


@pytest.mark.parametrize("id", ["ffffffffffff", "../../etc/passwd", "", "0123456789AB", "x" * 500])
def test_an_unknown_id_names_those_that_are_known(failures: Failures, id: str) -> None:
    with pytest.raises(Unreplayable, match="; none is kept"):
        failures.find(id)
    failures.keep(fallen())
    with pytest.raises(Unreplayable) as refused:
        failures.find(id)
    assert str(refused.value) == f"there is no failure `{id[:40]}`; known are 0123456789ab"


def test_the_form_of_the_files_is_told(failures: Failures, tmp_path: Path) -> None:
    failures.keep(fallen())
    kept = json.loads((tmp_path / FOLDER / "0123456789ab.json").read_text())
    assert kept["format"] == FORMAT == 1
