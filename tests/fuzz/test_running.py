"""A run: its phases, what it counts, and how it is interrupted."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fuzz.broken_runtime import tiny, tiny_subject
from promptspec.api import compile_paths
from promptspec.fuzz.cases import Case
from promptspec.fuzz.interrupts import Interrupts
from promptspec.fuzz.laws import LAWS
from promptspec.fuzz.profiles import PHASES, PROFILES
from promptspec.fuzz.progress import Silent
from promptspec.fuzz.running import Plan, fuzz_feature
from promptspec.fuzz.specs import fuzz_specs
from promptspec.fuzz.subjects import Subject

ROLES = {"roles_hold": LAWS["roles_hold"]}
SHORT = replace(PROFILES["pr"], searched=10, boundaries=20, sequences=1)


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return tiny_subject(tmp_path)


@pytest.fixture
def _interruptible() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_can_be_chosen_alone(subject: Subject, phase: str) -> None:
    laws = {**ROLES, "callers_are_apart": LAWS["callers_are_apart"]}
    heard: list[Case] = []
    plan = Plan(
        profile=replace(SHORT, phases=tuple(each for each in PHASES if each == phase)),
        laws=laws,
        heard=lambda case, _subject: heard.append(case),
    )
    result = fuzz_feature(subject.running, plan)
    assert set(result.phases) == {phase}
    assert {case.phase for case in heard} == {phase}
    assert result.cases == len(heard) > 0


def test_boundaries_that_are_fewer_are_spread_over_all(subject: Subject) -> None:
    def given(most: int | None) -> list[Case]:
        heard: list[Case] = []
        profile = replace(SHORT, boundaries=most, phases=("boundaries",))
        fuzz_feature(
            subject.running, Plan(profile=profile, laws=ROLES, heard=lambda case, _subject: heard.append(case))
        )
        return heard

    every, some = given(None), given(50)
    step = len(every) // 50 | 1  # odd, so that seeds of all remainders are met
    assert 25 < len(some) < 110
    assert [every.index(case) for case in some] == list(range(0, len(every), step))


def test_names_are_those_that_went_well(tmp_path: Path) -> None:
    spec = tiny(tmp_path)
    compilation = compile_paths([spec])
    plan = Plan(profile=replace(SHORT, phases=("examples",)), laws=ROLES)
    (feature,) = fuzz_specs(compilation, plan, Silent()).features
    assert feature.names == ('example "a note"', 'test "no is no"', 'attack "asks for more"')
    untried = replace(plan, profile=replace(SHORT, phases=("search",)))
    (feature,) = fuzz_specs(compilation, untried, Silent()).features
    assert feature.names == ('example "a note"', 'test "no is no"')


@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_waits_for_the_end_of_a_case_and_ends_the_run(subject: Subject) -> None:
    heard: list[Case] = []

    def hear(case: Case, _subject: Subject) -> None:
        heard.append(case)
        if len(heard) == 7:
            os.kill(os.getpid(), signal.SIGINT)

    result = fuzz_feature(subject.running, Plan(profile=SHORT, laws=ROLES, heard=hear))
    assert not result.finished
    assert len(heard) == 7
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("_interruptible")
def test_a_signal_that_comes_twice_at_once_counts_once_and_a_later_one_interrupts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("promptspec.fuzz.interrupts.monotonic", lambda: now[0])
    with Interrupts() as interrupts:
        interrupts.obey()
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.asked
        with pytest.raises(KeyboardInterrupt):
            interrupts.obey()
        now[0] += 2
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("_interruptible")
def test_who_has_a_handler_keeps_it_and_threads_hear_nothing() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    signal.signal(signal.SIGINT, signal.default_int_handler)
    seen: list[object] = []

    def elsewhere() -> None:
        with Interrupts() as interrupts:
            seen.append((interrupts.asked, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [(False, signal.default_int_handler)]
