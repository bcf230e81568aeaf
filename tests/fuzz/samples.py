"""The samples of this project as subjects of the fuzzer, compiled once a session."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from promptspec.fuzz.boundaries import boundaries
from promptspec.fuzz.cases import Case
from promptspec.fuzz.subjects import Subject
from promptspec.loading import load

ROOT = Path(__file__).resolve().parents[2]


@cache
def subjects() -> dict[str, Subject]:
    """Return every feature in `specs/` by its name."""
    return {name: Subject(feature) for name, feature in load(ROOT / "specs").features.items()}


@cache
def boundaries_of(name: str) -> tuple[Case, ...]:
    """Return the boundary cases of a feature, made once a session."""
    return tuple(boundaries(subjects()[name]))


NAMES = (
    "classify_message",
    "describe_photo",
    "describe_product",
    "extract_invoice",
    "meeting_actions",
    "reply_in_chat",
    "route_question",
    "suggest_films",
    "triage_bug",
)
