"""Sabotages of `fence datamark`: the mark between the words of open values."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from quality.sabotage import Patch, Sabotage, method

_DRAFTS: Final = "promptspec.runtime.drafts"
_DRAW: Final = f"{_DRAFTS}:Draft.draw_mark"
_MARKED: Final = f"{_DRAFTS}:marked"


def _patched(name: str, target: str, function: Callable[..., Any], *, law: str = "fences_hold") -> Sabotage:
    return Sabotage(name=name, law=law, feature="say", patches=(Patch(target, method(function)),))


def _fixed(original: Any, self: Any, entropy: Any) -> str:
    return "^1a2b3c4d" if original(self, entropy) else ""


def _kept(original: Any, self: Any, entropy: Any) -> str:
    if not hasattr(self, "kept_mark"):
        self.kept_mark = original(self, entropy)
    return self.kept_mark


def _short(original: Any, self: Any, entropy: Any) -> str:
    return original(self, entropy)[:3]


def _unchecked(_original: Any, self: Any, entropy: Any) -> str:
    return "^" + entropy.token(32) if self._fences else ""


def _for_a_blank(_original: Any, text: str, mark: str) -> str:
    return re.sub(r"\s(?=\S)", mark, text)


def _unmarked(_original: Any, text: str, _mark: str) -> str:
    return text


def _first_word_unmarked(original: Any, text: str, mark: str) -> str:
    return original(text, mark).replace(mark, "", 1)


def _may_be_said(original: Any, self: Any) -> Any:
    return partial(original(self).args[0].find, tag=self._drawn[0] if self._drawn else "")


MARKS: Final = (
    _patched("fixed-mark", _DRAW, _fixed),
    _patched("short-mark", _DRAW, _short),
    _patched("mark-kept-for-retries", _DRAW, _kept),
    _patched("mark-not-checked", _DRAW, _unchecked),
    _patched("mark-for-a-blank", _MARKED, _for_a_blank),
    _patched("words-not-marked", _MARKED, _unmarked),
    _patched("first-word-not-marked", _MARKED, _first_word_unmarked),
    _patched("mark-may-be-said", "promptspec.runtime.asking:Attempt.echo", _may_be_said, law="nothing_echoes"),
)
