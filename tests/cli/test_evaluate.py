"""`promptspec evaluate` against scripted servers: figures, budgets, recordings, replay, comparison, Ctrl-C."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.terminal import ROOT, promptspec
from engines.raw_server import response
from evaluate.labelled import KEY, SORT, Sorting, answering, evaluate, right, row, told, write

FEW = (4, 10, 11)


def test_a_model_that_reaches_every_level_is_fine(tmp_path: Path):
    with Sorting(answering(FEW)) as server:
        seen = evaluate(write(tmp_path, server.url))
    assert seen.code == 0
    assert (
        "every declared level is met: 27 of 30 rows right, 90.0 % (74.3 % to 96.6 % with 95 % confidence)" in seen.out
    )
    assert "team reaches the declared 80 % with 90.0 %" in seen.out
    assert "the level lies inside the interval, so that other rows might say otherwise" in seen.out
    assert "WRONG line 5:" in seen.out
    assert "  team: parcels, labelled refunds" in seen.out
    assert "\x1b" not in seen.out
    assert "25 of 30 rows" in seen.err


def test_a_level_is_missed_by_its_point_estimate(tmp_path: Path):
    wrong = [number for number in range(30) if number % 3][:7]
    with Sorting(answering(wrong)) as server:
        spec = write(tmp_path, server.url)
        missed = evaluate(spec)
        assert missed.code == 1
        assert "team misses the declared 80 % with 76.6 %" in missed.out
        spec.write_text(spec.read_text().replace("at least 80%", "at least 76.6%"))
        assert evaluate(spec).code == 0
        spec.write_text(spec.read_text().replace("at least 76.6%", "at least 76.7%"))
        assert evaluate(spec).code == 1


def test_refused_replies_are_wrong_and_the_rule_is_told(tmp_path: Path):
    answer = answering([7], otherwise={"team": "nowhere", "urgent": False, "why": "x"})
    with Sorting(answer) as server:
        facts = told(write(tmp_path, server.url))
        seen = evaluate(write(tmp_path, server.url))
    assert (facts["refused"], facts["all"]["right"], facts["all"]["rows"]) == (1, 29, 30)
    (wrong,) = [each for each in facts["rows"] if not each["is_right"]]
    assert (wrong["line"], wrong["outcome"], wrong["why"]) == (8, "refused", "output.team: choice")
    assert wrong["right"] == {"team": False, "urgent": False}
    assert {"labelled": "refunds", "said": "(refused)", "rows": 1} in facts["confusions"][0]["counts"]
    assert "1 row was refused, which counts as wrong: output.team: choice" in seen.out


def test_a_reply_that_is_mended_in_time_is_right_and_costs_a_second_call(tmp_path: Path):
    said: list[object] = []

    def answer(number: int) -> object:
        said.append(number)
        return {"team": "nowhere"} if said.count(number) == 1 and number == 3 else right(number)

    with Sorting(answer) as server:
        facts = told(write(tmp_path, server.url, spec=SORT.replace("repairs 0", "repairs 1")))
    assert (facts["all"]["right"], facts["calls"]) == (30, 31)


def test_rows_that_could_not_be_run_are_never_right_and_end_with_3(tmp_path: Path):
    def answer(number: int) -> object:
        return response(b"{}", status="500 Internal Server Error") if number in (3, 9) else right(number)

    with Sorting(answer) as server:
        spec = write(tmp_path, server.url)
        seen = evaluate(spec)
        facts = told(spec)
    assert seen.code == 3
    assert (facts["not_run"], facts["all"]["right"], facts["all"]["rows"], facts["finished"]) == (2, 28, 28, False)
    assert "2 rows could not be run: no answer after 1 attempt" in seen.out
    assert "not finished, so no level is shown to be met" in seen.out
    assert "team: 100 %" in seen.out
    assert "reaches" not in seen.out


def test_a_server_that_is_down_ends_the_run_early(tmp_path: Path):
    with Sorting() as server:
        spec = write(tmp_path, server.url)
    seen = evaluate(spec)
    assert seen.code == 3
    assert "no answer, 20 times in a row" in seen.out
    assert "no row was run, so nothing is known" in seen.out


def test_calls_end_the_run_and_what_is_left_is_counted(tmp_path: Path):
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        seen = evaluate(spec, "--calls", 7)
        assert len(server.requests) == 7
        facts = told(spec, "--calls", 7)
    assert seen.code == 3
    assert "30 rows, and at most 7 calls" in seen.err
    assert "not finished: the budget of calls is spent, 23 rows left" in seen.out
    assert (facts["calls"], facts["left"], facts["all"]["rows"], facts["verdict"]) == (7, 23, 7, "open")


def test_tokens_money_and_time_bound_a_run_too(tmp_path: Path):
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        assert told(spec, "--tokens", 1_150)["ended"] == "tokens"
        facts = told(spec, "--spend", "0.004", "--price-in", "2", "--price-out", "8")
        assert facts["ended"] == "spend"
        assert 0 < float(facts["dollars"]) <= 0.004
        server.seconds = 0.3
        assert told(spec, "--time", "1s", "--at-once", 2)["ended"] == "time"


def test_rows_run_several_at_once_and_stand_in_the_order_of_the_file(tmp_path: Path):
    with Sorting(seconds=0.05) as server:
        facts = told(write(tmp_path, server.url), "--at-once", 3)
        assert server.most == 3
    assert [each["line"] for each in facts["rows"]] == list(range(1, 31))


def test_every_row_is_another_caller(tmp_path: Path):
    with Sorting() as server:
        evaluate(write(tmp_path, server.url))
        users = {json.loads(request.partition(b"\r\n\r\n")[2]).get("user") for request in server.requests}
    assert len(users) == 30 or users == {None}


def test_figures_are_told_by_group_with_intervals(tmp_path: Path):
    with Sorting(answering(FEW)) as server:
        facts = told(write(tmp_path, server.url))
    groups = {group["by"]: {score["name"]: score for score in group["scores"]} for group in facts["groups"]}
    assert {"vip", "label of team", "label of urgent", "length"} <= set(groups)
    assert (groups["vip"]["true"]["right"], groups["vip"]["true"]["rows"]) == (7, 8)
    assert sum(score["rows"] for score in groups["length"].values()) == 30
    assert groups["label of team"]["refunds"]["rows"] == 10
    assert 0 < groups["vip"]["true"]["low"] < 7 / 8 < groups["vip"]["true"]["high"] < 1
    assert {score["name"]: score["right"] for score in facts["fields"]} == {"team": 27, "urgent": 30}


# Nothing without saying so


def test_a_missing_key_is_told_before_anything_is_sent(tmp_path: Path):
    with Sorting() as server:
        seen = evaluate(write(tmp_path, server.url), key=None)
        assert server.requests == []
    assert seen.code == 3
    assert "LLM_KEY is not set" in seen.err
    assert "--rehearse" in seen.err


def test_a_rehearsal_says_what_it_is_and_meets_no_level(tmp_path: Path):
    page = tmp_path / "page.html"
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        seen = evaluate(spec, "--rehearse", "--html", page, key=None)
        facts = told(spec, "--rehearse", key=None)
        assert server.requests == []
    words = "say nothing about a model"
    assert seen.code == 3
    assert words in seen.out
    assert words in page.read_text()
    assert words in facts["warning"]
    assert words in facts["sentence"]
    assert facts["verdict"] == "open"
    assert "reaches" not in seen.out
    assert "misses" not in seen.out


def test_a_variable_that_asks_for_rehearsals_rehearses_no_evaluation(tmp_path: Path):
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        environment = {"LLM_KEY": KEY, "PROMPTSPEC_REHEARSE": "1"}
        seen = promptspec("evaluate", spec, environment=environment)
        assert len(server.requests) == 30
    assert seen.code == 0


def test_a_feature_that_asks_no_model_needs_one(tmp_path: Path):
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        text = spec.read_text().replace("feature sort {", "model practice = rehearsal()\n\nfeature sort {")
        spec.write_text(text.replace("    model local\n", "    model practice\n"))
        seen = evaluate(spec)
    assert seen.code == 2
    assert "`sort` asks no model" in seen.err


# Recordings


def test_a_replay_gives_the_same_figures_without_a_server_and_without_a_key(tmp_path: Path):
    kept = tmp_path / "run.jsonl"
    with Sorting(answering(FEW, otherwise="no JSON at all")) as server:
        spec = write(tmp_path, server.url)
        first = told(spec, "--record", kept)
    again = told(spec, "--replay", kept, key=None)
    for name in ("all", "fields", "groups", "confusions", "rows", "levels", "sentence", "refused"):
        assert again[name] == first[name]
    assert again["calls"] == 0
    assert again["notes"] == ["replayed: nothing was sent", "30 of 30 outcomes are as recorded"]
    assert evaluate(spec, "--replay", kept, key=None).code == 0


def test_a_recording_is_private_holds_no_key_and_replaces_no_file(tmp_path: Path):
    kept = tmp_path / "run.jsonl"
    with Sorting(answering(FEW, otherwise=f"your key is {KEY}")) as server:
        spec = write(tmp_path, server.url)
        evaluate(spec, "--record", kept)
        assert kept.stat().st_mode & 0o777 == 0o600
        text = kept.read_text()
        assert KEY not in text
        assert "authorization" not in text.lower()
        seen = evaluate(spec, "--record", kept)
    assert seen.code == 2
    assert "is there already" in seen.err
    assert kept.read_text() == text


def test_a_recording_of_another_version_says_so(tmp_path: Path):
    kept = tmp_path / "run.jsonl"
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        evaluate(spec, "--record", kept)
    spec.write_text(spec.read_text().replace("feature sort {", "## Sorts what people ask.\nfeature sort {"))
    seen = evaluate(spec, "--replay", kept, key=None)
    assert "note: the recording is of another version: `sort.spec` has changed since" in seen.out
    assert "30 rows could not be run: the request is not recorded" in seen.out
    assert seen.code == 3


def test_a_recording_of_a_run_that_ended_early_is_as_unfinished_as_the_run(tmp_path: Path):
    kept = tmp_path / "run.jsonl"
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        first = told(spec, "--calls", 7, "--record", kept)
    again = told(spec, "--replay", kept, key=None)
    assert (again["ended"], again["left"], again["all"]) == ("calls", 23, first["all"])


def test_what_is_no_recording_is_refused(tmp_path: Path):
    spec = write(tmp_path, "http://127.0.0.1:9/v1")
    for text in ("", "[]\n", '{"format": 1, "kind": "evaluation"}\n', '{"format": 9, "kind": "evaluation"}\n'):
        (tmp_path / "run.jsonl").write_text(text)
        for option in ("--replay", "--compare"):
            seen = evaluate(spec, option, tmp_path / "run.jsonl")
            assert seen.code == 2
            assert "recording" in seen.err or "version of promptspec" in seen.err
    assert evaluate(spec, "--replay", tmp_path / "nothing.jsonl").code == 2


def test_two_runs_are_compared_row_by_row(tmp_path: Path):
    kept, report = tmp_path / "run.jsonl", tmp_path / "report.json"
    with Sorting(answering([1, 2, 4, 5, 7, 8])) as server:
        spec = write(tmp_path, server.url)
        report.write_text(evaluate(spec, "--record", kept, "--format", "json").out)
        server.answer = answering([8, 10])
        for earlier in (kept, report):
            found = told(spec, "--compare", earlier)["comparison"]
            assert [found[name] for name in ("pairs", "both_right", "both_wrong", "worse", "better", "others")] == [
                30, 23, 1, 1, 5, 0,
            ]  # fmt: skip
            assert found["lines"] == [11]
            assert found["p"] == pytest.approx(2 * 7 / 64)
        seen = evaluate(spec, "--compare", kept)
    assert seen.code == 0
    assert "worse: 1 right then and wrong now, in lines 11" in seen.out
    assert "McNemar's exact test: p = 0.2188" in seen.out


def test_rows_that_have_another_label_by_now_are_not_compared(tmp_path: Path):
    kept = tmp_path / "run.jsonl"
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        evaluate(spec, "--record", kept)
        rows = [row(number) for number in range(31)]
        rows[3]["returns"]["team"] = "people"
        write(tmp_path, server.url, rows=rows)
        found = told(spec, "--compare", kept)["comparison"]
    assert (found["pairs"], found["others"]) == (29, 2)


# Reports


HOSTILE = "</pre><script>alert(1)</script>\u202e"


def test_the_page_is_one_file_without_scripts_and_with_everything_escaped(tmp_path: Path):
    rows = [row(number) for number in range(30)]
    rows[4]["given"]["question"] = "question number 4 " + HOSTILE
    page = tmp_path / "page.html"
    with Sorting(answering([4], otherwise=HOSTILE)) as server:
        spec = write(tmp_path, server.url, rows=rows)
        seen = evaluate(spec, "--html", page)
    text = page.read_text()
    assert "<script" not in text
    assert "\u202e" not in text + seen.out
    assert "&lt;script&gt;" in text
    assert "default-src 'none'; style-src 'sha256-" in html.unescape(text)
    assert not re.search(r"(?:src|href)=\"(?!#)", text)
    assert "Line 5" in text
    assert "With 95 % confidence" in text


def test_a_page_that_cannot_be_written_costs_nothing(tmp_path: Path):
    with Sorting() as server:
        seen = evaluate(write(tmp_path, server.url), "--html", tmp_path / "nowhere" / "page.html")
        assert server.requests == []
    assert seen.code == 2


def test_what_goes_worse_than_the_rest_becomes_a_draft_of_limitations(tmp_path: Path):
    wrong = [number for number in range(30) if number % 4 == 0]
    with Sorting(answering(wrong, otherwise="no JSON")) as server:
        spec = write(tmp_path, server.url)
        seen = evaluate(spec, "--limitations")
        facts = told(spec)
    assert 'limitations """' in seen.out
    assert "Is right in 0.0 % (0.0 % to 32.5 % with 95 % confidence) of 8 rows where the vip is true" in seen.out
    assert facts["limitations"][0] in seen.out
    with Sorting() as server:
        assert "nothing to draft" in evaluate(write(tmp_path, server.url), "--limitations").out


