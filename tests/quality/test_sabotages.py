"""The fuzzer finds every way in which promptspec is broken on purpose, and nothing where it is whole.

Boundaries do not depend on the seed: where a sabotage falls in them from one seed it falls from all, and is run once.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

from promptspec.fuzz.known_inputs import known_inputs
from promptspec.fuzz.laws import LAWS
from promptspec.fuzz.lies.values import entries_of
from promptspec.fuzz.profiles import PROFILES
from promptspec.fuzz.running import Plan, fuzz_feature
from promptspec.fuzz.settling import strings_in
from promptspec.fuzz.stage import Stage
from promptspec.fuzz.subjects import Subject
from promptspec.fuzz.tags import first_tag, tag_cases
from quality.builds import features
from quality.rules import EXEMPT, ONE_WAY, rules
from quality.sabotage import SEEDS, Name, Patch, Way, all_catches, method
from quality.sabotages import ALL, BY_NAME
from quality.table import CAUGHT, PROPERTY, encoded, likely, row_key, rows

#: Laws of the compiler, which no build of a feature can break.
_OF_THE_COMPILER = {"check_is_hermetic"}


@pytest.mark.parametrize("name", get_args(Name))
def test_every_law_stands_where_nothing_is_broken(name: Name) -> None:
    with features() as found:
        for number, seed in enumerate(SEEDS):
            profile = replace(PROFILES["pr"], seed=seed)
            if number:  # examples and boundaries are the same from every seed
                profile = replace(profile, phases=("search", "sequences"))
            result = fuzz_feature(found[name], Plan(profile=profile))
            assert [(fallen.law, fallen.sentence) for fallen in result.fallen] == []
            assert not result.troubles


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_sabotage_is_caught_from_each_seed(name: str, record_property: Callable[[str, object], None]) -> None:
    sabotage = BY_NAME[name]
    catches = all_catches(sabotage, likely=likely(name))
    record_property(f"{PROPERTY}{name}", encoded(catches))
    assert len(catches) == len(SEEDS), f"{sabotage.law} stands from seed {SEEDS[len(catches)]}"
    assert {catch.law for catch in catches} == {sabotage.law}


def test_a_patch_that_cannot_be_called_as_what_it_replaces_is_refused() -> None:
    def encode(_original: object, _self: object) -> bytes:
        return b""

    short = Patch("promptspec.models.requests:RequestForms.encode", method(encode))
    with pytest.raises(AssertionError, match="cannot be called as it is"), short.applied():
        pass


def test_every_sabotage_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(sabotage.name for sabotage in ALL).items() if count > 1] == []


def test_every_rule_that_is_emitted_has_its_sabotages() -> None:
    broken = {sabotage.rule for sabotage in ALL if sabotage.rule}
    assert rules() - EXEMPT.keys() - broken == set()


def test_every_sabotage_breaks_a_rule_that_is_emitted() -> None:
    assert {sabotage.rule for sabotage in ALL if sabotage.rule} - rules() == set()


def test_no_exemption_outlives_its_rule() -> None:
    assert EXEMPT.keys() - rules() == set()
    assert ONE_WAY.keys() - rules() == set()


def test_every_rule_is_removed_and_is_off_by_one() -> None:
    ways: dict[str, set[Way]] = {}
    for sabotage in ALL:
        if sabotage.rule:
            ways.setdefault(sabotage.rule, set()).add(sabotage.way)
    assert {rule for rule, found in ways.items() if len(found) < len(get_args(Way))} == ONE_WAY.keys()


@pytest.mark.parametrize("law", sorted(LAWS.keys() - _OF_THE_COMPILER))
def test_every_law_is_broken_in_three_ways_in_the_runtime(law: str) -> None:
    assert len([sabotage for sabotage in ALL if sabotage.law == law and sabotage.patches]) >= 3


def test_cases_with_their_own_tag_hold_the_tag_that_is_drawn_first() -> None:
    with features() as found:
        stage = Stage(Subject(found["talk"]))
        case = next(tag_cases(stage.subject))
        given = {**entries_of(known_inputs(stage.subject).smallest), "history": [], "message": "a"}
        plain = stage.observe(replace(case, given=given))
        assert first_tag(case.seed) in plain.requests[0].body.decode()
        assert first_tag(case.seed) in "".join(strings_in(case.given))
        stage.close()


def test_the_page_lists_every_sabotage_with_its_law() -> None:
    """Medians may differ from run to run of another version; what the code decides may not."""
    assert [first for first, _ in rows().values()] == [row_key(sabotage) for sabotage in ALL]


def test_what_catches_techniques_first_are_sabotages() -> None:
    told = json.loads(CAUGHT.read_text(encoding="utf-8"))
    assert {name for text in told.values() for name in re.findall(r"`([^`]+)`", text)} <= BY_NAME.keys()
