"""Cases out and in as JSON lines, so that attacks can come from elsewhere and go to other tools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from promptspec.contract.types import Group, ListOf, Text, Turns, Type
from promptspec.fuzz.case_json import decode, encode
from promptspec.fuzz.cases import Case, Lie
from promptspec.fuzz.known_inputs import known_inputs
from promptspec.fuzz.lies import is_known
from promptspec.fuzz.lies.accepted import an_honest_reply

if TYPE_CHECKING:
    from promptspec.fuzz.subjects import Subject

#: Lines longer than this are broken, in characters.
_MOST: Final = 4 * 1024 * 1024
#: So many broken lines are named; the rest are counted.
_MOST_NAMED: Final = 5


class Export:
    """Writes every case that is judged, a line each: `{"file": …, "feature": …, "case": …}`.

    *error* is what the disk refused, after which nothing more is written; a run goes on without.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.error: OSError | None = None

    def hear(self, case: Case, subject: Subject) -> None:
        """Write a case down."""
        if self.error is None:
            line = {"file": subject.module.file, "feature": subject.name, "case": json.loads(encode(case))}
            try:
                self._out.write(json.dumps(line, separators=(",", ":")) + "\n")
            except OSError as error:
                self.error = error

    def close(self) -> None:
        """Write what is left."""
        try:
            self._out.close()
        except OSError as error:
            self.error = self.error or error


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What stands in a corpus: whole cases by their feature, and texts by their name, for every open field.

    *notes* counts the lines that cannot be read, and names the first of them.
    """

    cases: tuple[tuple[str, Case], ...]
    texts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    def cases_of(self, subject: Subject) -> Iterator[Case]:
        """Yield what the corpus has for a feature; a text goes into each text of a valid input, one at a time."""
        for feature, case in self.cases:
            if feature == subject.name:
                yield replace(case, phase="examples")
        known = known_inputs(subject)
        for given in known.bases[-1:]:
            for name, text in self.texts:
                for changed in _with_text(subject, given, text):
                    lie = Lie(reply=an_honest_reply(subject, given))
                    names = (f"corpus: {name}",)
                    yield Case(given=changed, lie=lie, caller=known.caller, phase="examples", techniques=names)


def read_corpus(lines: Iterable[str]) -> Corpus:
    """Return what stands in *lines*: what `--export` writes, or `{"text": …, "name": …}`."""
    cases: list[tuple[str, Case]] = []
    texts: list[tuple[str, str]] = []
    broken: list[int] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = _entry(line)
            if "text" in entry:
                texts.append((str(entry.get("name", f"line {number}")), _text(entry["text"])))
            else:
                cases.append((_text(entry["feature"]), _case(entry["case"])))
        except (ValueError, KeyError, TypeError, RecursionError):
            broken.append(number)
    return Corpus(cases=tuple(cases), texts=tuple(texts), notes=tuple(_notes(broken)))


def _entry(line: str) -> Mapping[str, Any]:
    if len(line) > _MOST:
        raise ValueError("too long")
    entry = json.loads(line)
    if not isinstance(entry, dict):
        raise TypeError("no object")
    return cast("Mapping[str, Any]", entry)


def _case(value: object) -> Case:
    case = decode(json.dumps(value))
    if not is_known(case.lie):
        raise ValueError("a lie that nobody knows")
    return case


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError("no text")


def _notes(broken: list[int]) -> Iterator[str]:
    if broken:
        named = ", ".join(map(str, broken[:_MOST_NAMED])) + (", …" if len(broken) > _MOST_NAMED else "")
        lines = "1 line" if len(broken) == 1 else f"{len(broken)} lines"
        yield f"the corpus has {lines} that cannot be read ({named}); the rest was used"


def _with_text(subject: Subject, given: Mapping[str, object], text: str) -> Iterator[dict[str, object]]:
    """Yield *given* with *text* in place of each of its texts, one at a time."""
    for field in subject.feature.input.fields:
        for value in _changed(subject, field.type, given.get(field.name), text):
            yield {**given, field.name: value}


def _changed(subject: Subject, type: Type, value: object, text: str) -> Iterator[object]:
    match type:
        case Text():
            yield text
        case Group() if isinstance(value, Mapping):
            entries = cast("Mapping[str, object]", value)
            for field in subject.record(type.name, type.file).fields:
                for inner in _changed(subject, field.type, entries.get(field.name), text):
                    yield {**entries, field.name: inner}
        case ListOf() if isinstance(value, list):
            items = cast("list[object]", value)
            for index, item in enumerate(items):
                for inner in _changed(subject, type.item, item, text):
                    yield [*items[:index], inner, *items[index + 1 :]]
        case Turns() if isinstance(value, list):
            turns = cast("list[Mapping[str, object]]", value)
            for index, turn in enumerate(turns):
                yield [*turns[:index], {**turn, "text": text}, *turns[index + 1 :]]
        case _:
            return
