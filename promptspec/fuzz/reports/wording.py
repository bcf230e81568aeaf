"""What all reports say in the same words: verdict, counts, commands, values."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final, Literal, TypeAlias, cast

from promptspec.contract.json_text import json_text
from promptspec.fuzz.profiles import PHASES
from promptspec.fuzz.results import Degree, Fallen, FeatureResult, LawResult, RunResult, Trouble
from promptspec.live.statistics import percent, wilson
from promptspec.live.wording import counted

Outcome: TypeAlias = Literal["held", "fell", "not judged"]

DEGREES: Final[Mapping[Degree, str]] = {
    "by construction": "a value outside cannot be expressed",
    "enforced": "checked in code, and refused where it does not hold",
    "unforgeable": "guarded by a random tag that nobody can guess",
    "persuasion": "told to the model, and nothing more",
}
#: What a spec itself brings to be tried, one and many.
TRIED: Final = ("example, test or attack", "examples, tests and attacks")
#: Levels of a value that are printed; deeper ones are there to be refused, not read.
_MOST_LEVELS: Final = 24
#: Bits of a number that is printed in digits; Python refuses to print far larger ones.
_MOST_BITS: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known after a run. *word* is one word, *sentence* says why."""

    word: Literal["held", "fell", "unfinished", "nothing"]
    sentence: str


def verdict(result: RunResult) -> Verdict:
    """Return what the run says as a whole. Nothing that was not looked at counts as held."""
    laws = [law for feature in result.features for law in feature.laws]
    outcomes = [outcome(law) for law in laws]
    troubles = sum(len(feature.troubles) for feature in result.features)
    if not result.holds:
        laws_fell = counted(outcomes.count("fell"), "law") + " fell" if "fell" in outcomes else ""
        astray = f"{counted(troubles, TRIED[0], TRIED[1])} did not go as the spec says" if troubles else ""
        fell = " and ".join(part for part in (laws_fell, astray) if part)
        broken = sum(bool(feature.fallen or feature.troubles) for feature in result.features)
        return Verdict(word="fell", sentence=f"{fell}, in {broken} of {counted(len(result.features), 'feature')}")
    cases = counted(sum(feature.cases for feature in result.features), "case")
    if not result.finished or not all(feature.finished for feature in result.features):
        return Verdict(
            word="unfinished", sentence=f"nothing fell in {cases}, but the run was broken off before its end"
        )
    held, unjudged = outcomes.count("held"), outcomes.count("not judged")
    if not held:
        return Verdict(word="nothing", sentence="no law was judged, so nothing is known")
    subject = f"{counted(held, 'law')} of {counted(len(result.features), 'feature')} held in {cases}"
    rest = f"; {unjudged} could not be judged" if unjudged else ""
    return Verdict(word="held", sentence=subject + rest)


def outcome(law: LawResult) -> Outcome:
    """Return what came of a law."""
    if law.held is None:
        return "not judged"
    return "held" if law.held else "fell"


def rate(law: LawResult) -> str:
    """Return how often the law fell, and what that says of cases like those; a law that fell is judged no further."""
    if law.held is None:
        return f"none of {counted(law.cases, 'case')} said anything about it"
    if law.fallen is not None:
        return f"fell once in {counted(max(law.judged, 1), 'case')}; what falls is judged no further"
    high = percent(wilson(0, law.judged).high)
    return f"0 of {counted(law.judged, 'case')} fell; with 95 % confidence fewer than {high} of such cases do"


def claim_of(claim: str) -> str:
    """Return a claim as part of a sentence: without its full stop."""
    return claim.strip().removesuffix(".")


def phases_of(feature: FeatureResult) -> str:
    """Return the cases by phase: `14 examples, 900 boundaries, 200 search`."""
    known = [phase for phase in PHASES if feature.phases.get(phase)]
    return ", ".join(f"{feature.phases[phase]:,} {phase}" for phase in known) or "none"


