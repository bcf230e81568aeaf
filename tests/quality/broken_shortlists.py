"""Sabotages of shortlists: how they are made, shown and answered from."""

from __future__ import annotations

from typing import Any, Final

from quality.builds import Edit
from quality.sabotage import Patch, Sabotage, Way, method


def _seek(name: str, law: str, rule: str, way: Way, old: str, new: str, *, within: str = "Seek") -> Sabotage:
    return Sabotage(
        name=f"shortlist-{name}", law=law, feature="seek", rule=rule, way=way, edits=(Edit(old, new, within),)
    )


def _patched(name: str, law: str, target: str, function: Any) -> Sabotage:
    patches = (Patch(target, method(function)),)
    return Sabotage(name=f"shortlist-{name}", law=law, feature="seek", patches=patches)


_WHERE: Final = "where=lambda row: (row.customer == x.order.customer)"

EMITTED: Final = (
    _seek(
        "of-another-source",
        "reply_is_total",
        "Shortlist.source",
        "removed",
        'name="hits",\n            source=ORDERS',
        'name="hits",\n            source=SHELVES',
    ),
    _seek("blames-another-field", "refuses_invalid", "Shortlist.path", "removed", "input.order", "input.wish"),
    _seek("near-something-else", "fences_hold", "Shortlist.near", "removed", "near=(x.wish,)", 'near=("a hat",)'),
    _seek(
        "without-a-column",
        "accepts_valid",
        "Shortlist.columns",
        "off by one",
        'near=(x.wish,),\n            columns=("title", "customer", "state")',
        'near=(x.wish,),\n            columns=("customer", "state")',
    ),
    _seek(
        "without-columns",
        "accepts_valid",
        "Shortlist.columns",
        "removed",
        'near=(x.wish,),\n            columns=("title", "customer", "state")',
        "near=(x.wish,),\n            columns=()",
    ),
    _seek("one-more", "fences_hold", "Shortlist.top", "off by one", "top=3", "top=4"),
    _seek("one-less", "fences_hold", "Shortlist.top", "off by one", "top=3", "top=2"),
    _seek("without-end", "fences_hold", "Shortlist.top", "removed", "top=3", "top=50"),
    _seek("of-what-is-far", "fences_hold", "Shortlist.above", "removed", "above=0.3", "above=0.0"),
    _seek("of-what-is-nearer", "fences_hold", "Shortlist.above", "off by one", "above=0.3", "above=0.4"),
    _seek("with-itself", "fences_hold", "Shortlist.itself", "removed", "itself=x.order.id,", ""),
    _seek("of-other-customers", "fences_hold", "Shortlist.where", "removed", _WHERE + ",", ""),
    _seek("of-customers-before", "fences_hold", "Shortlist.where", "off by one", _WHERE, _WHERE.replace("==", "<=")),
    _seek("never-made", "reply_is_total", "Plan.finds", "removed", "finds=True,", ""),
    _seek("asked-of-nothing", "accepts_valid", "Plan.unasked", "removed", """unasked='{"best":0,"others":[]}',""", ""),
    _seek(
        "another-reply-of-nothing",
        "reply_is_total",
        "Plan.unasked",
        "off by one",
        """'{"best":0,"others":[]}'""",
        """'{"best":1,"others":[]}'""",
    ),
    _seek(
        "never-shown",
        "fences_hold",
        "Draft.shortlist",
        "removed",
        'hits = out.shortlist("hits", ORDERS)',
        "hits: tuple[OrdersRow, ...] = ()",
    ),
    _seek(
        "shown-without-the-first",
        "fences_hold",
        "Draft.shortlist",
        "off by one",
        'hits = out.shortlist("hits", ORDERS)',
        'hits = out.shortlist("hits", ORDERS)[1:]',
    ),
    _seek(
        "answered-from-another",
        "world_is_closed",
        "entry.field",
        "removed",
        'ps.entry("hits", optional=True)',
        'ps.entry("alike", optional=True)',
        within="SeekOutput",
    ),
    _seek(
        "none-not-declared",
        "reply_is_total",
        "entry.optional",
        "off by one",
        'ps.entry("alike")',
        'ps.entry("alike", optional=True)',
        within="SeekOutput",
    ),
)


