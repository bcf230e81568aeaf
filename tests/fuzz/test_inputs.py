"""Inputs that are valid by construction are accepted, by the reference and by the features themselves."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import promptspec.fuzz as fuzz
from fuzz.samples import NAMES, subjects
from promptspec.errors import InputRefused
from promptspec.fuzz.answered import answered
from promptspec.fuzz.by_hand import subject_of
from promptspec.fuzz.known_inputs import known_inputs
from promptspec.fuzz.lies.accepted import accepted, an_honest_reply
from promptspec.fuzz.places import at, put, slots
from promptspec.fuzz.stage import caller_of
from promptspec.fuzz.valid import valid_inputs


@pytest.mark.parametrize("name", NAMES)
def test_a_valid_input_is_accepted(name: str) -> None:
    subject = subjects()[name]
    known = known_inputs(subject)
    seen: list[object] = []

    @settings(max_examples=150)
    @given(valid_inputs(subject))
    def judge(drawn: dict[str, object]) -> None:
        assert not known.verdict(subject, drawn)
        seen.append(drawn)

    judge()
    assert len({str(each) for each in seen}) > 60


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_input_is_the_first_that_is_known(name: str) -> None:
    subject = subjects()[name]
    assert find(valid_inputs(subject), lambda _: True, settings=settings(database=None)) is not None
    assert not known_inputs(subject).verdict(subject, known_inputs(subject).smallest)


@pytest.mark.parametrize("name", NAMES)
def test_a_slot_is_where_its_value_stands(name: str) -> None:
    subject = subjects()[name]
    given = known_inputs(subject).bases[-1]
    for slot in slots(subject, given):
        value = at(given, slot.place)
        after = put(given, slot.place, value)
        assert after == given
        assert slot.path.startswith("input.")


@pytest.mark.parametrize("name", ["meeting_actions", "suggest_films", "triage_bug"])
def test_a_reply_to_what_counts_of_an_input_is_a_reply_to_it(name: str) -> None:
    subject = subjects()[name]

    @settings(max_examples=50)
    @given(valid_inputs(subject))
    def judge(drawn: dict[str, object]) -> None:
        reply = an_honest_reply(subject, answered(subject, drawn))
        assert reply is None or accepted(subject, drawn, reply)

    judge()


@settings(max_examples=60)
@given(st.data())
def test_strategies_for_tests_by_hand_take_the_feature_itself(data: st.DataObject) -> None:
    feature = subjects()["suggest_films"].running
    caller = caller_of(subject_of(feature), "reader-1")
    feature.render_fields(data.draw(fuzz.inputs(feature)), caller=caller)
    feature.render_fields(data.draw(fuzz.attacks(feature)), caller=caller)
    with pytest.raises(InputRefused):
        feature.render_fields(data.draw(fuzz.invalid_inputs(feature)), caller=caller)
    assert isinstance(data.draw(fuzz.replies(feature)), str)
