"""A spec with errors: each is reported once, in words of its author, and the rest is kept."""

from __future__ import annotations

import pytest

from promptspec.diagnostics import Diagnostic, Report
from promptspec.syntax import parse, read_header, tree
from promptspec.text import SpecText


def look(content: str) -> tuple[tree.SpecFile | None, tuple[Diagnostic, ...]]:
    report = Report()
    return parse(SpecText("a.spec", content), report), report.diagnostics


def in_feature(clause: str) -> list[tuple[str, str, str]]:
    _, found = look(f"promptspec 1\n\nfeature f {{\n    {clause}\n}}\n")
    return [(one.code, one.message, " ".join(one.help)) for one in found]


EIGHT = """promptspec 1

enum Mood { funny sad }

record Line {
    a: text(200)
    b: int(..5)
    c: list(5) of bool
}

sorce films = csv("x")

feature f {
    model "x"
    input {
        a = text(..5)
        b: bool
    }
    require a == 'x' else "m"
    sampel 2%
    ensure b && a else "m"
    caller session
}

feature g {
    model "y"
}
"""


def test_eight_errors_are_eight_diagnostics():
    spec, found = look(EIGHT)
    assert len(found) == 8, [one.message for one in found]
    assert spec is not None
    names = [d.name.text for d in spec.declarations if isinstance(d, tree.FeatureDeclaration)]
    assert names == ["f", "g"]


def test_clauses_that_parse_are_kept():
    spec, _ = look(EIGHT)
    assert spec is not None
    (feature,) = (d for d in spec.declarations if isinstance(d, tree.FeatureDeclaration) and d.name.text == "f")
    assert {type(clause).__name__ for clause in feature.clauses} == {"ModelClause", "InputClause", "CallerClause"}


@pytest.mark.parametrize(
    ("clause", "code", "part", "help"),
    [
        ("input { a: text(200) }", "PS101", "a cap is a range", "write `text(..200)`"),
        ("input { a: text(..) }", "PS101", "says no cap", "text(..200)"),
        ("input { a = date }", "PS101", "`:`, not `=`", "a: "),
        ("require a == 1", "PS101", "`else` and a message are missing", 'else "…"'),
        ('require a = 1 else "m"', "PS101", "`=` does not compare", "`==`"),
        ("require a == 'x' else \"m\"", "PS101", "single quotes", '"…"'),
        ('require a && b else "m"', "PS101", "`&&` is no operator", "`and`"),
        ('require a || b else "m"', "PS101", "`||` is no operator", "`or`"),
        ('require !a else "m"', "PS101", "`!` is no operator", "`not`"),
        ('ensure a if b else "m"', "PS101", "`when`, not with `if`", "when"),
        ('ensure a < b < c else "m"', "PS101", "comparisons do not chain", "a < b and b < c"),
        ("// a comment", "PS101", "is no comment", "`#`"),
        ("sampel 2%", "PS117", "`sampel` is not a clause", "`sample`"),
        ("limits { replys 5 }", "PS117", "`replys` is not a limit", "`reply`"),
        ("input { a: optional text(..5) }", "PS101", "`optional` is written as `?`", "?"),
        ("sample 2%;", "PS116", "semicolon", "line break"),
        ("input { a: date, b: date }", "PS116", "comma", "line break"),
        ("require x else “m”", "PS103", "curly quotes", '`"`'),
        ("sample 2% keep 3d", "PS110", "`keep` is a clause", "line break"),
        ('limitations "a \\q"', "PS112", "is no escape", "`\\\\`"),
        ('limitations "a \\u{D800}"', "PS112", "is no character", ""),
        ('limitations "a', "PS111", "is not closed", '"'),
        ("example \"x\" { on 2026-02-31 }", "PS114", "is no date", "year-month-day"),
        ("sample " + "1" * 50 + "%", "PS114", "too long", ""),
        ("keep 30 days", "PS114", "is no duration", "7d"),
        ('limitations "a\u202eb"', "PS106", "U+202E", "\\u{202E}"),
        ("\tsample 2%", "PS104", "a tab", "spaces"),
        ("sample 2% ## too late", "PS105", "behind what it documents", "above"),
        ("## before a clause\n    sample 2%", "PS105", "documents nothing", "plain comment"),
        ('prompt { user "{{ a | upper }}" }', "PS113", "is a filter", "lower(x)"),
        ('prompt { user "{% fro x in xs %}" }', "PS113", "is no tag", "`for`"),
        ('prompt { user "{% if a %}" }', "PS113", "is not closed", "endif"),
        ('prompt { user "{{ a" }', "PS113", "is not closed", "}}"),
        ('prompt { user "{% endif %}" }', "PS113", "closes nothing", ""),
        ('prompt { user "{{ a b }}" }', "PS113", "not expected", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_explained(clause: str, code: str, part: str, help: str):
    found = in_feature(clause)
    assert len(found) == 1, found
    assert found[0][0] == code
    assert part in found[0][1]
    assert help in found[0][2]


def test_a_missing_brace_points_back_to_the_open_one():
    spec, found = look('promptspec 1\nfeature f {\n    model "x"\n\nfeature g {\n    model "y"\n}\n')
    assert [one.code for one in found] == ["PS102"]
    assert found[0].labels[0].span.start == len("promptspec 1\nfeature f ")
    assert spec is not None
    assert len(spec.declarations) == 2


def test_a_clause_ends_a_block_that_was_left_open():
    spec, found = look("promptspec 1\nfeature f {\n    input {\n        a: date\n\n    sample 2%\n    keep 3d\n}\n")
    assert [one.code for one in found] == ["PS102"]
    assert spec is not None
    (feature,) = spec.declarations
    assert isinstance(feature, tree.FeatureDeclaration)
    assert len(feature.clauses) >= 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "PS001"),
        ("feature f {}", "PS001"),
        ("promptspec one", "PS001"),
        ("promptspec 2\n}}}", "PS002"),
        ("promptspec 1.3", "PS002"),
    ],
)  # fmt: skip
def test_without_a_header_of_this_version_nothing_else_is_said(content: str, code: str):
    spec, found = look(content)
    assert spec is None
    assert [one.code for one in found] == [code]


def test_the_header_is_read_without_the_parser():
    assert read_header("# hello\n\npromptspec 1\n") == (1, 0)
    assert read_header("promptspec 1.3") == (1, 3)
    assert read_header("Name: rpm") is None


def test_emoji_keep_what_joins_them():
    _, found = look('promptspec 1\n# \U0001f468\u200d\U0001f469\nenum A { a "\u2764\ufe0f" }\n')
    assert not found


def test_a_block_that_is_never_closed_is_one_error_and_hides_no_later_declaration():
    spec, found = look(
        'promptspec 1\nfeature f {\n    prompt {\n        user """\n            a\n    }\n}\n\nenum E { a b }\n'
    )
    assert [one.code for one in found] == ["PS111", "PS101"]
    assert spec is not None
