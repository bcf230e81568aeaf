"""What a person reads in a terminal."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.build import find, shown, spec
from promptspec.diagnostics import CATALOGUE, Diagnostic, Label, Report, Severity
from promptspec.diagnostics.terminal import render_terminal, summary
from promptspec.text import Span, SpecText

FILMS = spec(
    "promptspec 1\n"
    "\n"
    "feature suggest {\n"
    "    input {\n"
    "        note: text\n"
    "        tone: line(..80)  tone: line(..90)\n"
    "    }\n"
    "    output text(..5)\n"
    "}\n"
)
HOUSE = spec("enum Mood { funny }\n", "house.spec")


def render(fill: Callable[[Report], None], *texts: SpecText, width: int = 80) -> str:
    report = Report()
    fill(report)
    return render_terminal(report.diagnostics, {text.file: text for text in texts}, colour=False, width=width)


def test_a_diagnostic_points_at_the_place_and_offers_the_fix():
    seen = render(
        lambda report: report.add(
            "PS301",
            find(FILMS, "text"),
            "field `note` has no cap",
            note="the most that it may hold is missing",
            help="write `text(..500)`",
        ),
        FILMS,
    )
    assert seen == shown("""
        error[PS301]: field `note` has no cap
         --> films.spec:5:15
          |
        5 |         note: text
          |               ^^^^ the most that it may hold is missing
          |
          = help: write `text(..500)`

        1 error
        """)


def test_labels_stand_under_the_line_that_they_share_and_under_their_own_files():
    seen = render(
        lambda report: report.add(
            "PS201",
            find(FILMS, "tone", nth=2),
            "field `tone` is declared twice",
            note="declared again here",
            labels=[
                Label(span=find(FILMS, "tone"), message="first declared here"),
                Label(span=find(HOUSE, "Mood"), message="the enum is here"),
            ],
            help=["rename one of them", "or leave one out"],
        ),
        FILMS,
        HOUSE,
    )
    assert seen == shown("""
        error[PS201]: field `tone` is declared twice
         --> films.spec:6:27
          |
        6 |         tone: line(..80)  tone: line(..90)
          |         ----              ^^^^ declared again here
          |         |
          |         first declared here
         ::: house.spec:1:6
          |
        1 | enum Mood { funny }
          |      ---- the enum is here
          |
          = help: rename one of them
          = help: or leave one out

        1 error
        """)


def test_lines_between_two_marks_are_shown_or_left_out():
    seen = render(
        lambda report: report.add(
            "PS201",
            find(FILMS, "output"),
            "`output` stands twice",
            labels=[
                Label(span=find(FILMS, "feature"), message="in this feature"),
                Label(span=find(FILMS, "tone"), message="after this"),
            ],
        ),
        FILMS,
    )
    assert seen == shown("""
        error[PS201]: `output` stands twice
         --> films.spec:8:5
          |
        3 | feature suggest {
          | ------- in this feature
        ...
        6 |         tone: line(..80)  tone: line(..90)
          |         ---- after this
        7 |     }
        8 |     output text(..5)
          |     ^^^^^^

        1 error
        """)


def test_a_span_of_several_lines_is_marked_where_it_begins_and_ends():
    start = find(FILMS, "input {").start
    end = find(FILMS, "}\n    output").start + 1
    seen = render(
        lambda report: report.add("PS405", Span(FILMS.file, start, end), "all of this", note="up to here"), FILMS
    )
    assert seen == shown("""
        error[PS405]: all of this
         --> films.spec:4:5
          |
        4 |     input {
          |     ^^^^^^^
        ...
        7 |     }
          |     ^ up to here

        1 error
        """)


def test_a_long_line_is_cut_around_what_is_marked_and_shown_again_for_a_far_mark():
    text = spec("a" * 90 + " BAD " + "b" * 120 + " WORSE " + "c" * 50 + "\n")
    seen = render(
        lambda report: report.add(
            "PS101",
            find(text, "BAD"),
            "unexpected text",
            note="here",
            labels=[Label(span=find(text, "WORSE"), message="after this")],
        ),
        text,
        width=60,
    )
    assert seen == shown("""
        error[PS101]: unexpected text
         --> films.spec:1:92
          |
        1 | …aaaaaaaaaaaaaaa BAD bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…
          |                  ^^^ here
        1 | …bbbbbbbbbbbbbbb WORSE cccccccccccccccccccccccccccccccc…
          |                  ----- after this

        1 error
        """)


def test_marks_stand_under_wide_and_escaped_characters():
    text = spec('    日本: "\u202eab\x1b[31m" x\n')
    seen = render(lambda report: report.add("PS106", find(text, "\u202e"), "hidden", note="this"), text)
    assert seen == shown(r"""
        error[PS106]: hidden
         --> films.spec:1:10
          |
        1 |     日本: "\u{202E}ab\u{1B}[31m" x
          |            ^^^^^^^^ this

        1 error
        """)


def test_what_is_missing_at_the_end_and_files_without_text_have_a_place():
    end = len(FILMS.content)

    def fill(report: Report) -> None:
        report.add("PS102", Span(FILMS.file, end, end), "`{` is not closed", note="here the file ends")
        report.add("PS118", Span("gone.spec", 0, 0), "the file cannot be read")

    assert render(fill, FILMS) == shown("""
        error[PS102]: `{` is not closed
          --> films.spec:10:1
           |
        10 |
           | ^ here the file ends

        error[PS118]: the file cannot be read
         --> gone.spec:1:1

        2 errors
        """)


def test_nothing_wrong_is_nothing_to_read():
    assert render(lambda report: None) == ""


def test_the_summary_counts():
    def one(code: str) -> Diagnostic:
        return Diagnostic(code=code, severity=CATALOGUE[code].severity, message="m", span=Span("f", 0, 0))

    assert summary([one("PS301"), one("PS302"), one("PS402")]) == "2 errors, 1 warning"
    assert summary([one("PS402"), one("PS203")]) == "2 warnings"
    assert summary([]) == "no problems"


def test_colours_come_only_when_asked_and_change_no_word():
    report = Report()
    report.add("PS301", find(FILMS, "text"), "field `note` has no cap", note="here", help="write one")
    texts = {FILMS.file: FILMS}
    plain = render_terminal(report.diagnostics, texts, colour=False, width=80)
    coloured = render_terminal(report.diagnostics, texts, colour=True, width=80)
    assert "\x1b" not in plain
    assert "\x1b[1;31merror[PS301]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


HOSTILE = st.text(
    st.sampled_from("ab\n\r\t\x00\x07\x1b[]m\x7f\x85\x9b\u200b\u202e\u2028\u3164\ufe0f日é̈🦊\ud800\U000e0041")
)


@given(content=HOSTILE, file=HOSTILE, message=HOSTILE, start=st.integers(0, 40), length=st.integers(0, 20))
def test_no_character_of_a_spec_reaches_the_terminal_unescaped(
    content: str, file: str, message: str, start: int, length: int
):
    text = SpecText(file, content)
    diagnostic = Diagnostic(
        code="PS101",
        severity=Severity.ERROR,
        message=message,
        note=message,
        span=Span(file, start, start + length),
        labels=(Label(span=Span(file, 0, length), message=message), Label(span=Span(message, 0, 1), message=file)),
        help=(message,),
    )
    seen = render_terminal([diagnostic], {file: text}, colour=False, width=40)
    bare = seen.replace("\n", "")
    assert bare.isprintable()
    assert not set(bare) & set("\u3164\ufe0f\u200b\u202e\u2028\ud800")
    # A line break of a file or a message makes no line that looks like one of ours.
    assert sum(line.startswith("error[") for line in seen.split("\n")) == 1


def test_a_hundred_marks_on_a_line_of_megabytes_are_drawn_at_once():
    text = spec("日" * 2_000_000)
    report = Report()
    for number in range(100):
        report.add("PS101", Span(text.file, number * 20_000, number * 20_000 + 2), "unexpected text")
    began = time.process_time()
    seen = render_terminal(report.diagnostics, {text.file: text}, colour=False, width=80)
    assert time.process_time() - began < 5
    assert seen.count("^^^^") == 100
    assert max(map(len, seen.splitlines())) < 80
