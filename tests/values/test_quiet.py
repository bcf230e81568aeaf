"""What is kept quiet while foreign content is read, and nothing beside it."""

from __future__ import annotations

import logging
import warnings

import pytest

from promptspec.values.quiet import without_logs, without_warnings


def test_loggers_keep_back_what_is_logged_inside_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("promptspec.tests.quiet")
    with caplog.at_level(logging.DEBUG):
        with without_logs(logger.name):
            logger.debug("a secret")
        logger.debug("behind it")
    assert [record.message for record in caplog.records] == ["behind it"]


def test_nothing_warns_inside_and_filters_are_as_before() -> None:
    before = list(warnings.filters)
    with without_warnings():
        warnings.warn("a line of the text", stacklevel=1)
    assert warnings.filters == before
