"""Moderation: nothing that is flagged, or that nobody could look at, is sent or delivered."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from codegen.specs import write_spec
from promptspec import flags
from promptspec.errors import NO_ANSWER, Moderated, ReplyRefused
from promptspec.loading import load
from promptspec.models.moderations import encode_moderation, read_inline, read_moderation
from promptspec.models.port import Answer, Ask, Finding, Unavailable, Usage
from promptspec.models.scripted import Scripted
from promptspec.runtime.feature import Feature
from promptspec.runtime.overrides import replies
from promptspec.runtime.plan import ByServer, OpenAI
from promptspec.safety.callers import ID_KEY, Session
from runtime.shop import world

SPEC = """\
promptspec 1

model guard = openai("guard-2") {
    base_url "http://127.0.0.1:8080/v1"
    server other
}

model namesake = openai("omni-moderation-latest") {
    base_url "http://127.0.0.1:8080/v1"
    server other
}

feature answer {
    model "gpt-5.6-luna"

    input {
        question: text(1..500)
        extras: list(..3) of line(..80)
        so_far: turns(..4) of text(..100)
    }

    output {
        title: line(..80)
        points: list(..3) of text(1..200)
        score: int(0..5)
    }

    %s

    limits {
        time 5s
        retries 1
    }
}
"""
CLAUSES = {
    "guarded": "moderate input, output with guard {\n        block hate, violence\n        above harassment 0.4\n    }",
    "any": "moderate input, output with guard",
    "words": 'moderate input, output with words("blocked.txt")',
    "function": 'moderate input, output with python("forum_safety:judge")',
    "inline": "moderate input, output",
    "input": "moderate input with guard",
    "namesake": "moderate input, output\n    moderate input, output with namesake",
}
GOOD = json.dumps({"title": "Hello", "points": ["We are sorry.", "It comes on Monday."], "score": 3})
GIVEN: dict[str, Any] = {
    "question": "Where is it?",
    "extras": ["red", ""],
    "so_far": [{"role": "user", "text": "hey"}],
}
ME = Session("4f1c")
KEYS = {ID_KEY: "k1:" + "s" * 32, "OPENAI_API_KEY": "sk-one"}


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Feature[Any]]]:
    settings = '[tool.promptspec]\nhosts = ["127.0.0.1:8080"]\nfunctions = ["forum_safety:judge"]\n'
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        found: dict[str, Feature[Any]] = {}
        for name, clause in CLAUSES.items():
            folder = tmp_path_factory.mktemp(name)
            (folder / "pyproject.toml").write_text(settings)
            (folder / "blocked.txt").write_text("snark*\nflim flam\nC++\n")
            found[name] = load(write_spec(folder, SPEC % clause)).features["answer"]
        yield found


class Guard:
    """A moderator that finds what *find* says of each text; remembers what it was asked."""

    name = "guard"

    def __init__(self, find: Callable[[str], Finding | Exception]) -> None:
        self._find = find
        self.asked: list[Ask] = []

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        self.asked.append(ask)
        found = [self._find(text) for text in ask.looked_at]
        for each in found:
            if isinstance(each, Exception):
                raise each
        return Answer(
            text="", model="guard", usage=Usage(), found=tuple(each for each in found if isinstance(each, Finding))
        )


def finding(*categories: str, flagged: bool | None = None, **scores: str) -> Finding:
    from decimal import Decimal

    return Finding(
        flagged=bool(categories) if flagged is None else flagged,
        categories={name: name in categories for name in ("hate", "violence", *categories)},
        scores={name: Decimal(value) for name, value in ({"harassment": "0"} | scores).items()},
    )


def clean(_text: str) -> Finding:
    return finding()


def call(feature: Feature[Any], model: Any, moderator: Any = None, given: Any = None) -> Any:
    with feature.override(model=model, moderator=moderator, world=world(environment=KEYS)):
        return feature.call_fields(given or GIVEN, caller=ME)


def blocked(feature: Feature[Any], model: Any, moderator: Any = None, given: Any = None) -> Moderated:
    with pytest.raises(Moderated) as caught:
        call(feature, model, moderator, given)
    return caught.value


# What is looked at


def test_every_text_is_looked_at_and_nothing_else(features: dict[str, Feature[Any]]) -> None:
    guard = Guard(clean)
    call(features["guarded"], Scripted(GOOD), guard)
    assert [ask.looked_at for ask in guard.asked] == [
        ("Where is it?", "red", "hey"),
        ("Hello", "We are sorry.", "It comes on Monday."),
    ]
    assert [(ask.user, ask.messages, ask.system) for ask in guard.asked] == [(None, b"", "")] * 2


def test_a_flagged_input_is_not_sent(features: dict[str, Feature[Any]]) -> None:
    model = Scripted(GOOD)
    error = blocked(features["guarded"], model, Guard(lambda text: finding("hate") if text == "hey" else finding()))
    assert model.asked == []
    assert (error.detail, error.user_message) == (
        "input: flagged for hate [guard-2]",
        "This request cannot be answered.",
    )


def test_a_flagged_reply_is_neither_delivered_nor_mended(features: dict[str, Feature[Any]]) -> None:
    model = Scripted(GOOD, GOOD)
    error = blocked(
        features["guarded"], model, Guard(lambda text: finding("violence") if "Monday" in text else finding())
    )
    assert len(model.asked) == 1
    assert (error.detail, error.user_message) == ("output: flagged for violence [guard-2]", NO_ANSWER)


# What blocks


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (finding(), None),
        (finding(harassment="0.399"), None),
        (finding("sexual"), None),
        (finding("hate"), "flagged for hate"),
        (finding(harassment="0.4"), "harassment at 0.4 or above"),
        (finding("witchcraft"), "could not moderate: an unknown category"),
        (finding(flagged=True), "could not moderate: flagged for no category"),
        (Finding(flagged=False, categories={"hate": False}, scores={}), "could not moderate: no violence"),
        (
            Finding(flagged=False, categories={"hate": False, "violence": False}, scores={}),
            "could not moderate: no score for harassment",
        ),
    ],
)
def test_categories_and_scores_decide(features: dict[str, Feature[Any]], found: Finding, reason: str | None) -> None:
    guard = Guard(lambda _text: found)
    if reason is None:
        call(features["guarded"], Scripted(GOOD), guard)
    else:
        assert blocked(features["guarded"], Scripted(GOOD), guard).detail == f"input: {reason} [guard-2]"


@pytest.mark.parametrize("found", [finding("sexual"), finding(flagged=True), finding("hate", flagged=False)])
def test_without_a_block_whatever_is_flagged_is_blocked(features: dict[str, Feature[Any]], found: Finding) -> None:
    assert blocked(features["any"], Scripted(GOOD), Guard(lambda _text: found)).detail == "input: flagged [guard-2]"


def test_a_moderator_that_cannot_answer_blocks(features: dict[str, Feature[Any]]) -> None:
    model = Scripted(GOOD)
    error = blocked(features["guarded"], model, Guard(lambda _text: Unavailable("busy", again=False)))
    assert model.asked == []
    assert error.detail.startswith("input: could not moderate: no answer after 1 attempt")


def test_a_moderator_is_asked_again_within_the_budget(features: dict[str, Feature[Any]]) -> None:
    turns = iter([Unavailable("busy", again=True)])
    guard = Guard(lambda _text: next(turns, finding()))
    assert call(features["guarded"], Scripted(GOOD), guard).value.score == 3
    assert len(guard.asked) == 3


def test_too_few_findings_block(features: dict[str, Feature[Any]]) -> None:
    class Short(Guard):
        async def ask(self, ask: Ask, *, seconds: float) -> Answer:
            return Answer(text="", model="guard", usage=Usage(), found=(finding(),))

    assert "no finding for each text" in blocked(features["guarded"], Scripted(GOOD), Short(clean)).detail


def test_a_finding_without_a_category_blocks(features: dict[str, Feature[Any]]) -> None:
    none = Finding(flagged=False, categories={}, scores={})
    detail = blocked(features["any"], Scripted(GOOD), Guard(lambda _text: none)).detail
    assert detail == "input: could not moderate: no category [guard-2]"


# Words


@pytest.mark.parametrize("text", ["so snarky", "S N A R K", "flim-\nflam", "sn\u0430rk", "I write C++ here"])
def test_blocked_words_are_found_however_they_are_spelt(features: dict[str, Feature[Any]], text: str) -> None:
    model = Scripted(GOOD)
    assert blocked(features["words"], model, given={**GIVEN, "question": text}).detail == (
        "input: flagged [a list of words]"
    )
    assert model.asked == []
    reply = json.dumps({"title": "Hello", "points": [text.replace("\u0430", "a")], "score": 3})
    assert blocked(features["words"], Scripted(reply, reply)).user_message == NO_ANSWER


def test_words_are_looked_for_in_rehearsals_too(features: dict[str, Feature[Any]]) -> None:
    with pytest.raises(Moderated):
        call(features["words"], replies({"title": "snarky", "points": [], "score": 1}))
    assert call(features["words"], replies({"title": "fine", "points": [], "score": 1})).rehearsed


# Functions of the application


@pytest.fixture
def judging(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("forum_safety")
    monkeypatch.setitem(sys.modules, "forum_safety", module)
    return module


def test_a_function_is_called_with_the_texts(features: dict[str, Feature[Any]], judging: ModuleType) -> None:
    seen: list[tuple[str, ...]] = []

    def judge(texts: tuple[str, ...]) -> bool:
        seen.append(texts)
        return "Hello" in texts

    vars(judging)["judge"] = judge
    error = blocked(features["function"], Scripted(GOOD))
    assert (error.detail, error.user_message) == ("output: flagged [forum_safety:judge]", NO_ANSWER)
    assert seen == [("Where is it?", "red", "hey"), ("Hello", "We are sorry.", "It comes on Monday.")]


def test_an_asynchronous_function_is_awaited(features: dict[str, Feature[Any]], judging: ModuleType) -> None:
    async def judge(texts: tuple[str, ...]) -> bool:
        await asyncio.sleep(0)
        return False

    vars(judging)["judge"] = judge
    assert call(features["function"], Scripted(GOOD)).value.score == 3


@pytest.mark.parametrize("answer", [None, 0, 1, "no", [], ValueError("Where is it?"), SystemError()])
def test_whatever_else_a_function_does_blocks_and_tells_nothing(
    features: dict[str, Feature[Any]], judging: ModuleType, answer: object
) -> None:
    def judge(texts: tuple[str, ...]) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    vars(judging)["judge"] = judge
    error = blocked(features["function"], Scripted(GOOD))
    assert error.detail.startswith("input: could not moderate: ")
    assert "Where" not in error.detail
    assert error.__cause__ is None
    assert "Where" not in str(error.__context__)


def test_a_function_that_is_not_there_blocks(
    features: dict[str, Feature[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "forum_safety", raising=False)
    error = blocked(features["function"], Scripted(GOOD))
    assert error.detail == "input: could not moderate: ModuleNotFoundError [forum_safety:judge]"


# Tests of applications


def test_flags_stand_in(features: dict[str, Feature[Any]]) -> None:
    model = replies({"title": "Hello", "points": [], "score": 1})
    assert call(features["any"], model, flags()).rehearsed
    assert blocked(features["any"], model, flags(input=True)).user_message != NO_ANSWER
    assert blocked(features["any"], model, flags(output=True)).user_message == NO_ANSWER
    assert "no answer" in blocked(features["any"], model, flags(output=None)).detail
    assert call(features["input"], model, flags(output=True)).rehearsed


def test_a_scripted_model_asks_no_moderator(features: dict[str, Feature[Any]]) -> None:
    assert call(features["function"], replies({"title": "Hello", "points": [], "score": 1})).rehearsed


def test_a_moderator_that_stands_in_looks_at_the_input_of_a_scripted_reply(features: dict[str, Feature[Any]]) -> None:
    guard = Guard(lambda text: finding("hate") if text == GIVEN["question"] else finding())
    model = replies({"title": "Hello", "points": [], "score": 1})
    assert blocked(features["input"], model, guard).detail == "input: flagged [guard-2]"
    with features["input"].override(model=model, moderator=guard, world=world()), pytest.raises(Moderated):
        list(features["input"].stream_fields(GIVEN, caller=ME))


# Streams


def test_output_that_is_moderated_has_no_stream(features: dict[str, Feature[Any]]) -> None:
    assert "moderate output" in (features["any"].no_stream or "")
    assert features["input"].no_stream is None


def test_the_input_of_a_stream_is_looked_at_before(features: dict[str, Feature[Any]]) -> None:
    model = Scripted(GOOD)
    with (
        features["input"].override(model=model, moderator=Guard(lambda _t: finding("hate")), world=world()),
        pytest.raises(Moderated),
    ):
        list(features["input"].stream_fields(GIVEN, caller=ME))
    assert model.asked == []


# The wire

RESULT = {
    "flagged": False,
    "categories": {"hate": False, "violence": False, "illicit": None},
    "category_scores": {"hate": 0.01, "harassment": 1e-7, "illicit": None},
    "category_applied_input_types": {},
}


def asking(*texts: str, pictures: tuple[str, ...] = ()) -> Ask:
    return Ask(
        system="",
        messages=b"",
        schema=b"",
        schema_name="",
        reply_tokens=0,
        thinking_tokens=0,
        user=None,
        largest_reply=8_192,
        looked_at=texts,
        pictures=pictures,
    )


def test_a_request_holds_the_texts_alone() -> None:
    body = json.loads(encode_moderation(asking("one", 'tw"o'), model="omni"))
    assert body == {"model": "omni", "input": ["one", 'tw"o']}
    shown = json.loads(encode_moderation(asking("one", pictures=("data:image/png;base64,AA==",)), model="omni"))
    assert [part["type"] for part in shown["input"]] == ["text", "image_url"]
    assert shown["input"][1]["image_url"] == {"url": "data:image/png;base64,AA=="}


def test_a_response_is_read_by_its_texts() -> None:
    body = json.dumps({"id": "m", "model": "omni", "results": [RESULT, RESULT]}).encode()
    (first, _) = read_moderation(body, asking("one", "two"), model="omni").found
    assert dict(first.categories) == {"hate": False, "violence": False}
    with pytest.raises(ReplyRefused):
        read_moderation(body, asking("one"), model="omni")


@pytest.mark.parametrize(
    "changed",
    [
        {"flagged": "false"},
        {"flagged": None},
        {"categories": []},
        {"categories": {"hate": 0}},
        {"category_scores": {"hate": "0"}},
        {"category_scores": {"hate": 1.0001}},
        {"category_scores": {"hate": -0.1}},
        {"category_scores": {"hate": True}},
    ],
)
def test_a_finding_of_another_shape_is_none(changed: dict[str, object]) -> None:
    body = json.dumps({"results": [RESULT | changed]}).encode()
    with pytest.raises(ReplyRefused):
        read_moderation(body, asking("one"), model="omni")
    result: object = json.loads(json.dumps({"type": "moderation_result", **RESULT, **changed}))
    assert read_inline(result) is None


def envelope(api: str, moderation: object) -> bytes:
    if api == "chat":
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": GOOD}}
        return json.dumps({"choices": [choice], "moderation": moderation}).encode()
    part = {"type": "output_text", "text": GOOD}
    item = {"type": "message", "role": "assistant", "status": "completed", "content": [part]}
    return json.dumps({"status": "completed", "output": [item], "moderation": moderation}).encode()


FLAGGED = {**RESULT, "flagged": True}
LISTED = {"type": "moderation_results", "model": "omni", "results": [RESULT]}
ALONE = {"type": "moderation_result", "model": "omni", **RESULT}
ERROR = {"type": "error", "code": "busy", "message": "Where is it?"}


@pytest.mark.parametrize(
    ("api", "moderation", "detail"),
    [
        ("responses", {"input": ALONE, "output": ALONE}, None),
        ("chat", {"input": LISTED, "output": LISTED}, None),
        ("responses", {"input": {**ALONE, **FLAGGED}, "output": ALONE}, "input: flagged"),
        ("chat", {"input": LISTED, "output": {**LISTED, "results": [FLAGGED]}}, "output: flagged"),
        ("responses", {"input": ERROR, "output": ALONE}, "input: could not moderate: no answer"),
        ("responses", {"input": ALONE, "output": ERROR}, "output: could not moderate: no answer"),
        ("chat", {"input": LISTED, "output": {**LISTED, "results": []}}, "output: could not moderate: no answer"),
        ("responses", {"input": ALONE}, "output: could not moderate: no answer"),
        ("responses", None, "input: could not moderate: no answer"),
    ],
)
def test_what_the_server_finds_beside_its_answer_is_read_first(
    features: dict[str, Feature[Any]], api: Any, moderation: object, detail: str | None
) -> None:
    sent: list[dict[str, Any]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(json.loads(request.content))
        return httpx2.Response(200, content=envelope(api, moderation), headers={"content-type": "application/json"})

    here = world(environment=KEYS)
    plan = OpenAI(name="gpt-5.6-luna", server="openai", api=api, structured="json_schema")
    model = plan.connect(here, httpx2.MockTransport(answer))
    feature = features["inline"]
    with feature.override(model=model, world=here):
        if detail is None:
            assert feature.call_fields(GIVEN, caller=ME).value.score == 3
        else:
            with pytest.raises(Moderated) as caught:
                feature.call_fields(GIVEN, caller=ME)
            assert caught.value.detail == f"{detail} [omni-moderation-latest]"
            assert caught.value.user_message == NO_ANSWER
    (body,) = sent
    assert body["moderation"] == {
        "model": "omni-moderation-latest",
        "policy": {"input": {"mode": "score"}, "output": {"mode": "score"}},
    }


@pytest.mark.parametrize("flagged", [GIVEN["question"], "It comes on Monday."])
def test_a_model_of_the_same_name_at_another_server_is_asked_itself(
    features: dict[str, Feature[Any]], flagged: str
) -> None:
    beside = {"input": ALONE, "output": ALONE}

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=envelope("responses", beside), headers={"content-type": "application/json"})

    here = world(environment=KEYS)
    plan = OpenAI(name="gpt-5.6-luna", server="openai", api="responses", structured="json_schema")
    model = plan.connect(here, httpx2.MockTransport(answer))
    unasked = Guard(clean)
    guard = Guard(lambda text: finding("hate") if text == flagged else finding())
    feature = features["namesake"]
    with feature.override(model=model, moderator=(unasked, guard), world=here), pytest.raises(Moderated):
        feature.call_fields(GIVEN, caller=ME)
    assert (bool(guard.asked), unasked.asked) == (True, [])


def test_a_moderator_of_its_own_is_asked_over_the_wire(features: dict[str, Feature[Any]], tmp_path: Path) -> None:
    paths: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        body = json.loads(request.content)
        paths.append((request.url.path, request.headers["authorization"]))
        found = [{**RESULT, "flagged": False} for _ in body["input"]]
        return httpx2.Response(200, json={"id": "m", "model": "guard-2", "results": found})

    here = world(environment=KEYS)
    by = features["any"].plan.moderations[0].by
    assert isinstance(by, ByServer)
    moderator = by.connect(here, httpx2.MockTransport(answer))
    assert call(features["any"], Scripted(GOOD), moderator).value.score == 3
    assert paths == [("/v1/moderations", "Bearer no-key")] * 2


def test_ten_thousand_words_are_found_in_a_run_of_single_letters() -> None:
    from promptspec.tone.phrases import Phrases

    letters = str.maketrans("0123456789", "abcdefghij")
    phrases = Phrases(f"w{number:05d}".translate(letters) for number in range(10_000))
    assert phrases.found_in(" ".join("so waaaecx"))
    assert not phrases.found_in(" ".join("so waaae"))
