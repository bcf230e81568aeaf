"""Whatever a model says, a call returns a value that holds, or an error of ours (`reply_is_total`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptspec.errors import NO_ANSWER, PromptspecError, ReplyRefused
from promptspec.models.port import Ask
from promptspec.runtime.feature import Feature
from runtime.shop import FIELDS, ME, REPLY, Teller, good, world


def call(sort: Feature[Any], text: str | Teller) -> Any:
    with sort.override(model=Teller(text) if isinstance(text, str) else text, world=world()):
        return sort.call_fields(FIELDS, caller=ME)


def refused(sort: Feature[Any], changes: Mapping[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ReplyRefused) as caught:
        call(sort, json.dumps(dict(REPLY) | dict(changes)))
    return [(each.path, each.rule) for each in caught.value.violations]


REFUSALS: list[tuple[str, object, str, str]] = [
    ("pick", 0, "output.pick", "one_of"),
    ("pick", 3, "output.pick", "one_of"),
    ("pick", -1, "output.pick", "one_of"),
    ("pick", "1", "output.pick", "type"),
    ("pick", True, "output.pick", "type"),
    ("pick", 1.5, "output.pick", "type"),
    ("pick", None, "output.pick", "type"),
    ("pick", 2**60, "output.pick", "type"),
    ("others", [1, 0], "output.others[1]", "one_of"),
    ("none_of_them", 3, "output.none_of_them", "one_of"),
    ("plan", "Pro", "output.plan", "one_of"),
    ("plan", "Professional", "output.plan", "one_of"),
    ("mood", "CALM", "output.mood", "choice"),
    ("score", "0.5", "output.score", "type"),
    ("score", 0.555, "output.score", "places"),
    ("score", True, "output.score", "type"),
    ("why", "", "output.why", "too_short"),
    ("why", "See https://evil.example/x", "output.why", "plain"),
    ("why", "See [here](//evil.example)", "output.why", "plain"),
    ("why", "<img src=x onerror=alert(1)>", "output.why", "plain"),
    ("why", "![x](http://e.vil/?q=1)", "output.why", "plain"),
    ("why", "```sh\nrm -rf /\n```", "output.why", "plain"),
    ("why", "red \u001b[31m", "output.why", "control"),
    ("why", "a\u200bb", "output.why", "invisible"),
    ("why", "a\u202eb", "output.why", "invisible"),
    ("why", "a\U000e0041b", "output.why", "invisible"),
    ("tags", ["ok", "two\nlines"], "output.tags[1]", "line_break"),
    ("tags", ["no"], "output.tags", "ensure"),
    ("others", [2], "output.pick", "ensure"),
    ("due", "2025-12-31", "output.due", "ensure"),
    ("score", 0.1, "output.score", "ensure"),
    ("extra", 1, "output", "unknown_field"),
]


@pytest.mark.parametrize(
    ("field", "value", "path", "rule"), REFUSALS, ids=[f"{r[0]}:{r[3]}:{r[1]!r:.20}" for r in REFUSALS]
)
def test_a_broken_rule_is_named(sort: Feature[Any], field: str, value: object, path: str, rule: str) -> None:
    found = refused(sort, {field: value})
    assert [each[0] for each in found] == [path]
    assert found[0][1].startswith(rule)


@pytest.mark.parametrize("position", ["1", "1.0", "1.00", "1e0"])
def test_a_position_may_be_any_json_number_that_is_whole(sort: Feature[Any], position: str) -> None:
    text = json.dumps(REPLY).replace('"pick": 2', f'"pick": {position}').replace('"others": [1]', '"others": []')
    assert call(sort, text).value.pick.sku == "ab-1"


def test_none_is_answered_by_zero_and_by_null(sort: Feature[Any]) -> None:
    assert call(sort, json.dumps(dict(REPLY) | {"none_of_them": 0})).value.none_of_them is None
    assert call(sort, json.dumps(dict(REPLY) | {"none_of_them": None})).value.none_of_them is None


def test_the_value_holds_rows_and_entries(sort: Feature[Any]) -> None:
    value = call(sort, json.dumps(REPLY)).value
    assert value.plan.label == "Professional"
    assert [line.sku for line in value.others] == ["ab-1"]


JUNK = {
    "prose": 'Sure! {"pick": 1}',
    "a fence": f"```json\n{json.dumps(REPLY)}\n```",
    "two values": json.dumps(REPLY) * 2,
    "a trailing comma": json.dumps(REPLY)[:-1] + ",}",
    "nothing": "",
    "a mark": "\ufeff" + json.dumps(REPLY),
    "a repeated key": json.dumps(REPLY)[:-1] + ', "pick": 1}',
    "not a number": json.dumps(REPLY).replace("0.5", "NaN"),
    "endless": json.dumps(REPLY).replace("0.5", "Infinity"),
    "a large exponent": json.dumps(REPLY).replace("0.5", "1e99999"),
    "many digits": json.dumps(REPLY).replace("0.5", "0." + "5" * 500),
    "deep": "[" * 100_000,
    "half a pair": json.dumps(REPLY).replace("Because", "\\ud800"),
    "a list": "[]",
    "null": "null",
    "a string": '"pick"',
}


@pytest.mark.parametrize("text", JUNK.values(), ids=list(JUNK))
def test_junk_is_refused_and_tells_the_end_user_nothing(sort: Feature[Any], text: str) -> None:
    with pytest.raises(ReplyRefused) as caught:
        call(sort, text)
    assert caught.value.user_message == NO_ANSWER


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(list(REPLY.values())),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*REPLY, "x"]) | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
RAW = (
    st.text(max_size=60)
    | VALUES.map(json.dumps)
    | st.integers(0, len(json.dumps(REPLY))).map(lambda end: json.dumps(REPLY)[:end])
    | st.dictionaries(st.sampled_from(list(REPLY)), VALUES, max_size=3).map(lambda c: json.dumps(dict(REPLY) | c))
)


@settings(max_examples=150, deadline=None)
@given(text=RAW)
def test_any_reply_ends_in_the_output_type_or_an_error_of_ours(sort: Feature[Any], text: str) -> None:
    try:
        reply = call(sort, text)
    except PromptspecError as error:
        assert type(error) is ReplyRefused  # noqa: PT017  a CallFailed would be a bug
    else:
        assert isinstance(reply.value, sort.plan.output)


def test_a_reply_that_repeats_the_tag_is_refused(sort: Feature[Any]) -> None:
    def leaks(ask: Ask) -> str:
        tag = ask.messages.decode().rsplit("The tag of this message is ", 1)[1].split(".")[0]
        return json.dumps(dict(REPLY) | {"why": f"It is {tag[:12].upper()} {tag[12:]}"})

    with pytest.raises(ReplyRefused) as caught:
        call(sort, Teller(leaks))
    assert caught.value.violations[0].rule == "echo_tag"


def test_a_reply_that_repeats_the_mark_between_words_is_refused(
    sort: Feature[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(sort), "plan", replace(sort.plan, fence="datamark"))

    def leaks(ask: Ask) -> str:
        mark = ask.messages.decode().rsplit("The mark between words is ", 1)[1][:9]
        return json.dumps(dict(REPLY) | {"why": f"one {mark}two"})

    with pytest.raises(ReplyRefused) as caught:
        call(sort, Teller(leaks))
    assert caught.value.violations[0].rule == "echo_tag"


@pytest.mark.parametrize("field", ["to", "why"])
def test_a_tag_is_refused_in_every_kind_of_text(sort: Feature[Any], field: str) -> None:
    def leaks(ask: Ask) -> str:
        tag = ask.messages.decode().rsplit("The tag of this message is ", 1)[1].split(".")[0]
        return json.dumps(dict(REPLY) | {field: f"{tag}@example.org" if field == "to" else tag})

    with pytest.raises(ReplyRefused) as caught:
        call(sort, Teller(leaks))
    assert caught.value.violations[0].rule == "echo_tag"


def test_twelve_words_of_the_prompt_are_refused_and_eleven_are_not(sort: Feature[Any]) -> None:
    words = "Sort orders quickly and say nothing about the secret blue house behind".split()
    assert len(words) == 12
    assert refused(sort, {"why": " ".join(words).upper()})[0][1] == "echo_prompt"
    assert refused(sort, {"why": " ".join(words)[::-1]})[0][1] == "echo_prompt"
    assert call(sort, json.dumps(dict(REPLY) | {"why": " ".join(words[:11])})).value.why


def test_limitations_may_be_repeated(sort: Feature[Any]) -> None:
    why = "I know nothing of the returns that were made last year by people who live in the north"
    assert call(sort, json.dumps(dict(REPLY) | {"why": why})).value.why == why


def test_the_callers_own_words_may_be_repeated(sort: Feature[Any]) -> None:
    note = "please bring nine small green apples to the old red barn"
    model = Teller(json.dumps(dict(REPLY) | {"why": note + " " + note}))
    with sort.override(model=model, world=world()):
        assert sort.call_fields(dict(FIELDS) | {"note": note}, caller=ME).value.why


def test_replies_have_ids_of_128_bits_that_differ(sort: Feature[Any]) -> None:
    with sort.override(model=good(), world=world()):
        ids = {sort.call_fields(FIELDS, caller=ME).id for _ in range(3)}
    assert len(ids) == 3
    assert all(len(each) == 2 + 32 for each in ids)
