"""pytest: features with scripted replies in an application's tests, and specs as tests of their own.

Loading this costs nothing until a fixture is used or a spec is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from promptspec.runtime.feature import Feature

#: How hard specs can be fuzzed.
PROFILES: Final = ("dev", "pr", "nightly")


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


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what the collection of specs can be told."""
    parser.addini("promptspec_paths", "folders and files whose .spec files are tests", type="paths", default=[])
    parser.addini("promptspec_profile", "how hard specs are fuzzed: dev, pr or nightly", default="pr")
    parser.getgroup("promptspec").addoption(
        "--promptspec-profile", choices=PROFILES, help="how hard specs are fuzzed: dev, pr or nightly"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a profile that does not exist."""
    profile = config.getini("promptspec_profile")
    if profile not in PROFILES:
        raise pytest.UsageError(f"promptspec_profile: there is no profile `{profile}`, only {', '.join(PROFILES)}")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a spec that stands under `promptspec_paths`."""
    if file_path.suffix != ".spec":
        return None
    paths: list[Path] = parent.config.getini("promptspec_paths")
    if not any(file_path == path or path in file_path.parents for path in paths):
        return None
    from promptspec.pytest_plugin.collecting import collect

    return collect(file_path, parent)
