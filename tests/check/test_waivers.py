"""`waive`: what is left out on purpose, and what it may not stand beside."""

from __future__ import annotations

import pytest

from check.specs import checked, codes, feature
from promptspec.contract.practices import PRACTICES

STANDING = {
    "moderate input": "moderate input",
    "moderate output": 'moderate output with words("blocked.txt")',
    "moderate": "moderate input",
    "attack": 'attack "a" {\n    given { message: "x" }\n}',
    "tone": "tone {\n    person not first\n}",
    "example": 'example "a" {\n    given { message: "x" }\n    returns "y"\n}',
    "caller": "caller verified",
    "limitations": 'limitations "Knows nothing."',
    "review": "review always",
}


def with_defaults(shared: str, *own: str) -> str:
    return f"defaults shop {{\n    {shared}\n}}\n" + feature(*own, name="sort with shop", output="text(..80)")


def test_the_contract_keeps_what_is_waived_and_why() -> None:
    found = checked(feature('waive report because " there is a telephone "', 'waive moderate because "a dropdown"'))
    assert [(w.practice, w.sides, w.because, w.origin.line) for w in found.waivers] == [
        ("moderate", ("input", "output"), "a dropdown", 8),
        ("report", (), "there is a telephone", 7),
    ]


@pytest.mark.parametrize("practice", PRACTICES)
def test_every_practice_of_the_list_may_be_waived(practice: str) -> None:
    assert [w.practice for w in checked(feature(f'waive {practice} because "x"')).waivers] == [practice]


@pytest.mark.parametrize(("waived", "clause"), STANDING.items(), ids=STANDING.keys())
def test_a_waiver_beside_what_it_waives_is_refused(waived: str, clause: str) -> None:
    text = feature(clause, f'waive {waived} because "x"', output="text(..80)")
    assert codes(text, blocked_txt="nasty\n") == ["PS905"]


@pytest.mark.parametrize("clause", ["caller anyone", "caller session"])
def test_callers_that_nobody_knows_do_not_contradict_their_waiver(clause: str) -> None:
    assert checked(feature(clause, 'waive caller because "the page is public"')).waivers[0].practice == "caller"


def test_one_side_may_be_moderated_and_the_other_waived() -> None:
    found = checked(feature("moderate input", 'waive moderate output because "it says yes or no"', output="text(..9)"))
    assert found.waivers[0].sides == ("output",)


def test_the_clause_of_a_feature_is_stronger_than_the_waiver_of_its_defaults() -> None:
    assert checked(with_defaults('waive limitations because "x"', 'limitations "Knows nothing."')).waivers == ()


def test_a_waiver_does_not_take_away_what_the_defaults_declare() -> None:
    assert codes(with_defaults('limitations "Knows nothing."', 'waive limitations because "x"')) == ["PS905"]


def test_defaults_that_contradict_themselves_are_refused() -> None:
    assert codes(with_defaults('limitations "Nothing."\n    waive limitations because "x"')) == ["PS905"]


def test_a_practice_is_waived_once() -> None:
    assert codes(feature('waive moderate because "x"', 'waive moderate input because "y"')) == ["PS206"]


def test_the_reason_of_a_feature_replaces_that_of_its_defaults() -> None:
    found = checked(with_defaults('waive report because "x"', 'waive report because "y"')).waivers
    assert [w.because for w in found] == ["y"]


@pytest.mark.parametrize("waiver", ["logs", "review input", "moderate replies", "calls", "input"])
def test_what_is_no_practice_cannot_be_waived(waiver: str) -> None:
    assert codes(feature(f'waive {waiver} because "x"')) == ["PS904"]


def test_a_waiver_without_a_reason_is_refused() -> None:
    assert codes(feature('waive report because ""')) == ["PS904"]
