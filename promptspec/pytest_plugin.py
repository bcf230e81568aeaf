"""pytest fixtures for applications that call generated functions. Loading this costs nothing until one is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from promptspec.runtime.feature import Feature


@pytest.fixture
def promptspec_replies() -> Iterator[Callable[..., Feature[Any]]]:
    """Replace the model of a feature until the test ends: `promptspec_replies(suggest_films, {"picks": […]})`.

    The replies are given in turn, the last one again and again; each passes every check, like a model's.
    """
    from promptspec.runtime.overrides import replies

    with ExitStack() as stack:

        def replace(feature: Feature[Any], *values: object) -> Feature[Any]:
            return stack.enter_context(feature.override(model=replies(*values)))

        yield replace
