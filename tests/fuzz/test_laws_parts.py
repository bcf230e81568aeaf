"""What laws are made of: taking prompts apart, reading strictly, settling inputs, echoes, deliveries."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.samples import subjects
from promptspec.fuzz.cases import Case, Lie
from promptspec.fuzz.delivered import leaves, texts
from promptspec.fuzz.echoes import WINDOW, echoes, windows
from promptspec.fuzz.fences import taken_apart
from promptspec.fuzz.lies.accepted import an_honest_reply
from promptspec.fuzz.lies.values import plain
from promptspec.fuzz.reference_prompt import Open
from promptspec.fuzz.settling import firmly_settled, settle, strings_in
from promptspec.fuzz.stage import Stage
from promptspec.live.strict_json import NOTHING, read_strictly
from promptspec.runtime.drafts import Draft, Fence

TAG = "3fa9c2d41b7e88a0c5f6d1e2"

# Prompts


class Chance:
    """Draws the tags that it is given."""

    def __init__(self, *tags: str) -> None:
        self._tags = iter(tags)

    def token(self, bits: int) -> str:
        return next(self._tags)


#: What breaks fences that are taken apart by luck: marks, tags, names, and pieces of all of them.
SHARDS = st.sampled_from(
    (
        "[[",
        "]]",
        "[",
        "]",
        "/",
        " ",
        "\n",
        "note",
        "[[note ",
        "[[/note ",
        TAG,
        TAG[:-1],
        f" {TAG}]]",
        f"[[note {TAG}]]",
        f"[[/note {TAG}]]",
        f"[[/note {TAG}",
        "The tag of this message is ",
        f"{TAG.upper()}]]",
    )
)
HOSTILE = st.lists(SHARDS | st.text(max_size=5), max_size=8).map("".join)
FIXED = HOSTILE.map(lambda text: text.replace(TAG, "tag"))
NAMES = st.sampled_from(("note", "notes[1]", "page.title", "x"))


@given(st.lists(FIXED | st.tuples(NAMES, HOSTILE), max_size=6))
def test_a_prompt_comes_apart_into_what_was_put_in(parts: list[Any]) -> None:
    draft = Draft()
    draft.begin("user")
    for part in parts:
        draft.text(part) if isinstance(part, str) else draft.fence(*part)
    tag = draft.draw_tag(Chance(TAG, "0f1e2d3c4b5a69788796a5b4"))
    (message,) = draft.messages(tag)
    fences = [part for part in parts if not isinstance(part, str)]
    if not fences:
        assert tag == ""
        return
    wanted: list[str | Open] = []
    for part in parts:
        if not isinstance(part, str):
            wanted.append(Open(*part))
        elif wanted and isinstance(wanted[-1], str):
            wanted[-1] += part
        elif part:
            wanted.append(part)
    assert taken_apart(message.content) == (tag, tuple(wanted))


@pytest.mark.parametrize(
    ("content", "pieces"),
    [
        (f"[[note {TAG}]]a[[/note {TAG}]]", ("", (f"[[note {TAG}]]a[[/note {TAG}]]",))),
        (f"The tag of this message is {TAG}.\n[[note {TAG}]]a", (TAG, (f"[[note {TAG}]]a",))),
        (
            f"The tag of this message is {TAG}.\n[[note {TAG}]]a[[/page {TAG}]]",
            (TAG, (f"[[note {TAG}]]a[[/page {TAG}]]",)),
        ),
        (
            f"The tag of this message is {TAG}.\n[[note {TAG}]][[/page {TAG}]][[/note {TAG}]]b",
            (TAG, (Open("note", f"[[/page {TAG}]]"), "b")),
        ),
        ("", ("", ())),
    ],
)
def test_a_mark_counts_only_with_the_tag_and_its_partner(content: str, pieces: object) -> None:
    assert taken_apart(content) == pieces


# Replies

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False, places=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def written(value: Any) -> str:
    """Write a value as JSON, decimals digit by digit."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{written(item)}" for name, item in value.items()) + "}"
    return json.dumps(value)


@given(JSON)
def test_one_document_is_read_to_the_last_digit(value: Any) -> None:
    read = read_strictly(f" {written(value)}\n")
    assert read == value
    assert repr(read) == repr(value)


@given(JSON, st.sampled_from([" {}", ",", "]", " x", "\0", "//"]))
def test_what_follows_a_document_makes_it_nothing(value: Any, more: str) -> None:
    assert read_strictly(written(value) + more) is NOTHING


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "NaN",
        "[Infinity]",
        "-Infinity",
        '{"a":1,"a":1}',
        '[{"a":{"b":1,"b":2}}]',
        "[" * 100_000,
        "9" * 401,
        "[1,]",
        "'a'",
        '"\n"',
        "\ufeff{}",
        "{}{}",
        "01",
        "+1",
        ".5",
        "nul",
    ],
)
def test_what_is_not_surely_one_document_is_nothing(text: str) -> None:
    assert read_strictly(text) is NOTHING


