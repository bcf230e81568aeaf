"""Rules to judges: what says of a text whether a rule holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final, TypeAlias

from promptspec.tone.extras import require_for
from promptspec.tone.languages import is_in_language
from promptspec.tone.measures import MEASURES, MeasureName
from promptspec.tone.person import Person, is_in_person
from promptspec.tone.phrases import Phrases
from promptspec.tone.profanity import is_free_of_profanity
from promptspec.values.patterns import compile_pattern

#: Says of a text whether a rule holds.
Judge: TypeAlias = Callable[[str], bool]
#: Says it of a text and what the caller gave.
GivenJudge: TypeAlias = Callable[[str, str], bool]

#: Changes with any judge; the libraries' versions beside it.
TONE_VERSION: Final = "2"

_BREAK: Final = re.compile(r"[ \t]*\n[ \t]*")


def measured(name: MeasureName, least: Decimal | str | None, most: Decimal | str | None) -> Judge:
    """Return the judge of a rule of `MEASURES`; both bounds hold. Raises ModuleNotFoundError without its library."""
    require_for(name)
    measure = MEASURES[name].measure
    least = None if least is None else Decimal(least)
    most = None if most is None else Decimal(most)

    def holds(text: str) -> bool:
        value = Decimal(str(measure(text)))
        return (least is None or value >= least) and (most is None or value <= most)

    return holds


def in_language(*languages: str) -> Judge:
    """Return the judge of `language "en", "de"`. Raises ModuleNotFoundError without its library."""
    require_for("language")
    return lambda text: is_in_language(text, languages)


def in_given_language() -> GivenJudge:
    """Return the judge of `language to`. Raises ModuleNotFoundError without its library."""
    require_for("language")
    return lambda text, language: is_in_language(text, (language,))


def in_person(person: Person, *languages: str, negated: bool) -> Judge:
    """Return the judge of `person first`, or with *negated* of `person not first`."""
    return lambda text: is_in_person(text, person, languages) is not negated


def avoids(phrases: tuple[str, ...], patterns: tuple[tuple[str, bool], ...]) -> Judge:
    """Return the judge of `avoid`; a pattern is its source and whether case is ignored.

    A pattern is looked for in the text, and in the text with each line break as one blank.
    """
    looked_for = Phrases(phrases)
    compiled = [compile_pattern(source, ignore_case) for source, ignore_case in patterns]

    def holds(text: str) -> bool:
        if looked_for.found_in(text):
            return False
        if not compiled:
            return True
        flat = _BREAK.sub(" ", text)
        views = (text,) if flat == text else (text, flat)
        return not any(pattern.search(view) for pattern in compiled for view in views)

    return holds


def without_profanity(*languages: str) -> Judge:
    """Return the judge of `profanity none`."""
    return lambda text: is_free_of_profanity(text, languages)


def mentions(phrase: str) -> Judge:
    """Return the judge of `mention "refund policy"`."""
    return Phrases([phrase]).stands_in


def mentions_given() -> GivenJudge:
    """Return the judge of `mention film.title`: a `*` in the value is one, and a value without a letter is nothing."""
    return lambda text, value: Phrases([value.replace("*", " ")]).stands_in(text) if value.strip(" *") else True
