"""The grammar: no conflict resolved in silence, and every word where it belongs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from promptspec.diagnostics import Report
from promptspec.syntax import KEYWORDS, RESERVED, parse, parse_expression, parse_type, print_expression, tree
from promptspec.syntax.build import Builder
from promptspec.syntax.lark_grammar import make_parser
from promptspec.syntax.words import NAMES_NOTHING
from promptspec.text import SpecText

FREE = sorted(KEYWORDS - RESERVED)


def read(content: str) -> tree.SpecFile:
    report = Report()
    spec = parse(SpecText("a.spec", f"promptspec 1\n{content}\n"), report)
    assert not report.diagnostics, report.diagnostics
    assert spec is not None
    return spec


def codes(content: str) -> list[str]:
    report = Report()
    parse(SpecText("a.spec", f"promptspec 1\n{content}\n"), report)
    return [found.code for found in report.diagnostics]


def expression(content: str) -> tree.Expr:
    report = Report()
    found = parse_expression(content, report)
    assert found is not None, report.diagnostics
    return found


def test_the_grammar_has_no_conflict():
    parser = make_parser(Builder(), strict=True)
    keywords = {t.pattern.value for t in parser.terminals if t.pattern.type == "str" and t.pattern.value.isalpha()}
    assert keywords <= KEYWORDS


def test_lark_is_not_imported_before_something_is_parsed():
    code = "import sys, promptspec.syntax; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("word", FREE)
def test_each_word_names_a_field_wherever_a_field_stands(word: str):
    types = (
        "date", "bool", "text(..5)", "int(0..5)", "one of films", "one of films where a == b", "Mood", '"a" | "b"',
        "date?", "Mood = funny", "int(0..5) = -1", "list(..5) of email", "{ x: bool }", "date(..today)", 'Mood = "x"',
    )  # fmt: skip
    for type_ in types:
        fields = read(f"record R {{\n    a: {type_}\n    {word}: {type_}\n    key {word}: bool\n}}").declarations[0]
        assert isinstance(fields, tree.RecordDeclaration)
        assert [field.name.text for field in fields.fields] == ["a", word, word]
        assert [field.key for field in fields.fields] == [False, False, True]


@pytest.mark.parametrize("word", FREE)
def test_each_word_is_a_name_in_expressions_settings_and_cases(word: str):
    assert expression(word) == expression(f"({word})")
    assert print_expression(expression(f"a.{word} == {word}.a")) == f"a.{word} == {word}.a"
    read(
        f"""
source films = csv("a.csv") {{
    key {word}
    label {word} time 2s
    columns {{
        {word}: bool
        "X" as {word}: date
    }}
}}
feature f {{
    tone for {word}, a.{word} {{
        mention {word}
        mention a.{word}
        emoji none
    }}
    require {word} when {word} else "m"
    ensure all {word} in {word}: {word} else drop "m"
    find x = films near {word} top 3
    secret {word}, a
    review always {{
        show {word}, a
        within 4h
    }}
    evaluate "x" {{
        {word} at least 5%
    }}
    test "t" {{
        given {{ {word}: {word}, a: [{word}] }}
        returns {word}
        refuses {word}
        refuses a.{word}
    }}
    prompt {{
        user "{{{{ {word} }}}}{{% if {word} %}}{{% for {word} in {word} %}}{{% endfor %}}{{% endif %}}"
        turns {word}
    }}
    output one of {word}
}}
"""
    )


@pytest.mark.parametrize("word", sorted(NAMES_NOTHING))
def test_no_word_names_a_declaration(word: str):
    assert codes(f"enum {word} {{ a }}") == ["PS115"]
    assert codes(f"model {word} = rehearsal()") == ["PS115"]
    assert codes(f'feature {word} {{\n    model "x"\n}}') == ["PS115"]


def test_a_judge_may_be_called_judge():
    assert codes("model judge = rehearsal()\nfeature f {\n    judge by judge\n}") == []


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_reserved_words_name_no_field(word: str):
    assert "PS115" in codes(f"record R {{\n    a: date\n    {word}: date\n}}")


def test_of_and_question_mark_take_the_whole_union():
    record = read('record R {\n    a: list(..5) of "a" | "b"?\n}').declarations[0]
    assert isinstance(record, tree.RecordDeclaration)
    field = record.fields[0]
    assert field.optional
    assert isinstance(field.type, tree.ListType)
    assert isinstance(field.type.item, tree.WordsType)
    assert len(field.type.item.words) == 2


def test_a_quantifier_reaches_as_far_as_it_can():
    found = expression("a and all x in xs: b and c or d")
    assert isinstance(found, tree.LogicExpr)
    assert isinstance(found.items[1], tree.QuantifiedExpr)
    assert print_expression(found.items[1].body) == "b and c or d"
    report = Report()
    assert parse_expression("a == all x in xs: b", report) is None


def test_parentheses_keep_their_grouping():
    for text in ("a and (b and c)", "(a and b) and c", "a and b and c", "(all x in xs: a) and b", "not (a or b)"):
        assert print_expression(expression(text)) == text


def test_numbers_fold_their_sign_in_ranges_and_not_in_expressions():
    type_ = parse_type("int(-5..-1)", Report())
    assert isinstance(type_, tree.NumberType)
    assert type_.bounds is not None
    assert isinstance(type_.bounds.low, tree.NumberLiteral)
    assert (type_.bounds.low.value, type_.bounds.low.text) == (-5, "-5")
    assert isinstance(expression("-5"), tree.NegExpr)


def test_pieces_of_strings_lead_back_to_the_file():
    content = """promptspec 1
feature f {
    prompt {
        user \"\"\"
            one

              two {{ x }}
            \"\"\"
        system "a\\n\\u{1F600}b"
    }
}
"""
    for text in (content, content.replace("\n", "\r\n")):
        spec = parse(SpecText("a", text), Report())
        assert spec is not None
        feature = spec.declarations[0]
        assert isinstance(feature, tree.FeatureDeclaration)
        prompt = feature.clauses[0]
        assert isinstance(prompt, tree.PromptClause)
        for message in prompt.messages:
            assert isinstance(message, tree.MessageTemplate)
            for at, char in enumerate(message.text.value):
                span = message.text.span_of(at, at + 1)
                if char.isalnum() or char in "{} ":
                    assert text[span.start] == char
