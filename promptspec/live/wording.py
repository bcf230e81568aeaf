"""Words that reports share."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a number and its noun: `1 case`, `1,240 cases`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
