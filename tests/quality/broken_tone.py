"""Sabotages of what judges the tone of a reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from promptspec.errors import Violation
from quality.sabotage import Patch, Sabotage, method

_BROKEN: Final = "promptspec.runtime.feature:broken_tone"
_TEXTS: Final = "promptspec.runtime.toning:_texts"


def _patched(name: str, target: str, function: Callable[..., Any]) -> Sabotage:
    return Sabotage(name=name, law="tone_holds", feature="say", patches=(Patch(target, method(function)),))


def _nothing(_original: Any, *_arguments: object, **_keywords: object) -> Iterator[Violation]:
    return iter(())


def _all_but_the_first(original: Any, rules: tuple[Any, ...], *arguments: object, **keywords: object) -> Any:
    return original(rules[1:], *arguments, **keywords)


def _all_but_words(original: Any, rules: tuple[Any, ...], *arguments: object, **keywords: object) -> Any:
    return original(tuple(rule for rule in rules if rule.rule != "tone_avoid"), *arguments, **keywords)


def _begin_alone(original: Any, *arguments: object, **keywords: object) -> Iterator[tuple[str, str]]:
    for path, text in original(*arguments, **keywords):
        yield path, text[:2]


TONE: Final = (
    _patched("tone-not-judged", _BROKEN, _nothing),
    _patched("first-rule-of-the-tone-forgotten", _BROKEN, _all_but_the_first),
    _patched("words-to-avoid-forgotten", _BROKEN, _all_but_words),
    _patched("tone-of-the-begin-alone", _TEXTS, _begin_alone),
)
