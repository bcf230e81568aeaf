"""What was reported is written as a test that says just that, whatever a caller and a model wrote."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from promptspec.cli.reported import test_clause as clause_of
from promptspec.cli.reported import with_test
from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Module
from promptspec.diagnostics import Report
from promptspec.syntax import tree
from promptspec.syntax.parser import parse
from promptspec.syntax.print_file import print_file
from promptspec.text import SpecText

SPEC = """promptspec 1

# Of the shop.
feature answer {
    model "gpt-5.6-luna"  # for now

    input {
        question: text(..500)
    }

    output text(..500)
    # The end.
}

feature other {
    model "gpt-5.6-luna"

    input {
        question: text(..500)
    }

    output text(..500)
}
"""

ORIGIN = t.Origin(file="a.spec", line=1)
DATE = t.Field(name="due", type=t.Date(), origin=ORIGIN)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.decimals(-(10**9), 10**9, places=3) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=12,
)


class Named:
    """What is asked of a contract here."""

    def __init__(self, **facts: Any) -> None:
        self.__dict__.update(facts)


def feature(*, bare: bool) -> tuple[Feature, Module]:
    answer = t.Field(name="answer", type=t.Boolean(), origin=ORIGIN)
    made = Named(input=Named(fields=(DATE,)), output=Named(fields=(answer,)), bare=bare)
    return cast("Feature", made), cast("Module", Named(record=None))


@settings(max_examples=40)
@given(given=st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), VALUES), reply=VALUES, title=st.text())
def test_what_was_reported_comes_back_from_the_spec_as_it_was(given: dict[str, Any], reply: Any, title: str) -> None:
    given.pop("due", None)
    contract, module = feature(bare=True)
    on = date(2026, 11, 27)
    clause = clause_of(contract, module, title=title, given=given | {"due": "2026-01-31"}, reply=reply, on=on)
    before = parse(SpecText("a.spec", SPEC), Report())
    assert before is not None
    text = print_file(with_test(before, "answer", clause))
    report = Report()
    after = parse(SpecText("a.spec", text), report)
    assert after is not None
    assert not report.has_errors(), [each.message for each in report.diagnostics]
    first, second = (each for each in after.declarations if isinstance(each, tree.FeatureDeclaration))
    assert first.clauses[-1] == clause
    assert (first.clauses[:-1], second) == (before.declarations[0].clauses, before.declarations[1])  # type: ignore[union-attr]
    assert [comment.text for comment in after.comments] == ["# Of the shop.", "# for now", "# The end."]
    assert print_file(after) == text


def test_numbers_and_dates_are_written_as_specs_write_them() -> None:
    contract, module = feature(bare=False)
    clause = clause_of(
        contract, module, title="x", given={"due": "2026-01-31"}, reply={"n": Decimal("1E+3")}, on=date(2026, 1, 1)
    )
    text = print_file(with_test(parse(SpecText("a.spec", SPEC), Report()) or _none(), "answer", clause))
    assert "given { due: 2026-01-31 }" in text
    assert "replies { n: 1000 }" in text


def _none() -> tree.SpecFile:
    raise AssertionError("the spec parses")
