"""Diagnostics as facts: what is wrong with a spec, where, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from promptspec.diagnostics.catalogue import CATALOGUE, Severity
from promptspec.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A second place that helps to understand a diagnostic, and what stands there."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One problem of one spec. *message* is one line, lower case, without a full stop."""

    code: str
    severity: Severity
    message: str
    span: Span
    note: str = ""
    labels: tuple[Label, ...] = ()
    help: tuple[str, ...] = ()


class Report:
    """Collects diagnostics while passes go on after the first problem; each fact is kept once."""

    def __init__(self) -> None:
        self._diagnostics: dict[Diagnostic, None] = {}

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
        """Record a problem with *code* at *span*; *note* says at the place itself what is meant.

        The severity is the catalogue's. Raises KeyError for a code that the catalogue does not have.
        """
        self._diagnostics[
            Diagnostic(
                code=code,
                severity=CATALOGUE[code].severity,
                message=message,
                span=span,
                note=note,
                labels=tuple(labels),
                help=(help,) if isinstance(help, str) else tuple(help),
            )
        ] = None

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Record diagnostics that another report found."""
        self._diagnostics.update(dict.fromkeys(diagnostics))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All diagnostics, by file and place."""
        return tuple(sorted(self._diagnostics, key=lambda d: (d.span.file, d.span.start, d.span.end, d.code)))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that stop a build."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    def has_errors(self) -> bool:
        """Say whether one of the diagnostics stops a build."""
        return any(d.severity is Severity.ERROR for d in self._diagnostics)


def near(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that *name* was most likely meant to be, or None where none is near."""
    matches = get_close_matches(name[:64], list(known), n=1, cutoff=0.7)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return a help line that offers the nearest known name, or nothing."""
    match = near(name, known)
    return (f"did you mean `{match}`?",) if match else ()
