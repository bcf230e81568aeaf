"""What a run found, as SARIF 2.1.0: the finding stands on the spec's line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from promptspec.diagnostics.foreign import escape_lines, shorten
from promptspec.fuzz.reports.wording import claim_of, replay_of, trouble_title, value_text
from promptspec.fuzz.results import Fallen, FeatureResult, RunResult, Trouble

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#: Code points of an input that a message shows; the other reports have all of it.
_MOST_INPUT: Final = 600
_PARTS: Final = {
    "example": "an example of a spec passes its own feature",
    "test": "a test of a spec goes as it says",
    "attack": "an attack of a spec breaks nothing",
}


def render_sarif(result: RunResult) -> str:
    """Return a SARIF log with one run, in ASCII: a rule a law with its claim, a result a law that fell."""
    rules = _rules(result)
    indexes = {rule["id"]: index for index, rule in enumerate(rules)}
    run = {
        "tool": {
            "driver": {"name": "promptspec fuzz", "version": _plain(result.version), "rules": rules},
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": result.finished and all(feature.finished for feature in result.features),
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": _plain(note)}} for note in result.notes
                ],
            }
        ],
        "results": [{**found, "ruleIndex": indexes[found["ruleId"]]} for found in _results(result)],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rules(result: RunResult) -> list[dict[str, Any]]:
    """Return a rule for each law of the run, in their order, and for each kind of part that is in trouble."""
    laws = {law.law: law for feature in result.features for law in feature.laws}
    kinds = dict.fromkeys(trouble.kind for feature in result.features for trouble in feature.troubles)
    return [
        *(_rule(law.law, law.claim, f"{claim_of(law.claim)}. Degree: {law.degree}.") for law in laws.values()),
        *(_rule(kind, _PARTS.get(kind, kind), _PARTS.get(kind, kind)) for kind in kinds if kind not in laws),
    ]


def _rule(name: str, title: str, help: str) -> dict[str, Any]:
    return {
        "id": _plain(name),
        "shortDescription": {"text": _plain(claim_of(title))},
        "help": {"text": _plain(help)},
        "defaultConfiguration": {"level": "error"},
    }


def _results(result: RunResult) -> Iterator[dict[str, Any]]:
    for feature in result.features:
        yield from map(_fallen, feature.fallen)
        yield from (_trouble(feature, trouble) for trouble in feature.troubles)


def _fallen(fallen: Fallen) -> dict[str, Any]:
    lines = (
        f"{fallen.feature}: {fallen.sentence}",
        f"smallest input: {shorten(' '.join(value_text(fallen.case.given).split()), _MOST_INPUT)}",
        f"replay: {replay_of(fallen)}",
    )
    return {
        **_result(fallen.law, "\n".join(lines), fallen.file, fallen.line),
        "partialFingerprints": {"promptspecFuzz/v1": fallen.id},
    }


def _trouble(feature: FeatureResult, trouble: Trouble) -> dict[str, Any]:
    message = f"{feature.feature}: {trouble_title(trouble)}\n{trouble.message}"
    return _result(trouble.kind, message, feature.file, trouble.line or feature.line)


def _result(rule: str, message: str, file: str, line: int) -> dict[str, Any]:
    # A name may hold anything, a URI may not.
    uri = quote(file.encode("utf-8", "surrogatepass"), safe="/")
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": max(line, 1)}}
    return {
        "ruleId": _plain(rule),
        "level": "error",
        "message": {"text": _plain(message)},
        "locations": [{"physicalLocation": place}],
    }


def _plain(text: str) -> str:
    """Return a message that holds no link: SARIF reads `[text](target)` as one, also in plain text (3.11.6)."""
    return escape_lines(text).replace("](", "]\\u{28}")
