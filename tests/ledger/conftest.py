"""Ledgers of both kinds: a SQLite file, and a database of a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from promptspec.ledger.opening import Ledger, open_ledger
from sources.postgresql import Server, server

_NUMBERS = count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    with server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger may be that is not there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    running: Server = request.getfixturevalue("postgresql")
    name = f"ledger_{next(_NUMBERS)}"
    running.run(f"CREATE DATABASE {name}")
    return running.url.replace("postgresql://", "postgresql+psycopg://").removesuffix("postgres") + name


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    opened = open_ledger(address)
    yield opened
    opened.close()
