"""Mutators that keep the words and spoil how they are written."""

from __future__ import annotations

from typing import Final

from promptspec.fuzz.attacks.making import Mutator


def _repeated(text: str, n: int) -> str:
    return " ".join([text] * (2 + n % 7))


MUTATORS: Final = (
    Mutator(
        name="repetition",
        family="perturbation",
        origin=("own",),
        summary="says the text two to eight times",
        change=_repeated,
    ),
)
