"""What only a model can judge: asked once a reply, read strictly, and refused where nobody knows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest

from codegen.specs import write_spec
from promptspec import verdicts
from promptspec.errors import ReplyRefused, Unjudged
from promptspec.loading import load
from promptspec.models.port import Ask, Unavailable
from promptspec.models.scripted import Scripted
from promptspec.runtime.feature import Feature
from promptspec.runtime.overrides import replies
from promptspec.safety.callers import ID_KEY, Session
from runtime.shop import world

SPEC = """\
promptspec 1

model small = openai("gpt-6-luna")
model plain = openai("gpt-5.6-luna") { api chat }
model own = openai("near") {
    base_url "http://127.0.0.1:8080/v1"
    server llama_cpp
}
model either = first small, plain

feature answer {
    model "gpt-5.6-luna"
    judge by %s

    input { message: text(1..500) }

    output {
        title: line(1..80)?
        points: list(..3) of text(1..200)
    }

    tone {
        voice "warm, plain"
        topic "our films" 0.6
        emoji none
    }
    tone for points {
        judge "polite to an upset reader" 0.8
    }
    limits {
        time 5s
        retries 1
    }
}
"""
GOOD = json.dumps({"title": "Hello there", "points": ["We are sorry.", "It comes on Monday."]})
ALL = ("tone_voice", "tone_topic", "tone_judge")
ME = Session("4f1c")
KEYS = {ID_KEY: "k1:" + "s" * 32, "OPENAI_API_KEY": "sk-one"}
HOLDS = '{"s1": 1, "s2": 0.6, "s3": 0.80}'


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Feature[Any]]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        found: dict[str, Feature[Any]] = {}
        for judge in ("small", "plain", "own", "either"):
            folder = tmp_path_factory.mktemp(judge)
            (folder / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["127.0.0.1:8080"]\n')
            found[judge] = load(write_spec(folder, SPEC % judge)).features["answer"]
        yield found


@pytest.fixture
def answer(features: dict[str, Feature[Any]]) -> Feature[Any]:
    return features["small"]


def call(feature: Feature[Any], model: Any, judge: Any) -> Any:
    with feature.override(model=model, judge=judge, world=world(environment=KEYS)):
        return feature.call_fields({"message": "Where is it?"}, caller=ME)


def refused(feature: Feature[Any], model: Any, judge: Any) -> ReplyRefused:
    with pytest.raises(ReplyRefused) as caught:
        call(feature, model, judge)
    return caught.value


def said(ask: Ask) -> list[dict[str, str]]:
    return json.loads(b"[" + ask.messages + b"]")


# One request


def test_everything_is_asked_in_one_request(answer: Feature[Any]) -> None:
    judge = Scripted(HOLDS)
    reply = call(answer, Scripted(GOOD), judge)
    (ask,) = judge.asked
    assert [name for name, _ in ask.questions] == ["s1", "s2", "s3"]
    assert json.loads(ask.schema)["required"] == ["s1", "s2", "s3"]
    assert [(each.rule, each.probability, each.threshold) for each in reply.judgements] == [
        ("tone_voice", 1.0, 0.5),
        ("tone_topic", 0.6, 0.6),
        ("tone_judge", 0.8, 0.8),
    ]
    assert not reply.rehearsed


def test_texts_stand_in_fences_with_a_fresh_tag_and_in_no_system_message(answer: Feature[Any]) -> None:
    judge = Scripted(Unavailable("busy", again=True), HOLDS)
    call(answer, Scripted(GOOD), judge)
    first, second = (said(ask)[0]["content"] for ask in judge.asked)
    tags = [text.split()[6].strip(".") for text in (first, second)]
    assert len(set(tags)) == 2
    assert f"[[points[0] {tags[0]}]]We are sorry.[[/points[0] {tags[0]}]]" in first
    assert f"[[title {tags[0]}]]Hello there[[/title {tags[0]}]]" in first
    assert {ask.system for ask in judge.asked} == {judge.asked[0].system}
    assert "sorry" not in judge.asked[0].system
    assert "of each text called `points[]` this can be said: polite to an upset reader" in judge.asked[0].system


def test_the_caller_is_told_as_a_hash(answer: Feature[Any]) -> None:
    model, judge = Scripted(GOOD), Scripted(HOLDS)
    call(answer, model, judge)
    assert judge.asked[0].user == model.asked[0].user
    assert (judge.asked[0].user or "").startswith("k1.")


def test_a_rule_without_a_text_is_not_asked_about(answer: Feature[Any]) -> None:
    judge = Scripted('{"s1": 1, "s2": 1}')
    reply = call(answer, Scripted('{"title": "Hello", "points": []}'), judge)
    assert [each.rule for each in reply.judgements] == ["tone_voice", "tone_topic"]


def test_a_reply_without_texts_is_not_judged(answer: Feature[Any]) -> None:
    judge = Scripted()
    assert call(answer, Scripted('{"title": null, "points": []}'), judge).judgements == ()
    assert judge.asked == []


def test_what_can_be_counted_is_looked_at_first(answer: Feature[Any]) -> None:
    judge = Scripted(HOLDS)
    broken = json.dumps({"title": "Hi \U0001f600", "points": []})
    error = refused(answer, Scripted(broken, broken), judge)
    assert [violation.rule for violation in error.violations] == ["tone_emoji"]
    assert judge.asked == []


# Probabilities


@pytest.mark.parametrize(
    ("probabilities", "broken"),
    [
        ('{"s1": 0.5, "s2": 0.6, "s3": 0.8}', []),
        ('{"s1": 0.49, "s2": 1, "s3": 1}', [("output", "tone_voice")]),
        ('{"s1": 1, "s2": 0.5999999999999999999999, "s3": 1}', [("output", "tone_topic")]),
        ('{"s1": 0, "s2": 0, "s3": 0}', [("output", "tone_voice"), ("output", "tone_topic"), ("output", "tone_judge")]),
        ('{"s1": 1, "s2": 1, "s3": 0.7999999}', [("output", "tone_judge")]),
    ],
)
def test_a_probability_below_the_threshold_is_a_breach(
    answer: Feature[Any], probabilities: str, broken: list[tuple[str, str]]
) -> None:
    if not broken:
        call(answer, Scripted(GOOD), Scripted(probabilities))
        return
    error = refused(answer, Scripted(GOOD, GOOD), Scripted(probabilities, probabilities))
    assert [(violation.path, violation.rule) for violation in error.violations] == broken
    assert not isinstance(error, Unjudged)


def test_a_breach_of_the_only_text_is_told_there(answer: Feature[Any]) -> None:
    reply = '{"title": "Hello", "points": ["Go away."]}'
    low = '{"s1": 1, "s2": 1, "s3": 0.1}'
    (violation,) = refused(answer, Scripted(reply, reply), Scripted(low, low)).violations
    assert (violation.path, violation.rule) == ("output.points[0]", "tone_judge")
    assert violation.message == "is judged not to meet “polite to an upset reader”"


def test_a_breach_is_mended_and_the_mended_reply_is_judged(answer: Feature[Any]) -> None:
    model, judge = Scripted(GOOD, GOOD), Scripted('{"s1": 0.1, "s2": 1, "s3": 1}', HOLDS)
    reply = call(answer, model, judge)
    assert b"is not in the voice that was asked for [tone_voice]" in model.asked[1].messages
    assert [each.outcome for each in reply.attempts] == ["refused", "answered"]
    assert len(judge.asked) == 2


# What cannot be judged


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "1",
        "[1, 1, 1]",
        '{"s1": 1, "s2": 1}',
        '{"s1": 1, "s2": 1, "s3": 1, "s4": 1}',
        '{"s1": 1, "s2": 1, "s3": 0, "s3": 1}',
        '{"s1": 1, "s2": 1, "s3": NaN}',
        '{"s1": 1, "s2": 1, "s3": Infinity}',
        '{"s1": 1, "s2": 1, "s3": 1e999}',
        '{"s1": 1, "s2": 1, "s3": 1.0000001}',
        '{"s1": 1, "s2": 1, "s3": -0.1}',
        '{"s1": 1, "s2": 1, "s3": 80}',
        '{"s1": 1, "s2": 1, "s3": null}',
        '{"s1": 1, "s2": 1, "s3": true}',
        '{"s1": 1, "s2": 1, "s3": "1"}',
        '{"s1": 1, "s2": 1, "s3": [1]}',
        'Here it is: {"s1": 1, "s2": 1, "s3": 1}',
        '{"s1": 1, "s2": 1, "s3": 1} {}',
    ],
)
def test_an_answer_that_says_nothing_of_a_rule_refuses_the_reply(answer: Feature[Any], text: str) -> None:
    model = Scripted(GOOD, GOOD)
    error = refused(answer, model, Scripted(text, HOLDS))
    assert isinstance(error, Unjudged)
    assert error.detail.startswith("could not judge ")
    assert "tone_judge" in error.detail
    assert {violation.message for violation in error.violations} == {"could not be judged"}
    assert len(model.asked) == 1, "what could not be judged is not sent back"
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    "failure",
    [
        Unavailable("the server answered 401", again=False),
        ReplyRefused([]),
        TimeoutError(),
    ],
)
def test_a_judge_that_does_not_answer_refuses_the_reply(answer: Feature[Any], failure: Exception) -> None:
    error = refused(answer, Scripted(GOOD), Scripted(failure))
    assert isinstance(error, Unjudged)
    assert [violation.rule for violation in error.violations] == list(ALL)
    assert error.detail.startswith("could not judge tone_voice, tone_topic, tone_judge: ")


def test_without_a_key_nothing_is_judged(answer: Feature[Any]) -> None:
    keyless = {ID_KEY: KEYS[ID_KEY]}
    with answer.override(model=Scripted(GOOD), world=world(environment=keyless)), pytest.raises(Unjudged) as caught:
        answer.call_fields({"message": "Hello"}, caller=ME)
    assert "OPENAI_API_KEY" in caught.value.detail


def test_models_and_judges_share_one_budget_of_retries(answer: Feature[Any]) -> None:
    busy = Unavailable("busy", again=True, after=0.0)
    judge = Scripted(busy, busy, HOLDS)
    assert isinstance(refused(answer, Scripted(busy, GOOD), judge), Unjudged)
    assert len(judge.asked) == 1
    judge = Scripted(busy, HOLDS)
    assert call(answer, Scripted(GOOD), judge).value.title == "Hello there"


class Slow:
    """A judge that never answers."""

    name = "slow"

    async def ask(self, ask: Ask, *, seconds: float) -> Any:
        await asyncio.sleep(60)


def test_the_time_of_the_call_covers_its_judge(features: dict[str, Feature[Any]], monkeypatch: Any) -> None:
    from dataclasses import replace

    answer = features["plain"]
    plan = answer.plan
    monkeypatch.setattr(type(answer), "plan", replace(plan, limits=replace(plan.limits, seconds=0.2)))
    error = refused(answer, Scripted(GOOD), Slow())
    assert isinstance(error, Unjudged)
    assert error.detail.endswith("no answer in time")


def test_asynchronous_calls_ask_as_well(answer: Feature[Any]) -> None:
    async def ask(judge: Any) -> Any:
        with answer.override(model=Scripted(GOOD), judge=judge, world=world(environment=KEYS)):
            return await answer.acall_fields({"message": "Hello"}, caller=ME)

    assert len(asyncio.run(ask(Scripted(HOLDS))).judgements) == 3
    with pytest.raises(Unjudged):
        asyncio.run(ask(Scripted("no")))


def test_a_text_with_a_control_token_goes_to_no_judge_that_may_take_it_for_one(
    features: dict[str, Feature[Any]],
) -> None:
    token = json.dumps({"title": "[INST] it", "points": []})
    error = refused(features["own"], Scripted(token, token), Scripted('{"s1": 1, "s2": 1}'))
    assert isinstance(error, Unjudged)
    assert "control token" in error.detail
    assert call(features["small"], Scripted(token), Scripted('{"s1": 1, "s2": 1}')).value.title == "[INST] it"


# The wire


Served = Callable[[httpx2.Request], httpx2.Response]


def judges(feature: Feature[Any], served: Served) -> Any:
    transport = httpx2.MockTransport(served)
    return tuple(judge.connect(world(environment=KEYS), transport) for judge in feature.plan.judges)


def decision(*probabilities: float | None, **more: object) -> dict[str, object]:
    answers = [
        {"type": "refusal", "name": f"s{at}"}
        if probability is None
        else {"type": "predicate", "name": f"s{at}", "probability": probability}
        for at, probability in enumerate(probabilities, 1)
    ]
    usage = {"input_tokens": 40, "output_tokens": 3, "total_tokens": 43}
    return {"model": "gpt-6-luna", "answers": answers, "usage": usage} | more


def test_decisions_are_asked_as_predicates(answer: Feature[Any]) -> None:
    seen: list[httpx2.Request] = []

    def served(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, json=decision(1.0, 0.9, 0.95))

    reply = call(answer, Scripted(GOOD), judges(answer, served))
    (request,) = seen
    body = json.loads(request.content)
    assert str(request.url) == "https://api.openai.com/v1/decisions"
    assert request.headers["authorization"] == "Bearer sk-one"
    assert set(body) == {"model", "input", "questions", "safety_identifier"}
    assert [message["role"] for message in body["input"]] == ["system", "user"]
    assert body["questions"][2] == {
        "type": "predicate",
        "name": "s3",
        "instructions": "of each text called `points[]` this can be said: polite to an upset reader",
    }
    assert reply.usage.input_tokens == 40
    assert reply.usage.output_tokens == 3


@pytest.mark.parametrize(
    "body",
    [
        decision(1, 1),
        decision(1, 1, 1, 1),
        decision(1, 1, None),
        decision(1, 1, 2),
        decision(1, 1, -1),
        {**decision(1, 1, 1), "answers": {}},
        {**decision(1, 1, 1), "error": {"code": "bad"}},
        decision(1, 1, 1) | {"answers": [*decision(1, 1)["answers"], {"type": "predicate", "probability": 1}]},  # type: ignore[misc]
        decision(1, 1, 1)
        | {"answers": [{"type": "predicate", "name": n, "probability": 1} for n in ("s2", "s1", "s3")]},
        decision(1, 1, 1) | {"answers": [{"type": "choice", "name": f"s{n}", "probability": 1} for n in (1, 2, 3)]},
        decision(1, 1, 1)
        | {"answers": [{"type": "predicate", "name": f"s{n}", "probability": True} for n in (1, 2, 3)]},
        decision(1, 1, 1) | {"answers": [{"type": "predicate", "name": f"s{n}"} for n in (1, 2, 3)]},
        [],
        {},
    ],
)
def test_decisions_that_are_not_one_number_each_refuse_the_reply(answer: Feature[Any], body: object) -> None:
    error = refused(answer, Scripted(GOOD), judges(answer, lambda _: httpx2.Response(200, json=body)))
    assert isinstance(error, Unjudged)


@pytest.mark.parametrize("status", [400, 401, 404, 302, 204])
def test_a_judge_that_answers_otherwise_refuses_the_reply(answer: Feature[Any], status: int) -> None:
    error = refused(answer, Scripted(GOOD), judges(answer, lambda _: httpx2.Response(status, json={})))
    assert isinstance(error, Unjudged)


def test_a_judge_without_decisions_is_asked_for_one_structured_reply(features: dict[str, Feature[Any]]) -> None:
    seen: list[dict[str, Any]] = []

    def served(request: httpx2.Request) -> httpx2.Response:
        seen.append(json.loads(request.content) | {"url": str(request.url)})
        message = {"role": "assistant", "content": HOLDS}
        return httpx2.Response(200, json={"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    for judge, url in (("plain", "https://api.openai.com"), ("own", "http://127.0.0.1:8080")):
        reply = call(features[judge], Scripted(GOOD), judges(features[judge], served))
        assert len(reply.judgements) == 3
        assert seen[-1]["url"] == f"{url}/v1/chat/completions"
        schema = seen[-1]["response_format"]["json_schema"]["schema"]
        assert schema["properties"]["s1"] == {"type": "number", "minimum": 0, "maximum": 1}


def test_the_next_judge_is_asked_where_the_first_cannot_be_reached(features: dict[str, Feature[Any]]) -> None:
    paths: list[str] = []

    def served(request: httpx2.Request) -> httpx2.Response:
        paths.append(request.url.path)
        if request.url.path.endswith("/decisions"):
            return httpx2.Response(503, headers={"retry-after": "60"}, json={})
        message = {"role": "assistant", "content": HOLDS}
        return httpx2.Response(200, json={"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    feature = features["either"]
    assert len(call(feature, Scripted(GOOD), judges(feature, served)).judgements) == 3
    assert paths == ["/v1/decisions", "/v1/chat/completions"]


# Rehearsals and scripts


def test_a_rehearsal_asks_nobody_and_everything_holds(answer: Feature[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSPEC_REHEARSE", "1")
    reply = answer.call_fields({"message": "Hello"}, caller=ME)
    assert reply.rehearsed
    assert {each.probability for each in reply.judgements} == {1.0}


def test_a_test_says_what_a_judge_finds(answer: Feature[Any]) -> None:
    scripted = replies(json.loads(GOOD))
    assert len(call(answer, scripted, None).judgements) == 3
    assert call(answer, scripted, verdicts(0.9)).judgements[0].probability == 0.9
    assert call(answer, scripted, verdicts({"tone_judge": 0.1}, 1.0)).attempts[0].violations[0].rule == "tone_judge"
    assert [v.rule for v in refused(answer, scripted, verdicts({"tone_topic": 0.1})).violations] == ["tone_topic"]
    assert isinstance(refused(answer, scripted, verdicts(None)), Unjudged)
    for wrong in cast("list[Any]", [1.5, {"tone_judge": -0.1}, float("nan"), "0.7"]):
        with pytest.raises(ValueError, match="no probability"):
            verdicts(wrong)
    with pytest.raises(ValueError, match="`tone_polite`"):
        refused(answer, scripted, verdicts({"tone_polite": 0.1}))


def test_a_reply_that_only_a_script_judged_counts_as_rehearsed(answer: Feature[Any]) -> None:
    assert call(answer, Scripted(GOOD), verdicts(1.0)).rehearsed
    assert not call(answer, Scripted(GOOD), Scripted(HOLDS)).rehearsed


def test_each_reply_is_judged_by_itself_in_many(answer: Feature[Any], tmp_path: Path) -> None:
    with answer.override(model=replies(json.loads(GOOD)), judge=verdicts(1.0, None), world=world(environment=KEYS)):
        outcomes = answer.many([{"message": "a"}, {"message": "b"}], caller=ME, on_error="collect", at_once=1)
    assert [type(each.error) for each in outcomes] == [type(None), Unjudged]
