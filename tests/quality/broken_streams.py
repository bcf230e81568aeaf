"""Sabotages of what is shown of a reply before it is whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from quality.sabotage import Name, Patch, Sabotage, method

_PIECES: Final = "promptspec.runtime.pieces"


def _patched(name: str, feature: Name, target: str, function: Callable[..., Any]) -> Sabotage:
    return Sabotage(name=name, law="stream_leaks_nothing", feature=feature, patches=(Patch(target, method(function)),))


def _nothing_straddles(_original: Any, *_arguments: object) -> bool:
    return False


def _the_piece_alone(original: Any, self: Any, come: str) -> str | None:
    """Judge what is new, as if what was shown before stood in another text."""
    begin = len(self._passed)
    held = original(self, come[begin:])
    return None if held is None else come[:begin] + held


def _in_any_length(original: Any, self: Any, come: str) -> str | None:
    return come if len(come) > 160 else original(self, come)


def _whatever_it_is(_original: Any, *_arguments: object) -> bool:
    return True


def _each_time_anew(original: Any, self: Any, value: Any) -> Any:
    """Give everything again at the end."""
    self._passed = ""
    return original(self, value)


STREAMS: Final = (
    _patched(
        "stream-holds-no-window-back", "flow", "promptspec.runtime.asking:Attempt.may_echo_on", _nothing_straddles
    ),
    _patched("stream-judges-pieces-alone", "flow", f"{_PIECES}:Sentences._held", _the_piece_alone),
    _patched("stream-yields-before-the-cap", "flow", f"{_PIECES}:Sentences._held", _in_any_length),
    _patched("stream-forgets-the-tone-of-texts", "flow", f"{_PIECES}:keeps_tone", _whatever_it_is),
    _patched("stream-forgets-the-tone-of-items", "say", f"{_PIECES}:keeps_tone", _whatever_it_is),
    _patched("stream-gives-twice", "flow", f"{_PIECES}:Sentences.rest_of", _each_time_anew),
)
