"""What an audit complains of: practices that are left out, and replies that can say too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from promptspec.audit.card import Card
from promptspec.diagnostics import Diagnostic, Report
from promptspec.diagnostics.catalogue import Severity
from promptspec.text import Span, SpecText


def findings(
    cards: Sequence[Card], texts: Mapping[str, SpecText], *, strict: bool, max_bits_out: int | None
) -> tuple[Diagnostic, ...]:
    """Return PS911 for each feature that leaves practices out, an error if *strict*, and PS910 for each that may say
    more than *max_bits_out* bits.
    """
    report = Report()
    for card in cards:
        place = _place(card, texts)
        if card.missing:
            names = ", ".join(f"`{name}`" for name in card.missing)
            one = card.missing[0]
            report.add(
                "PS911",
                place,
                f"feature `{card.feature.name}` leaves out {names}",
                help=f'follow them, or say why not: `waive {one} because "…"`',
            )
        if max_bits_out is not None and card.bits_out.log2 > max_bits_out:
            report.add(
                "PS910",
                place,
                f"a reply of `{card.feature.name}` may say {card.bits_out} bits, and {max_bits_out:,} are allowed",
                help="shorten the texts of the output, or choose from enums and sources in their place",
            )
    return tuple(_weighed(report.diagnostics, strict=strict))


def _weighed(found: Sequence[Diagnostic], *, strict: bool) -> Iterator[Diagnostic]:
    for each in found:
        yield replace(each, severity=Severity.ERROR) if strict else each


def _place(card: Card, texts: Mapping[str, SpecText]) -> Span:
    """Return where the feature's name stands."""
    origin = card.feature.origin
    text = texts[origin.file]
    start = text.line_start(origin.line)
    at = text.line(origin.line).find(card.feature.name)
    return Span(origin.file, start + max(at, 0), start + max(at, 0) + (len(card.feature.name) if at >= 0 else 0))
