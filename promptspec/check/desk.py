"""What every pass has at hand: the report, the text, the project's files and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from io import BufferedReader

from promptspec.contract.types import Origin
from promptspec.diagnostics import Label, Report
from promptspec.ports import FileRefused, Files, Settings
from promptspec.text import Span, SpecText


def report_refused(report: Report, span: Span, refused: FileRefused) -> None:
    """Report a file that a spec names at *span* and that cannot or may not be read."""
    code = {"outside": "PS119", "too_large": "PS108"}.get(refused.rule, "PS118")
    help = "names of files are relative to the spec that they stand in" if refused.rule == "missing" else ()
    report.add(code, span, refused.message, help=help)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One file under check. *read* collects the name and hash of everything that was read for it."""

    text: SpecText
    texts: Mapping[str, SpecText]
    report: Report
    files: Files
    settings: Settings
    read: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def file(self) -> str:
        """The name of the spec, relative to the project's root."""
        return self.text.file

    def origin(self, span: Span) -> Origin:
        """Return the line that *span* begins on."""
        return Origin(file=span.file, line=self.texts[span.file].position(span.start).line)

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
        """Record a problem."""
        self.report.add(code, span, message, note=note, labels=labels, help=help)

    def later(self, span: Span, what: str) -> None:
        """Refuse what the language has and this version does not enforce."""
        self.add(
            "PS090",
            span,
            f"{what} is not enforced by this version",
            help="nothing is declared and silently not enforced: take it out, or wait for a version that enforces it",
        )

    def open(self, name: str, span: Span, *, most: int) -> bytes | None:
        """Return the content of the file that a spec names at *span*, relative to that spec; None after a report."""
        path = self.beside(name, span)
        try:
            data = self.files.read(path, most=most)
        except FileRefused as refused:
            report_refused(self.report, span, refused)
            return None
        self.read[path] = sha256(data).hexdigest()
        return data

    def stream(self, name: str, span: Span, *, most: int) -> BufferedReader | None:
        """Return the file that a spec names at *span*, opened for reading and not read into memory; as `open`."""
        path = self.beside(name, span)
        try:
            file = self.files.open(path, most=most)
        except FileRefused as refused:
            report_refused(self.report, span, refused)
            return None
        self.hashed(path, file)
        return file

    def hashed(self, path: str, file: BufferedReader) -> str:
        """Return the hash of the open *file*, which is called *path* relative to the root, and remember it."""
        # Hashed before anything else looks at it: if it changes after that, the hash is one that no file has.
        self.read[path] = found = file_digest(file, "sha256").hexdigest()
        file.seek(0)
        return found

    def beside(self, name: str, span: Span) -> str:
        """Return the name, relative to the root, of the file that is called *name* at *span*, in this spec or in one
        whose clauses it takes over; `..` is left to the port.
        """
        folder = span.file.rpartition("/")[0]
        return f"{folder}/{name}" if folder else name
