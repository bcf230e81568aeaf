"""What is broken on purpose is refused, for the rule and at the path that are claimed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings

from fuzz.samples import NAMES, subjects
from promptspec.errors import InputRefused
from promptspec.fuzz.breaking import Broken, invalid_inputs
from promptspec.fuzz.cases import Case
from promptspec.fuzz.stage import Stage


@pytest.mark.parametrize("name", NAMES)
def test_a_broken_input_is_refused_as_claimed(name: str) -> None:
    subject = subjects()[name]
    stage = Stage(subject)
    techniques: Counter[str] = Counter()

    @settings(max_examples=250)
    @given(invalid_inputs(subject))
    def judge(broken: Broken) -> None:
        value, claim, names = broken
        assert not claim.valid
        assert claim.rules
        refused = stage.render(Case(given=value))
        assert isinstance(refused, InputRefused)
        found = refused.violations
        assert any(each.path == claim.path and each.rule in claim.rules for each in found), (claim, found)
        techniques[names[-1]] += 1

    try:
        judge()
    finally:
        stage.close()
    assert len(techniques) > 8
