"""Functions of the application that a spec names: the project lists those that may be called."""

from __future__ import annotations

from promptspec.check.desk import Desk
from promptspec.syntax import tree


def is_listed(desk: Desk, written: tree.StringLiteral) -> bool:
    """Say whether the project's settings list the function `module:name` that is *written*; report it where not."""
    if written.value in desk.settings.functions:
        return True
    desk.add(
        "PS902",
        written.span,
        f"the project does not list the function `{written.value}`",
        help=f'add it to `pyproject.toml`: `[tool.promptspec] functions = ["{written.value}"]`',
    )
    return False
