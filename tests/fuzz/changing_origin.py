"""What `python("fuzz.changing_origin:films")` gives while a test turns the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

#: The rows of the origin now, in order; and whether it ends in an error after the first of them.
ROWS: list[Mapping[str, object]] = []
FAILS: list[bool] = [False]


def films() -> Iterator[Mapping[str, object]]:
    for row in ROWS:
        yield row
        if FAILS[0]:
            raise ConnectionError("the shop is closed")
