"""What one call pins at its start and every check reads to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

from promptspec.runtime.host import HOST

if TYPE_CHECKING:
    from pydantic import ValidationInfo

    from promptspec.runtime.sources import Source
    from promptspec.sources.port import Snapshot


class Pins:
    """The snapshots that one call uses of sources that change: of each the newest one when it was first asked for."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Snapshot] = {}

    def of(self, source: Source[Any]) -> Snapshot:
        """Return the snapshot of *source* for the whole call. Raises SourceUnavailable."""
        known = self._found.get((source.module, source.name))
        if known is None:
            known = self._found[source.module, source.name] = source.newest()
        return known


class BuiltPins(Pins):
    """The snapshots beside the modules, whatever the origins hold today: for examples and for tests."""

    __slots__ = ()

    def of(self, source: Source[Any]) -> Snapshot:
        return source.built


BUILT: Final = BuiltPins()


@dataclass(slots=True, kw_only=True)
class Context:
    """One direction of one call. *lists* are the input's lists that `one of` may name; *warnings* are for the reply.

    *pins* are shared by both directions.
    """

    direction: Literal["input", "output"]
    today: date
    lists: Mapping[str, tuple[object, ...]] = field(default_factory=dict[str, tuple[object, ...]])
    echo: Callable[[str], str | None] | None = None
    warnings: list[str] = field(default_factory=list[str])
    pins: Pins = field(default_factory=Pins)


def context_of(info: ValidationInfo) -> Context:
    """Return the call's context; a model that is validated outside of a call is judged as input, today."""
    context: object = info.context
    if isinstance(context, Context):
        return context
    return Context(direction="input", today=HOST.clock.today())
