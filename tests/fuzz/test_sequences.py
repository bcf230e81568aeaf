"""Sequences: what a call gives does not depend on the calls around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fuzz.broken_runtime import answers_are_mixed_up, tiny_subject
from promptspec.fuzz.cases import VALID, Case, Lie
from promptspec.fuzz.failures import Failures
from promptspec.fuzz.profiles import PROFILES
from promptspec.fuzz.running import Plan, fuzz_feature
from promptspec.fuzz.sequences import fell_together, outcome_of
from promptspec.fuzz.stage import Stage
from promptspec.fuzz.subjects import Subject

SEQUENCES = replace(PROFILES["pr"], phases=("sequences",))


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return tiny_subject(tmp_path)


@pytest.fixture
def stage(subject: Subject) -> Iterator[Stage]:
    stage = Stage(subject)
    yield stage
    stage.close()


def told(note: str, answer: str, seed: int = 0, liar: str = "honest", form: str = "") -> Case:
    lie = Lie(liar=liar, form=form, reply={"answer": answer})
    return Case(given={"note": note}, claim=VALID, lie=lie, seed=seed, phase="sequences")


def test_calls_that_share_a_place_for_their_answers_are_caught(subject: Subject) -> None:
    with answers_are_mixed_up():
        result = fuzz_feature(subject.running, Plan(profile=SEQUENCES))
    (fallen,) = result.fallen
    assert fallen.law == "callers_are_apart"
    assert fallen.sentence == "a call among others does not do what it does alone"
    assert fallen.case in fallen.together
    assert len(fallen.together) >= 2


def test_calls_that_are_apart_are_left_in_peace(subject: Subject) -> None:
    result = fuzz_feature(subject.running, Plan(profile=SEQUENCES))
    assert result.fallen == ()
    assert result.phases["sequences"] > 50


def test_a_mix_up_is_seen_in_two_calls_and_not_in_one(stage: Stage) -> None:
    pair = [told("one", "yes"), told("two", "no", 1)]
    assert fell_together(stage, pair, None) is None
    with answers_are_mixed_up():
        assert fell_together(stage, pair[:1], None) is None
        assert fell_together(stage, pair, None) == pair[0]


@pytest.mark.parametrize("cut", [0.0, 0.0005, 0.3, 29.0, 40.0])
def test_a_call_that_is_cancelled_leaves_the_others_alone(stage: Stage, cut: float) -> None:
    slow = told("slow", "yes", 5, "slow", "headers-a-little-late")
    others = [told("one", "yes", 1), told("two", "no", 2), slow]
    alone = [outcome_of(stage.observe(case)) for case in others]
    seen = stage.observe_together([told("cut", "no", 3, "slow", "headers-late"), *others], {0: cut})
    assert type(seen[0].error).__name__ == ("CancelledError" if cut < 30 else "DeadlinePassed")
    assert [outcome_of(each) for each in seen[1:]] == alone


def test_a_mix_up_is_tried_first_the_next_time_and_forgotten_once_it_is_mended(
    subject: Subject, tmp_path: Path
) -> None:
    failures = Failures(tmp_path / "kept")
    plan = Plan(profile=SEQUENCES, failures=failures)
    with answers_are_mixed_up():
        fuzz_feature(subject.running, plan)
        assert fuzz_feature(subject.running, plan).cases == 0
    (kept,) = failures.of("tiny.spec", "tiny")
    assert kept.case in kept.together
    everything = Plan(profile=replace(SEQUENCES, phases=("examples",)), failures=failures)
    fuzz_feature(subject.running, everything)
    assert list(failures.of("tiny.spec", "tiny")) == [kept]
    fuzz_feature(subject.running, replace(everything, profile=replace(SEQUENCES, phases=("examples", "sequences"))))
    assert list(failures.of("tiny.spec", "tiny")) == []