def coverage_of(feature: FeatureResult) -> str:
    """Return how many techniques and liars the cases used."""
    techniques = counted(len([name for name, count in feature.techniques.items() if count]), "technique")
    return f"{techniques}, {counted(len([name for name, count in feature.liars.items() if count]), 'liar')}"


def replay_of(fallen: Fallen) -> str:
    """Return the command that tries a failure again, as one types it into a shell."""
    file = f"./{fallen.file}" if fallen.file.startswith("-") else fallen.file
    return shlex.join(("promptspec", "fuzz", file, "--replay", fallen.id))


def trouble_title(trouble: Trouble) -> str:
    """Return which part of the spec is in trouble: `example "a title"`."""
    return f'{trouble.kind} "{trouble.title}"'


def facts_of(fallen: Fallen) -> Iterator[tuple[str, str]]:
    """Yield what is known of how a case came to be, as names and texts."""
    case = fallen.case
    if case.claim is not None:
        rules = " or ".join(case.claim.rules)
        yield "claim", "the input is valid" if case.claim.valid else f"the input breaks {rules} at {case.claim.path}"
    yield "caller", case.caller
    if case.today is not None:
        yield "today", case.today.isoformat()
    lie = case.lie
    said = " ".join(word for word in (lie.liar, lie.form) if word)
    yield "model", f"{said} at {'.'.join(map(str, lie.place))}" if lie.place else said
    if lie.text:
        yield "told", lie.text
    if case.verdict:
        yield "judge", case.verdict
    if case.techniques:
        yield "techniques", ", ".join(case.techniques)
    size = "the smallest that was found" if fallen.shrunk else "as it was tried"
    yield "case", f"{size}; phase {case.phase}, seed {case.seed}"


def source_line(specs: Mapping[str, str], file: str, line: int) -> str | None:
    """Return the text of a 1-based line of a spec, None where it is not known."""
    lines = specs.get(file, "").split("\n")
    return lines[line - 1].removesuffix("\r") if file in specs and 1 <= line <= len(lines) else None


def value_text(value: object) -> str:
    """Return any value as JSON of several lines, with what JSON has no word for in words.

    Strings stay as they are but for quotes, backslashes and breaks: whoever shows this escapes it for where it goes.
    """
    return "\n".join(_lines(value, 0))


def _lines(value: object, level: int) -> Iterator[str]:
    if level > _MOST_LEVELS and isinstance(value, Mapping | list | tuple) and value:
        yield "…"
        return
    if isinstance(value, Mapping) and value:
        entries = cast("Mapping[object, object]", value).items()
        yield from _bracketed("{", [(f"{_key(key)}: ", item) for key, item in entries], "}", level)
    elif isinstance(value, list | tuple) and value:
        yield from _bracketed("[", [("", item) for item in cast("tuple[object, ...]", value)], "]", level)
    else:
        yield _scalar(cast("object", value))


def _bracketed(opening: str, entries: list[tuple[str, object]], closing: str, level: int) -> Iterator[str]:
    yield opening
    for place, (lead, item) in enumerate(entries, 1):
        lines = list(_lines(item, level + 1))
        lines[0] = lead + lines[0]
        if place < len(entries):
            lines[-1] += ","
        yield from (f"  {line}" for line in lines)
    yield closing


def _key(key: object) -> str:
    return _quoted(key) if isinstance(key, str) else f"({_scalar(key)})"


def _scalar(value: object) -> str:
    match value:
        case str():
            return _quoted(value)
        case int() if not isinstance(value, bool) and value.bit_length() > _MOST_BITS:
            return f"(a number of {value.bit_length():,} bits)"
        case Decimal() if not value.is_finite() or abs(value.adjusted()) > _MOST_BITS:
            return str(value)
        case float() if not isfinite(value):
            return "NaN" if value != value else ("Infinity" if value > 0 else "-Infinity")
        case _:
            try:
                return json_text(value)
            except TypeError:
                return f"({type(value).__name__})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'
