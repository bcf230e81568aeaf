"""What is wrong with a source's file, as facts for the author of the spec."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

#: Problems that are kept in full; the others are only counted.
MOST_PROBLEMS: Final = 20
#: Characters of foreign text that a message shows.
_MOST_SHOWN: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """One thing that keeps a file from being a source.

    *line* is the 1-based line of a csv file, or None; *place* is `line 7` or, in a json file, `$.items[3]`, and empty
    where the whole file is meant; *file* is the file as the caller named it; *column* is the column's name in the
    spec, or None.
    """

    line: int | None
    column: str | None
    rule: str
    message: str
    place: str = ""
    file: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.column, self.message) if part)


class FileProblem(Exception):
    """The file cannot be read on from here; `load` makes a RowProblem of it."""

    def __init__(self, rule: str, message: str, *, line: int | None = None, place: str = "") -> None:
        super().__init__(message)
        self.problem = RowProblem(
            line=line,
            column=None,
            rule=rule,
            message=message,
            place=place or (f"line {line}" if line is not None else ""),
        )


@dataclass(slots=True, kw_only=True)
class Problems:
    """Collects problems: the first MOST_PROBLEMS in full, and how many there were."""

    file: str = ""
    kept: list[RowProblem] = field(default_factory=list[RowProblem])
    count: int = 0

    def add(self, problem: RowProblem) -> None:
        """Keep or count one problem."""
        self.count += 1
        if len(self.kept) < MOST_PROBLEMS:
            self.kept.append(replace(problem, file=self.file))


def shown(text: str) -> str:
    """Return *text* for a message: shortened, with what does not print, and look-alikes of blanks, as `\\u{…}`."""
    short = text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"
    if short.isascii() and short.isprintable():
        return short
    return "".join(c if c.isprintable() and not _combines(c) else f"\\u{{{ord(c):X}}}" for c in short)


def _combines(character: str) -> bool:
    # A mark would stick to the backtick before it, and a variation selector shows nothing.
    return "\u0300" <= character <= "\u036f" or "\ufe00" <= character <= "\ufe0f"


def nearest(name: str, names: Iterable[str]) -> str:
    """Return `; did you mean …` where one of *names* is spelt like *name*, else nothing."""
    from difflib import get_close_matches

    candidates = {candidate.casefold(): candidate for candidate in reversed(list(names)[:1_000])}
    found = get_close_matches(name.casefold()[:200], candidates, n=1)
    return f"; did you mean `{shown(candidates[found[0]])}`" if found else ""
