"""Fields that a person is asked for."""

from __future__ import annotations

import json
from pathlib import Path

from cli.terminal import on_a_terminal, promptspec


def ask(greet: Path, *lines: str, fields: tuple[str, ...] = ()):
    return promptspec("run", greet, *fields, stdin="".join(line + "\n" for line in lines), terminal=True)


def test_a_person_is_asked_for_what_is_missing_with_its_documentation(greet: Path):
    seen = ask(greet, "Ada", "2", "36", "", "yes", "", "")
    assert seen.code == 0
    assert seen.out == "text: Welcome back, Ada\nscore: 0.50\n"
    assert "Who is greeted.\nname: " in seen.err
    assert "   2  Professional  (pro)\n" in seen.err
    assert "mood (Enter for funny): " in seen.err
    assert "since (Enter to leave it out): " in seen.err


def test_typing_filters_a_list_and_one_match_is_taken(greet: Path):
    seen = ask(greet, "Ada", "xyz", "whole", "36", "sad", "no", "2026-01-31", "")
    assert seen.code == 0
    assert "  nothing fits\n" in seen.err
    assert "  → For a whole team  (team)\n" in seen.err


def test_an_answer_that_does_not_fit_is_asked_for_again(greet: Path):
    seen = ask(greet, "", "Ada", "pro", "old", "1.5", "36", "", "perhaps", "1", "tomorrow", "", "")
    assert seen.code == 0
    assert seen.err.count("a whole number from 0 to 150, please") == 2
    assert "a date such as 2026-01-31, please" in seen.err


def test_lists_end_with_an_empty_line(greet: Path):
    fields = ("--field=name=Ada", "--field=plan=pro", "--field=age=17", "--field=regular=no")
    seen = ask(greet, "", "", "one", "two", "", fields=fields)
    assert "tags[3] (Enter to end): " in seen.err
    assert seen.code == 1
    assert "is for adults" in seen.err


def test_a_call_that_is_complete_is_asked_nothing(greet: Path):
    fields = ("--field=name=Ada", "--field=plan=pro", "--field=age=36", "--field=regular=no", "--field=tags=[]")
    seen = ask(greet, fields=fields)
    assert seen.code == 0
    assert "Enter" not in seen.err


def test_the_end_of_the_input_ends_the_questions(greet: Path):
    seen = ask(greet, "Ada")
    assert seen.code == 2
    assert "error: field `plan` is missing" in seen.err
    endless = ask(greet, "Ada", *["zzz"] * 100)
    assert endless.code == 2


def test_nobody_is_asked_without_a_terminal_or_for_json(greet: Path):
    assert "input.name: is missing" in promptspec("run", greet).err
    told = json.loads(promptspec("run", greet, "--json", terminal=True).out)
    assert told["error"]["code"] == "input_refused"


def test_labels_reach_the_terminal_escaped(greet: Path):
    greet.write_text(greet.read_text().replace('"Something to laugh about"', '"Some\\u{1B}[31m[bold]thing"'))
    seen = ask(greet, "Ada", "2", "36", "", "yes", "", "")
    assert "\x1b" not in seen.err
    assert "Some\\u{1B}[31m[bold]thing  (funny)" in seen.err


def test_questions_work_over_a_real_terminal(greet: Path, tmp_path: Path):
    seen = on_a_terminal(
        ["run", f"{greet}:greet"],
        [
            ("name: ", "Ada\n"),
            ("plan (number or name): ", "prof\n"),
            ("age: ", "36\n"),
            ("mood (Enter for funny): ", "\n"),
            ("regular (number or name): ", "1\n"),
            ("since (Enter to leave it out): ", "\n"),
            ("tags[1] (Enter to end): ", "\n"),
        ],
        {"PROMPTSPEC_CACHE": str(tmp_path / "cache"), "NO_COLOR": "1"},
    )
    assert seen.code == 0
    assert "→ Professional" in seen.out
    assert "text: Welcome back, Ada\r\nscore: 0.50\r\n" in seen.out


def test_an_interrupt_at_a_question_is_quiet(greet: Path, tmp_path: Path):
    seen = on_a_terminal(
        ["run", f"{greet}:greet"],
        [("name: ", "\x03")],
        {"PROMPTSPEC_CACHE": str(tmp_path / "cache"), "NO_COLOR": "1"},
    )
    assert seen.code == 130
    assert "error" not in seen.out
    assert "Traceback" not in seen.out
