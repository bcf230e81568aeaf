"""`select "$.items[*]"`: the small part of JSONPath that points at the rows of a JSON file.

A path is `$` and then any number of `.name`, `["name"]` and `[*]`. `[*]` goes through a list. Nothing else of
RFC 9535 is understood: no indexes, slices, filters or `..`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, TypeAlias, cast

from promptspec.sources.problems import FileProblem, nearest, shown

#: A name to step into, or None for `[*]`.
Step: TypeAlias = str | None

#: The path of a file that is a list of rows.
WHOLE_LIST: Final = "$[*]"

_STEP: Final = re.compile(
    r"""\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*) | (?P<every>\[\*\]) | \[(?P<quoted>"(?:[^"\\]|\\.)*")\]""", re.VERBOSE
)
_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def parse_path(path: str) -> tuple[Step, ...]:
    """Return the steps of *path*; raises ValueError, with a sentence for the author, where it is no such path."""
    if not path.startswith("$"):
        raise ValueError(f"a path starts with `$`; write `${'' if path.startswith(('.', '[')) else '.'}{path}`")
    steps: list[Step] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(f'`{shown(path[at:])}` is not understood; use `.name`, `["name"]` and `[*]`')
        quoted = found["quoted"]
        if quoted is None:
            steps.append(found["name"])
        else:
            try:
                steps.append(json.loads(quoted))
            except ValueError:
                raise ValueError(f"`{shown(quoted)}` is no JSON string") from None
        at = found.end()
    return tuple(steps)


def select(value: object, steps: tuple[Step, ...]) -> Iterator[tuple[str, object]]:
    """Yield what *steps* point at in *value*, each with its place (`$.items[3]`); raises FileProblem.

    A name that an object does not have is an error, not an empty selection: it is nearly always a misspelling.
    """
    yield from _select(value, steps, "$")


def _select(value: object, steps: tuple[Step, ...], place: str) -> Iterator[tuple[str, object]]:
    if not steps:
        yield place, value
        return
    step, rest = steps[0], steps[1:]
    if step is None:
        if not isinstance(value, list):
            raise FileProblem("nothing_selected", f"`{shown(place)}` is no list, so `[*]` selects nothing", place=place)
        for index, item in enumerate(cast("list[object]", value)):
            yield from _select(item, rest, f"{place}[{index}]")
        return
    if not isinstance(value, dict):
        raise FileProblem("nothing_selected", f"`{shown(place)}` has no names, it is no object", place=place)
    members = cast("dict[str, object]", value)
    if step not in members:
        hint = nearest(step, members)
        raise FileProblem("nothing_selected", f"`{shown(place)}` has no `{shown(step)}`{hint}", place=place)
    yield from _select(members[step], rest, place + (f".{step}" if _PLAIN.fullmatch(step) else f"[{json.dumps(step)}]"))
