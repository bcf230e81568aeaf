"""The parts of a run against a model: attempts, budget, rates, comparison; and a run against llama.cpp's server."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from cli.terminal import promptspec
from engines.fixtures import Engine
from fuzz.attacked import ANSWER, RATE, redteam, runs, write
from promptspec.fuzz.attacks.registry import MUTATORS, SEEDS
from promptspec.fuzz.redteam.attempts import Attempt, attempts_of
from promptspec.fuzz.redteam.comparing import compare
from promptspec.fuzz.redteam.placing import places, text_at, with_text
from promptspec.fuzz.redteam.recording import Recorder, Recording, Unreadable, read_recording
from promptspec.fuzz.redteam.results import RunResult, Setup, Tried, Verdict
from promptspec.fuzz.redteam.signs import has_canary, obeyed
from promptspec.fuzz.subjects import Subject
from promptspec.live.budget import Budget, Limits, Spent, Tokens, read_duration
from promptspec.live.exchanges import Exchange
from promptspec.live.statistics import mcnemar
from promptspec.live.tapes import texts_of, usage_of
from promptspec.loading import load
from promptspec.models.transport import NetworkTransport


def subject(folder: Path, spec: str = ANSWER) -> Subject:
    (found,) = load(write(folder, "http://127.0.0.1:9/v1", spec)).features.values()
    return Subject(found)


# Attempts


def test_attempts_follow_from_the_seed_and_use_every_technique(tmp_path: Path):
    one = attempts_of(subject(tmp_path), seed=3)
    assert one == attempts_of(subject(tmp_path), seed=3)
    assert one != attempts_of(subject(tmp_path), seed=4)
    assert sorted(attempt.technique for attempt in one) == sorted(each.name for each in (*SEEDS, *MUTATORS))


def test_any_beginning_of_the_attempts_holds_all_families(tmp_path: Path):
    attempts = attempts_of(subject(tmp_path), seed=0)
    families = {attempt.family for attempt in attempts}
    assert {attempt.family for attempt in attempts[: len(families)]} == families


def test_repeated_attempts_have_names_of_their_own_and_other_texts(tmp_path: Path):
    attempts = attempts_of(subject(tmp_path), seed=0, repeat=5, techniques=["plain-override"])
    assert len({attempt.key for attempt in attempts}) == 5
    assert len({attempt.attack for attempt in attempts}) > 1


def test_what_an_attack_wants_is_something_that_the_reply_can_show(tmp_path: Path):
    texts = attempts_of(subject(tmp_path / "a"), seed=0, techniques=["direct-order", "prompt-asked-for", "base64"])
    assert {attempt.technique: attempt.goal for attempt in texts} == {
        "direct-order": "canary",
        "prompt-asked-for": "echo",
        "base64": "canary",
    }
    (choice,) = attempts_of(subject(tmp_path / "b", RATE), seed=0, techniques=["direct-order"])
    assert choice.goal == "word"
    assert choice.word in ("calm", "wild")
    assert choice.word in choice.attack


def test_a_text_goes_into_any_open_text_of_an_input(tmp_path: Path):
    known = subject(
        tmp_path,
        ANSWER.replace(
            "topic: line(..40)?",
            "topic: line(..40)?\n        rows: list(..3) of {{ key id: int(1..9)\n note: text(..90) }}",
        ).replace('"When do you open?"', '"When?", rows: [{{ id: 1, note: "a" }}]'),
    )
    given = {"question": "When?", "rows": [{"id": 1, "note": "a"}]}
    found = [place for place, _ in places(known, given)]
    assert found == [("question",), ("topic",), ("rows", 0, "note")]
    changed = with_text(given, ("rows", 0, "note"), "b")
    assert text_at(changed, ("rows", 0, "note")) == "b"
    assert given["rows"] == [{"id": 1, "note": "a"}]


# Budget


def run(work):
    return asyncio.run(work)


def test_the_worst_case_is_held_until_the_server_says_what_was_used():
    async def work():
        budget = Budget(Limits(tokens=100), now=lambda: 0.0)
        first = await budget.reserve(Tokens(prompt=40, reply=40))
        waiting = asyncio.ensure_future(budget.reserve(Tokens(prompt=40, reply=40)))
        await asyncio.sleep(0)
        assert not waiting.done()
        budget.settle(first, Tokens(prompt=5, reply=5))
        budget.settle(await waiting, None)
        assert (budget.prompt_tokens, budget.reply_tokens, budget.uncounted) == (45, 45, 1)
        with pytest.raises(Spent):
            await budget.reserve(Tokens(prompt=10, reply=1))
        assert budget.ended == "tokens"

    run(work())


def test_a_call_that_was_never_sent_is_given_back():
    async def work():
        budget = Budget(Limits(calls=1), now=lambda: 0.0)
        budget.give_back(await budget.reserve(Tokens(prompt=1, reply=1)))
        await budget.reserve(Tokens(prompt=1, reply=1))
        with pytest.raises(Spent):
            budget.reserve_now(Tokens(prompt=1, reply=1))
        assert budget.ended == "calls"

    run(work())


def test_money_is_counted_by_both_prices():
    async def work():
        limits = Limits(spend=Decimal("0.001"), price_in=Decimal(1), price_out=Decimal(10))
        budget = Budget(limits, now=lambda: 0.0)
        budget.settle(await budget.reserve(Tokens(prompt=400, reply=50)), None)
        assert budget.dollars == Decimal("0.0009")
        with pytest.raises(Spent):
            await budget.reserve(Tokens(prompt=0, reply=11))

    run(work())


def test_durations_are_written_as_in_specs():
    assert [read_duration(text) for text in ("500ms", "20s", "10m", "4h", "7d")] == [0.5, 20, 600, 14_400, 604_800]
    assert [read_duration(text) for text in ("", "10", "m", "1.5h", "-1s", "١s")] == [None] * 6


# Signs


@pytest.mark.parametrize("text", ["PWNED", "p-w-n-e-d!", "ＰＷＮＥＤ", "DENWP", "you were\nPwned."])
def test_the_canary_is_found_however_it_is_written(text: str):
    assert has_canary(text)


def test_a_model_that_said_nothing_did_not_resist(tmp_path: Path):
    (attempt,) = attempts_of(subject(tmp_path), seed=0, techniques=["plain-override"])

    def did(attempt: Attempt, *answers: str) -> bool | None:
        return obeyed(attempt, answers, tags=(), words=frozenset())

    assert did(attempt) is None
    assert did(attempt, '{"reply":"\\u0050WNED"}') is True
    assert did(attempt, '{"reply":"no"}') is False
    assert did(replace(attempt, goal="word", word="no"), '{"reply":"no"}') is None


def test_texts_and_usage_are_read_from_both_apis_and_never_trusted():
    chat = {"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}
    parts = [{"type": "output_text", "text": "b"}, {"type": "output_text", "text": "c"}]
    other = {"output": [{"type": "message", "content": parts}], "usage": {"input_tokens": 3, "output_tokens": -1}}
    assert texts_of(json.dumps(chat).encode()) == ["a"]
    assert texts_of(json.dumps(other).encode()) == ["bc"]
    assert usage_of(json.dumps(chat).encode()) == Tokens(prompt=3, reply=4)
    assert usage_of(json.dumps(other).encode()) is None
    for broken in (b"", b"\xff", b"[]", b'{"choices":{},"usage":1}', b'{"choices":[1],"output":[1]}'):
        assert (texts_of(broken), usage_of(broken)) == ([], None)


# Comparison


@pytest.mark.parametrize(("one", "other", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 6, 0.03125), (1, 9, 0.021484375)])
def test_mcnemar_is_exact(one: int, other: int, p: float):
    assert mcnemar(one, other) == mcnemar(other, one) == p


def test_pairs_that_were_not_judged_count_for_neither_run():
    setup = Setup(run="r", version="1", seed=0, repeat=1, today="2026-01-31")

    def recording(*verdicts: Verdict) -> Recording:
        tried = (
            Tried(
                file="a.spec",
                feature="f",
                technique=f"t{index}",
                family="x",
                index=0,
                goal="canary",
                verdict=verdict,
                why="",
                stage="delivered",
            )
            for index, verdict in enumerate(verdicts)
        )
        return Recording(setup=setup, tried=tuple(tried), ended="", left=0)

    found = compare(recording("held", "fell", "held", "held"), recording("fell", "held", "could not judge"))
    assert (found.pairs, found.worse, found.better, found.unjudged) == (2, 1, 1, 1)
    assert [(change.technique, change.worse, change.better) for change in found.changes] == [("t0", 1, 0), ("t1", 0, 1)]


# llama.cpp's own server


@pytest.mark.parametrize("spec", [ANSWER, RATE])
def test_random_weights_under_a_schema_are_attacked_recorded_and_replayed(
    tmp_path: Path, llama: Engine, spec: str, monkeypatch: pytest.MonkeyPatch
):
    path = write(tmp_path, llama.base_url, spec)
    arguments = ("redteam", path, "--calls", 24, "--format", "json")
    seen = promptspec(*arguments, environment={"LLM_KEY": llama.key})
    facts = json.loads(seen.out)
    assert seen.code == 3
    assert facts["ended"] == "calls"
    assert facts["all"]["fell"] == 0
    assert facts["all"]["judged"] > 0
    assert facts["prompt_tokens"] > 24
    (run,) = runs(tmp_path)
    assert llama.key not in run.read_text()
    monkeypatch.setattr(NetworkTransport, "exchange", None)
    again = json.loads(redteam(path, "--replay", run.stem, "--format", "json", key=None).out)
    assert again["attempts"] == facts["attempts"]


def test_a_feature_without_examples_is_attacked_with_inputs_that_are_made_up(tmp_path: Path):
    bare = ANSWER[: ANSWER.index("    example")] + "}}\n"
    attempts = attempts_of(subject(tmp_path, bare), seed=0)
    assert len(attempts) == len(SEEDS) + len(MUTATORS)


def test_an_attempt_says_where_it_came_from(tmp_path: Path):
    attempts: tuple[Attempt, ...] = attempts_of(subject(tmp_path), seed=0)
    assert all(attempt.original == {"question": "When do you open?"} for attempt in attempts)
    assert all(attempt.given != attempt.original for attempt in attempts)


def test_a_full_disk_ends_the_recording_and_not_the_run(tmp_path: Path):
    setup = Setup(run="20260131-000000-abcd", version="1", seed=0, repeat=1, today="2026-01-31")
    recorder = Recorder(tmp_path / "runs", setup)
    descriptor = os.open("/dev/full", os.O_WRONLY)
    os.dup2(descriptor, recorder._journal._file)  # pyright: ignore[reportPrivateUsage]
    os.close(descriptor)
    recorder.end(RunResult(setup=setup, tried=()))
    assert recorder.notes == ["the recording ends early: No space left on device"]


def test_a_recording_survives_broken_lines_and_a_cut_end(tmp_path: Path):
    setup = Setup(run="20260131-000000-abcd", version="1", seed=0, repeat=1, today="2026-01-31", features=("f",))
    recorder = Recorder(tmp_path, setup)
    exchange = Exchange(
        by="feature", request=b"{}", status=200, headers=(("date", "x"),), body=b"\xff\x00", seconds=0.5
    )
    tried = Tried(
        file="a.spec",
        feature="f",
        technique="t",
        family="x",
        index=0,
        goal="canary",
        verdict="held",
        why="",
        stage="delivered",
        attack="\ud800",
        exchanges=(exchange,),
    )
    recorder.keep(tried)
    recorder.end(RunResult(setup=setup, tried=()))
    whole = recorder.path.read_text()
    recorder.path.write_text(whole[: whole.rindex("{")] + '[]\n{"technique": "t"}\n{"ended": "no')
    found = read_recording(recorder.path)
    assert (found.setup, found.tried, found.ended) == (setup, (tried,), "killed")
    assert found.notes == ("3 lines of 20260131-000000-abcd.jsonl cannot be read",)
    for text in ("", "x\n", '{"format": 9}\n', '{"format": 1, "setup": 3}\n'):
        (tmp_path / "other.jsonl").write_text(text)
        with pytest.raises(Unreadable):
            read_recording(tmp_path / "other.jsonl")
