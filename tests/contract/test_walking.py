"""The walk through the types of fields."""

from __future__ import annotations

from promptspec.contract import types as t
from promptspec.contract.walking import types_in

_ORIGIN = t.Origin(file="a.spec", line=1)
_LINE = t.Record(
    name="Line",
    fields=(
        t.Field(name="sku", type=t.Email(), origin=_ORIGIN),
        t.Field(name="tags", type=t.ListOf(item=t.Boolean(), least=0, most=3), origin=_ORIGIN),
    ),
    origin=_ORIGIN,
)


def _record(name: str, file: str) -> t.Record:
    assert (name, file) == ("Line", "a.spec")
    return _LINE


def test_items_and_records_follow_what_holds_them() -> None:
    group = t.Group(name="Line", file="a.spec")
    lines = t.ListOf(item=group, least=0, most=9)
    fields = (t.Field(name="lines", type=lines, origin=_ORIGIN), t.Field(name="day", type=t.Date(), origin=_ORIGIN))
    tags = _LINE.fields[1].type
    assert list(types_in(fields, _record)) == [lines, t.Date(), group, t.Email(), tags, t.Boolean()]


def test_the_record_of_an_entry_is_left_to_the_list_that_holds_it() -> None:
    entry = t.OneOfItems(field="lines", record="Line", file="a.spec", most=9)
    assert list(types_in((t.Field(name="pick", type=entry, origin=_ORIGIN),), _record)) == [entry]
