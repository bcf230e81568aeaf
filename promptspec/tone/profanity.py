"""Profanity and slurs: lists of words for some languages, made for this project, matched as `avoid` matches."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from promptspec.tone.phrases import Phrases

#: The languages that have a list, `lists/CODE.txt`: one word or phrase a line, `#` begins a remark.
LANGUAGES: Final = frozenset({"de", "en", "es", "fr"})


def is_free_of_profanity(text: str, languages: tuple[str, ...]) -> bool:
    """Say whether *text* holds nothing of the lists of *languages*, however it is spelt (phrases.py).

    A list has words without an everyday meaning alone. Raises KeyError for a language without a list.
    """
    return not _phrases(languages).found_in(text)


def entries(language: str) -> tuple[str, ...]:
    """Return the words and phrases of the list of *language*. Raises KeyError where there is none."""
    if language not in LANGUAGES:
        raise KeyError(language)
    lines = files("promptspec.tone").joinpath("lists", f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


@cache
def _phrases(languages: tuple[str, ...]) -> Phrases:
    return Phrases(entry for language in languages for entry in entries(language))
