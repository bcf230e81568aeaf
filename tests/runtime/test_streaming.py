"""The stream: what passes while the reply is still coming, what is held back, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from codegen.specs import loaded
from promptspec.errors import CallFailed, DeadlinePassed, InputRefused, ModelUnavailable, ReplyRefused
from promptspec.models.port import Answer, Ask, Unavailable, Usage
from promptspec.models.scripted import Scripted
from promptspec.runtime.feature import Feature
from promptspec.runtime.v1 import Piece, Rehearse, replies, wires
from runtime.shop import Tokens, world

SPEC = '''
model rehearsed = rehearsal()
source plans = rows { "free" "Free", "pro" "Professional" }

## Answers in one text.
feature tell {
    model rehearsed
    caller anyone
    input { question: text(..200) }
    output text(1..400)
    prompt {
        system """
            You tell people about the weather. Never speak about the old green lamp that hangs behind the kitchen door
            of the house by the lake, and be kind to everybody who asks you for anything.
            """
        user "{{ question }}"
    }
    tone {
        exclamations ..1
        avoid "synergy"
    }
    limits { retries 1 }
    example "rain" { given { question: "Rain?" } returns "It rains. Take a coat. You will be fine." }
}

## Answers in fields.
feature sort {
    model rehearsed
    caller anyone
    input { shelf: list(1..4) of { key id: line(1..9)  label: line(1..9) } }
    output {
        why: text(5..200)
        picks: list(1..3) of one of shelf
        tags: set(2..3) of line(1..9)
        plan: one of plans
        note: text(..20)?
        seen: { at: date  sure: bool }
        score: int(0..9)
    }
    tone { emoji none }
}

## A list alone.
feature list_them {
    model rehearsed
    caller anyone
    input { question: text(..200) }
    output list(..3) of text(1..80)
}
'''

WHOLE: dict[str, Any] = {
    "why": "Because it rains.",
    "picks": [2, 1],
    "tags": ["a", "b", "c"],
    "plan": "pro",
    "note": None,
    "seen": {"at": "2026-01-31", "sure": True},
    "score": 4,
}
RUN = "Hello there. Old green lamp that hangs. Behind the kitchen door of the house by the lake. Bye now."
NO_RUN = "Hello there. Old green lamp that hangs. Behind the moon. Bye now."
FINE = "It rains. Take a coat. You will be fine."
SHELF = [{"id": "x", "label": "one"}, {"id": "y", "label": "two"}]


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield loaded(tmp_path_factory.mktemp("streams"), SPEC).features


@pytest.fixture
def tell(features: Any) -> Any:
    return features["tell"]


@pytest.fixture
def sort(features: Any) -> Any:
    return features["sort"]


class Saying:
    """A model that says its answer in pieces. *events* hears of each piece; an exception among them is raised."""

    name = "saying"

    def __init__(self, *pieces: str | Exception, events: list[str] | None = None) -> None:
        self.pieces = pieces
        self.events = events if events is not None else []
        self.asked = 0
        self.closed = 0

    async def ask(self, ask: Ask, *, seconds: float) -> Answer:
        raise AssertionError("a stream was asked for")

    async def stream(self, ask: Ask, *, seconds: float, more: Callable[[str], None]) -> Answer:
        self.asked += 1
        try:
            for piece in self.pieces:
                if isinstance(piece, Exception):
                    raise piece
                self.events.append(f"< {piece}")
                more(piece)
                for _ in range(4):
                    await asyncio.sleep(0)
        finally:
            self.closed += 1
        return Answer(text="".join(map(str, self.pieces)), model=self.name, usage=Usage(output_tokens=3))


def answering(text: str) -> str:
    return json.dumps({"answer": text}, ensure_ascii=False)


def letters(text: str) -> tuple[str, ...]:
    return tuple(text)


def streamed(feature: Feature[Any], model: Any, fields: dict[str, Any] | None = None, **worlds: Any) -> Any:
    """Return what was yielded, and the reply or the error."""
    found: list[Any] = []
    with feature.override(model=model, world=world(**worlds)):
        stream = feature.stream_fields(fields or {"question": "Rain?"})
    try:
        for piece in stream:
            found.append(piece)
    except Exception as error:  # noqa: BLE001
        return found, error
    return found, stream.reply


def in_tasks(feature: Feature[Any], model: Any) -> list[str]:
    """Return everything that happened, in order: what the model said, and what was yielded."""

    async def main() -> list[str]:
        with feature.override(model=model, world=world()):
            stream = feature.astream_fields({"question": "Rain?"})
        async with stream:
            async for piece in stream:
                model.events.append(f"> {piece}")
        return model.events

    return asyncio.run(main())


@pytest.mark.parametrize("text", ["Visit evil。com/path now. It is fine.", "Look! [x. y](https://evil.com/a) Or not."])
def test_no_cut_shows_the_beginning_of_a_link(tell: Any, text: str) -> None:
    found, error = streamed(tell, Saying(*letters(answering(text))))
    assert isinstance(error, ReplyRefused)
    assert [piece for piece in found if "evil" in piece or "[" in piece] == []


@pytest.mark.parametrize("text", ["。" * 390, "。』" * 190, "a" * 390, "Yes. " * 78])
def test_a_text_is_not_searched_again_and_again(tell: Any, text: str) -> None:
    assert "".join(streamed(tell, Saying(*letters(answering(text))))[0]) == text


def test_sentences_put_together_are_the_reply(tell: Any) -> None:
    text = "It rains. Take a coat! »Is it cold?« Yes… 3.5 degrees.\n\n今日は雨です。傘を持って。 So it goes."
    found, reply = streamed(tell, Saying(*letters(answering(text))))
    assert found == [
        "It rains. ",
        "Take a coat! ",
        "»Is it cold?« ",
        "Yes… ",
        "3.5 degrees.\n\n",
        "今日は雨です。",
        "傘を持って。 ",
        "So it goes.",
    ]
    assert reply.value == text
    assert [attempt.outcome for attempt in reply.attempts] == ["answered"]
    assert reply.usage.output_tokens == 3


def test_a_sentence_comes_when_the_next_one_has_begun(tell: Any) -> None:
    events = in_tasks(tell, Saying('{"answer": "It rains.', " ", "Take", " a coat.", ' Go now."}'))
    assert events == [
        '< {"answer": "It rains.',
        "<  ",
        "< Take",
        "> It rains. ",
        "<  a coat.",
        '<  Go now."}',
        "> Take a coat. ",
        "> Go now.",
    ]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("It rains. See https://evil.example now. Bye.", "plain"),
        ("It rains. Stay. <script>alert(1)</script> Bye.", "plain"),
        ("It rains. " + "Very much so. " * 40, "too_long"),
        ("It rains. Such synergy! Bye.", "tone_avoid"),
        ("It rains. Oh! No! Bye.", "tone_exclamations"),
        ("It rains. A\u200bb. Bye.", "invisible"),
    ],
)
def test_what_breaks_a_rule_is_never_yielded_and_ends_as_a_call_does(tell: Any, text: str, rule: str) -> None:
    found, error = streamed(tell, Saying(*letters(answering(text))))
    assert isinstance(error, ReplyRefused)
    assert [violation.rule for violation in error.violations] == [rule]
    with (
        tell.override(model=Scripted(answering(text), answering(text)), world=world()),
        pytest.raises(ReplyRefused) as called,
    ):
        tell.call_fields({"question": "Rain?"})
    assert called.value.violations == error.violations
    shown = "".join(found)
    assert text.startswith(shown)
    assert "synergy" not in shown
    assert "evil" not in shown
    assert len(shown) <= 400
    assert shown.count("!") <= 1
    assert found[:1] == ["It rains. "]


def test_the_begin_of_a_run_of_private_words_is_held_back(tell: Any) -> None:
    found, error = streamed(
        tell,
        Saying(
            *letters(
                answering(
                    "Hello there. Old green lamp that hangs. Behind the kitchen door of the house by the lake. Bye now."
                )
            )
        ),
    )
    assert isinstance(error, ReplyRefused)
    assert [violation.rule for violation in error.violations] == ["echo_prompt"]
    assert found == ["Hello there. "]
    found, reply = streamed(tell, Saying(*letters(answering(NO_RUN))))
    assert "".join(found) == reply.value
    assert len(found) == 4


def test_a_tag_that_straddles_two_sentences_is_held_back(tell: Any) -> None:
    tag = "b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9"
    text = f"Hello there. It is {tag[:10]}. {tag[10:]} that is it. Bye."
    found, error = streamed(tell, Saying(*letters(answering(text))), entropy=Tokens([tag]))
    assert [violation.rule for violation in error.violations] == ["echo_tag"]
    assert found == ["Hello there. "]


def test_fields_and_items_come_as_they_complete(sort: Any) -> None:
    text = json.dumps(WHOLE)
    found, reply = streamed(sort, Saying(*letters(text)), {"shelf": SHELF})
    assert [piece.path for piece in found] == [
        "why",
        "picks[0]",
        "picks[1]",
        "tags[0]",
        "tags[1]",
        "tags[2]",
        "plan",
        "seen",
        "score",
    ]
    values = {piece.path: piece.value for piece in found}
    value = reply.value
    assert values["picks[0]"] == value.picks[0]
    assert values["picks[0]"].label == "two"
    assert values["plan"] == value.plan
    assert values["seen"] == value.seen
    assert [values[f"tags[{at}]"] for at in range(3)] == list(value.tags)
    assert values["score"] == 4


def test_a_set_yields_what_differs_once_there_is_enough(sort: Any) -> None:
    text = json.dumps({**WHOLE, "tags": ["a", "a", "b"]})
    model = Saying(*text.partition('"b"'), events=[])
    found, reply = streamed(sort, model, {"shelf": SHELF})
    assert [(piece.path, piece.value) for piece in found if piece.path.startswith("tags")] == [
        ("tags[0]", "a"),
        ("tags[1]", "b"),
    ]
    assert reply.value.tags == ("a", "b")


def test_a_list_alone_comes_item_by_item(features: Any) -> None:
    text = '{"answer": ["One.", "Two. Three."]}'
    found, reply = streamed(features["list_them"], Saying(*letters(text)))
    assert found == [Piece("[0]", "One."), Piece("[1]", "Two. Three.")]
    assert reply.value == ("One.", "Two. Three.")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"why": "See https://evil.example now."}, []),
        ({"picks": [1, 3]}, ["why", "picks[0]"]),
        ({"picks": [1, 2, 1, 2]}, ["why", "picks[0]", "picks[1]", "picks[2]"]),
        ({"plan": "team"}, ["why", "picks[0]", "picks[1]", "tags[0]", "tags[1]", "tags[2]"]),
        ({"tags": ["a", "a"]}, ["why", "picks[0]", "picks[1]", "plan", "seen", "score"]),
        ({"why": "Because 🙂"}, []),
        ({"more": 1}, ["why", "picks[0]", "picks[1]", "tags[0]", "tags[1]", "tags[2]", "plan", "seen", "score"]),
    ],
)
def test_nothing_comes_after_the_first_piece_that_does_not_hold(sort: Any, change: Any, shown: list[str]) -> None:
    found, error = streamed(sort, Saying(*letters(json.dumps({**WHOLE, **change}))), {"shelf": SHELF})
    assert isinstance(error, ReplyRefused)
    assert [piece.path for piece in found] == shown


@pytest.mark.parametrize(
    "text",
    [
        '{"why": "Because.", "score": NaN}',
        '{"why": "Because.", "why": "Another."}',
        '{"why": "Because.", "seen": {"at": "2026-01-31", "at": "2026-01-31", "sure": true}}',
        '{"why": "Because."} {"why": "Another."}',
        '{"why": "Because.", "picks": [1, 2',
        '{"why": "Because.", "picks": [1 2]}',
    ],
)
def test_text_that_is_not_strictly_json_is_refused_at_its_end(sort: Any, text: str) -> None:
    found, error = streamed(sort, Saying(*letters(text)), {"shelf": SHELF})
    assert isinstance(error, ReplyRefused)
    assert [piece.path for piece in found if piece.path != "picks[0]"] == ["why"]


def test_before_the_first_piece_another_attempt_is_made_and_none_after_it(tell: Any) -> None:
    good = answering("It rains. Take a coat.")

    class Failing(Saying):
        async def stream(self, ask: Ask, *, seconds: float, more: Callable[[str], None]) -> Answer:
            if self.asked == 0:
                self.pieces = ('{"answer": "Never sho', Unavailable("lost", again=True, after=0.0))
            else:
                self.pieces = letters(good)
            return await super().stream(ask, seconds=seconds, more=more)

    found, reply = streamed(tell, Failing())
    assert found == ["It rains. ", "Take a coat."]
    assert [attempt.outcome for attempt in reply.attempts] == ["unavailable", "answered"]

    late = Saying('{"answer": "It rains. Take', Unavailable("lost", again=True, after=0.0))
    found, error = streamed(tell, late)
    assert found == ["It rains. "]
    assert isinstance(error, ModelUnavailable)
    assert late.asked == 1


def test_a_breach_is_not_sent_back(tell: Any) -> None:
    model = Saying(answering("See https://evil.example now."))
    found, error = streamed(tell, model)
    assert (found, model.asked) == ([], 1)
    assert isinstance(error, ReplyRefused)


def test_a_model_that_cannot_stream_is_heard_at_its_end(tell: Any) -> None:
    found, reply = streamed(tell, Scripted(answering("It rains. Take a coat.")))
    assert found == ["It rains. ", "Take a coat."]
    assert reply.value == "It rains. Take a coat."


@pytest.mark.parametrize(
    "stand_in",
    [
        Rehearse(),
        replies("It rains. Take a coat. You will be fine."),
        wires(answering("It rains. Take a coat. You will be fine.")),
    ],
)
def test_rehearsals_stream(tell: Any, stand_in: Any) -> None:
    found, reply = streamed(tell, stand_in)
    assert found == ["It rains. ", "Take a coat. ", "You will be fine."]
    assert reply.rehearsed


def test_scripted_wires_are_judged_as_a_model_is(tell: Any) -> None:
    found, error = streamed(tell, wires(answering("It rains. Take <b>a</b> coat.")))
    assert found == []
    assert isinstance(error, ReplyRefused)


def test_an_input_is_refused_before_anything_is_asked(tell: Any) -> None:
    with pytest.raises(InputRefused):
        tell.stream(question="x" * 300)
    with pytest.raises(InputRefused):
        tell.astream(question="x" * 300)


def test_a_stream_that_is_left_ends_what_was_asked(tell: Any) -> None:
    model = Saying(*letters(answering("It rains. Take a coat. Go.")))
    with tell.override(model=model, world=world()):
        stream = tell.stream(question="Rain?")
    with stream:
        assert next(stream) == "It rains. "
    assert model.closed == 1
    with pytest.raises(StopIteration):
        next(stream)
    with pytest.raises(RuntimeError):
        _ = stream.reply


def test_a_stream_that_nobody_holds_ends_what_was_asked(tell: Any) -> None:
    model = Saying(*letters(answering("It rains. Take a coat. Go.")))
    with tell.override(model=model, world=world()):
        for _ in tell.stream(question="Rain?"):
            break
    gc.collect()
    assert model.closed == 1


def test_a_cancelled_task_ends_what_was_asked(tell: Any) -> None:
    async def endless(ask: Ask, *, seconds: float, more: Callable[[str], None]) -> Answer:
        try:
            more('{"answer": "It rains. Take a')
            await asyncio.sleep(60)
        finally:
            model.closed += 1
        raise AssertionError

    model = Saying()
    model.stream = endless  # pyright: ignore[reportAttributeAccessIssue]
    seen: list[str] = []

    async def reading() -> None:
        with tell.override(model=model, world=world()):
            async for sentence in tell.astream(question="Rain?"):
                seen.append(sentence)

    async def main() -> None:
        task = asyncio.create_task(reading())
        while not seen and not task.done():
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert seen == ["It rains. "]
    assert model.closed == 1


def test_a_stream_runs_where_a_loop_is_running(tell: Any) -> None:
    async def main() -> list[str]:
        with tell.override(model=Saying(*letters(answering("It rains. Go."))), world=world()):
            return list(tell.stream(question="Rain?"))

    assert asyncio.run(main()) == ["It rains. ", "Go."]


def test_the_deadline_ends_a_stream(tell: Any) -> None:
    class Slow(Saying):
        async def stream(self, ask: Ask, *, seconds: float, more: Callable[[str], None]) -> Answer:
            more('{"answer": "It rains. Take a')
            async with asyncio.timeout(0.05):
                await asyncio.sleep(60)
            raise AssertionError

    found, error = streamed(tell, Slow())
    assert found == ["It rains. "]
    assert isinstance(error, DeadlinePassed)


def test_what_a_model_raises_that_nobody_knows_is_a_failure(tell: Any) -> None:
    found, error = streamed(tell, Saying(ValueError("secret")))
    assert found == []
    assert isinstance(error, CallFailed)


def test_a_feature_whose_replies_do_not_stream_says_why(tmp_path: Any) -> None:
    feature: Any = loaded(
        tmp_path,
        """
        model rehearsed = rehearsal()
        feature pick {
            model rehearsed
            caller anyone
            input { question: text(..20) }
            output { a: text(..20)  b: text(..20) }
            ensure a != b else "says it twice"
        }
        """,
    ).features["pick"]
    assert not hasattr(feature, "stream")
    assert not hasattr(feature, "astream")
    assert feature.no_stream == "`ensure` is judged on the whole reply (a.spec line 9)"
    with pytest.raises(TypeError, match="`ensure`"):
        feature.stream_fields({"question": "a"})
