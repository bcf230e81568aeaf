"""Counters of every kind: in memory, in a ledger of either kind, in a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from promptspec.safety.counters import Counters, MemoryCounters
from promptspec.safety.ledger_counters import LedgerCounters
from promptspec.safety.redis_counters import RedisCounters
from safety.redis_server import RedisServer, redis_server
from sources.postgresql import Server, server

_NUMBERS = count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture(scope="session")
def redis() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that a test may stop."""
    with redis_server() as running:
        yield running


@pytest.fixture
def ledger_on_a_server(postgresql: Server) -> str:
    """Where a ledger on a server may be that is not there yet."""
    name = f"counters_{next(_NUMBERS)}"
    postgresql.run(f"CREATE DATABASE {name}")
    return postgresql.url.replace("postgresql://", "postgresql+psycopg://").removesuffix("postgres") + name


@pytest.fixture(params=["memory", "sqlite", "postgresql", "redis"])
def counters(request: pytest.FixtureRequest, tmp_path: Path) -> Counters:
    """Counters that go by the clock of whoever asks."""
    match request.param:
        case "memory":
            return MemoryCounters()
        case "sqlite":
            return LedgerCounters(str(tmp_path / "ledger.db"))
        case "postgresql":
            return LedgerCounters(request.getfixturevalue("ledger_on_a_server"), own_clock=False)
        case _:
            return RedisCounters(request.getfixturevalue("redis").url, own_clock=False)
