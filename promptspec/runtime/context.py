"""What one call pins at its start and every check reads to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from promptspec.runtime.host import HOST

if TYPE_CHECKING:
    from pydantic import ValidationInfo


@dataclass(slots=True, kw_only=True)
class Context:
    """One direction of one call. *lists* are the input's lists that `one of` may name; *warnings* are for the reply."""

    direction: Literal["input", "output"]
    today: date
    lists: Mapping[str, tuple[object, ...]] = field(default_factory=dict[str, tuple[object, ...]])
    echo: Callable[[str], str | None] | None = None
    warnings: list[str] = field(default_factory=list[str])


def context_of(info: ValidationInfo) -> Context:
    """Return the call's context; a model that is validated outside of a call is judged as input, today."""
    context: object = info.context
    if isinstance(context, Context):
        return context
    return Context(direction="input", today=HOST.clock.today())