def _any_key(original: Any, self: Any, value: Any, info: Any) -> Any:
    """Take a key of the source for a number, on the list or not."""
    if isinstance(value, str):
        offered = [row for rows in info.context.lists.values() for row in rows]
        return offered[0].model_copy(update={"id": value}) if offered else None
    return original(self, value, info)


def _before(original: Any, self: Any, value: Any, info: Any) -> Any:
    """Return the row before the one that is named, around the end."""
    found = original(self, value, info)
    offered = info.context.lists[self.field] if info.context else ()
    return offered[(value - 2) % len(offered)] if found is not None and offered else found


def _from_behind(original: Any, self: Any, *given: Any) -> Any:
    return tuple(reversed(original(self, *given)))


def _asks_anyway(original: Any, self: Any) -> None:
    made = tuple(self.feature.find_shortlists(self.input, self.caller, self.context.today))
    self.shortlists = {each.name: each.rows(self.context.pins) for each in made}


def _every_row(original: Any, self: Any, *_: Any) -> Any:
    return tuple(self.source)


def _keeps_all(original: Any, self: Any, cells: Any) -> bool:
    return True


_SHORTLIST: Final = "promptspec.runtime.shortlists:Shortlist"
_ENTRY: Final = "promptspec.runtime.sources:entry.judge"

PATCHED: Final = (
    _patched("any-key-of-the-source", "reply_is_total", _ENTRY, _any_key),
    _patched("the-row-before", "world_is_closed", _ENTRY, _before),
    _patched("from-behind", "fences_hold", f"{_SHORTLIST}.rows", _from_behind),
    _patched("of-every-row", "fences_hold", f"{_SHORTLIST}.rows", _every_row),
    _patched("of-any-row", "fences_hold", f"{_SHORTLIST}._keeps", _keeps_all),
    _patched("empty-and-sent", "refuses_invalid", "promptspec.runtime.calling:Call._find", _asks_anyway),
)

# By embedding


def _embedded(name: str, target: str, function: Any, law: str = "fences_hold") -> Sabotage:
    return Sabotage(name=f"embedding-{name}", law=law, feature="mean", patches=(Patch(target, method(function)),))


def _of_any_row(original: Any, self: Any, near: Any, *, top: Any, above: Any, keeps: Any, equal: Any = ()) -> Any:
    return original(self, near, top=top, above=above, keeps=None)


def _one_more(original: Any, self: Any, near: Any, *, top: Any, above: Any, keeps: Any, equal: Any = ()) -> Any:
    return original(self, near, top=top + 1, above=above, keeps=keeps, equal=equal)


def _of_what_is_far(original: Any, self: Any, near: Any, *, top: Any, above: Any, keeps: Any, equal: Any = ()) -> Any:
    return original(self, near, top=top, above=0.0, keeps=keeps, equal=equal)


def _in_the_order_of_the_source(original: Any, self: Any, near: Any, among: Any, keeps: Any) -> Any:
    return sorted(original(self, near, among, keeps))


def _by_words(original: Any, shortlists: Any, plan: Any) -> Any:
    """Fall back to the lexical search."""
    return {}


_ROWS: Final = "promptspec.sources.embedded:Embedded"

EMBEDDED: Final = (
    Sabotage(
        name="embedding-of-another-shortlist",
        law="fences_hold",
        feature="mean",
        rule="Embedding.shortlist",
        way="removed",
        edits=(Edit('shortlist="hits"', 'shortlist="alike"', "Mean"),),
    ),
    _embedded("of-any-row", f"{_ROWS}.nearest", _of_any_row),
    _embedded("of-any-row-and-answered", f"{_ROWS}.nearest", _of_any_row, "world_is_closed"),
    _embedded("one-more", f"{_ROWS}.nearest", _one_more),
    _embedded("of-what-is-far", f"{_ROWS}.nearest", _of_what_is_far),
    _embedded("in-the-order-of-the-source", f"{_ROWS}._ranked", _in_the_order_of_the_source),
    _embedded("by-words", "promptspec.runtime.nearest:stand_in_for", _by_words),
)

SHORTLISTS: Final = (*EMITTED, *PATCHED, *EMBEDDED)
