"""The reference judge says what the manual says: each test is one of its sentences."""

from __future__ import annotations

import ast
import dataclasses
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contract.samples import (
    EVERYTHING,
    FILE,
    LINE,
    ONE_PASSAGE,
    ROWS,
    feature,
    field,
    given,
    module,
    output,
    record,
    rule,
    text,
)
from promptspec.contract.expressions import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Contains,
    Expression,
    KeyOf,
    Logic,
    Negative,
    Not,
    Present,
    Quantified,
    Reference,
    Search,
)
from promptspec.contract.types import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Email,
    Group,
    Integer,
    JsonSchema,
    ListOf,
    Number,
    OneOfSource,
    Pattern,
    Turns,
    Type,
    Url,
    Words,
)
from promptspec.fuzz.reference import OutOfFragment, judge_input, judge_reply
from promptspec.fuzz.reference_expressions import Names, holds

TODAY = date(2026, 11, 23)
PLAN = OneOfSource(source="plans", file=FILE)


def rules(type: Type, value: object, **more: Any) -> list[str]:
    """The rules that *value* breaks as an input of *type*."""
    made = feature((field("x", type, **more),))
    found = judge_input(module(made), made, {"x": value}, rows=ROWS, today=TODAY)
    assert all(path.startswith("input.x") for path, _ in found)
    return [rule for _, rule in found]


def reply_rules(type: Type, value: object, offered: Any = (), **more: Any) -> list[str]:
    passages = field("passages", ListOf(item=Group(name="Passage", file=FILE), least=0, most=5))
    made = feature((passages,), (field("x", type, **more),))
    input_value = {"passages": [{"id": key, "body": "b"} for key in offered]}
    found = judge_reply(module(made), made, input_value, {"x": value}, rows=ROWS, today=TODAY)
    return [rule for _, rule in found]


