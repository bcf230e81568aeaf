"""Libraries that only some rules need: the extra `tone`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

#: The package that a rule is judged with, by the rule.
NEEDED: Final[Mapping[str, str]] = {"sentiment": "vaderSentiment", "language": "py3langid"}


def missing_for(rule: str) -> str | None:
    """Return the package that *rule* needs and that is not installed, or None."""
    package = NEEDED.get(rule)
    return package if package is not None and find_spec(package) is None else None


def require_for(rule: str) -> None:
    """Raise ModuleNotFoundError, in one sentence, where *rule* cannot be judged here."""
    package = missing_for(rule)
    if package is not None:
        raise ModuleNotFoundError(f"the tone rule `{rule}` needs {package}: install `promptspec[tone]`", name=package)