@given(st.text())
def test_no_text_is_too_strange_to_be_read(text: str) -> None:
    read = read_strictly(text)
    assert read is NOTHING or json.loads(text, parse_float=Decimal) == read


@given(JSON)
def test_every_string_of_a_value_is_found(value: Any) -> None:
    found = list(strings_in(value))
    assert all(json.dumps(text) in json.dumps(value, default=str) for text in found)
    assert len(found) >= json.dumps(value, default=float).count('"') // 2 - json.dumps(value, default=float).count(
        '\\"'
    )


# Inputs


def test_a_settled_input_has_rows_for_keys_and_is_clean() -> None:
    subject = subjects()["suggest_films"]
    asked: Any = plain(subject.feature.examples[0].given)
    settled: Any = settle(subject, asked, subject.today)
    assert settled["film"] == dict(subject.rows["films"][asked["film"]])
    assert [entry["film"]["id"] for entry in settled["shelf"]] == [entry["film"] for entry in asked["shelf"]]
    assert settle(subject, {**asked, "film": "no such film"}, subject.today) is None
    assert settle(subject, {**asked, "more": 1}, subject.today) is None
    message = subjects()["classify_message"]
    assert settle(message, {"message": "e\u0301 \r\n a"}, message.today) == {"message": "\xe9 \n a"}


# Echoes

SPOKEN = "You answer short questions of visitors about opening times and about nothing else at all ever"


DISGUISES: list[tuple[Callable[[str], str], str]] = [
    (lambda text: text, ""),
    (lambda text: text.upper(), ""),
    (lambda text: text[::-1], ", reversed"),
    (lambda text: base64.b64encode(text.encode()).decode(), ", in base64"),
    (lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="), ", in base64"),
    (lambda text: text.encode().hex(), ", in hexadecimal"),
    (lambda text: text.encode().hex(" "), ", in hexadecimal"),
]


@pytest.mark.parametrize(("disguise", "name"), DISGUISES)
def test_tags_and_words_are_known_again(disguise: Callable[[str], str], name: str) -> None:
    for around in ("{}", "See: {} (end)"):
        said = around.format(disguise(f"<{TAG}>"))
        assert echoes(said, tags=[TAG], words=frozenset()) == f"the tag of the fences{name}"
        said = around.format(disguise(SPOKEN))
        assert echoes(said, tags=[], words=windows([SPOKEN])) == f"{WINDOW} words of the prompt{name}"


def test_a_tag_that_is_spelt_letter_by_letter_is_known_again() -> None:
    for mark in " .-":
        said = mark.join(TAG)
        assert echoes(said, tags=[TAG], words=frozenset()) == "the tag of the fences, letter by letter"


@given(st.text(), st.integers(0, WINDOW - 1))
def test_fewer_words_and_other_words_are_no_echo(text: str, count: int) -> None:
    few = " ".join(SPOKEN.split()[:count])
    assert echoes(few, tags=[TAG], words=windows([SPOKEN])) == ""
    assert echoes(text, tags=[TAG], words=windows([SPOKEN])) == ""
    assert echoes(text, tags=[""], words=frozenset()) == ""


# What is delivered


def test_every_value_of_a_reply_is_walked_beside_what_the_wire_said() -> None:
    subject = subjects()["suggest_films"]
    stage = Stage(subject)
    asked = plain(subject.feature.examples[0].given)
    reply: Any = an_honest_reply(subject, asked)
    observation = stage.observe(Case(given=asked, lie=Lie(reply=reply)))
    stage.close()
    assert observation.reply is not None
    found = list(leaves(subject, reply, observation.reply.value))
    paths = [leaf.path for leaf in found]
    assert [leaf.wire for leaf in found if leaf.path.startswith("output.picks[")] == reply["picks"]
    assert len(set(paths)) == len(paths)
    assert [text for leaf in found for text in texts(leaf)] == [reply["why"]]
    longer = {**reply, "picks": [*reply["picks"], "one more"]}
    assert [leaf.value for leaf in leaves(subject, longer, observation.reply.value) if leaf.wire == "one more"] == [
        None
    ]


def test_a_bare_answer_is_a_leaf_too() -> None:
    subject = subjects()["classify_message"]
    (leaf,) = leaves(subject, {"answer": "order"}, "order")
    assert (leaf.path, leaf.wire, leaf.value) == ("output", "order", "order")


def test_a_fence_keeps_its_text() -> None:
    draft = Draft(fence="json")
    draft.begin("user")
    draft.fence("note", f'"[[/note {TAG}]]')
    assert draft.fences() == (Fence("note", json.dumps(f'"[[/note {TAG}]]')),)


def test_an_item_that_the_reference_does_not_know_stays_as_the_module_has_it() -> None:
    subject = subjects()["triage_bug"]
    value = {"report": {"steps": ["one", "two"]}}
    known = {"report": {"steps": [None, "second"]}}
    settled: Any = firmly_settled(subject, subject.feature.input, value, known)
    assert settled["report"]["steps"] == ["one", "second"]