@pytest.mark.parametrize(
    ("type", "value", "broken"),
    [
        (text(2, 3), "ab", []),
        (text(2, 3), "a", ["too_short"]),
        (text(2, 3), "abcd", ["too_long"]),
        (text(0, 3), "", []),
        (text(1, 3), " \n", ["blank"]),
        (text(1, 3), "\r\n\r\na", []),
        (text(1, 3), None, ["type"]),
        (text(1, 3), 5, ["type"]),
        (text(1, 9), "a\x00", ["control"]),
        (text(1, 9), "a\ud800", ["surrogate"]),
        (text(1, 9), "a\uffff", ["noncharacter"]),
        (text(1, 9), "a\tb", []),
        (text(1, 9, kind="line"), "a\tb", ["tab"]),
        (text(1, 9, kind="line"), "a\u2028b", ["line_break"]),
        (text(1, 3, "bytes"), "äb", []),
        (text(1, 3, "bytes"), "ää", ["too_long"]),
        (text(1, 2, "words"), "one two", []),
        (text(1, 2, "words"), "one two three", ["too_long"]),
        (text(1, 1, "words"), "a" * 13, ["too_long"]),
        (text(1, 1, "tokens"), "a" * 17, ["too_long"]),
        (text(0, 9, "tokens"), "", []),
        (text(1, 9), "x" * 83, ["too_long_raw"]),
        (text(1, 12, pattern=Pattern(source=r"[A-Z]{3}-\d+")), "ABC-1", []),
        (text(1, 12, pattern=Pattern(source=r"[A-Z]{3}-\d+")), "ABC-1\n", ["pattern"]),
        (text(1, 12, pattern=Pattern(source="abc", ignore_case=True)), "AbC", []),
        (Words(words=("free", "pro")), "free", []),
        (Words(words=("free", "pro")), "Free", ["choice"]),
        (Choice(name="Mood", file=FILE), "sad", []),
        (Choice(name="Mood", file=FILE), "Sad or bittersweet", ["choice"]),
        (PLAN, "pro", []),
        (PLAN, "Professional", ["one_of"]),
        (PLAN, 1, ["type"]),
        (Integer(least=0, most=5), 5, []),
        (Integer(least=0, most=5), 6, ["too_large"]),
        (Integer(least=0, most=5), -1, ["too_small"]),
        (Integer(least=0, most=5), Decimal("4.0"), []),
        (Integer(least=0, most=5), Decimal("-0"), []),
        (Integer(least=0, most=5), Decimal("4.5"), ["type"]),
        (Integer(least=0, most=5), True, ["type"]),
        (Integer(least=0, most=5), "4", ["type"]),
        (Integer(least=0, most=2**53), 2**53, []),
        (Integer(least=0, most=2**60), 2**53 + 1, ["type"]),
        (Number(least=Decimal(0), most=Decimal(9), places=2), Decimal("1.10"), []),
        (Number(least=Decimal(0), most=Decimal(9), places=2), Decimal("1.100"), []),
        (Number(least=Decimal(0), most=Decimal(9), places=2), Decimal("1.101"), ["places"]),
        (Number(least=Decimal(0), most=Decimal(9), places=2), Decimal("9.01"), ["too_large"]),
        (Number(least=Decimal(0), most=Decimal(9), places=2), 1.5, ["type"]),
        (Number(least=Decimal(0), most=Decimal(9), places=0), 9, []),
        (Boolean(), True, []),
        (Boolean(), 1, ["type"]),
        (Boolean(), "true", ["type"]),
        (Date(), "2024-02-29", []),
        (Date(), "2026-02-29", ["date"]),
        (Date(), "2026-2-9", ["date"]),
        (Date(most="today"), "2026-11-23", []),
        (Date(most="today"), "2026-11-24", ["too_late"]),
        (Date(least=date(2026, 1, 1)), "2025-12-31", ["too_early"]),
        (DateTime(), "2026-01-31T09:30:00Z", []),
        (DateTime(), "2026-01-31T09:30:00.5+01:00", []),
        (DateTime(), "2026-01-31T09:30:00", ["datetime_offset"]),
        (DateTime(), "2026-01-31T24:00:00Z", ["datetime"]),
        (DateTime(), "2026-01-31", ["datetime"]),
        (Email(), "a@example.org", []),
        (Email(), "a@example.org\n", ["email"]),
        (Email(), "a" * 243 + "@example.org", ["email"]),
        (Url(), "http://example.org/", []),
        (Url(), "ftp://example.org/", ["url_scheme"]),
        (Url(hosts=("example.org",)), "http://example.org/", ["url_scheme"]),
        (Url(hosts=("example.org",)), "https://evil.org/", ["url_host"]),
        (ListOf(item=Boolean(), least=1, most=2), [True], []),
        (ListOf(item=Boolean(), least=1, most=2), [], ["too_few"]),
        (ListOf(item=Boolean(), least=1, most=2), [True] * 3, ["too_many"]),
        (ListOf(item=Boolean(), least=1, most=2), {"0": True}, ["type"]),
        (ListOf(item=Boolean(), least=0, most=2), [None], ["type"]),
        (ListOf(item=PLAN, least=1, most=2, unique=True), ["pro", "pro"], []),
        (ListOf(item=PLAN, least=2, most=2, unique=True), ["pro", "pro"], ["too_few"]),
        (Turns(item=text(1, 9), least=0, most=2), [{"role": "assistant", "text": "Hi"}], []),
        (Turns(item=text(1, 9), least=0, most=2), [{"role": "system", "text": "Hi"}], ["choice"]),
        (Turns(item=text(1, 9), least=0, most=2), [{"role": "user"}], ["type"]),
        (Group(name="Line", file=FILE), {"amount": 1, "price": Decimal("0.01")}, []),
        (Group(name="Line", file=FILE), {"amount": 1}, ["missing"]),
        (Group(name="Line", file=FILE), {"amount": 1, "price": 1, "evil": 1}, ["unknown_field"]),
        (Group(name="Line", file=FILE), [], ["type"]),
        (JsonSchema(schema="{}", path="a.json"), [], ["type"]),
    ],
)
def test_an_input_value_breaks(type: Type, value: object, broken: list[str]) -> None:
    assert rules(type, value) == broken


