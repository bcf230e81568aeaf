"""What is known of a subject's inputs: some that are valid, from the smallest on, and whether another one is.

Only the reference is asked. Where conditions are hard to meet, the spec's own examples are what is started from.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast
from weakref import WeakKeyDictionary

from promptspec.contract.expressions import Expression, Reference, fields_of, walk
from promptspec.contract.json_text import json_text
from promptspec.contract.types import ListOf, OneOfSource
from promptspec.contract.walking import types_in
from promptspec.fuzz.lies.accepted import plain
from promptspec.fuzz.places import Slot, put, slots
from promptspec.fuzz.plain_values import plain_record
from promptspec.fuzz.reference import Found, OutOfFragment, judge_input, seen_input
from promptspec.fuzz.reference_expressions import Names, holds

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.subjects import Subject

#: Who calls where nothing depends on it.
READER: Final = "reader-1"
#: Valid inputs that are kept to start from, and plain ones that are tried for it.
_MOST_BASES: Final = 12
_MOST_TRIED: Final = 60
#: Fields of rows that a caller's id may have to equal.
_MOST_CALLERS: Final = 40
_MOST_REMEMBERED: Final = 2_000


class KnownInputs:
    """The valid inputs of one subject that were found without chance."""

    def __init__(self, subject: Subject) -> None:
        feature = subject.feature
        self.wheres: tuple[Expression, ...] = tuple(
            type.where
            for type in types_in(feature.input.fields, subject.record)
            if isinstance(type, OneOfSource) and type.where is not None
        )
        rules = [*(rule.condition for rule in feature.requires), *(rule.when for rule in feature.requires if rule.when)]
        self._conditions = (*self.wheres, *rules)
        self._fitting: dict[str, tuple[str, ...]] = {}
        #: The fields of the input on which a condition depends.
        near = [part for each in feature.shortlists for part in (*each.near, each.where)]
        self.watched: frozenset[str] = frozenset(
            name for condition in (*self._conditions, *near) for name in fields_of(condition, "input")
        )
        #: Whether what is put together of valid values may still be refused.
        self.conditional: bool = bool(self._conditions or feature.shortlists) or any(
            isinstance(type, ListOf) and type.unique and type.least > 1
            for type in types_in(feature.input.fields, subject.record)
        )
        self.asks_caller: bool = any(
            isinstance(part, Reference) and part.root == "caller"
            for condition in (*self._conditions, *near)
            if condition is not None
            for part in walk(condition)
        )
        self.caller: str = READER
        self.bases: tuple[dict[str, Json], ...] = self._found(subject)
        self.slots: tuple[tuple[Slot, ...], ...] = tuple(slots(subject, base) for base in self.bases)

    # Finding

    def _found(self, subject: Subject) -> tuple[dict[str, Json], ...]:
        for caller in self._callers(subject):
            self.caller = caller
            found: dict[str, dict[str, Json]] = {}
            for given in _candidates(subject):
                fixed = self.repaired(subject, given)
                if fixed is not None:
                    found.setdefault(json_text(fixed), fixed)
                if len(found) == _MOST_BASES:
                    break
            if found:
                return tuple(found.values())
        self.caller = READER
        return ()

    def _callers(self, subject: Subject) -> Iterator[str]:
        yield READER
        if not self.asks_caller:
            return
        yield from dict.fromkeys(case.caller for case in subject.feature.cases if case.caller)
        cells = (str(cell) for rows in subject.rows.values() for key in rows for cell in rows[key].values())
        for _, cell in zip(range(_MOST_CALLERS), dict.fromkeys(cells), strict=False):
            yield cell

    # Judging

    def verdict(self, subject: Subject, given: Json) -> Found | None:
        """Return what the reference finds broken in *given*, None where it does not know."""
        try:
            return judge_input(
                subject.module,
                subject.feature,
                given,
                rows=subject.rows,
                today=subject.today,
                caller=self.caller,
                finds=subject.finds(given),
            )
        except OutOfFragment:
            return None

    def accepts(self, subject: Subject, given: Json, changed: Slot) -> bool:
        """Say whether *given*, whose values are valid, meets all conditions after *changed* was changed.

        Where the reference does not know, only a field that no condition looks at may have been changed.
        """
        if not self.conditional:
            return True
        found = self.verdict(subject, given)
        return found == [] or (found is None and changed.place[0] not in self.watched)

    def repaired(self, subject: Subject, given: dict[str, Json]) -> dict[str, Json] | None:
        """Return *given* with keys that meet their conditions; None where it is not valid even so."""
        for _ in range(1 + len(self.wheres)):
            found = self.verdict(subject, given)
            if not found:
                return given if found == [] or not (self._conditions or subject.feature.shortlists) else None
            fixed = self._with_fitting_keys(subject, given, found)
            if fixed is None:
                return None
            given = fixed
        return None

    def _with_fitting_keys(self, subject: Subject, given: dict[str, Json], found: Found) -> dict[str, Json] | None:
        broken = {path for path, rule in found if rule == "one_of"}
        fixed: Json = given
        for slot in slots(subject, given):
            if slot.path in broken and isinstance(slot.type, OneOfSource):
                keys = self.fitting(subject, slot.type, fixed)
                if not keys:
                    return None
                fixed = put(fixed, slot.place, keys[0])
        return None if fixed is given else cast("dict[str, Json]", fixed)

    def fitting(self, subject: Subject, type: OneOfSource, given: Json) -> tuple[str, ...]:
        """Return the keys of *type* whose rows meet its condition beside the rest of *given*."""
        keys = subject.keys(type)
        where = type.where
        if where is None:
            return keys
        entries = cast("dict[str, Json]", given)
        name = json_text([type.source, repr(where), *(entries.get(name) for name in fields_of(where, "input"))])
        if name not in self._fitting:
            if len(self._fitting) >= _MOST_REMEMBERED:
                self._fitting.clear()
            seen = seen_input(subject.module, subject.feature, given, rows=subject.rows, today=subject.today)
            names = Names(input=seen, output={}, today=subject.today, caller=self.caller)
            self._fitting[name] = tuple(key for key in keys if _meets(where, names, subject.rows[type.source][key]))
        return self._fitting[name]

    @cached_property
    def smallest(self) -> dict[str, Json]:
        """The smallest input that was found valid."""
        return self.bases[0]


def _meets(where: Expression, names: Names, row: object) -> bool:
    asked = Names(input=names.input, output={}, today=names.today, caller=names.caller, row=row)
    try:
        return holds(where, asked)
    except OutOfFragment:
        return False


def _candidates(subject: Subject) -> Iterator[dict[str, Json]]:
    record = subject.feature.input
    yield plain_record(subject, record, 0)
    yield plain_record(subject, record, 1)
    for written in (*subject.feature.examples, *subject.feature.cases):
        given = plain(written.given)
        if written.today in (None, subject.today) and isinstance(given, dict):
            yield cast("dict[str, Json]", given)
    for n in range(2, _MOST_TRIED):
        yield plain_record(subject, record, n)


_KNOWN: Final[WeakKeyDictionary[Subject, KnownInputs]] = WeakKeyDictionary()


def known_inputs(subject: Subject) -> KnownInputs:
    """Return what is known of the inputs of *subject*, found once."""
    if subject not in _KNOWN:
        _KNOWN[subject] = KnownInputs(subject)
    return _KNOWN[subject]
