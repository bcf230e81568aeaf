"""A difference in words for people, and as data for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from promptspec.audit.change import Change, witness_words
from promptspec.audit.versions import Difference, FeatureDifference
from promptspec.diagnostics.foreign import escape

FORMAT: Final = 1


def difference_lines(found: Difference) -> Iterator[str]:
    """Yield the lines for people, escaped."""
    if found.project:
        yield "the project"
        for change in found.project:
            yield from _lines(change)
    for feature in found.features:
        fate = f"{feature.fate}, " if feature.fate != "kept" else ""
        yield f"{escape(feature.name)} ({escape(feature.file)}): {fate}{feature.relation}, {feature.rise}"
        for change in feature.changes:
            yield from _lines(change)
    if not found.project and not found.features:
        yield "nothing changed that the specs declare"
        return
    yield f"as a whole: {found.relation}; version: {found.rise}"


def _lines(change: Change) -> Iterator[str]:
    match change.old, change.new:
        case "", "":
            what = ""
        case old, "":
            what = f": no more {escape(old)}"
        case "", new:
            what = f": now {escape(new)}"
        case old, new if old != new:
            what = f": {escape(old)} → {escape(new)}"
        case _:
            what = ": says something else"
    yield f"    {change.relation} ({change.rise})  {escape(change.rule)}{what}"
    if change.witness is not None and change.witness.known:
        yield f"        taken {change.taken} only: {escape(witness_words(change.witness.value))}"


def difference_object(found: Difference) -> dict[str, object]:
    """Return the difference as objects, lists and strings."""
    return {
        "format": FORMAT,
        "relation": found.relation,
        "version": found.rise,
        "loosens": found.loosens,
        "project": [_object(change) for change in found.project],
        "features": [_feature(feature) for feature in found.features],
    }


def _feature(feature: FeatureDifference) -> dict[str, object]:
    return {
        "feature": feature.name,
        "spec": feature.file,
        "fate": feature.fate,
        "relation": feature.relation,
        "version": feature.rise,
        "changes": [_object(change) for change in feature.changes],
    }


def _object(change: Change) -> dict[str, object]:
    told: dict[str, object] = {
        "rule": change.rule,
        "relation": change.relation,
        "version": change.rise,
        "old": change.old,
        "new": change.new,
    }
    if change.witness is not None and change.witness.known:
        told["witness"] = {"value": change.witness.value, "taken": change.taken}
    return told