@pytest.mark.parametrize(
    ("type", "value"),
    [
        (text(1, 9), "\u0628\u200c\u0628"),
        (text(1, 9), "a\u200d"),
        (text(1, 9), "\u0600"),
        (text(1, 9, "words"), "it's 5"),
        (text(1, 9, "tokens"), "some text"),
        (text(1, 9, pattern=Pattern(source="a$")), "a"),
        (Url(), "https://user@example.org/"),
        (JsonSchema(schema="{}", path="a.json"), {}),
    ],
)
def test_what_the_reference_does_not_know_it_says(type: Type, value: object) -> None:
    with pytest.raises(OutOfFragment):
        rules(type, value)


def test_numbers_that_are_none_have_the_wrong_type() -> None:
    for written in ("NaN", "Infinity", "-Infinity"):
        assert rules(Integer(least=0, most=9), Decimal(written)) == ["type"]
        assert rules(Number(least=Decimal(0), most=Decimal(9), places=1), Decimal(written)) == ["type"]


def test_a_broken_rule_counts_also_beside_what_is_not_known() -> None:
    made = feature((field("a", text(1, 9)), field("b", Boolean())))
    assert judge_input(module(made), made, {"a": "a\u200d", "b": 1}, rows=ROWS, today=TODAY) == [("input.b", "type")]


def test_output_text_outside_of_plain_words_is_not_judged() -> None:
    assert reply_rules(text(1, 99), "Plain words, that end. Yes!") == []
    for said in ("see example.org", "<b>", "a [link](x)", "`code`", "https://example.org"):
        with pytest.raises(OutOfFragment):
            reply_rules(text(1, 99), said)


def inputs(fields: Any, value: object) -> list[tuple[str, str]]:
    made = feature(fields)
    return judge_input(module(made), made, value, rows=ROWS, today=TODAY)


def test_for_an_optional_missing_and_null_are_one() -> None:
    optional = (field("x", Boolean(), optional=True),)
    assert inputs(optional, {}) == inputs(optional, {"x": None}) == []


def test_for_a_default_missing_gives_it_and_null_is_refused() -> None:
    fallback = (field("x", Date(), default=date(2026, 1, 1), has_default=True),)
    assert inputs(fallback, {}) == []
    assert inputs(fallback, {"x": None}) == [("input.x", "type")]


def test_a_default_is_checked_like_a_callers_value() -> None:
    assert inputs((field("x", Integer(least=1, most=2), default=3, has_default=True),), {}) == [
        ("input.x", "too_large")
    ]


def test_paths_lead_through_lists() -> None:
    lines = (field("lines", ListOf(item=Group(name="Line", file=FILE), least=0, most=3)),)
    good = {"amount": 1, "price": 1}
    assert inputs(lines, {"lines": [good, {**good, "amount": 0}]}) == [("input.lines[1].amount", "too_small")]


def test_an_entry_is_the_position_of_what_was_offered() -> None:
    assert reply_rules(ONE_PASSAGE, 2, "ab") == []
    assert reply_rules(ONE_PASSAGE, 3, "ab") == ["one_of"]
    assert reply_rules(ONE_PASSAGE, 0, "ab") == ["one_of"]
    assert reply_rules(ONE_PASSAGE, "a", "ab") == ["type"]
    assert reply_rules(ONE_PASSAGE, True, "ab") == ["type"]
    assert reply_rules(ONE_PASSAGE, Decimal("1.0"), "ab") == []


def test_an_optional_entry_may_be_0() -> None:
    assert reply_rules(ONE_PASSAGE, 0, "", optional=True) == []
    assert reply_rules(ONE_PASSAGE, None, "", optional=True) == []


