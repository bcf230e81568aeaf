"""What may be compared with what: two checked values to a checked comparison; rows are compared by their keys."""

from __future__ import annotations

from dataclasses import replace

from promptspec.check.desk import Desk
from promptspec.check.failing import fail
from promptspec.check.shapes import Facts, Typed, key_path, most_open, row_identity
from promptspec.check.wording import in_words, plural, short
from promptspec.contract import expressions as e
from promptspec.syntax import tree


def compared(desk: Desk, facts: Facts, written: tree.CompareExpr, left: Typed, right: Typed) -> Typed:
    """Return `left op right`. Raises Failed after a report."""
    left, right = _by_key(desk, facts, written, left, right)
    if left.kind != right.kind or left.kind in ("list", "object", "image", "none"):
        fail(desk, written.span, "PS316", f"{in_words(left.kind)} is compared with {in_words(right.kind)}")
    if written.op not in ("==", "!=") and left.kind not in ("number", "date", "datetime"):
        said = f"`{written.op}` orders numbers and dates, and this is {in_words(left.kind)}"
        fail(desk, written.span, "PS316", said)
    return Typed(
        expression=e.Compare(op=written.op, left=left.expression, right=right.expression),
        kind="bool",
        trust=most_open(left.trust, right.trust),
    )


def contained(desk: Desk, facts: Facts, written: tree.InExpr, item: Typed, container: Typed) -> Typed:
    """Return `item in container`. Raises Failed after a report."""
    if container.kind == "text":
        help = f"write `contains({short(written.container)}, …)`"
        fail(desk, written.container.span, "PS316", "`in` looks into lists", help=help)
    if container.kind != "list":
        said = f"`in` looks into lists, and this is {in_words(container.kind)}"
        fail(desk, written.container.span, "PS316", said)
    inner = container.item
    if inner is not None and inner.kind == "image":
        fail(desk, written.span, "PS316", "an image is compared with nothing")
    if inner is not None and "row" in (item.kind, inner.kind):
        if item.kind == inner.kind and row_identity(item.type, facts) != row_identity(inner.type, facts):
            fail(desk, written.span, "PS316", "these two are entries of different lists")
        if inner.kind == "row":
            path = key_path(inner.type, facts)
            if path is None:
                fail(desk, written.span, "PS316", "records without a `key` cannot be looked for")
            keys = e.KeyOf(row=container.expression, path=path, many=True)
            container = replace(container, expression=keys, item=replace(inner, kind="text", type=None))
        item = _keyed(desk, facts, written, item)
    if container.item is not None and item.kind != container.item.kind:
        said = f"{in_words(item.kind)} is looked for in a list of {plural(container.item.kind)}"
        fail(desk, written.span, "PS316", said)
    return Typed(
        expression=e.Contains(item=item.expression, container=container.expression, negated=written.negated),
        kind="bool",
        trust=most_open(item.trust, container.trust),
    )


def _by_key(desk: Desk, facts: Facts, written: tree.Expr, left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Rows are compared by their keys: with rows of the same list, or with a key written down."""
    rows = [side.kind == "row" for side in (left, right)]
    if all(rows):
        if row_identity(left.type, facts) != row_identity(right.type, facts):
            fail(desk, written.span, "PS316", "these two are entries of different lists")
    elif not any(rows):
        return left, right
    return _keyed(desk, facts, written, left), _keyed(desk, facts, written, right)


def _keyed(desk: Desk, facts: Facts, written: tree.Expr, value: Typed) -> Typed:
    if value.kind != "row":
        return value
    path = key_path(value.type, facts)
    if path is None:
        fail(desk, written.span, "PS316", "a record without a `key` cannot be compared")
    return replace(value, expression=e.KeyOf(row=value.expression, path=path), kind="text", type=None)
