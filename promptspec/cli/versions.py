"""The version of this package."""

from __future__ import annotations


def package_version() -> str:
    """Return the version of the installed package, or `0` in a checkout that is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("promptspec")
    except PackageNotFoundError:
        return "0"
