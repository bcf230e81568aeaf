"""No text crashes the front end, and none makes it slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptspec.diagnostics import Report
from promptspec.syntax import parse, parse_expression, print_file
from promptspec.syntax.findings import MOST
from promptspec.text import SpecText
from syntax.samples import SAMPLES, words_of

relaxed = settings(
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
    max_examples=200,
)

WORDS = sorted({word for content in SAMPLES.values() for word in words_of(content)})


def codes(content: str) -> list[str]:
    report = Report()
    spec = parse(SpecText("a.spec", content), report)
    if spec is not None:
        print_file(spec)
    for found in report.diagnostics:
        assert 0 <= found.span.start <= found.span.end <= len(content)
        assert "\n" not in found.message
        for text in (found.message, *found.help):
            assert text.isprintable(), text
    return [found.code for found in report.diagnostics]


@relaxed
@given(st.text())
def test_no_text_raises(content: str):
    assert codes(content)


@relaxed
@given(st.text(alphabet="{}()[]\"#/\\=:,.|?-+*<>!%;\n \t\r azAZ09_“'\u202e", max_size=200))
def test_no_text_behind_a_header_raises(content: str):
    codes(f"promptspec 1\nfeature f {{\n{content}\n}}\n")


@relaxed
@given(st.data())
def test_no_mutation_of_a_spec_raises(data: st.DataObject):
    pieces = words_of(data.draw(st.sampled_from(sorted(SAMPLES.values()))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(pieces) - 1))
        match data.draw(st.sampled_from(["drop", "double", "replace", "swap", "cut"])):
            case "drop":
                del pieces[at]
            case "double":
                pieces.insert(at, pieces[at])
            case "replace":
                pieces[at] = data.draw(st.sampled_from(WORDS))
            case "swap":
                other = data.draw(st.integers(0, len(pieces) - 1))
                pieces[at], pieces[other] = pieces[other], pieces[at]
            case _:
                pieces = pieces[: at + 1]
        if not pieces:
            return
    codes("".join(pieces))


HEAD = "promptspec 1\n"
DEEP = 10_000


@pytest.mark.parametrize(
    "content",
    [
        "(" * DEEP + "a" + ")" * DEEP,
        "[" * DEEP,
        "not " * DEEP + "a",
        "- " * DEEP + "a",
        "1" + "+1" * DEEP,
        "a" + ".a" * DEEP,
        "all x in xs: " * DEEP + "a",
        "not (" * DEEP + "a" + ")" * DEEP,
    ],
    ids=["parentheses", "open lists", "not", "minus", "sum", "path", "quantifiers", "not and parentheses"],
)
def test_deep_expressions_are_refused_and_not_a_stack_overflow(content: str):
    report = Report()
    assert parse_expression(content, report) is None
    assert report.has_errors()
    assert "PS109" in codes(f'{HEAD}feature f {{\n    require {content} else "m"\n    sample 2%\n}}\n')


@pytest.mark.parametrize(
    "content",
    [
        "record R {\n    a: " + "list(..5) of " * DEEP + "bool\n}",
        "record R {\n    a: " + "{ a: " * DEEP + "bool" + " }" * DEEP + "\n}",
        'feature f {\n    example "a" {\n        given { a: ' + "[" * DEEP + "]" * DEEP + " }\n    }\n}",
        'feature f {\n    prompt {\n        user "' + "{% if a %}" * 200 + "{% endif %}" * 200 + '"\n    }\n}',
        'feature f {\n    prompt {\n        user "{{ ' + "not " * DEEP + 'a }}"\n    }\n}',
        "feature f {\n    tone {\n        mention a" + ".a" * DEEP + "\n    }\n}",
    ],
    ids=["lists of lists", "records", "literals", "tags", "in a tag", "paths"],
)
def test_other_deep_things_are_refused(content: str):
    assert "PS109" in codes(HEAD + content)


def test_a_long_chain_of_and_is_not_deep():
    report = Report()
    assert parse_expression(" and ".join(["a"] * 5_000), report) is not None
    assert not report.diagnostics


@pytest.mark.parametrize(
    "junk",
    ['"', "{", "#", "/", "a ", "}", "(", "'", '"""', "\\", "“", "{{", '" ', ";", "a\n", "feature f {\n", "model\n",
     "\u202e", "\t", "a: b\n", "## a\n", "/*", "{% if a %}", " ", "\r", "a {", "key ", "1"],
)  # fmt: skip
def test_junk_is_read_in_linear_time(junk: str):
    size = 1 << 18
    for head in (HEAD, f"{HEAD}feature f {{\n    prompt {{ user "):
        start = time.process_time()
        found = codes(head + junk * (size // len(junk)))
        assert time.process_time() - start < 10
        assert len(found) <= MOST + 1


def test_errors_beyond_a_hundred_are_summed_up():
    report = Report()
    parse(SpecText("a.spec", HEAD + "enum E { a b }\n" * 500), report)
    assert len(report.diagnostics) == MOST + 1
    assert any("the rest of this file is left out" in found.message for found in report.diagnostics)