def test_a_bare_answer_has_the_path_of_the_output() -> None:
    made = feature((), (field("answer", Boolean()),), bare=True)
    assert judge_reply(module(made), made, {}, {"answer": 1}, rows=ROWS, today=TODAY) == [("output", "type")]
    assert judge_reply(module(made), made, {}, {}, rows=ROWS, today=TODAY) == [("output", "missing")]


def test_a_reply_to_an_invalid_input_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="input"):
        judge_reply(module(EVERYTHING), EVERYTHING, {}, {}, rows=ROWS, today=TODAY)


def test_where_narrows_the_rows() -> None:
    where = Compare(op="==", left=Reference(root="row", steps=("label",)), right=given("wanted"))
    made = feature((field("wanted", text(1, 20)), field("plan", dataclasses.replace(PLAN, where=where))))
    wanted = {"wanted": "Free", "plan": "free"}
    assert judge_input(module(made), made, wanted, rows=ROWS, today=TODAY) == []
    refused = judge_input(module(made), made, {**wanted, "plan": "pro"}, rows=ROWS, today=TODAY)
    assert refused == [("input.plan", "one_of")]


def test_where_may_ask_who_calls() -> None:
    where = Compare(op="==", left=Reference(root="row", steps=("key",)), right=Reference(root="caller", steps=("id",)))
    made = feature((field("plan", dataclasses.replace(PLAN, where=where)),))
    found = [
        judge_input(module(made), made, {"plan": "pro"}, rows=ROWS, today=TODAY, caller=caller)
        for caller in ("pro", "free")
    ]
    assert found == [[], [("input.plan", "one_of")]]


def test_require_and_ensure_come_after_the_types_and_when_decides_whether_they_are_asked() -> None:
    never = rule("r1", Constant(value=False))
    unless = dataclasses.replace(rule("r2", Constant(value=False)), when=given("x"))
    made = feature((field("x", Boolean()),), requires=(never, unless))
    judged = [judge_input(module(made), made, {"x": x}, rows=ROWS, today=TODAY) for x in (False, True, 1)]
    assert judged == [[("output", "r1")], [("output", "r1"), ("output", "r2")], [("input.x", "type")]]


LINES = [
    {"sku": {"key": "a"}, "amount": 1, "tags": ["x", "y"]},
    {"sku": {"key": "b"}, "amount": Decimal("0.1"), "tags": []},
]


def says(condition: Expression) -> bool:
    names = Names(
        input={"note": "Hello World", "lines": LINES, "none": None, "empty": [], "n": 3, "flag": True},
        output={"answer": 2},
        today=TODAY,
        caller="u1",
    )
    return holds(condition, names)


def compare(op: Any, left: Expression, right: object) -> Compare:
    return Compare(op=op, left=left, right=right if isinstance(right, Reference) else Constant(value=right))  # pyright: ignore[reportArgumentType]


def call(function: Any, *arguments: Expression) -> Call:
    return Call(function=function, arguments=arguments, kinds=())


