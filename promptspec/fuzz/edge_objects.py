"""Objects of a JSON Schema with one thing in them changed: left out, added, longer, larger, of another type.

What the schema says of them is for its own judge to say; the laws look whether the module says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json

#: Texts and lists are tried at every length up to here.
_LONGEST: Final = 64
_MOST_OBJECTS: Final = 4


def near_objects(objects: Iterable[Json]) -> Iterator[Json]:
    """Yield each of *objects* with one thing changed, in each of its places."""
    for _, value in zip(range(_MOST_OBJECTS), objects, strict=False):
        yield from _near(value)


def _near(value: Json) -> Iterator[Json]:
    if isinstance(value, Mapping):
        entries = dict(cast("Mapping[str, Json]", value))
        yield {**entries, "extra": 1}
        for name, held in entries.items():
            yield {other: each for other, each in entries.items() if other != name}
            yield from ({**entries, name: other} for other in _near(held))
    elif isinstance(value, list):
        items = cast("list[Json]", value)
        yield items[:-1]
        yield [*items, *items[:1]]
        yield from ([other, *items[1:]] for each in items[:1] for other in _near(each))
    elif isinstance(value, str):
        yield from ("a" * length for length in range(_LONGEST + 1))
        yield 0
    elif isinstance(value, bool) or value is None:
        yield "text"
    elif isinstance(value, int | Decimal):
        yield from (value + by for by in range(-10, 11))
        yield value + Decimal("0.5")
        yield str(value)
