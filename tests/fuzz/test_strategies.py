"""Cases are drawn as the search wants them: mostly valid, small at the end, all of them writable."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import find, given, settings

from fuzz.samples import NAMES, subjects
from promptspec.fuzz.case_json import decode, encode
from promptspec.fuzz.cases import VALID, Case
from promptspec.fuzz.known_inputs import READER, known_inputs
from promptspec.fuzz.specs_own import examples
from promptspec.fuzz.strategies import CALLERS, cases


@pytest.mark.parametrize("name", NAMES)
def test_cases_are_of_each_kind_and_their_claims_are_the_references(name: str) -> None:
    subject = subjects()[name]
    known = known_inputs(subject)
    kinds: Counter[str] = Counter()

    @settings(max_examples=150)
    @given(cases(subject))
    def judge(case: Case) -> None:
        verdict = known.verdict(subject, case.given)
        kinds["nothing" if case.claim is None else "valid" if case.claim.valid else "broken"] += 1
        if case.claim is not None and verdict is not None:
            assert case.claim.valid is not bool(verdict), (case, verdict)
        assert encode(decode(encode(case))) == encode(case)

    judge()
    assert kinds["valid"] > kinds["broken"]


def test_the_smallest_case_is_the_smallest_input_answered_honestly() -> None:
    subject = subjects()["classify_message"]
    case = find(cases(subject), lambda _: True, settings=settings(database=None))
    assert case.given == known_inputs(subject).smallest
    assert (case.claim, case.lie.liar, case.caller, case.seed) == (VALID, "honest", READER, 0)


def test_callers_can_be_known_again() -> None:
    assert all(8 <= len(caller) <= 256 for caller in CALLERS)
    assert len(set(CALLERS)) == len(CALLERS)


@pytest.mark.parametrize("name", NAMES)
def test_all_that_the_spec_tries_is_a_case(name: str) -> None:
    subject = subjects()[name]
    found = list(examples(subject))
    assert len(found) == len(subject.feature.examples) + len(subject.feature.cases)
    assert all(case.phase == "examples" for case in found)
    for case in found:
        assert encode(decode(encode(case))) == encode(case)
