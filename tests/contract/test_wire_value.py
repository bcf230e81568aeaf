"""Values with keys become values of the wire."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from contract.samples import EVERYTHING, FILE, ONE_PASSAGE, feature, field, module, text
from promptspec.contract.types import Boolean, Choice, ListOf, Number, ObjectConstant
from promptspec.contract.wire_value import wire_value

PASSAGES = [{"id": "x", "body": "one"}, {"id": "y", "body": "two"}]
FEATURE = feature(
    EVERYTHING.input.fields,
    (
        field("pick", ONE_PASSAGE, optional=True),
        field("others", ListOf(item=ONE_PASSAGE, least=0, most=3)),
        field("note", text(0, 9), optional=True),
        field("sure", Boolean(), default=True, has_default=True),
    ),
)


def wire(value: object, given: object = None) -> str:
    return wire_value(module(FEATURE), FEATURE, value, given or {"passages": PASSAGES})  # pyright: ignore[reportArgumentType]


def test_keys_become_positions_and_what_is_left_out_is_written() -> None:
    assert wire({"pick": "y", "others": ["x", "y"]}) == '{"pick":2,"others":[1,2],"note":null,"sure":true}'


def test_a_key_that_was_not_offered_is_a_position_past_the_last() -> None:
    assert wire({"pick": "z", "others": []}) == '{"pick":6,"others":[],"note":null,"sure":true}'


def test_none_is_position_0() -> None:
    assert wire({"pick": None, "others": []}) == wire({"others": []})
    assert wire({"others": []}).startswith('{"pick":0,')


def test_a_constant_of_a_spec_is_written_alike() -> None:
    given = ObjectConstant(entries=(("passages", (ObjectConstant(entries=(("id", "x"), ("body", "b"))),)),))
    value = ObjectConstant(entries=(("others", ("x",)),))
    assert wire(value, given) == '{"pick":0,"others":[1],"note":null,"sure":true}'


def test_unknown_and_missing_fields_stay_for_the_checks() -> None:
    assert wire({"evil": 1}) == '{"pick":0,"note":null,"sure":true,"evil":1}'
    assert wire([1]) == "[1]"


def test_a_bare_answer_is_wrapped() -> None:
    bare = feature((), (field("answer", Choice(name="Mood", file=FILE)),), bare=True)
    assert wire_value(module(bare), bare, "sad", {}) == '{"answer":"sad"}'


def test_decimals_and_dates_keep_every_digit() -> None:
    answer = feature((), (field("answer", Number(least=Decimal(0), most=Decimal(9), places=2)),), bare=True)
    assert wire_value(module(answer), answer, Decimal("0.10"), {}) == '{"answer":0.10}'
    assert wire_value(module(answer), answer, date(2026, 1, 31), {}) == '{"answer":"2026-01-31"}'
