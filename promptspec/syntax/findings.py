"""What the front end found wrong with one file, up to a number that a person can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from promptspec.diagnostics import Diagnostic, Label, Report
from promptspec.text import Span

MOST: Final = 100


class Findings:
    """Collects problems like a report; after `MOST` of them the rest is left out, and a last one says so."""

    def __init__(self) -> None:
        self._report = Report()
        self._seen: set[tuple[str, int, int, str]] = set()
        self._next: Span | None = None

    @property
    def full(self) -> bool:
        """Say whether nothing more is taken, so that looking further is in vain."""
        return self._next is not None

    @property
    def count(self) -> int:
        """How many problems were found."""
        return len(self._seen)

    def add(
        self,
        code: str,
        span: Span,
        message: str,
        *,
        note: str = "",
        labels: Sequence[Label] = (),
        help: str | Sequence[str] = (),
    ) -> None:
        """Record a problem as `Report.add` does."""
        fact = (code, span.start, span.end, message)
        if fact in self._seen or self.full:
            return
        if len(self._seen) >= MOST:
            self._next = span
            return
        self._seen.add(fact)
        self._report.add(code, span, message, note=note, labels=labels, help=help)

    def absorb(self, other: Findings) -> None:
        """Take what *other* found."""
        for found in other.diagnostics():
            self.add(found.code, found.span, found.message, note=found.note, labels=found.labels, help=found.help)

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return what was found, by place."""
        if self._next is not None:
            self._report.add("PS101", self._next, f"more than {MOST} errors; the rest of this file is left out")
        return self._report.diagnostics
