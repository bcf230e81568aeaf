"""What `python("sources.shop_of_tests:…")` names in tests."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import BaseModel

ALIEN = {"id": "a", "title": "Alien"}
BRAZIL = {"id": "b", "title": "Brazil"}


#: What `held` gives now; or what it raises.
HELD: list[Any] = []


def held() -> Any:
    if isinstance(HELD[0], Exception):
        raise HELD[0]
    return HELD[0]


@dataclass
class Film:
    id: str
    title: str


class Movie(BaseModel):
    id: str
    title: str


def listed() -> list[Mapping[str, object]]:
    return [ALIEN, BRAZIL]


def generated() -> Iterator[Mapping[str, object]]:
    yield ALIEN
    yield BRAZIL


async def awaited() -> list[Mapping[str, object]]:
    return [ALIEN, BRAZIL]


async def streamed() -> AsyncIterator[Mapping[str, object]]:
    yield ALIEN
    yield BRAZIL


async def streamed_later() -> AsyncIterator[Mapping[str, object]]:
    return streamed()


def objects() -> list[object]:
    return [Film("a", "Alien"), Movie(id="b", title="Brazil")]


def numbered() -> list[Mapping[str, object]]:
    return [{"id": 7, "title": "Seven"}, {"id": UUID(int=1), "title": "One"}]


class Shop:
    @staticmethod
    def films() -> list[Mapping[str, object]]:
        return [ALIEN, BRAZIL]


# What is wrong


def nothing() -> list[Mapping[str, object]]:
    return []


def raising() -> Iterator[Mapping[str, object]]:
    yield ALIEN
    raise ValueError("secret of the shop")


def leaving() -> Iterator[Mapping[str, object]]:
    yield ALIEN
    raise SystemExit(3)


def none() -> None:
    return None


def text() -> str:
    return "Alien"


def one_row() -> Mapping[str, object]:
    return ALIEN


def tuples() -> list[object]:
    return [ALIEN, ("b", "Brazil")]


def repeated() -> list[Mapping[str, object]]:
    return [ALIEN, BRAZIL, {"id": "a", "title": "Alien again"}]


def nan_keys() -> list[Mapping[str, object]]:
    return [ALIEN, {"id": float("nan"), "title": "x"}, {"id": Decimal("NaN"), "title": "y"}]


def missing_column() -> list[Mapping[str, object]]:
    return [ALIEN, {"id": "b", "titel": "Brazil"}]


def huge_cell() -> list[Mapping[str, object]]:
    return [ALIEN, {"id": "b", "title": "x" * 300_000_000}]


def surrogates() -> list[Mapping[str, object]]:
    return [ALIEN, {"id": "b\ud800", "title": "Brazil"}]


def endless() -> Iterator[Mapping[str, object]]:
    number = 0
    while True:
        number += 1
        yield {"id": f"k{number}", "title": "x"}


def two_million() -> Iterator[Mapping[str, object]]:
    return ({"id": f"k{number}", "title": "x"} for number in range(2_000_000))


def sleeping() -> Iterator[Mapping[str, object]]:
    yield ALIEN
    time.sleep(30)


no_callable = 7
