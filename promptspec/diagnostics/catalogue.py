"""The catalogue of diagnostic codes. Each has a page in docs/reference/diagnostics and a case in tests/cases/diagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a diagnostic weighs: an error stops a build, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: what it is about, in a few words, and how much it weighs."""

    code: str
    title: str
    severity: Severity = Severity.ERROR


_W = Severity.WARNING

CATALOGUE: dict[str, Entry] = {
    entry.code: entry
    for entry in (
        # 0xx: versions
        Entry("PS001", "the header is missing or malformed"),
        Entry("PS002", "the spec needs a newer version of the language"),
        Entry("PS090", "not enforced by this version"),
        # 1xx: syntax and files
        Entry("PS101", "unexpected text"),
        Entry("PS102", "a bracket is not closed, or closes nothing"),
        Entry("PS103", "curly quotes"),
        Entry("PS104", "a tab"),
        Entry("PS105", "a documentation comment that documents nothing"),
        Entry("PS106", "an invisible, bidirectional or control character"),
        Entry("PS107", "the file is not UTF-8"),
        Entry("PS108", "the file is too large"),
        Entry("PS109", "nested too deeply"),
        Entry("PS110", "a clause or declaration is not the first on its line"),
        Entry("PS111", "a string or pattern is not closed"),
        Entry("PS112", "an unknown escape in a string"),
        Entry("PS113", "a malformed template"),
        Entry("PS114", "a number, date, duration or size that does not exist"),
        Entry("PS115", "a reserved word as a name"),
        Entry("PS116", "a separator that is not used here"),
        Entry("PS117", "an unknown clause, declaration, limit or setting"),
        Entry("PS118", "a file cannot be read"),
        Entry("PS119", "a file outside the project"),
    )
}