def test_a_bar_moves_on_a_terminal(tmp_path: Path):
    with Sorting() as server:
        seen = evaluate(write(tmp_path, server.url), terminal=True)
    assert "30/30" in seen.err
    assert "25 of 30 rows" not in seen.err


def test_an_interrupt_writes_what_was_found(tmp_path: Path):
    kept, page = tmp_path / "run.jsonl", tmp_path / "page.html"
    with Sorting(seconds=0.1) as server:
        spec = write(tmp_path, server.url)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "promptspec", "evaluate", str(spec)),
                *("--record", str(kept), "--html", str(page), "--at-once", "1"),
            ],
            cwd=ROOT,
            env={**os.environ, "LLM_KEY": KEY, "PROMPTSPEC_CACHE": str(tmp_path / "cache")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + 30
        while time.monotonic() < until and not (kept.exists() and kept.read_text().count("\n") > 4):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 3, err
    assert "not finished: it was interrupted" in out
    assert "Traceback" not in err
    assert "it was interrupted" in page.read_text()
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert lines[-1]["ended"] == "interrupt"
    assert lines[-1]["left"] + len(lines) - 2 == 30


# Bad input


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--file", "nothing.jsonl"], "there is no file `nothing.jsonl`"),
        (["--time", "soon"], "is no duration"),
        (["--spend", "1"], "`--spend` needs prices"),
        (["--replay", "a", "--record", "b"], "do not go together"),
        (["--rehearse", "--replay", "a"], "do not go together"),
        (["--rehearse", "--model", "x"], "`--model` means nothing"),
        (["--calls", "0"], "Invalid value for '--calls'"),
    ],
)
def test_wrong_usage_sends_nothing(tmp_path: Path, arguments: list[str], words: str):
    with Sorting() as server:
        seen = evaluate(write(tmp_path, server.url), *arguments)
        assert server.requests == []
    assert seen.code == 2
    assert words in seen.err


