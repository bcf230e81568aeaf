"""Nothing is ever declared and silently not enforced: what this version does not enforce is refused."""

from __future__ import annotations

from typing import get_args

import pytest

from check.specs import codes, compiled, feature, said
from promptspec.check.across import ACROSS
from promptspec.check.clauses import _NAMES, _REPEATABLE
from promptspec.check.later import _LATER
from promptspec.check.limits import _BOUNDS
from promptspec.syntax import tree
from promptspec.syntax.words import LIMITS

CLAUSES = {
    "otherwise": "otherwise returns false",
}
TONE = "tone house {\n    person not first\n}\n"

TYPES = {
    "pdf": "pdf(..4mb)",
    "slots": "slots(..3)",
    "quote": "quote(..200) of message",
    "list of files": "list(..3) of pdf(..4mb)",
    "file in a record": "{ paper: pdf(..4mb) }",
    "optional file": "pdf(..4mb)?",
}


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES.keys())
def test_a_clause_of_a_later_version_is_refused(clause: str) -> None:
    assert codes(TONE + feature(clause)) == ["PS090"]


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES.keys())
def test_a_clause_of_a_later_version_is_refused_in_defaults(clause: str) -> None:
    shared = f"defaults shop {{\n    {clause}\n}}\n"
    assert codes(TONE + shared + feature(name="sort with shop")) == ["PS090"]


@pytest.mark.parametrize("clause", CLAUSES.values(), ids=CLAUSES.keys())
def test_a_clause_of_a_later_version_is_refused_in_defaults_that_nobody_takes(clause: str) -> None:
    assert codes(f"{TONE}defaults shop {{\n    {clause}\n}}\n") == ["PS090"]


@pytest.mark.parametrize("written", TYPES.values(), ids=TYPES.keys())
@pytest.mark.parametrize("place", ["input", "output"])
def test_a_type_of_a_later_version_is_refused(written: str, place: str) -> None:
    field = f"message: text(..20) more: {written}"
    text = feature(input=field) if place == "input" else feature(output=f"{{ {field} }}")
    assert codes(text) == ["PS090"]


@pytest.mark.parametrize("written", TYPES.values(), ids=TYPES.keys())
def test_a_type_of_a_later_version_is_refused_in_a_record(written: str) -> None:
    assert codes(f"record Order {{\n    more: {written}\n}}\n") == ["PS090"]


def test_an_output_of_several_kinds_is_refused() -> None:
    assert codes(feature(output="Answer | NotFound")) == ["PS090"]


def test_a_policy_that_nothing_applies_is_refused_where_it_is_declared() -> None:
    text = "policy company {\n    every feature must moderate input\n}\n" + feature()
    assert said(text) == ["PS908 nothing applies policy `company`"]


def test_a_policy_that_nothing_applies_is_refused_in_a_file_that_is_used() -> None:
    found = compiled(
        'use Topic from "house.spec"\n' + feature(output="Topic"),
        house_spec="promptspec 1\nenum Topic { order, other }\npolicy company {\n    reply at most 800 tokens\n}\n",
    )
    assert [(d.code, d.span.file) for d in found.diagnostics] == [("PS908", "house.spec")]


def test_a_tone_that_no_feature_takes_may_stand() -> None:
    assert said(TONE + feature()) == []


def test_every_clause_of_the_grammar_is_enforced_or_refused() -> None:
    """A clause that nobody knows would be declared and silently not enforced."""
    known = {*_NAMES, *_REPEATABLE, *_LATER}
    assert set(get_args(tree.Clause)) <= known


def test_every_limit_is_enforced() -> None:
    assert set(LIMITS) == {*ACROSS, *_BOUNDS}
