"""Specs with something wrong in them, for the renderers."""

from __future__ import annotations

from promptspec.text import Span, SpecText


def spec(content: str, file: str = "films.spec") -> SpecText:
    return SpecText(file, content)


def find(text: SpecText, words: str, *, nth: int = 1) -> Span:
    """Return the *nth* place at which *words* stand."""
    at = -1
    for _ in range(nth):
        at = text.content.index(words, at + 1)
    return Span(text.file, at, at + len(words))


def shown(picture: str) -> str:
    """Return a picture of a terminal, without the first line break and the indentation of the test."""
    from textwrap import dedent

    return dedent(picture.removeprefix("\n"))
