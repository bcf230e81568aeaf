"""Evaluations against llama.cpp's own server, whose model has random weights: it is right by chance alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.fixtures import Engine
from evaluate.labelled import SORT, evaluate, row, told, write
from promptspec.models.transport import NetworkTransport

ROWS = [row(number) for number in range(20)]


def test_a_model_of_random_weights_misses_the_level_and_its_run_replays(
    tmp_path: Path, llama: Engine, monkeypatch: pytest.MonkeyPatch
):
    spec = write(tmp_path, llama.base_url, rows=ROWS)
    kept = tmp_path / "run.jsonl"
    seen = evaluate(spec, "--record", kept, key=llama.key)
    assert seen.code == 1, seen.out
    assert "team misses the declared 80 %" in seen.out
    assert llama.key not in kept.read_text()
    monkeypatch.setattr(NetworkTransport, "exchange", None)
    again = told(spec, "--replay", kept, key=None)
    assert (again["verdict"], again["not_run"], again["all"]["rows"]) == ("missed", 0, 20)
    assert again["notes"] == ["replayed: nothing was sent", "20 of 20 outcomes are as recorded"]


def test_what_a_model_without_a_schema_says_is_refused_and_counts_as_wrong(tmp_path: Path, llama: Engine):
    text = SORT.replace("    server llama_cpp\n", "    server llama_cpp\n    structured prompt\n")
    facts = told(write(tmp_path, llama.base_url, rows=ROWS[:4], spec=text), key=llama.key)
    assert (facts["refused"], facts["all"]["right"], facts["verdict"]) == (4, 0, "missed")


def test_another_model_of_the_same_server_is_asked_by_its_name(tmp_path: Path, llama: Engine):
    facts = told(write(tmp_path, llama.base_url, rows=ROWS[:3]), "--model", "another", key=llama.key)
    assert facts["setup"]["model"] == "another"
    assert facts["finished"]


def test_a_wrong_key_is_no_answer(tmp_path: Path, llama: Engine):
    seen = evaluate(write(tmp_path, llama.base_url, rows=ROWS[:3]), key="sk-wrong-key")
    assert seen.code == 3
    assert "3 rows could not be run" in seen.out
