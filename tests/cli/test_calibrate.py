"""`promptspec tone calibrate` against a scripted judge: counts, budgets, broken lines, judges that do not answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Seen, promptspec
from fuzz.attacked import Serving

SPEC = """promptspec 1

model local = openai("tiny") {{
    server llama_cpp
    base_url "{url}"
    key env("LLM_KEY")
}}

feature answer {{
    model "gpt-5.6-luna"
    judge by local

    input {{
        question: text(1..2000)
    }}

    output text(1..200)

    tone {{
        voice "warm, plain"
        judge "polite" 0.8
        judge "short" 0.5
        exclamations none
        mention question
    }}

    limits {{
        time 20s
        retries 0
    }}
}}
"""
LINES = [
    {"text": "polite 0.9", "holds": True},
    {"text": "polite 0.85", "holds": False},
    {"text": "rude 0.2", "holds": False},
    {"text": "rude 0.75!", "holds": True},
    {"text": "mute", "holds": True},
]


def judging(body: dict[str, Any]) -> str:
    """Return the number that stands in the text, as the judge of it."""
    found = re.search(r"\]\]\w+ ([0-9.]+[0-9])", body["messages"][-1]["content"])
    return json.dumps({"s1": float(found[1])}) if found else "I cannot say."


def write(folder: Path, url: str, lines: list[Any] = LINES) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text('[tool.promptspec]\nenv = ["LLM_KEY"]\nhosts = ["127.0.0.1"]\n')
    (folder / "a.spec").write_text(SPEC.format(url=url))
    written = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / "lines.jsonl").write_text("\n".join(written) + "\n")
    return folder


def calibrate(folder: Path, *arguments: object, key: str | None = "sk-test") -> Seen:
    return promptspec(
        "tone",
        "calibrate",
        f"{folder / 'a.spec'}:answer",
        "--labelled",
        folder / "lines.jsonl",
        "--at-once",  # the server of these tests tells requests apart by their order
        1,
        *arguments,
        environment={"LLM_KEY": key} if key else {},
    )


def test_what_a_judge_finds_is_counted(tmp_path: Path) -> None:
    with Serving(judging) as server:
        seen = calibrate(write(tmp_path, server.url), "--format", "json")
    assert seen.code == 0
    found = json.loads(seen.out)
    assert found["confusion"] == {
        "refused_rightly": 1,
        "refused_wrongly": 1,
        "passed_rightly": 1,
        "passed_wrongly": 1,
    }
    assert (found["precision"]["hits"], found["precision"]["of"]) == (1, 2)
    assert (found["recall"]["hits"], found["recall"]["of"]) == (1, 2)
    assert 0 < found["recall"]["low"] < 0.5 < found["recall"]["high"] < 1
    assert found["could_not_judge"]["lines"] == [5]
    assert found["wrong_lines"] == [2, 4]
    assert found["calls"] == 5
    assert {at["threshold"]: at["precision"]["hits"] for at in found["at"]}[0.9] == 2


def test_people_read_the_same(tmp_path: Path) -> None:
    with Serving(judging) as server:
        seen = calibrate(write(tmp_path, server.url))
    assert seen.code == 0
    for line in ("judge: polite, 0.8 likely", "wrong on lines 2, 4", "could not judge line 5 (could not judge"):
        assert line in seen.out
    assert "precision        50 % (1 of 2; 95 %: 9.5 % to 91 %)" in seen.out


@pytest.mark.parametrize(
    ("rule", "statement"), [("judge:2", "short"), ("voice", "it is written in this voice: warm, plain")]
)
def test_each_judged_rule_has_a_name(tmp_path: Path, rule: str, statement: str) -> None:
    with Serving(judging) as server:
        seen = calibrate(write(tmp_path, server.url), "--rule", rule, "--format", "json")
    assert json.loads(seen.out)["statement"] == statement


def test_a_rule_that_is_counted_asks_nobody(tmp_path: Path) -> None:
    seen = calibrate(write(tmp_path, "http://127.0.0.1:9/v1"), "--rule", "exclamations", "--format", "json", key=None)
    assert seen.code == 0
    found = json.loads(seen.out)
    assert (found["calls"], found["wrong_lines"]) == (0, [2, 3, 4])


def test_a_budget_that_ends_first_is_told(tmp_path: Path) -> None:
    with Serving(judging) as server:
        seen = calibrate(write(tmp_path, server.url), "--calls", 2)
    assert seen.code == 3
    assert "2 of 5 texts, 2 requests" in seen.out
    assert "not looked at: 3 texts" in seen.out


def test_broken_lines_are_named_and_counted(tmp_path: Path) -> None:
    lines = [
        *LINES[:2],
        "{",
        "",
        {"text": "", "holds": True},
        {"text": "a"},
        {"text": "a", "holds": 1},
        {"text": "a", "holds": True, "more": 1},
        '{"text": "a", "text": "b", "holds": true}',
        {"text": "a" * 20_001, "holds": True},
        [1],
    ]
    with Serving(judging) as server:
        seen = calibrate(write(tmp_path, server.url, lines), "--format", "json")
    assert seen.code == 1
    assert [broken["line"] for broken in json.loads(seen.out)["broken_lines"]] == [3, 5, 6, 7, 8, 9, 10, 11]


def test_a_judge_that_never_answers_is_no_calibration(tmp_path: Path) -> None:
    seen = calibrate(write(tmp_path, "http://127.0.0.1:9/v1"))
    assert seen.code == 3
    assert "could not judge  100 % (5 of 5;" in seen.out


def test_without_its_key_a_judge_is_not_asked(tmp_path: Path) -> None:
    seen = calibrate(write(tmp_path, "http://127.0.0.1:9/v1"), key=None)
    assert seen.code == 3
    assert "LLM_KEY is not set" in seen.err


@pytest.mark.parametrize("rule", ["mention", "topic", "judge:3", "nope"])
def test_a_rule_that_cannot_be_calibrated_is_wrong_usage(tmp_path: Path, rule: str) -> None:
    seen = calibrate(write(tmp_path, "http://127.0.0.1:9/v1"), "--rule", rule)
    assert seen.code == 2
    assert f"no rule `{rule}`" in seen.err


def test_there_is_something_to_calibrate_on(tmp_path: Path) -> None:
    folder = write(tmp_path, "http://127.0.0.1:9/v1")
    assert promptspec("tone", "calibrate", folder / "a.spec").code == 2
    assert promptspec("tone", "calibrated", folder / "a.spec", "--labelled", folder / "lines.jsonl").code == 2
    assert promptspec("tone", "calibrate", folder / "a.spec", "--labelled", folder / "none.jsonl").code in (2, 3)


@pytest.mark.parametrize("content", ["", "nonsense\n", '{"text": "", "holds": true}\n'])
def test_a_file_without_a_labelled_text_is_refused(tmp_path: Path, content: str) -> None:
    with Serving(lambda _: "") as server:
        seen = calibrate(write(tmp_path, server.url, content.splitlines()))
    assert seen.code == 1
    assert "has no labelled texts" in seen.err
