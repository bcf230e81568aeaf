"""What a run found, as lines of JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from promptspec.contract.json_text import json_text
from promptspec.fuzz.reports.wording import replay_of, value_text, verdict
from promptspec.fuzz.results import Fallen, FeatureResult, LawResult, RunResult, Trouble
from promptspec.live.statistics import wilson

#: The form of these lines, as docs/reference/fuzz-reports.md describes it.
FORMAT: Final = 1


def render_jsonl(result: RunResult) -> str:
    """Return a line a law, an example, test or attack in trouble, and a feature; the last line is about the run.

    The lines are ASCII: all else is escaped as JSON has it.
    """
    return "".join(f"{_ascii(json_text(line))}\n" for line in _lines(result))


def render_replay(id: str, law: str, feature: str, fallen: Fallen | None) -> str:
    """Return the line about one failure that was tried again; *fallen* is None where the law holds now."""
    told = {
        "kind": "replay",
        "id": id,
        "law": law,
        "feature": feature,
        "verdict": "fixed" if fallen is None else "failed",
        "fallen": None if fallen is None else _fallen(fallen),
    }
    return f"{_ascii(json_text(told))}\n"


def _lines(result: RunResult) -> Iterator[dict[str, Any]]:
    for feature in result.features:
        yield from (_law(feature, law) for law in feature.laws)
        yield from (_trouble(feature, trouble) for trouble in feature.troubles)
        yield _feature(feature)
    said = verdict(result)
    yield {
        "kind": "run",
        "format": FORMAT,
        "version": result.version,
        "profile": result.profile,
        "seed": result.seed,
        "features": len(result.features),
        "cases": sum(feature.cases for feature in result.features),
        "fell": sum(len(feature.fallen) for feature in result.features),
        "troubles": sum(len(feature.troubles) for feature in result.features),
        "holds": result.holds,
        "finished": result.finished and all(feature.finished for feature in result.features),
        "verdict": said.word,
        "sentence": said.sentence,
        "notes": list(result.notes),
    }


def _law(feature: FeatureResult, law: LawResult) -> dict[str, Any]:
    return {
        "kind": "law",
        "file": feature.file,
        "feature": feature.feature,
        "law": law.law,
        "claim": law.claim,
        "degree": law.degree,
        "cases": law.cases,
        "judged": law.judged,
        "held": law.held,
        "most_falling": round(wilson(0, law.judged).high, 9) if law.held else None,
        "fallen": None if law.fallen is None else _fallen(law.fallen),
    }


def _fallen(fallen: Fallen) -> dict[str, Any]:
    case = fallen.case
    return {
        "id": fallen.id,
        "file": fallen.file,
        "line": fallen.line,
        "sentence": fallen.sentence,
        "outcome": fallen.outcome,
        "input": value_text(case.given),
        "caller": case.caller,
        "seed": case.seed,
        "phase": case.phase,
        "techniques": list(case.techniques),
        "liar": case.lie.liar,
        "form": case.lie.form,
        "shrunk": fallen.shrunk,
        "tag": fallen.tag,
        "prompt": [{"role": role, "content": content} for role, content in fallen.prompt],
        "reply": fallen.reply,
        "replay": replay_of(fallen),
    }


def _trouble(feature: FeatureResult, trouble: Trouble) -> dict[str, Any]:
    return {
        "kind": "trouble",
        "file": feature.file,
        "feature": feature.feature,
        "line": trouble.line,
        "part": trouble.kind,
        "title": trouble.title,
        "message": trouble.message,
    }


def _feature(feature: FeatureResult) -> dict[str, Any]:
    return {
        "kind": "feature",
        "file": feature.file,
        "feature": feature.feature,
        "line": feature.line,
        "cases": feature.cases,
        "phases": dict(feature.phases),
        "techniques": dict(sorted(feature.techniques.items())),
        "liars": dict(sorted(feature.liars.items())),
        "tried": feature.tried,
        "troubles": len(feature.troubles),
        "fell": len(feature.fallen),
        "seconds": round(feature.seconds, 3),
        "finished": feature.finished,
    }


def _ascii(text: str) -> str:
    """Return JSON text with everything outside of printable ASCII as `\\u….`; such characters stand in strings only."""
    return text if text.isascii() and text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    code = ord(character)
    if 0x20 <= code <= 0x7E:
        return character
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
