"""Questions on a terminal, for the fields that a command line left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from promptspec.cli.choices import Choices, choices_of
from promptspec.cli.ending import USAGE, Stop
from promptspec.cli.fields import Fields, plain_value, value_of
from promptspec.contract.types import (
    Boolean,
    Date,
    Field,
    Group,
    Integer,
    ListOf,
    Number,
    Record,
    Type,
)
from promptspec.diagnostics.foreign import escape, shorten

if TYPE_CHECKING:
    from promptspec.cli.choices import Entry, Source
    from promptspec.cli.desk import Desk
    from promptspec.contract.feature import Module

#: Choices that are shown at once.
_SHOWN: Final = 12
#: Wrong answers to one question before the command gives up: input that is no person must end.
_MOST_ANSWERS: Final = 50


class _LeftOut:
    """The answer to a question about a field that may be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Asks for the fields of one feature; *sources* are those that its module reads."""

    desk: Desk
    module: Module
    sources: tuple[Source, ...] = ()

    def ask_missing(self, record: Record, given: Fields) -> Fields:
        """Return *given* and the answers for the fields that it lacks.

        Nobody is asked where nothing is missing that must be given: then what may be left out is left out.
        """
        missing = [field for field in record.fields if field.name not in given]
        if not any(_is_needed(field) for field in missing):
            return given
        answers = {field.name: self._ask_field(field, field.name) for field in missing}
        told = {name: value for name, value in answers.items() if not isinstance(value, _LeftOut)}
        return {field.name: (given | told)[field.name] for field in record.fields if field.name in given | told} | given

    def _ask_field(self, field: Field, path: str) -> object:
        if field.doc:
            self._tell(self.desk.paint(shorten(field.doc, 500), "italic", self.desk.errors))
        if _is_needed(field):
            return self._ask(field.type, path, field)
        hint = f"Enter for {shorten(_default(field), 60)}" if field.has_default else "Enter to leave it out"
        return self._ask(field.type, path, field, hint=hint)

    def _ask(self, type: Type, path: str, field: Field, *, hint: str = "") -> object:
        choices = choices_of(self.module, type, self.sources)
        if choices is not None:
            return self._choose(choices, path, hint)
        match type:
            case Group():
                return self._ask_record(self.module.record(type.name, type.file), path, hint)
            case ListOf():
                return self._ask_list(type, path, field, hint)
            case Integer() | Number() | Boolean() | Date():
                return self._until(path, hint, lambda text: _judged(type, text))
            case _:
                return self._until(path, hint, lambda text: _parsed(field, type, text))

    def _ask_record(self, record: Record, path: str, hint: str) -> object:
        if hint and not self._agrees(f"{path}: fill it in? [y/N]"):
            return _LeftOut()
        answers = {field.name: self._ask_field(field, f"{path}.{field.name}") for field in record.fields}
        return {name: value for name, value in answers.items() if not isinstance(value, _LeftOut)}

    def _ask_list(self, type: ListOf, path: str, field: Field, hint: str) -> object:
        items: list[object] = []
        while len(items) < type.most:
            needed = len(items) < type.least and not (hint and not items)
            inner = "" if needed else hint if hint and not items else "Enter to end"
            item_path = f"{path}[{len(items) + 1}]"
            if isinstance(type.item, Group) and inner and not self._agrees(f"{item_path}: add one? [y/N]"):
                break
            answer = self._ask(type.item, item_path, field, hint="" if isinstance(type.item, Group) else inner)
            if isinstance(answer, _LeftOut):
                break
            items.append(answer)
        return _LeftOut() if hint and not items else items

    def _choose(self, choices: Choices, path: str, hint: str) -> object:
        shown: list[Entry] = []
        found = choices.find("", _SHOWN)
        for _ in range(_MOST_ANSWERS):
            if found:
                shown = found
                self._list(choices, shown)
            found = []
            text = self._line(path, hint or "number or name")
            if not text:
                if hint:
                    return _LeftOut()
                continue
            is_number = text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= len(shown)
            if is_number:
                return choices.value(shown[int(text[:9]) - 1][0])
            if choices.has(text):
                return choices.value(text)
            found = choices.find(text, _SHOWN)
            if len(found) == 1:
                key, label = found[0]
                self._tell(f"  → {_shown(key, label)}")
                return choices.value(key)
            if not found:
                self._tell("  nothing fits")
        raise _given_up(path)

    def _list(self, choices: Choices, shown: list[Entry]) -> None:
        for number, (key, label) in enumerate(shown, 1):
            self._tell(f"  {number:>2}  {_shown(key, label)}")
        if choices.count > len(shown):
            self._tell(f"      … of {choices.count:,}; type a part of the name to find others")

    def _until(self, path: str, hint: str, judge: Callable[[str], object]) -> object:
        for _ in range(_MOST_ANSWERS):
            text = self._line(path, hint)
            if not text:
                if hint:
                    return _LeftOut()
                continue
            try:
                return judge(text)
            except ValueError as error:
                self._tell(f"  {escape(str(error))}")
            except Stop as stop:
                self._tell(f"  {escape(stop.message)}")
        raise _given_up(path)

    def _agrees(self, question: str) -> bool:
        return self._line(question, "").lower() in ("y", "yes")

    def _tell(self, line: str) -> None:
        self.desk.errors.write(line + "\n")

    def _line(self, path: str, hint: str) -> str:
        """Return what is typed, without blanks around it. Stops at the end of the input."""
        aside = f" ({hint})" if hint else ""
        self.desk.errors.write(f"{self.desk.paint(escape(path), 'bold', self.desk.errors)}{escape(aside)}: ")
        self.desk.errors.flush()
        line = self.desk.input.readline()
        if not line:
            self._tell("")
            raise _given_up(path)
        return line.strip()


def _is_needed(field: Field) -> bool:
    return not (field.optional or field.has_default)


def _default(field: Field) -> str:
    from promptspec.contract.json_text import json_text

    return field.default if isinstance(field.default, str) else json_text(field.default)


def _shown(key: str, label: str) -> str:
    if not label or label == key:
        return shorten(key, 80)
    return f"{shorten(label, 80)}  ({shorten(key, 40)})"


def _judged(type: Type, text: str) -> object:
    """Return the value, or say what is asked for; bounds are the call's to judge."""
    value = plain_value(type, text)
    match type:
        case Integer() if not isinstance(value, int):
            raise ValueError(f"a whole number from {type.least:,} to {type.most:,}, please")
        case Number() if isinstance(value, str):
            raise ValueError(f"a number from {type.least:,f} to {type.most:,f}, please")
        case Boolean() if not isinstance(value, bool):
            raise ValueError("yes or no, please")
        case Date():
            try:
                date.fromisoformat(text)
            except ValueError:
                raise ValueError("a date such as 2026-01-31, please") from None
        case _:
            pass
    return value


def _parsed(field: Field, type: Type, text: str) -> object:
    return value_of(field, text) if type is field.type else plain_value(type, text)


def _given_up(path: str) -> Stop:
    return Stop(USAGE, f"field `{path}` is missing")
