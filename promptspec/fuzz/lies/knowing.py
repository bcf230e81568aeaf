"""A technique, and the form of a liar that carries it out."""

from __future__ import annotations

from typing import NamedTuple

from promptspec.fuzz.techniques import Technique


class Known(NamedTuple):
    """A technique of replies, and who carries it out."""

    liar: str
    form: str
    technique: Technique


def known(liar: str, form: str, name: str, family: str, origin: str, summary: str, example: str) -> Known:
    """Return the technique *name*; *origin* names projects, with commas between them."""
    origins = tuple(origin.split(", "))
    return Known(
        liar, form, Technique(name=name, kind="reply", family=family, origin=origins, summary=summary, example=example)
    )
