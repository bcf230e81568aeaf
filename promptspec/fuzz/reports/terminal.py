"""What a run found, as text for a terminal: laws a feature, then each failure whole, then the sum of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from rich.cells import cell_len

from promptspec.diagnostics.foreign import escape
from promptspec.fuzz.reports.fences import Kind, parts_of
from promptspec.fuzz.reports.wording import (
    TRIED,
    Outcome,
    claim_of,
    coverage_of,
    facts_of,
    outcome,
    phases_of,
    replay_of,
    source_line,
    trouble_title,
    value_text,
    verdict,
)
from promptspec.fuzz.results import Fallen, FeatureResult, LawResult, RunResult, Trouble
from promptspec.live.wording import counted

Ink: TypeAlias = Literal["plain", "good", "bad", "warning", "frame", "strong", "mark", "value"]
#: Pieces of one row, each already escaped and in one colour.
Row: TypeAlias = tuple[tuple[str, Ink], ...]

_STYLES: Final[Mapping[Ink, str]] = {
    "plain": "",
    "good": "green",
    "bad": "red bold",
    "warning": "yellow bold",
    "frame": "blue bold",
    "strong": "bold",
    "mark": "magenta bold",
    "value": "cyan",
}
_OUTCOMES: Final[Mapping[Outcome, tuple[str, Ink]]] = {
    "held": ("held", "good"),
    "fell": ("FELL", "bad"),
    "not judged": ("not judged", "warning"),
}
#: The sign before each line of a prompt, and its colour.
_GUTTERS: Final[Mapping[Kind, tuple[str, Ink]]] = {
    "fixed": ("|", "plain"),
    "open": ("[", "mark"),
    "value": (">", "value"),
    "close": ("]", "mark"),
    "astray": ("!", "bad"),
}
_LEGEND: Final = "| of the spec   [ ] marks of a fence   > what stands in it   ! a mark out of place"
_NO_SPECS: Final[Mapping[str, str]] = MappingProxyType({})
#: Code points of one foreign text that are shown at its beginning and at its end.
_HEAD: Final = 1_200
_TAIL: Final = 400
#: Failures and troubles that are told in full; a log of more is not read.
_MOST_TOLD: Final = 50
_LEAST_WIDTH: Final = 40
_LEAST_ROOM: Final = 12
_PIECES: Final = re.compile(r"\\u\{[0-9A-F]+\}|.", re.DOTALL)


def render_terminal(
    result: RunResult, *, specs: Mapping[str, str] = _NO_SPECS, width: int = 100, colour: bool = False
) -> str:
    """Return the report as lines that end in a verdict.

    *specs* holds the texts of specs by the names of *result*; of one that it lacks, only file and line are told. Long
    lines are broken at *width* cells. Nothing from outside reaches the terminal unescaped, and no line begins with it.
    """
    return _written(_rows(result, specs, max(width, _LEAST_WIDTH)), colour=colour)


def failure_text(fallen: Fallen, *, specs: Mapping[str, str] = _NO_SPECS, width: int = 100) -> str:
    """Return one failure as `render_terminal` tells it, without colour."""
    return _written(_fallen(fallen, specs, width), colour=False)


def _written(rows: Iterator[Row], *, colour: bool) -> str:
    paint = _coloured if colour else _plain
    return "".join(paint(row) + "\n" for row in rows)


def _plain(row: Row) -> str:
    return "".join(text for text, _ in row)


def _coloured(row: Row) -> str:
    from rich.color import ColorSystem
    from rich.style import Style

    return "".join(
        Style.parse(_STYLES[ink]).render(text, color_system=ColorSystem.STANDARD)
        if _STYLES[ink] and text.strip()
        else text
        for text, ink in row
    )


def shown(text: str) -> str:
    """Return *text* as one line that neither a terminal nor the runner of GitHub obeys (rule 31)."""
    return escape(text).replace("##[", "#\\u{23}[")


def _rows(result: RunResult, specs: Mapping[str, str], width: int) -> Iterator[Row]:
    for feature in result.features:
        yield from _feature(feature)
        yield ()
    told = [(feature, fallen) for feature in result.features for fallen in feature.fallen]
    for _, fallen in told[:_MOST_TOLD]:
        yield from _fallen(fallen, specs, width)
        yield ()
    troubles = [(feature, trouble) for feature in result.features for trouble in feature.troubles]
    for feature, trouble in troubles[:_MOST_TOLD]:
        yield from _trouble(feature, trouble, width)
    if left := len(told[_MOST_TOLD:]) + len(troubles[_MOST_TOLD:]):
        yield ((f"{counted(left, 'more failure')} in the other reports", "strong"),)
    for note in result.notes:
        yield from _texts("note: ", note, "plain", width)
    yield from _summary(result)


def _feature(feature: FeatureResult) -> Iterator[Row]:
    word, ink = _state(feature)
    yield (
        (f"{word:<8}", ink),
        (f"{shown(feature.file)}:{feature.line}  ", "plain"),
        (shown(feature.feature), "strong"),
    )
    widest = max((len(law.law) for law in feature.laws), default=0)
    for law in feature.laws:
        yield _law(law, widest)
    yield ((f"    cases: {phases_of(feature)}; {coverage_of(feature)}; {feature.seconds:.1f} s", "plain"),)
    if feature.tried:
        amiss = f", {len(feature.troubles)} not as they say" if feature.troubles else ""
        yield ((f"    tried: {counted(feature.tried, *TRIED)}{amiss}", "plain"),)


def _state(feature: FeatureResult) -> tuple[str, Ink]:
    if feature.fallen or feature.troubles:
        return "FELL", "bad"
    if not feature.finished:
        return "part", "warning"
    return ("held", "good") if any(law.held for law in feature.laws) else ("nothing", "warning")


def _law(law: LawResult, widest: int) -> Row:
    word, ink = _OUTCOMES[outcome(law)]
    cases = f"{law.judged:,} of {counted(law.cases, 'case')} judged"
    return (
        (f"    {word:<12}", ink),
        (f"{shown(law.law):<{widest}}  {law.degree:<15}  {cases}", "plain"),
    )


def _fallen(fallen: Fallen, specs: Mapping[str, str], width: int) -> Iterator[Row]:
    yield (("FELL", "bad"), (f" {shown(fallen.law)}: {shown(claim_of(fallen.claim))}", "strong"))
    yield from _place(fallen, specs, width)
    yield from _texts("  instead: ", _shortened(fallen.sentence), "bad", width)
    if fallen.outcome:
        yield from _texts("  the call ", _shortened(fallen.outcome), "plain", width)
    yield (("  input", "strong"),)
    for line in _shortened(value_text(fallen.case.given)).split("\n"):
        yield from _texts("    > ", line, "value", width)
    for name, text in facts_of(fallen):
        yield from _texts(f"  {name + ':':<12}", _shortened(text), "plain", width)
    yield from _prompt(fallen, width)
    if fallen.reply is not None:
        yield (("  reply", "strong"),)
        for line in _shortened(fallen.reply).split("\n"):
            yield from _texts("    > ", line, "value", width)
    yield (("  again: ", "strong"), (shown(replay_of(fallen)), "frame"))


def _place(fallen: Fallen, specs: Mapping[str, str], width: int) -> Iterator[Row]:
    number = str(fallen.line)
    yield ((f"{' ' * len(number)}--> ", "frame"), (f"{shown(fallen.file)}:{number}  {shown(fallen.feature)}", "plain"))
    line = source_line(specs, fallen.file, fallen.line)
    if line is not None:
        yield ((f"{' ' * len(number)} |", "frame"),)
        cut = shown(line[: width * 4])
        most = width - len(number) - 3
        text = cut if len(cut) <= most else cut[: most - 1] + "…"
        yield ((f"{number} | ", "frame"), (text, "plain"))


def _prompt(fallen: Fallen, width: int) -> Iterator[Row]:
    if not fallen.prompt:
        yield (("  prompt: no model was asked", "plain"),)
        return
    yield from _texts("  prompt  ", _LEGEND, "plain", width)
    for role, content in fallen.prompt:
        yield ((f"    {shown(role)}", "strong"),)
        for part in parts_of(content, fallen.tag):
            sign, ink = _GUTTERS[part.kind]
            # A break that ends the part ends its last line.
            for line in _shortened(part.text.removesuffix("\n") if part.kind == "fixed" else part.text).split("\n"):
                yield from _texts(f"    {sign} ", line, ink, width)


def _trouble(feature: FeatureResult, trouble: Trouble, width: int) -> Iterator[Row]:
    where = f"{shown(feature.file)}:{trouble.line or feature.line}"
    title = shown(trouble_title(trouble))
    yield (("FAILED", "bad"), (f"  {where}  {shown(feature.feature)}: {title}", "plain"))
    yield from _texts("        ", _shortened(trouble.message), "plain", width)


def _summary(result: RunResult) -> Iterator[Row]:
    said = verdict(result)
    ink: Ink = {"held": "good", "fell": "bad"}.get(said.word, "warning")  # pyright: ignore[reportAssignmentType]
    yield ((said.sentence, ink),)
    yield ((f"profile {shown(result.profile)}, seed {result.seed}, promptspec {shown(result.version)}", "plain"),)


def _texts(lead: str, text: str, ink: Ink, width: int) -> Iterator[Row]:
    """Yield *text* as one line after *lead*, broken where it is too wide; only the first row has the lead."""
    rows = _broken(shown(text), max(width - len(lead), _LEAST_ROOM))
    before: Ink = "frame" if lead.strip() in ("|", ">", "[", "]", "!") else "strong"
    yield ((lead if rows[0] else lead.rstrip(), before), (rows[0], ink))
    blank: Ink = "plain"
    for row in rows[1:]:
        yield ((" " * len(lead), blank), (row, ink))


def _broken(text: str, width: int) -> list[str]:
    """Return an escaped text in rows of up to *width* cells, no escape torn in two."""
    if text.isascii() and len(text) <= width:
        return [text]
    rows, row, left = list[str](), "", width
    for piece in _PIECES.findall(text):
        cells = cell_len(piece)
        if cells > left and row:
            rows.append(row)
            row, left = "", width
        row, left = row + piece, left - cells
    return [*rows, row]


def _shortened(text: str) -> str:
    """Return a long text without its middle."""
    left = len(text) - _HEAD - _TAIL
    if left <= len(" … 1,000 more characters … "):
        return text
    return f"{text[:_HEAD]} … {counted(left, 'more character')} … {text[-_TAIL:]}"
