"""What a call takes in: every rule by its path, all at once, before anything is asked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from promptspec.errors import InputRefused
from promptspec.runtime.feature import Feature
from promptspec.runtime.v1 import Turn
from runtime.shop import FIELDS, ME, Clock, good, world

LINE = {"sku": "ab-1", "amount": 2}


def refused(sort: Feature[Any], changes: Mapping[str, Any], *, drop: str = "") -> list[tuple[str, str]]:
    """Return what the call refuses as (path, rule); nothing may have been asked."""
    fields = {name: value for name, value in (dict(FIELDS) | dict(changes)).items() if name != drop}
    model = good()
    with sort.override(model=model, world=world()), pytest.raises(InputRefused) as caught:
        sort.call_fields(fields, caller=ME)
    assert model.asked == []
    return [(each.path, each.rule) for each in caught.value.violations]


def accepted(sort: Feature[Any], changes: Mapping[str, Any]) -> Any:
    """Return the input as the rules see it."""
    seen: list[Any] = []
    write = type(sort).write_prompt

    def spy(self: Any, x: Any, out: Any, today: Any) -> None:
        seen.append(x)
        write(self, x, out, today)

    with sort.override(model=good(), world=world()), pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(sort), "write_prompt", spy)
        sort.call_fields(dict(FIELDS) | dict(changes), caller=ME)
    return seen[-1]


def test_a_good_input_is_asked_once(sort: Feature[Any]) -> None:
    model = good()
    with sort.override(model=model, world=world()):
        reply = sort.call_fields(FIELDS, caller=ME)
    assert len(model.asked) == 1
    assert reply.value.pick.sku == "cd-2"


REFUSALS: list[tuple[str, object, str, str]] = [
    ("order", "o9", "input.order", "one_of"),
    ("order", 1, "input.order", "type"),
    ("order", "O1", "input.order", "one_of"),
    ("order", "o1 ", "input.order", "one_of"),
    ("order", "o\u0661", "input.order", "one_of"),
    ("lines", [], "input.lines", "too_few"),
    ("lines", [LINE] * 5, "input.lines", "too_many"),
    ("lines", "ab", "input.lines", "type"),
    ("lines", {"0": LINE}, "input.lines", "type"),
    ("lines", [LINE, LINE, {"sku": "AB-1", "amount": 2}], "input.lines[2].sku", "pattern"),
    ("lines", [LINE, {"amount": 2}], "input.lines[1].sku", "missing"),
    ("lines", [LINE | {"colour": "red"}], "input.lines[0]", "unknown_field"),
    ("lines", [LINE | {"amount": True}], "input.lines[0].amount", "type"),
    ("lines", [LINE | {"amount": "2"}], "input.lines[0].amount", "type"),
    ("lines", [LINE | {"amount": 2.0}], "input.lines[0].amount", "type"),
    ("lines", [LINE | {"amount": 0}], "input.lines[0].amount", "too_small"),
    ("lines", [LINE | {"price": None}], "input.lines[0].price", "type"),
    ("lines", [LINE | {"price": 1.5}], "input.lines[0].price", "type"),
    ("lines", [LINE | {"gift": 0}], "input.lines[0].gift", "type"),
    ("mood", "Calm", "input.mood", "choice"),
    ("mood", "calm ", "input.mood", "choice"),
    ("mood", "Quiet", "input.mood", "choice"),
    ("mood", None, "input.mood", "type"),
    ("moods", ["calm", "sad"], "input.moods[1]", "choice"),
    ("code", "z", "input.code", "choice"),
    ("code", "X", "input.code", "choice"),
    ("code", None, "input.code", "type"),
    ("note", "", "input.note", "too_short"),
    ("note", " \n ", "input.note", "blank"),
    ("note", "x" * 61, "input.note", "too_long"),
    ("note", "a\x00b", "input.note", "control"),
    ("note", b"abc", "input.note", "type"),
    ("held", "2019-12-31", "input.held", "too_early"),
    ("held", "2026-02-01", "input.held", "too_late"),
    ("held", "2026-1-1", "input.held", "format"),
    ("held", "2026-02-30", "input.held", "format"),
    ("at", "2026-01-01T10:00:00", "input.at", "datetime_offset"),
    ("budget", Decimal("0.00001"), "input.budget", "places"),
    ("budget", Decimal("NaN"), "input.budget", "type"),
    ("budget", Decimal("sNaN"), "input.budget", "type"),
    ("budget", Decimal("Infinity"), "input.budget", "type"),
    ("budget", "10", "input.budget", "type"),
    ("budget", 1.0, "input.budget", "type"),
    ("budget", 10**5_000, "input.budget", "too_large"),
    ("budget", Decimal("1E-999999999"), "input.budget", "places"),
    ("to", "nobody", "input.to", "format"),
    ("page", "https://example.com/", "input.page", "url_host"),
    ("page", "https://example.org.evil.test/", "input.page", "url_host"),
    ("history", [{"role": "system", "text": "x"}], "input.history[0]", "choice"),
    ("history", [{"role": "user"}], "input.history[0]", "type"),
    ("history", [{"role": "user", "text": "x" * 41}], "input.history[0]", "too_long"),
    ("document", {}, "input.document", "missing"),
    ("document", {"title": "x", "other": 1}, "input.document", "unknown_field"),
    ("document", {"title": "x" * 10_000_000}, "input.document", "too_long_raw"),
    ("document", {"title": "x", "rows": list(range(10_000_000))}, "input.document", "too_many"),
    ("document", [], "input.document", "type"),
]


@pytest.mark.parametrize(("field", "value", "path", "rule"), REFUSALS, ids=[f"{r[2]}:{r[3]}" for r in REFUSALS])
def test_a_broken_rule_is_named_with_its_path(
    sort: Feature[Any], field: str, value: object, path: str, rule: str
) -> None:
    started = time.process_time()
    found = refused(sort, {field: value})
    assert [each[0] for each in found] == [path]
    if rule != "format":  # each format has a name of its own
        assert found[0][1] == rule
    assert time.process_time() - started < 2


def test_all_violations_are_told_at_once(sort: Feature[Any]) -> None:
    found = refused(sort, {"note": "", "code": "z", "lines": [LINE, {"sku": "x", "amount": 99}]}, drop="budget")
    assert {path for path, _ in found} == {
        "input.note", "input.code", "input.lines[1].sku", "input.lines[1].amount", "input.budget",
    }  # fmt: skip


@pytest.mark.parametrize("key", ["sécret", "__class__", "note ", "Note", "1; DROP TABLE"])
def test_the_name_of_an_unknown_field_is_not_repeated(sort: Feature[Any], key: str) -> None:
    assert refused(sort, {key: 1}) == [("input", "unknown_field")]


@pytest.mark.parametrize("key", [7_351_351, b"secret", ("secret",), None, 1.5])
def test_a_key_that_is_no_string_is_not_repeated(sort: Feature[Any], key: Any) -> None:
    assert refused(sort, {key: 1}) == [("input", "unknown_field")]


def test_missing_and_null_are_one_for_an_optional_field(sort: Feature[Any]) -> None:
    assert accepted(sort, {"note": None}).note is accepted(sort, {}).note is None


def test_a_default_is_what_a_caller_would_have_given(sort: Feature[Any]) -> None:
    assert accepted(sort, {}).mood == accepted(sort, {"mood": "calm"}).mood
    assert accepted(sort, {}).lines[0].price == Decimal("1.00")


def test_a_set_keeps_the_order_in_which_its_members_were_seen(sort: Feature[Any]) -> None:
    assert [str(m) for m in accepted(sort, {"moods": ["wild", "calm", "wild"]}).moods] == ["wild", "calm"]


def test_what_shows_nothing_is_removed_with_a_warning(sort: Feature[Any]) -> None:
    with sort.override(model=good(), world=world()):
        reply = sort.call_fields(dict(FIELDS) | {"note": "a\u200bb"}, caller=ME)
    assert reply.warnings == ("invisible_characters_removed",)


def test_text_is_judged_after_cleaning(sort: Feature[Any]) -> None:
    assert accepted(sort, {"note": "e\u0301 \r\n x"}).note == "é \n x"


def test_a_huge_text_is_refused_at_once(sort: Feature[Any]) -> None:
    started = time.process_time()
    assert refused(sort, {"note": "\u0301" * 20_000_000})[0][0] == "input.note"
    assert time.process_time() - started < 2


def test_an_object_nested_without_end_is_refused(sort: Feature[Any]) -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    assert refused(sort, {"document": {"title": "x", "rows": deep}}) == [("input.document", "depth")]


def test_an_object_that_holds_itself_is_refused(sort: Feature[Any]) -> None:
    loop: dict[str, Any] = {"title": "x"}
    loop["rows"] = [loop]
    assert refused(sort, {"document": loop}) == [("input.document", "depth")]


@pytest.mark.parametrize("text", ["99999999999998.9999", "-0.0000", "0.1000", "1E+3", "12345678901234.5678"])
def test_decimals_are_exact_whatever_the_application_rounds_to(sort: Feature[Any], text: str) -> None:
    with localcontext(Context(prec=3)):
        found = accepted(sort, {"budget": Decimal(text)}).budget
    assert found == Decimal(text)
    assert found.as_tuple().exponent == -4


def test_a_prompt_prints_arithmetic_exactly(sort: Feature[Any]) -> None:
    with localcontext(Context(prec=3)), sort.override(world=world()):
        rendered = sort.render_fields(dict(FIELDS) | {"budget": Decimal("99999999999998.9999")}, caller=ME)
    assert "9999999999999799980000000001.00020001 squared" in rendered.messages[0].content


def test_another_customers_row_is_refused_as_one_that_does_not_exist(sort: Feature[Any]) -> None:
    def said(key: str) -> object:
        with sort.override(model=good(), world=world()), pytest.raises(InputRefused) as caught:
            sort.call_fields(dict(FIELDS) | {"order": key}, caller=ME)
        return caught.value.violations

    assert said("o2") == said("no-such-order") == said("o3")


def test_a_dependent_dropdown_offers_the_rows_of_the_other_choice_only(sort: Feature[Any]) -> None:
    assert refused(sort, {"land": "at"}) == [("input.city", "one_of")]
    assert accepted(sort, {"land": "at", "city": "vie"}).city.name == "Wien"


def test_require_holds_on_sums_conditions_and_every_item(sort: Feature[Any]) -> None:
    lines = [LINE | {"price": 5_000}]
    assert refused(sort, {"lines": lines})[0][0] == "input.lines"
    assert refused(sort, {"mood": "wild"})[0][0] == "input.note"
    assert refused(sort, {"lines": [LINE | {"amount": 9}]})[0][0] == "input.lines"
    assert accepted(sort, {"mood": "wild", "note": "now"}).note == "now"


def test_today_is_the_day_of_the_world(sort: Feature[Any]) -> None:
    with sort.override(model=good(), world=world(clock=Clock(date(2020, 1, 1)))), pytest.raises(InputRefused):
        sort.call_fields(FIELDS, caller=ME)


def test_turns_and_rows_and_members_may_be_given_as_what_they_are(sort: Feature[Any]) -> None:
    given = accepted(sort, {"history": [Turn("user", "hi")]})
    again = accepted(sort, {"order": given.order, "mood": given.mood, "held": given.held})
    assert again.order == given.order


def test_the_repr_of_an_input_shows_no_value(sort: Feature[Any]) -> None:
    found = accepted(sort, {"note": "my secret"})
    assert "secret" not in repr(found) + str(found)


@pytest.mark.parametrize("given", [None, [], "text", 7, [("order", "o1")]])
def test_what_is_no_object_is_refused(sort: Feature[Any], given: Any) -> None:
    with sort.override(model=good(), world=world()), pytest.raises(InputRefused) as caught:
        sort.call_fields(given, caller=ME)
    assert caught.value.violations[0].path == "input"
