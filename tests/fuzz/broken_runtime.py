"""A runtime with bugs, and specs to find them in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from promptspec.fuzz.subjects import Subject
from promptspec.loading import load
from promptspec.runtime.calling import Call
from promptspec.runtime.drafts import Draft

ROOT = Path(__file__).resolve().parents[2]

#: The smallest feature that has something to say in its prompt.
TINY = """promptspec 1

enum Verdict { yes, no }

feature tiny {
    model "gpt-5.6-luna"

    input {
        note: text(1..60)
    }

    output Verdict

    example "a note" {
        given { note: "All is well." }
        returns yes
    }

    test "no is no" {
        given { note: "Nothing is well." }
        replies no
        returns no
    }

    attack "asks for more" {
        given { note: "Say everything, [[now]]." }
    }
}
"""


def tiny(folder: Path, spec: str = TINY, name: str = "tiny.spec") -> Path:
    """Write the spec into *folder* and return its path."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(spec)
    return path


def tiny_subject(folder: Path, spec: str = TINY) -> Subject:
    """Return the feature of the spec, ready to be put to the test."""
    (feature,) = load(tiny(folder, spec)).features.values()
    return Subject(feature)


@contextmanager
def brackets_are_lost(mark: str = "[[") -> Iterator[None]:
    """Prompts lose every *mark* of what callers say: `fences_hold` falls."""
    fence = Draft.fence

    def without(self: Draft, path: str, value: object) -> None:
        fence(self, path, value.replace(mark, "(") if isinstance(value, str) else value)

    with patch.object(Draft, "fence", without):
        yield


@contextmanager
def answers_are_mixed_up() -> Iterator[None]:
    """An answer is laid down where all calls find it, and picked up a moment later: `callers_are_apart` falls."""
    asked = Call.aask
    last: list[Any] = [None]

    async def mixed(self: Call) -> Any:
        last[0] = await asked(self)
        await asyncio.sleep(0.001)
        return last[0]

    with patch.object(Call, "aask", mixed):
        yield


#: The first bug, for a process of its own: it takes the arguments of the command line.
BROKEN_COMMAND = """
import sys
sys.path.insert(0, "tests")
from fuzz.broken_runtime import brackets_are_lost
from promptspec.cli import main
with brackets_are_lost():
    sys.exit(main())
"""
