"""The printer's laws: what it prints parses to the same tree, and is printed the same again."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from promptspec.diagnostics import Report
from promptspec.syntax import parse, parse_expression, print_expression, print_file, tree
from promptspec.text import SpecText
from syntax import strategies
from syntax.samples import SAMPLES

relaxed = settings(
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    max_examples=150,
)


def parsed(content: str) -> tree.SpecFile:
    report = Report()
    spec = parse(SpecText("printed.spec", content), report)
    assert not report.diagnostics, (report.diagnostics, content)
    assert spec is not None
    return spec


@relaxed
@given(strategies.spec_file)
def test_a_printed_tree_parses_to_itself(spec: tree.SpecFile):
    printed = print_file(spec)
    again = parsed(printed)
    assert again == spec
    assert print_file(again) == printed


@settings(relaxed, max_examples=400)
@given(strategies.expression)
def test_a_printed_expression_parses_to_itself(expression: tree.Expr):
    report = Report()
    assert parse_expression(print_expression(expression), report) == expression, report.diagnostics


@pytest.mark.parametrize("content", SAMPLES.values(), ids=SAMPLES)
def test_printing_a_sample_keeps_its_tree_and_its_comments_and_changes_nothing_twice(content: str):
    spec = parsed(content)
    printed = print_file(spec)
    again = parsed(printed)
    assert again == spec
    assert [comment.text for comment in again.comments] == [comment.text for comment in spec.comments]
    assert print_file(again) == printed
    assert printed.endswith("\n")
    assert not printed.endswith("\n\n")
