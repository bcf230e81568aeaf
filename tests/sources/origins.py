"""Sources with an origin, and what pulling them gives."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from promptspec.contract.feature import Live, Source
from promptspec.contract.models import Environment
from promptspec.sources.port import Row
from promptspec.sources.pulling import Pull, pull
from promptspec.sources.snapshot import open_snapshot
from sources.described import films

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def live(*arguments: str | Environment, kind: str, **options: Any) -> Source:
    """Return the source `films` with the columns `id` and `title`; times, hosts and pins go to its origin."""
    own = {name: options.pop(name) for name in ("hosts", "private_hosts", "pin") if name in options}
    origin = Live(arguments=arguments, time_ms=options.pop("time_ms", 5_000), **own)
    return films(*options.pop("columns", ()), kind=kind, live=origin, **options)


def pulled(source: Source, folder: Path, **options: Any) -> Pull:
    """Pull *source* into `films.sqlite` below *folder*."""
    found = pull(
        source,
        folder / "films.sqlite",
        now=options.pop("now", NOW),
        environment=options.pop("environment", {}),
        **options,
    )
    assert found is not None
    return found


def rows_in(folder: Path) -> list[Row]:
    """Return the rows that were pulled into *folder*."""
    with open_snapshot(folder / "films.sqlite") as snapshot:
        return list(snapshot.rows())
