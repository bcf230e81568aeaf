"""What programs read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from diagnostics.build import find, spec
from promptspec.diagnostics import CATALOGUE, Diagnostic, Label, Report
from promptspec.diagnostics.foreign import escape, escape_lines, shorten
from promptspec.diagnostics.github import render_github
from promptspec.diagnostics.machine import render_machine
from promptspec.diagnostics.pages import page
from promptspec.diagnostics.sarif import render_sarif
from promptspec.text import Span, SpecText

FILMS = spec("promptspec 1\n\nenum A { b }\nenum A {\n    c\n}\n", "specs/my films,1:2.spec")
TEXTS = {FILMS.file: FILMS}


def found(message: str = "`A` is declared twice", file: str = FILMS.file) -> tuple[Diagnostic, ...]:
    report = Report()
    report.add(
        "PS201",
        Span(file, find(FILMS, "A", nth=2).start, find(FILMS, "A", nth=2).end),
        message,
        note="declared again here",
        labels=[Label(span=find(FILMS, "A"), message="first declared here")],
        help="rename one of them",
    )
    return report.diagnostics


def test_json_holds_every_fact_of_a_diagnostic():
    assert json.loads(render_machine(found(), TEXTS)) == [
        {
            "code": "PS201",
            "severity": "error",
            "message": "`A` is declared twice",
            "note": "declared again here",
            "file": FILMS.file,
            "line": 4,
            "column": 6,
            "end_line": 4,
            "end_column": 7,
            "labels": [
                {
                    "message": "first declared here",
                    "file": FILMS.file,
                    "line": 3,
                    "column": 6,
                    "end_line": 3,
                    "end_column": 7,
                }
            ],
            "help": ["rename one of them"],
        }
    ]


def test_json_is_ascii_and_a_list_even_where_nothing_is_wrong():
    assert json.loads(render_machine((), {})) == []
    written = render_machine(found("\x1b\x7f\x9b\u202e\ud800"), TEXTS)
    assert written.isascii()
    assert written.replace("\n", "").isprintable()


def test_github_gets_one_encoded_command_a_diagnostic():
    assert render_github(found(), TEXTS) == (
        "::error file=specs/my films%2C1%3A2.spec,line=4,col=6,endLine=4,endColumn=7,title=PS201"
        "::`A` is declared twice%0Adeclared again here%0Ahelp: rename one of them\n"
    )


def test_github_gets_no_columns_for_a_span_of_several_lines():
    report = Report()
    report.add("PS402", Span(FILMS.file, find(FILMS, "{", nth=2).start, find(FILMS, "}", nth=2).end), "unused")
    assert render_github(report.diagnostics, TEXTS) == (
        "::warning file=specs/my films%2C1%3A2.spec,line=4,endLine=6,title=PS402::unused\n"
    )


@pytest.mark.parametrize(
    "hostile",
    [
        "a\n::set-env name=x::y",
        "a\r\n##[error]b",
        "a ::error::b",
        "50%0A::stop",
        "::",
        ":::",
        "\u2028::debug::x",
        "\x85##[",
    ],
)
def test_no_text_of_a_spec_starts_a_command_of_its_own(hostile: str):
    written = render_github(found(hostile, hostile), TEXTS)
    assert written.count("\n") == 1
    command, _, message = written.removeprefix("::error ").partition("::")
    assert "::" not in message
    assert "##[" not in written
    assert "\r" not in written
    assert "file=" in command
    assert "%0A::" not in written.replace("%250A", "")


def test_a_sarif_log_has_the_shape_that_the_standard_asks_for():
    log = json.loads(render_sarif(found(), TEXTS, version="0.1.0"))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    [run] = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "promptspec"
    assert [rule["id"] for rule in driver["rules"]] == list(CATALOGUE)
    for rule in driver["rules"]:
        assert rule["help"]["text"]
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning"}
    assert run["columnKind"] == "unicodeCodePoints"
    [result] = run["results"]
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "PS201"
    assert result["level"] == "error"
    assert result["message"]["text"].splitlines()[0] == "`A` is declared twice"
    assert result["locations"] == [{"physicalLocation": at(4)}]
    assert result["relatedLocations"] == [
        {"id": 1, "physicalLocation": at(3), "message": {"text": "first declared here"}}
    ]


def at(line: int) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": "specs/my%20films%2C1%3A2.spec"},
        "region": {"startLine": line, "startColumn": 6, "endLine": line, "endColumn": 7},
    }


@pytest.mark.parametrize("file", ["a\x1b b.spec", "日本.spec", "a\udc80.spec", "C:\\x.spec", "//host/x"])
def test_a_sarif_log_names_any_file_by_a_uri_in_ascii(file: str):
    log = json.loads(render_sarif(found(file=file), {file: SpecText(file, FILMS.content)}, version="0"))
    uri = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert not set(uri) & set(" \\:\x1b")


def test_every_code_has_a_page_and_no_other_name_has_one():
    assert page("PS301").startswith("# PS301")
    for code in CATALOGUE:
        assert page(code)
    for name in ("PS999", "../../README", "PS301/../PS301"):
        with pytest.raises(KeyError):
            page(name)


def test_escaping_keeps_what_shows_and_names_the_rest():
    assert escape("Grüße, 日本 🦊 \\u") == "Grüße, 日本 🦊 \\u"
    assert escape("a\tb\n\x9b\u200d\xa0\U000e0041") == "a\\u{9}b\\u{A}\\u{9B}\\u{200D}\\u{A0}\\u{E0041}"
    assert escape_lines("a\tb\nc\r") == "a    b\nc\\u{D}"
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("\x1b" * 9, 9) == "\\u{1B}\\u…"
    assert shorten("abcd", 4) == "abcd"
