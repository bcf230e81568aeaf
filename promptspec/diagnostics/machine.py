"""Diagnostics as JSON, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypedDict

from promptspec.diagnostics.model import Diagnostic, Label
from promptspec.diagnostics.places import place_of
from promptspec.text import Span, SpecText


class PlaceObject(TypedDict):
    """A place; lines and columns count from 1, columns in code points, and the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class LabelObject(PlaceObject):
    """A second place and what stands there."""

    message: str


class DiagnosticObject(PlaceObject):
    """One diagnostic."""

    code: str
    severity: str
    message: str
    note: str
    labels: list[LabelObject]
    help: list[str]


def render_machine(diagnostics: Iterable[Diagnostic], texts: Mapping[str, SpecText]) -> str:
    """Return the diagnostics as a JSON list in ASCII, with a line break at the end."""
    return json.dumps(diagnostic_objects(diagnostics, texts), indent=2) + "\n"


def diagnostic_objects(diagnostics: Iterable[Diagnostic], texts: Mapping[str, SpecText]) -> list[DiagnosticObject]:
    """Return the diagnostics as JSON objects."""
    return [
        {
            "code": diagnostic.code,
            "severity": diagnostic.severity.value,
            "message": diagnostic.message,
            "note": diagnostic.note,
            **_place(diagnostic.span, texts),
            "labels": [_label(label, texts) for label in diagnostic.labels],
            "help": list(diagnostic.help),
        }
        for diagnostic in diagnostics
    ]


def _label(label: Label, texts: Mapping[str, SpecText]) -> LabelObject:
    return {"message": label.message, **_place(label.span, texts)}


def _place(span: Span, texts: Mapping[str, SpecText]) -> PlaceObject:
    place = place_of(span, texts)
    return {
        "file": place.file,
        "line": place.start.line,
        "column": place.start.column,
        "end_line": place.end.line,
        "end_column": place.end.column,
    }
