"""The search: what falls is made smaller, judged again, and found again the next time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.errors import FailedHealthCheck

from fuzz.broken_runtime import brackets_are_lost, tiny_subject
from promptspec.fuzz import searching, strategies
from promptspec.fuzz.cases import Case, Claim, Lie
from promptspec.fuzz.judging import Judge
from promptspec.fuzz.laws import LAWS, Law
from promptspec.fuzz.profiles import PROFILES
from promptspec.fuzz.progress import Silent
from promptspec.fuzz.running import Plan, fuzz_feature
from promptspec.fuzz.stage import Stage
from promptspec.fuzz.subjects import Subject
from promptspec.fuzz.trial import LawFell, Trial

SEARCH = replace(PROFILES["pr"], phases=("search",))


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return tiny_subject(tmp_path)


def nobody(*_arguments: object) -> None:
    """Hash no caller."""


def draw(monkeypatch: pytest.MonkeyPatch, drawn: st.SearchStrategy[Case]) -> None:
    """Let the search draw from *drawn*."""

    def cases(_subject: Subject) -> st.SearchStrategy[Case]:
        return drawn

    monkeypatch.setattr(strategies, "cases", cases)


@pytest.mark.parametrize("seed", [0, 7])
def test_what_falls_is_made_as_small_as_it_can_be(subject: Subject, seed: int) -> None:
    with brackets_are_lost():
        plan = Plan(profile=replace(SEARCH, seed=seed), laws={"fences_hold": LAWS["fences_hold"]})
        result = fuzz_feature(subject.running, plan)
    (fallen,) = result.fallen
    case = fallen.case
    assert (fallen.law, fallen.shrunk) == ("fences_hold", True)
    # The fence of the literals is as small as one can draw it; all else is at its beginning.
    assert case.given in ({"note": "[[text]]"}, {"note": "[["}, {"note": "[\u200b["})
    assert (case.lie, case.caller, case.seed) == (Lie(reply={"answer": "yes"}), "reader-1", 0)


def test_a_second_law_is_found_after_the_first_fell(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptspec.runtime.calling.hash_of", nobody)
    with brackets_are_lost():
        result = fuzz_feature(subject.running, Plan(profile=SEARCH))
    assert {fallen.law for fallen in result.fallen} >= {"caller_stays_hidden", "fences_hold"}
    held = {law.law: law for law in result.laws}
    assert held["roles_hold"].held
    assert held["roles_hold"].judged > 100


def test_a_case_that_holds_when_it_is_tried_again_is_a_note(subject: Subject) -> None:
    seen: list[object] = []

    def moody(trial: Trial) -> bool:
        """It holds on every stage but the first."""
        if trial._stage is stage and "e" in str(trial.case.given):
            seen.append(trial.case)
            raise LawFell("by chance")
        return True

    judge, stage = Judge(subject, {"moody": Law(moody, "enforced")}), Stage(subject)
    searching.search(stage, judge, profile=SEARCH, database=None, progress=Silent())
    stage.close()
    assert seen
    assert judge.fallen == {}
    assert judge.doubtful == ["moody: a case fell in the search and held when it was tried again"]


def test_a_law_that_falls_now_and_then_does_not_end_the_run(subject: Subject) -> None:
    turns = iter([False, True] * 10_000)

    def flaky(_trial: Trial) -> bool:
        """It falls every other time."""
        if next(turns):
            raise LawFell("the coin")
        return True

    judge, stage = Judge(subject, {"flaky": Law(flaky, "enforced")}), Stage(subject)
    searching.search(stage, judge, profile=SEARCH, database=None, progress=Silent())
    stage.close()
    assert len(judge.fallen) + len(judge.doubtful) == 1


def test_a_claim_that_the_reference_does_not_share_is_a_note_and_no_failure(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Case(given={"note": "fine"}, claim=Claim(valid=False, path="input.note", rules=("too_long",)))
    draw(monkeypatch, st.just(wrong))
    plan = Plan(profile=SEARCH)
    result = fuzz_feature(subject.running, plan)
    assert result.fallen == ()
    (note,) = plan.notes
    assert note.startswith("tiny: refuses_invalid: a case claims what the reference does not share")


def test_health_checks_are_on(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = strategies.cases(subject)
    draw(monkeypatch, drawn.filter(lambda case: case.seed % 50 == 7))
    with pytest.raises(FailedHealthCheck):
        fuzz_feature(subject.running, Plan(profile=SEARCH))


def test_the_search_is_pulled_towards_awkward_cases(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    pulls: set[str] = set()

    def target(observation: float, *, label: str) -> float:
        pulls.add(label)
        return hypothesis.target(observation, label=label)

    monkeypatch.setattr(searching, "target", target)
    fuzz_feature(subject.running, Plan(profile=SEARCH))
    assert pulls == {"bytes of the request", "delimiters", "what cleaning took away"}


def test_what_fell_is_tried_first_the_next_time(subject: Subject) -> None:
    database = InMemoryExampleDatabase()
    random = replace(SEARCH, repeatable=False)
    with brackets_are_lost():
        plan = Plan(profile=random, database=database, laws={"fences_hold": LAWS["fences_hold"]})
        found = fuzz_feature(subject.running, plan)
        again = fuzz_feature(subject.running, plan)
    assert found.fallen[0].case == again.fallen[0].case
    assert again.cases == 1


def test_what_fell_for_one_feature_is_not_forgotten_by_another(subject: Subject, tmp_path: Path) -> None:
    database = InMemoryExampleDatabase()
    plan = Plan(profile=replace(SEARCH, repeatable=False), database=database)
    with brackets_are_lost():
        fuzz_feature(subject.running, plan)
    spec = (tmp_path / "tiny.spec").read_text().replace("feature tiny", "feature other")
    fuzz_feature(tiny_subject(tmp_path / "other", spec).running, plan)
    with brackets_are_lost():
        again = fuzz_feature(subject.running, plan)
    assert {law.law: law.cases for law in again.laws}["fences_hold"] == 1


def test_an_interrupt_while_a_case_is_made_smaller_loses_nothing(subject: Subject) -> None:
    fell: list[object] = []

    def interrupted(trial: Trial) -> bool:
        """It falls, and somebody loses patience."""
        if len(fell) == 2:
            fell.append(None)
            raise KeyboardInterrupt
        if len(str(trial.case.given)) > 20:
            fell.append(trial.case)
            raise LawFell("too long")
        return True

    result = fuzz_feature(subject.running, Plan(profile=SEARCH, laws={"interrupted": Law(interrupted, "enforced")}))
    assert not result.finished
    assert [fallen.sentence for fallen in result.fallen] == ["too long"]
