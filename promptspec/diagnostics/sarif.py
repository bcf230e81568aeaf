"""Diagnostics as SARIF 2.1.0, which code scanning services and editors read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

from promptspec.diagnostics.catalogue import CATALOGUE, Entry
from promptspec.diagnostics.model import Diagnostic
from promptspec.diagnostics.places import place_of
from promptspec.text import Span, SpecText

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_INDEXES: Final = {code: index for index, code in enumerate(CATALOGUE)}


def render_sarif(diagnostics: Iterable[Diagnostic], texts: Mapping[str, SpecText], *, version: str) -> str:
    """Return a SARIF log with one run, in ASCII; *version* is the version of this package."""
    run = {
        "tool": {
            "driver": {
                "name": "promptspec",
                "version": version,
                "rules": [_rule(entry) for entry in CATALOGUE.values()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, texts) for diagnostic in diagnostics],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.code,
        "shortDescription": {"text": entry.title},
        "help": {"text": f"{entry.title}; `promptspec explain {entry.code}` says what it means and what to do"},
        "defaultConfiguration": {"level": entry.severity.value},
    }


def _result(diagnostic: Diagnostic, texts: Mapping[str, SpecText]) -> dict[str, Any]:
    lines = [diagnostic.message]
    if diagnostic.note:
        lines.append(diagnostic.note)
    lines += [f"help: {line}" for line in diagnostic.help]
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": _INDEXES[diagnostic.code],
        "level": diagnostic.severity.value,
        "message": {"text": "\n".join(lines)},
        "locations": [{"physicalLocation": _location(diagnostic.span, texts)}],
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {"id": index, "physicalLocation": _location(label.span, texts), "message": {"text": label.message}}
            for index, label in enumerate(diagnostic.labels, 1)
        ]
    return result


def _location(span: Span, texts: Mapping[str, SpecText]) -> dict[str, Any]:
    place = place_of(span, texts)
    return {
        # A name may hold anything, a URI may not.
        "artifactLocation": {"uri": quote(place.file.encode("utf-8", "surrogatepass"), safe="/")},
        "region": {
            "startLine": place.start.line,
            "startColumn": place.start.column,
            "endLine": place.end.line,
            "endColumn": place.end.column,
        },
    }
