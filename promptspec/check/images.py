"""`image(..4mb)`: where it may stand, and the files that examples name."""

from __future__ import annotations

from base64 import b64encode
from typing import Final, Literal

from promptspec.check.desk import Desk
from promptspec.check.shapes import Facts
from promptspec.contract import types as t
from promptspec.contract.walking import types_in
from promptspec.syntax import tree
from promptspec.values.images import EXTRA, MOST_BYTES, is_missing

#: The largest image of an example: it is sent with every request.
MOST_EXAMPLE: Final = 256 * 1024
_EXAMPLE: Final = "write `image(..4mb)`"


def image_of(
    desk: Desk, written: tree.ImageType, direction: Literal["input", "output", "record", "column"]
) -> t.Image | None:
    """Return the checked image, or None after a report."""
    if direction not in ("input", "record"):
        desk.add("PS312", written.span, "an `image` stands in inputs", help="a model answers in text")
        return None
    bounds = written.bounds
    if bounds is None or bounds.high is None:
        desk.add("PS301", written.span, "`image` has no cap", note="how many bytes may it have?", help=_EXAMPLE)
        return None
    if bounds.low is not None or not isinstance(bounds.high, tree.SizeLiteral):
        desk.add("PS302", bounds.span, "`image` has a size that it may have at most", help=_EXAMPLE)
        return None
    if not 1_024 <= bounds.high.bytes <= MOST_BYTES:
        desk.add("PS302", bounds.span, f"the cap of `image` lies between 1kb and {MOST_BYTES // 1024 // 1024}mb")
        return None
    if is_missing():
        desk.add("PS321", written.span, "an `image` needs Pillow, which is not installed", help=f"install `{EXTRA}`")
        return None
    return t.Image(most=bounds.high.bytes)


def holds_image(type: t.Type | None, facts: Facts) -> bool:
    """Say whether an image stands in a value of *type*."""
    if type is None:
        return False
    place = t.Origin(file="", line=1)
    return any(
        isinstance(each, t.Image) for each in types_in([t.Field(name="_", type=type, origin=place)], facts.record_named)
    )


def image_file(desk: Desk, written: tree.StringLiteral, *, most: int) -> str | None:
    """Return the content of the file that an example names, as base64, or None after a report."""
    data = desk.open(written.value, written.span, most=min(most, MOST_EXAMPLE))
    return None if data is None else b64encode(data).decode("ascii")
