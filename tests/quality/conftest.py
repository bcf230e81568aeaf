"""What each sabotage was caught by, gathered from all workers; `PROMPTSPEC_UPDATE=1` writes the tables of it."""

from __future__ import annotations

import os

import pytest

from quality.table import PROPERTY, write_tables

_CAUGHT: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for name, value in report.user_properties:
        if name.startswith(PROPERTY):
            _CAUGHT[name.removeprefix(PROPERTY)] = str(value)


def pytest_sessionfinish(session: pytest.Session) -> None:
    worker = hasattr(session.config, "workerinput")
    if os.environ.get("PROMPTSPEC_UPDATE") and not worker and _CAUGHT:
        write_tables(_CAUGHT)