AMOUNTS = given("lines", "amount", through=(1,))
NOTE = given("note")


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (compare("==", call("len", NOTE), 11), True),
        (compare("==", call("words", NOTE), 2), True),
        (compare("==", call("lower", NOTE), "hello world"), True),
        (compare("==", call("sum", AMOUNTS), Decimal("1.1")), True),
        (compare("==", call("min", AMOUNTS), Decimal("0.1")), True),
        (compare("==", call("max", AMOUNTS), 1), True),
        (compare("==", call("max", given("empty")), 1), False),
        (Not(operand=compare("==", call("max", given("empty")), 1)), False),
        (compare("==", call("sum", given("empty")), 0), True),
        (compare("==", call("abs", Negative(operand=given("n"))), 3), True),
        (call("contains", NOTE, Constant(value="World")), True),
        (call("contains", NOTE, Constant(value="world")), False),
        (call("starts_with", NOTE, Constant(value="Hell")), True),
        (call("ends_with", NOTE, Constant(value="Hell")), False),
        (call("distinct", given("lines", "tags", through=(1,))), True),
        (compare("==", call("len", given("lines", "tags", through=(1,))), 2), True),
        (Search(text=NOTE, pattern="o W", ignore_case=False, full=False), True),
        (Search(text=NOTE, pattern="o W", ignore_case=False, full=True), False),
        (Search(text=NOTE, pattern="hello.*", ignore_case=True, full=True), True),
        (compare("==", given("none"), None), True),
        (compare("!=", NOTE, None), True),
        (compare("<", given("none"), 5), False),
        (Not(operand=compare("<", given("none"), 5)), False),
        (Present(value=given("none")), False),
        (Present(value=given("empty")), False),
        (Present(value=NOTE), True),
        (compare("==", Reference(root="answer"), 2), True),
        (compare("==", Reference(root="today"), TODAY), True),
        (compare("==", Reference(root="caller", steps=("id",)), "u1"), True),
        (
            compare("==", Arithmetic(op="-", left=given("n"), right=Constant(value=Decimal("0.9"))), Decimal("2.1")),
            True,
        ),
        (compare("==", Arithmetic(op="*", left=given("n"), right=given("n")), 9), True),
        (Logic(op="and", items=(given("flag"), Constant(value=False))), False),
        (Logic(op="or", items=(given("flag"), compare("<", given("none"), 5))), True),
        (Logic(op="and", items=()), True),
        (
            Quantified(
                quantifier="all",
                variable="x",
                over=given("lines"),
                body=compare("<=", Reference(root="variable", steps=("x", "amount")), 1),
            ),
            True,
        ),
        (Quantified(quantifier="all", variable="x", over=given("empty"), body=Constant(value=False)), True),
        (Quantified(quantifier="any", variable="x", over=given("empty"), body=Constant(value=True)), False),
        (
            Contains(
                item=Constant(value="b"),
                container=KeyOf(row=given("lines"), path=("sku", "key"), many=True),
                negated=False,
            ),
            True,
        ),
        (Contains(item=Constant(value="z"), container=given("empty"), negated=True), True),
    ],
)
def test_a_condition_says(condition: Expression, answer: bool) -> None:
    assert says(condition) is answer


def test_overflowing_arithmetic_makes_a_condition_false() -> None:
    huge: Expression = Constant(value=Decimal("1.1"))
    for _ in range(9):
        huge = Arithmetic(op="*", left=huge, right=huge)
    assert not says(compare(">", huge, 0))
    assert not says(compare("<=", huge, 0))


def test_an_ensure_sees_rows_and_entries() -> None:
    ensure = rule("e1", compare("!=", output("pick", "id"), "b"))
    passages = field("passages", ListOf(item=Group(name="Passage", file=FILE), least=0, most=5))
    made = feature((passages,), (field("pick", ONE_PASSAGE),), ensures=(ensure,))
    offered = {"passages": [{"id": "a", "body": "x"}, {"id": "b", "body": "x"}]}
    judged = [judge_reply(module(made), made, offered, {"pick": n}, rows=ROWS, today=TODAY) for n in (1, 2)]
    assert judged == [[], [("output", "e1")]]


def test_the_reference_imports_nothing_that_it_judges() -> None:
    home = Path(__file__).parents[2] / "promptspec" / "fuzz"
    for path in home.glob("reference*.py"):
        tree = ast.parse(path.read_text())
        for_types = {id(inner) for node in tree.body if isinstance(node, ast.If) for inner in ast.walk(node)}
        for node in ast.walk(tree):
            if (
                id(node) not in for_types
                and isinstance(node, ast.ImportFrom)
                and node.module
                and node.module.startswith("promptspec")
            ):
                assert node.module.startswith(("promptspec.contract", "promptspec.fuzz.reference")), node.module


def test_samples_agree_on_their_records() -> None:
    assert record("Line", *LINE.fields) == LINE
