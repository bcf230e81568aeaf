"""Sources of generated modules that change: what the module says of the origin, and its contract of the columns."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptspec.errors import SourceUnavailable
from promptspec.runtime.host import HOST
from promptspec.runtime.plan import Env
from promptspec.sources.refreshing import Changing, Declared

if TYPE_CHECKING:
    from promptspec.runtime.sources import Live, Source


def changing_of(source: Source[Any]) -> Changing:
    """Return what renews *source*. Raises ValueError for one that does not change."""
    live = source.live
    if live is None:
        raise ValueError(f"source `{source.name}` does not change")
    module = _file_of(source)
    return Changing(
        name=source.name,
        built=module.with_name(source.snapshot),
        content_hash=source.content_hash,
        kept=live.kept,
        refresh=live.refresh,
        stale=live.stale,
        pin=live.pin,
        declared=partial(_declared, source, live),
        environment=HOST.environment,
    )


def _file_of(source: Source[Any]) -> Path:
    path = sys.modules[source.module].__file__
    if path is None:
        raise SourceUnavailable(f"the module of source `{source.name}` has no file to find its snapshot by")
    return Path(path)


def _declared(source: Source[Any], live: Live) -> Declared:
    """Return the source with the columns of the contract and the origin of the module."""
    from promptspec.contract.encoding import decode
    from promptspec.contract.feature import Live as Origin
    from promptspec.contract.models import Environment

    module = decode(_file_of(source).with_suffix(".contract.json").read_text(encoding="utf-8"))
    found = next(each for each in module.sources if each.name == source.name and each.origin.file == module.file)
    origin = Origin(
        arguments=tuple(Environment(name=each.name) if isinstance(each, Env) else each for each in live.arguments),
        time_ms=round(live.time * 1000),
        refresh_ms=round(live.refresh * 1000),
        stale_ms=round(live.stale * 1000),
        pin=live.pin,
        hosts=live.hosts,
        private_hosts=live.private_hosts,
    )
    return Declared(source=replace(found, kind=live.kind, live=origin), enums=module.enums)
