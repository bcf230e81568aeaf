"""Types compared: what is said to lie within lies within, and a value that is shown to lie outside does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.test_bits import MODULE, SMALL, values
from contract.samples import ORIGIN
from promptspec.audit.relations import UNKNOWN, Sides, Value, compare, compare_fields, least_value, outside
from promptspec.contract import types as t
from promptspec.values.units import measure

SIDES = Sides(MODULE, MODULE)


def text(most: int, least: int = 0, **more: object) -> t.Text:
    return t.Text(kind="text", cap=t.Cap(least=least, most=most), **more)  # pyright: ignore[reportArgumentType]


def plain(value: object) -> object:
    """Return a value of `values` as JSON has it."""
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, bool):
        return str(value)  # else it would be 0 or 1
    return value.isoformat() if isinstance(value, date) else value


def all_of(type: t.Type) -> list[object]:
    return [plain(value) for value in values(type)]


@given(a=SMALL, b=SMALL)
def test_what_is_said_of_small_types_is_true_of_their_values(a: t.Type, b: t.Type) -> None:
    found = outside(a, b, SIDES)
    mine, others = all_of(a), all_of(b)
    if found is None:
        assert all(value in others for value in mine)
    elif found.known:
        assert plain(found.value) in mine
        assert plain(found.value) not in others


@given(type=SMALL)
def test_a_type_lies_within_itself(type: t.Type) -> None:
    assert compare(type, type, SIDES).relation == "equal"


@given(type=SMALL)
def test_the_least_value_is_a_value(type: t.Type) -> None:
    found = least_value(type, MODULE)
    if found is not None:
        assert plain(found.value) in all_of(type)


@given(low=st.integers(-5, 5), more=st.integers(0, 4), cut=st.integers(0, 4))
def test_a_narrower_range_is_stricter_with_a_value_that_shows_it(low: int, more: int, cut: int) -> None:
    old, new = t.Integer(least=low, most=low + more), t.Integer(least=low, most=low + max(more - cut, 0))
    found = compare(old, new, SIDES)
    assert found.relation == ("stricter" if old != new else "equal")
    if old != new:
        assert found.only_old is not None
        assert found.only_old.value == low + more


@given(
    caps=st.tuples(*([st.integers(0, 12)] * 4)),
    units=st.tuples(*([st.sampled_from(["chars", "words", "bytes", "tokens"])] * 2)),
)
def test_texts_in_any_units_are_compared_soundly(caps: tuple[int, int, int, int], units: tuple[t.Unit, t.Unit]) -> None:
    a = t.Cap(least=min(caps[:2]), most=max(caps[:2]), unit=units[0])
    b = t.Cap(least=min(caps[2:]), most=max(caps[2:]), unit=units[1])
    found = outside(t.Text(kind="text", cap=a), t.Text(kind="text", cap=b), SIDES)

    def fits(text: str, cap: t.Cap) -> bool:
        return measure(text, least=cap.least, most=cap.most, unit=cap.unit) is None

    if found is not None and found.known:
        assert isinstance(found.value, str)
        assert fits(found.value, a)
        assert not fits(found.value, b)
    elif found is None:
        samples = [letter * n for letter in ("a", "é", "𝒳", "a ", "·") for n in range(30)]
        assert all(fits(text, b) for text in samples if fits(text, a))


OLD = t.Field(name="a", type=t.Boolean(), origin=ORIGIN)


@pytest.mark.parametrize(
    ("old", "new", "relation", "shown"),
    [
        (text(200), text(201), "looser", "a" * 201),
        (text(200, 1), text(200), "looser", ""),
        (text(200), text(200, links=("example.org",)), "looser", None),
        (text(200), text(200, markdown=True), "looser", None),
        (text(200, pattern=t.Pattern(source="[ab]+")), text(200), "looser", ""),
        (text(200), t.Text(kind="line", cap=t.Cap(least=0, most=200)), "stricter", "a\nb"),
        (t.Words(words=("a", "b")), t.Words(words=("a", "c")), "incomparable", "b"),
        (t.Date(), t.Date(least=date(2026, 1, 31)), "stricter", "2026-01-30"),
        (t.Date(most="today"), t.Date(), "looser", None),
        (t.Url(), t.Url(hosts=("a.example",)), "stricter", "https://example.invalid/"),
        (t.Url(hosts=("a.example",)), t.Url(hosts=("a.example", "b.example")), "looser", "https://b.example/"),
        (
            t.Number(least=Decimal(0), most=Decimal(1), places=2),
            t.Number(least=Decimal(0), most=Decimal(1), places=1),
            "stricter",
            Decimal("0.01"),
        ),
        (t.Image(most=10), t.Image(most=20), "looser", None),
        (t.Boolean(), t.Integer(least=0, most=1), "incomparable", False),
        (text(5), t.Email(), "incomparable", None),
        (
            t.ListOf(item=t.Boolean(), least=0, most=2),
            t.ListOf(item=t.Boolean(), least=1, most=3),
            "incomparable",
            [],
        ),
        (
            t.OneOfShortlist(shortlist="hits", source="plans", file="a.spec", most=8),
            t.OneOfShortlist(shortlist="hits", source="plans", file="a.spec", most=5),
            "stricter",
            None,
        ),
    ],
)
def test_each_kind_of_type_is_compared(old: t.Type, new: t.Type, relation: str, shown: Value) -> None:
    found = compare(old, new, SIDES)
    assert found.relation == relation
    witness = found.only_new if relation == "looser" else found.only_old
    assert witness is not None
    assert witness.value == shown
    opposite = {"looser": "stricter", "stricter": "looser"}.get(relation, relation)
    assert compare(new, old, SIDES).relation == opposite


def test_a_schema_that_changed_is_not_compared() -> None:
    found = compare(t.JsonSchema(schema="{}", path="a"), t.JsonSchema(schema='{"a":1}', path="a"), SIDES)
    assert (found.relation, found.only_old, found.only_new) == ("incomparable", UNKNOWN, UNKNOWN)


def test_an_optional_field_takes_none_too() -> None:
    optional = t.Field(name="a", type=t.Boolean(), optional=True, origin=ORIGIN)
    found = compare_fields(optional, OLD, SIDES)
    assert found.relation == "stricter"
    assert found.only_old is not None
    assert found.only_old.value is None
    assert compare_fields(OLD, optional, SIDES).relation == "looser"
