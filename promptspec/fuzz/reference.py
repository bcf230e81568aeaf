"""The reference judge: what an input or a reply breaks, written from the manual, slow and obvious.

It shares nothing with what it judges but the contract, and says OutOfFragment where it does not know: text with
joiners that its neighbours decide about, words and tokens that are not easily counted, patterns that Python reads
otherwise, embedded JSON Schemas, images that the fuzzer did not make, and what a reply repeats of its prompt. What it
says elsewhere is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeAlias, assert_never, cast

from promptspec.contract.expressions import Expression
from promptspec.contract.feature import Feature, Module, Rule
from promptspec.contract.types import (
    Boolean,
    Choice,
    Constant,
    Date,
    DateTime,
    Email,
    Field,
    Group,
    Image,
    Integer,
    JsonSchema,
    ListOf,
    Number,
    ObjectConstant,
    OneOfItems,
    OneOfShortlist,
    OneOfSource,
    Record,
    Text,
    Turns,
    Type,
    Url,
    Words,
)
from promptspec.contract.unasked import unasked
from promptspec.fuzz.reference_drops import leave_out
from promptspec.fuzz.reference_expressions import Names, Value, evaluate, holds
from promptspec.fuzz.reference_images import judge_image
from promptspec.fuzz.reference_shortlists import nothing_near, shortlists_of
from promptspec.fuzz.reference_texts import Broken as Broken
from promptspec.fuzz.reference_texts import OutOfFragment as OutOfFragment
from promptspec.fuzz.reference_texts import judge_date, judge_datetime, judge_email, judge_text, judge_url

Found: TypeAlias = list[tuple[str, str]]
#: The rows of each source by its name, and in it by their keys; a row is its cells by the names of the columns.
Rows: TypeAlias = Mapping[str, Mapping[str, Mapping[str, object]]]
#: Makes the shortlists of the input that the names have.
Finds: TypeAlias = Callable[[Module, Feature, Names, Rows], Mapping[str, list[Mapping[str, object]]]]


def judge_input(
    module: Module,
    feature: Feature,
    value: object,
    *,
    rows: Rows,
    today: date,
    caller: str = "",
    finds: Finds = shortlists_of,
) -> Found:
    """Return the (path, rule) of everything that the input *value*, as JSON, breaks; [] where it is accepted.

    *finds* makes the shortlists.
    """
    judge = _Judge(module, rows, today, output=False)
    settled = judge.record(feature.input, value, "input")
    names = Names(input=cast("Mapping[str, Value]", settled), output={}, today=today, caller=caller)
    found = _conditions(judge, feature.requires, names)
    if found or not feature.shortlists:
        return found
    near = finds(module, feature, names, rows)
    return nothing_near(feature, near, may_be_unasked=unasked(feature, module) is not None)


def seen_input(module: Module, feature: Feature, value: object, *, rows: Rows, today: date) -> Mapping[str, Value]:
    """Return the input *value* as conditions see it, rows for keys; None stands for what is broken."""
    settled = _Judge(module, rows, today, output=False).record(feature.input, value, "input")
    return cast("Mapping[str, Value]", settled) if isinstance(settled, dict) else {}


def judge_reply(
    module: Module,
    feature: Feature,
    input_value: object,
    reply: object,
    *,
    rows: Rows,
    today: date,
    caller: str = "",
    finds: Finds = shortlists_of,
) -> Found:
    """Return the (path, rule) of everything that *reply*, the JSON value of the wire, breaks after *input_value*.

    Raises ValueError where the input itself is not accepted.
    """
    return _judged_reply(module, feature, input_value, reply, rows, today, caller, finds)[0]


def dropped_items(
    module: Module,
    feature: Feature,
    input_value: object,
    reply: object,
    *,
    rows: Rows,
    today: date,
    caller: str = "",
    finds: Finds = shortlists_of,
) -> Found:
    """Return the (path, rule) of every item that `else drop` leaves out of *reply*; see `judge_reply`."""
    return _judged_reply(module, feature, input_value, reply, rows, today, caller, finds)[1]


def must_be_reviewed(
    module: Module,
    feature: Feature,
    input_value: object,
    reply: object,
    *,
    rows: Rows,
    today: date,
    caller: str = "",
    finds: Finds = shortlists_of,
) -> bool:
    """Say whether a person must decide on *reply*, which holds; see `judge_reply`."""
    review = feature.review
    if review is None or review.when is None:
        return review is not None
    names = _judged_reply(module, feature, input_value, reply, rows, today, caller, finds)[2]
    # What would have to be rounded is for a person to decide.
    return evaluate(review.when, names) is not False


def _judged_reply(
    module: Module,
    feature: Feature,
    input_value: object,
    reply: object,
    rows: Rows,
    today: date,
    caller: str,
    finds: Finds,
) -> tuple[Found, Found, Names]:
    """Return what *reply* breaks, what is dropped of it, and what names stand for in what is left of it."""
    given = _Judge(module, rows, today, output=False)
    settled_input = given.record(feature.input, input_value, "input")
    if given.found:
        raise ValueError("the input is not valid")
    if given.unknown is not None:
        raise given.unknown
    judge = _Judge(module, rows, today, output=True)
    judge.input = cast("Mapping[str, Value]", settled_input)
    asked = Names(input=judge.input, output={}, today=today, caller=caller)
    judge.shortlists = finds(module, feature, asked, rows)
    settled = judge.record(feature.output, reply, "output", bare=feature.bare)
    names = Names(input=judge.input, output=cast("Mapping[str, Value]", settled), today=today, caller=caller)
    found = _conditions(judge, (), names)
    if found:
        return found, [], names
    left = leave_out(feature.ensures, names)
    if left.broken:
        return list(left.broken), [], names
    others = tuple(rule for rule in feature.ensures if rule.drop is None)
    return _conditions(judge, others, left.names), list(left.dropped), left.names


def _conditions(judge: _Judge, rules: tuple[Rule, ...], names: Names) -> Found:
    if judge.found:
        return judge.found
    if judge.unknown is not None:
        raise judge.unknown
    for path, condition, row in judge.conditions:
        asked = Names(input=names.input, output=names.output, today=names.today, caller=names.caller, row=row)
        if not holds(condition, asked):
            judge.found.append((path, "one_of"))
    if judge.found:
        return judge.found
    for rule in rules:
        asked = rule.when is None or holds(rule.when, names)
        if asked and not holds(rule.condition, names):
            judge.found.append((rule.path, rule.id))
    return judge.found


class _Judge:
    """Judges one value, and gives it back as conditions see it: rows for keys, entries for positions."""

    def __init__(self, module: Module, rows: Rows, today: date, *, output: bool) -> None:
        self.found: Found = []
        #: What must hold of a row once all values are known.
        self.conditions: list[tuple[str, Expression, Value]] = []
        self.input: Mapping[str, Value] = {}
        self.shortlists: Mapping[str, list[Mapping[str, object]]] = {}
        #: What the reference cannot judge; it counts only where nothing else is wrong.
        self.unknown: OutOfFragment | None = None
        self._module = module
        self._rows = rows
        self._today = today
        self._output = output

    def record(self, record: Record, value: object, path: str, *, bare: bool = False) -> Value:
        if not isinstance(value, dict):
            self.found.append((path, "type"))
            return None
        entries = cast("dict[str, object]", value)
        declared = {field.name for field in record.fields}
        for name in entries:
            if name not in declared:
                self.found.append((path, "unknown_field"))
        return {
            field.name: self._field(field, entries, path if bare else f"{path}.{field.name}") for field in record.fields
        }

    def _field(self, field: Field, entries: Mapping[str, object], path: str) -> Value:
        value = entries.get(field.name)
        if field.name not in entries:
            if field.has_default:
                value = _as_json(field.default)
            elif not field.optional:
                self.found.append((path, "missing"))
                return None
        if field.optional:
            # Missing and null are one, and so is 0 for an entry of a list.
            number = _whole(value)
            is_entry = isinstance(field.type, OneOfItems | OneOfShortlist)
            if value is None or (self._output and is_entry and number == 0):
                return None
        return self._value(field.type, value, path)

    def _value(self, type: Type, value: object, path: str) -> Value:
        try:
            return self._judged(type, value, path)
        except Broken as broken:
            self.found.append((path, broken.rule))
        except OutOfFragment as unknown:
            self.unknown = unknown
        return None

    def _judged(self, type: Type, value: object, path: str) -> Value:
        match type:
            case Text():
                return judge_text(type, _text(value), output=self._output)
            case Words():
                return _word(value, type.words)
            case Choice():
                return _word(value, tuple(member.name for member in self._module.enum(type).members))
            case Group():
                return self.record(self._module.record(type.name, type.file), value, path)
            case OneOfSource():
                return self._row(type, _text(value), path)
            case OneOfItems():
                return self._entry(type, value, path)
            case OneOfShortlist():
                return self._found(type, value)
            case Integer():
                return _integer(type, value)
            case Number():
                return _number(type, value)
            case Boolean():
                if value is True or value is False:
                    return value
                raise Broken("type")
            case Date():
                return self._day(type, judge_date(_text(value)))
            case DateTime():
                return judge_datetime(_text(value))
            case Email():
                return judge_email(_text(value))
            case Url():
                return judge_url(type, _text(value), output=self._output)
            case ListOf():
                return self._list(type, value, path)
            case Turns():
                return self._turns(type, value, path)
            case Image():
                return judge_image(type, _text(value))
            case JsonSchema():
                if isinstance(value, dict):
                    raise OutOfFragment("an object of a JSON Schema is judged by its own library")
                raise Broken("type")
            case _:
                assert_never(type)

    def _row(self, type: OneOfSource, key: str, path: str) -> Value:
        row = self._rows[type.source].get(key)
        if row is None:
            raise Broken("one_of")
        if type.where is not None:
            self.conditions.append((path, type.where, dict(row)))
        return dict(row)

    def _entry(self, type: OneOfItems, value: object, path: str) -> Value:
        position = _whole(value)
        if position is None:
            raise Broken("type")
        offered = self.input.get(type.field)
        entries = cast("list[Value]", offered) if isinstance(offered, list) else []
        if not 1 <= position <= len(entries):
            raise Broken("one_of")
        entry = entries[position - 1]
        if type.where is not None:
            self.conditions.append((path, type.where, entry))
        return entry

    def _found(self, type: OneOfShortlist, value: object) -> Value:
        position = _whole(value)
        if position is None:
            raise Broken("type")
        offered = self.shortlists[type.shortlist]
        if not 1 <= position <= len(offered):
            raise Broken("one_of")
        return offered[position - 1]

    def _day(self, type: Date, day: date) -> date:
        least = self._today if type.least == "today" else type.least
        most = self._today if type.most == "today" else type.most
        if least is not None and day < least:
            raise Broken("too_early")
        if most is not None and day > most:
            raise Broken("too_late")
        return day

    def _list(self, type: ListOf, value: object, path: str) -> Value:
        items = _bounded(value, type.least, type.most)
        before = len(self.found)
        settled = [self._value(type.item, item, f"{path}[{index}]") for index, item in enumerate(items)]
        if type.unique and len(self.found) == before:
            settled = [item for index, item in enumerate(settled) if item not in settled[:index]]
            if len(settled) < type.least:
                raise Broken("too_few")
        return settled

    def _turns(self, type: Turns, value: object, path: str) -> Value:
        settled: list[Value] = []
        for index, turn in enumerate(_bounded(value, type.least, type.most)):
            if not isinstance(turn, dict) or set(cast("dict[str, object]", turn)) != {"role", "text"}:
                self.found.append((f"{path}[{index}]", "type"))
                continue
            said = cast("dict[str, object]", turn)
            if said["role"] not in ("user", "assistant"):
                self.found.append((f"{path}[{index}]", "choice"))
            settled.append({"role": said["role"], "text": self._value(type.item, said["text"], f"{path}[{index}]")})
        return settled


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise Broken("type")


def _word(value: object, words: tuple[str, ...]) -> str:
    if _text(value) in words:
        return cast("str", value)
    raise Broken("choice")


def _whole(value: object) -> int | None:
    """Return an integral JSON number within ±2⁵³, which a boolean or a string is not (rule 14)."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if isinstance(value, Decimal) and not value.is_finite():
        return None
    if not -(2**53) <= value <= 2**53 or value != int(value):
        return None
    return int(value)


def _integer(type: Integer, value: object) -> int:
    number = _whole(value)
    if number is None:
        raise Broken("type")
    if number < type.least:
        raise Broken("too_small")
    if number > type.most:
        raise Broken("too_large")
    return number


def _number(type: Number, value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Broken("type")
    number = Decimal(value)
    if not number.is_finite():
        raise Broken("type")
    if number < type.least:
        raise Broken("too_small")
    if number > type.most:
        raise Broken("too_large")
    # Written in full, what stands after the point and is not a closing zero.
    fraction = f"{number:f}".partition(".")[2].rstrip("0")
    if len(fraction) > type.places:
        raise Broken("places")
    return number


def _bounded(value: object, least: int, most: int) -> list[object]:
    if not isinstance(value, list):
        raise Broken("type")
    items = cast("list[object]", value)
    if len(items) > most:
        raise Broken("too_many")
    if len(items) < least:
        raise Broken("too_few")
    return items


def _as_json(value: Constant) -> object:
    match value:
        case ObjectConstant():
            return {name: _as_json(item) for name, item in value.entries}
        case tuple():
            return [_as_json(item) for item in value]
        case date():
            return value.isoformat()
        case _:
            return value
