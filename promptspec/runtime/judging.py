"""From pydantic's findings to violations of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from promptspec.errors import Violation

if TYPE_CHECKING:
    from pydantic import ValidationError

#: pydantic's own kinds of error that can still occur, and what a person would call them.
_OWN: Final = {
    "missing": ("missing", "is missing"),
    "model_type": ("type", "must be an object"),
    "model_attributes_type": ("type", "must be an object"),
    "dict_type": ("type", "must be an object"),
    "tuple_type": ("type", "must be a list"),
    "recursion_loop": ("type", "must not hold itself"),
}

_UNDECLARED: Final = frozenset({"extra_forbidden", "invalid_key"})

#: So many violations are told; the rest only counted, so that a hostile list cannot make an endless error.
MOST: Final = 100


def violations_of(error: ValidationError, root: str, *, bare: bool = False) -> tuple[Violation, ...]:
    """Return the violations that *error* lists, with paths that begin at *root* (`input`, `output`).

    In the answer of a *bare* output the only field is left out of the path.
    """
    found: list[Violation] = []
    for detail in error.errors(include_url=False, include_input=False)[:MOST]:
        location = detail["loc"]
        if bare and location[:1] == ("answer",):
            location = location[1:]
        # Only sentences of ours are passed on, for pydantic's own may quote what was given; so may the last step of
        # a path that leads to a field which is not declared.
        said: object = detail.get("ctx", {}).get("sentence")
        if isinstance(said, str):
            rule, message = detail["type"], said
        elif detail["type"] in _UNDECLARED:
            rule, message = "unknown_field", "has a field that is not declared"
            location = location[:-1]
        else:
            rule, message = _OWN.get(detail["type"], ("type", "has the wrong type"))
        name = path_of(root, location)
        found.append(Violation(path=name, rule=rule, message=message))
    return tuple(found)


def path_of(root: str, location: Iterable[str | int]) -> str:
    """Return `input.lines[3].sku` for ("lines", 3, "sku")."""
    path = root
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path
