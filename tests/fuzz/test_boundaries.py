"""Boundaries are exhaustive, the same every time, and right in what they claim."""

from __future__ import annotations

import pytest

from fuzz.samples import NAMES, boundaries_of, subjects
from promptspec.contract.types import Choice
from promptspec.contract.walking import types_in
from promptspec.errors import InputRefused
from promptspec.fuzz.boundaries import boundaries
from promptspec.fuzz.boundary_techniques import BOUNDARY_TECHNIQUES
from promptspec.fuzz.case_json import decode, encode
from promptspec.fuzz.edge_texts import (
    delimiters_under_nfkc,
    foreign_blanks,
    foreign_digits,
    format_characters,
    line_breakers,
)
from promptspec.fuzz.settling import strings_in
from promptspec.fuzz.stage import Stage
from promptspec.runtime.drafts import Rendered


def test_the_code_points_that_are_treated_apart_are_so_many() -> None:
    # In Unicode 18.0: what NFKC makes a delimiter, format characters, ends of lines, and blanks beyond ASCII.
    counts = [len(each()) for each in (delimiters_under_nfkc, format_characters, line_breakers, foreign_blanks)]
    assert counts == [37, 170, 10, 19]
    # `int` of the oldest Python that is supported reads 650 of them, later ones more.
    assert len(foreign_digits()) == 760
    assert sum(1 for character in foreign_digits() if _is_read(character)) >= 650


def _is_read(character: str) -> bool:
    try:
        int(character)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("name", NAMES)
def test_every_claim_is_right(name: str) -> None:
    subject = subjects()[name]
    stage = Stage(subject)
    for case in boundaries_of(name):
        assert case.phase == "boundaries"
        refused = stage.render(case)
        if case.claim is None:
            continue
        if isinstance(refused, Rendered):
            assert case.claim.valid, case
            continue
        assert isinstance(refused, InputRefused)
        said = [(each.path, each.rule) for each in refused.violations]
        if case.claim.valid:
            assert {rule for _, rule in said} <= {"prompt_too_large", "control_token"}, (case, said)
        else:
            assert any(path == case.claim.path and rule in case.claim.rules for path, rule in said), (case, said)
    stage.close()


@pytest.mark.parametrize("name", NAMES)
def test_they_are_the_same_every_time_and_can_be_written(name: str) -> None:
    subject = subjects()[name]
    lines = [encode(case) for case in boundaries_of(name)]
    assert lines == [encode(case) for case in boundaries(subject)]
    assert [encode(decode(line)) for line in lines] == lines


@pytest.mark.parametrize("name", NAMES)
def test_every_member_is_accepted_and_every_code_point_is_tried(name: str) -> None:
    subject = subjects()[name]
    found = boundaries_of(name)
    valid = {text for case in found if case.claim and case.claim.valid for text in strings_in(case.given)}
    for type in types_in(subject.feature.input.fields, subject.record):
        if isinstance(type, Choice):
            assert {member.name for member in subject.enum(type).members} <= valid
    told = "".join(text for case in found for text in strings_in(case.given))
    assert set(delimiters_under_nfkc() + format_characters() + foreign_digits() + foreign_blanks()) <= set(told)


def test_every_technique_is_in_the_table_and_used() -> None:
    used = {name for each in NAMES for case in boundaries_of(each) for name in case.techniques}
    listed = {technique.name for technique in BOUNDARY_TECHNIQUES}
    assert len(listed) == len(BOUNDARY_TECHNIQUES)
    assert used <= listed
    # No sample has these types in its input, and none of these asks moderators.
    assert listed - used <= {
        "finding",
        "malformed-moment",
        "malformed-url",
        "other-host",
        "deep-nesting",
        "schema-object",
        "row-excluded",
    }