def test_a_file_of_the_command_line_takes_the_place_of_the_one_in_the_spec(tmp_path: Path):
    other = tmp_path / "other.jsonl"
    other.write_text("".join(json.dumps(row(number)) + "\n" for number in range(40, 45)))
    with Sorting() as server:
        facts = told(write(tmp_path, server.url), "--file", other)
    assert (facts["all"]["rows"], facts["levels"][0]["met"]) == (5, True)


BAD_FILES = {
    "empty": ("", "has no rows"),
    "broken": ('{"given": {"question"\n', "line 1 of"),
    "no label": (json.dumps({"given": row(1)["given"]}), "it has no `given` and `returns`"),
    "unknown word": (json.dumps({**row(1), "returns": {**row(1)["returns"], "team": "x"}}), "line 1 is refused"),
    "refused input": (json.dumps({**row(1), "given": {"question": "", "vip": True}}), "line 1 is refused"),
    "over a cap": (json.dumps({**row(1), "given": {"question": "a" * 501, "vip": True}}), "line 1 is refused"),
    "repeated": (f"{json.dumps(row(1))}\n{json.dumps(row(1))}\n", "the input is that of line 1"),
    "more keys": (json.dumps({**row(1), "note": "x"}), "it has more than"),
}


@pytest.mark.parametrize(("content", "words"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_of_bad_rows_is_refused_before_anything_is_sent(tmp_path: Path, content: str, words: str):
    other = tmp_path / "other.jsonl"
    other.write_text(content)
    with Sorting() as server:
        seen = evaluate(write(tmp_path, server.url), "--file", other)
        assert server.requests == []
    assert seen.code == 2
    assert words in seen.err


def test_a_file_beyond_the_cap_and_a_pipe_are_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    spec = write(tmp_path, "http://127.0.0.1:9/v1")
    monkeypatch.setattr("promptspec.check.labelled.MOST_BYTES", 100)
    seen = evaluate(spec, "--file", tmp_path / "golden.jsonl")
    assert seen.code == 2
    assert "100 are allowed" in seen.err
    os.mkfifo(tmp_path / "pipe")
    assert "is no regular file" in evaluate(spec, "--file", tmp_path / "pipe").err


def test_a_spec_that_does_not_compile_is_code_2(tmp_path: Path):
    spec = write(tmp_path, "http://127.0.0.1:9/v1")
    spec.write_text(spec.read_text().replace("team at least", "tame at least"))
    seen = evaluate(spec)
    assert seen.code == 2
    assert "did you mean `team`?" in seen.err


def test_a_feature_without_labelled_rows_needs_a_file(tmp_path: Path):
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        spec.write_text(re.sub(r"    evaluate .*?\n    }\n", "", spec.read_text(), flags=re.DOTALL))
        seen = evaluate(spec)
        assert seen.code == 2
        assert "`sort` has no labelled rows" in seen.err
        facts = told(spec, "--file", tmp_path / "golden.jsonl")
    assert (facts["verdict"], facts["setup"]["deciding"]) == ("none", ["team", "urgent"])
    assert "no level is declared" in facts["sentence"]


def test_the_feature_with_rows_is_meant_where_none_is_named(tmp_path: Path):
    with Sorting() as server:
        spec = write(tmp_path, server.url)
        other = SORT[SORT.index("feature sort") :].replace("feature sort", "feature other")
        other = re.sub(r"    evaluate .*?\n    }\n", "", other, flags=re.DOTALL)
        spec.write_text(spec.read_text() + "\n" + other)
        assert told(spec)["setup"]["feature"] == "sort"
        assert "no labelled rows" in evaluate(f"{spec}:other").err


def test_check_says_that_only_a_run_proves_a_level(tmp_path: Path):
    spec = write(tmp_path, "http://127.0.0.1:9/v1")
    seen = promptspec("check", spec)
    assert seen.code == 0
    assert "30 rows to evaluate with; 1 declared level, which only `promptspec evaluate` proves" in seen.out
