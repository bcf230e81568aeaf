"""Options that open the text of replies: what they say, and where they may stand."""

from __future__ import annotations

import pytest

from check.specs import checked, codes, feature
from promptspec.contract.types import Text


def test_hosts_stand_in_the_contract_in_the_order_of_the_spec() -> None:
    written = 'text(..200, links "b.example", links "a.example" query)'
    type = checked(feature(output=written)).output.fields[0].type
    assert isinstance(type, Text)
    assert type.links == ("b.example", "a.example")
    assert type.queries == ("a.example",)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ('text(..200, links "a.example", links "a.example" query)', "PS201"),
        ('text(..200, links "https://a.example")', "PS302"),
        ('text(..200, links "A.example")', "PS302"),
        ('text(..200, links "a.example:80")', "PS302"),
        ('text(..200, links "")', "PS302"),
    ],
)
def test_what_is_no_list_of_hosts_is_refused(written: str, code: str) -> None:
    assert codes(feature(output=written)) == [code]


@pytest.mark.parametrize(
    "input",
    [
        "more: text(..200, markdown)",
        "more: code(..200, python)",
        'more: text(..200, links "a.example")',
        'more: list(..3) of line(..20, links "a.example")',
    ],
)
def test_what_is_given_opens_nothing(input: str) -> None:
    assert codes(feature(input=f"message: text(..20) {input}")) == ["PS305"]


def test_a_record_may_be_shared_by_input_and_output() -> None:
    record = 'record Note {\n    said: text(..200, links "a.example")\n}\n'
    assert codes(record + feature(input="message: Note", output="Note")) == []


def test_markdown_stands_in_the_contract() -> None:
    type = checked(feature(output="text(..200, markdown)")).output.fields[0].type
    assert isinstance(type, Text)
    assert type.markdown


def test_code_names_its_language() -> None:
    type = checked(feature(output="code(..200, json)")).output.fields[0].type
    assert isinstance(type, Text)
    assert type.code == "json"


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("code", "PS301"),
        ("code(..200)", "PS305"),
        ("code(..200, cobol)", "PS305"),
        ("code(..200, python, json)", "PS305"),
        ('code(..200, python, links "a.example")', "PS305"),
    ],
)
def test_code_without_one_known_language_is_refused(written: str, code: str) -> None:
    assert codes(feature(output=written)) == [code]
