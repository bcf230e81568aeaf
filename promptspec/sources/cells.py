"""One cell of a file to a typed value, or the rule that it breaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Context, Decimal
from typing import Final, Literal, TypeAlias, cast

from promptspec.contract.types import (
    Boolean,
    Cap,
    Choice,
    Date,
    DateTime,
    Email,
    Enumeration,
    Field,
    Integer,
    Number,
    Pattern,
    Text,
    Type,
    Url,
    Words,
)
from promptspec.sources.port import Cell
from promptspec.sources.problems import nearest, shown
from promptspec.values.cleaning import Unclean, clean
from promptspec.values.formats import BadFormat, parse_date, parse_datetime, parse_email, parse_url
from promptspec.values.patterns import compile_pattern
from promptspec.values.reading import MOST_DIGITS, exact_integer
from promptspec.values.units import measure, raw_bound

#: Reads the raw cell of one column; raises BadCell.
CellReader: TypeAlias = Callable[[object], Cell]

#: Where raw cells come from: in csv everything is text, in json numbers and booleans are their own.
Written: TypeAlias = Literal["csv", "json"]

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,399})")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_BOOLEANS: Final = {"true": True, "false": False}
_EXACT: Final = Context(prec=2 * MOST_DIGITS)


class BadCell(ValueError):
    """A cell that its column does not take; *rule* is stable, *message* speaks to the author of the spec."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


def cell_reader(field: Field, *, written: Written, enums: Sequence[Enumeration]) -> CellReader:
    """Return the reader of the column *field*.

    An empty csv cell and a null are nothing: None or the default where the column allows it, else refused. Only a
    text that must be there may be empty, if its cap says so.
    """
    read = _typed_reader(field.type, written, enums)
    takes_empty = isinstance(field.type, Text) and not field.optional and not field.has_default
    nothing = cast("Cell", field.default) if field.has_default else None
    may_be_nothing = field.optional or field.has_default

    def read_cell(raw: object) -> Cell:
        if raw is None or (raw == "" and written == "csv" and not takes_empty):
            if may_be_nothing:
                return nothing
            raise BadCell("empty", "the cell is empty")
        return read(raw)

    return read_cell


def _typed_reader(type: Type, written: Written, enums: Sequence[Enumeration]) -> CellReader:
    match type:
        case Text():
            return _text_reader(type)
        case Words(words=words):
            return _word_reader(words)
        case Choice():
            enum = next(e for e in enums if e.name == type.name and e.origin.file == type.file)
            return _word_reader(tuple(member.name for member in enum.members))
        case Integer():
            return _integer_reader(type, written)
        case Number():
            return _number_reader(type, written)
        case Boolean():
            return _read_csv_boolean if written == "csv" else _read_json_boolean
        case Date():
            return _date_reader(type)
        case DateTime():
            return _formatted(parse_datetime)
        case Email():
            return _formatted(parse_email)
        case Url():
            return _formatted(lambda text: parse_url(text, type.hosts or None))
        case _:
            raise ValueError(f"no column can hold {type.__class__.__name__}")


def check_length(text: str, cap: Cap) -> None:
    """Raise BadCell where a clean *text* is not within *cap*."""
    broken = measure(text, least=cap.least, most=cap.most, unit=cap.unit)
    if broken == "too_long":
        raise BadCell(broken, f"the cell is longer than {cap.most:,} {cap.unit}")
    if broken is not None:
        shows = "nothing that shows" if broken == "blank" else f"less than {cap.least:,} {cap.unit}"
        raise BadCell(broken, f"the cell has {shows}")


def pattern_check(pattern: Pattern | None) -> Callable[[str], None]:
    """Return a function that raises BadCell where a text does not match the whole of *pattern*."""
    compiled = compile_pattern(pattern.source, pattern.ignore_case) if pattern else None

    def check(text: str) -> None:
        if pattern and compiled and not compiled.fullmatch(text):
            raise BadCell("pattern", f"the cell does not match /{pattern.source}/")

    return check


def _text_reader(type: Text) -> CellReader:
    bound = raw_bound(type.cap.most, type.cap.unit)
    check_pattern = pattern_check(type.pattern)

    def read(raw: object) -> Cell:
        text = _as_text(raw)
        try:
            cleaned = clean(text, kind=type.kind, direction="input", most=bound).text
        except Unclean as error:
            if error.rule == "too_long_raw":
                raise BadCell("too_long", f"the cell is longer than {type.cap.most:,} {type.cap.unit}") from None
            raise BadCell(error.rule, error.message) from None
        check_length(cleaned, type.cap)
        check_pattern(cleaned)
        return cleaned

    return read


def _word_reader(words: tuple[str, ...]) -> CellReader:
    allowed = frozenset(words)

    def read(raw: object) -> Cell:
        text = _as_text(raw)
        if text not in allowed:
            raise BadCell("not_a_word", f"`{shown(text)}` is none of the words of the column{nearest(text, words)}")
        return text

    return read


def _integer_reader(type: Integer, written: Written) -> CellReader:
    def read(raw: object) -> Cell:
        if written == "csv":
            text = _as_text(raw)
            value = exact_integer(int(text)) if _INTEGER.fullmatch(text) else None
        else:
            value = exact_integer(raw)
        if value is None:
            raise BadCell("wrong_type", "the cell is no whole number")
        if not type.least <= value <= type.most:
            raise BadCell("out_of_bounds", f"the number is not within {type.least}..{type.most}")
        return value

    return read


def _number_reader(type: Number, written: Written) -> CellReader:
    smallest = Decimal(1).scaleb(-type.places)

    def read(raw: object) -> Cell:
        value = _as_decimal(raw, written)
        if value is None:
            raise BadCell("wrong_type", "the cell is no decimal number")
        value = value or value.copy_abs()  # −0 is 0
        if not type.least <= value <= type.most:
            raise BadCell("out_of_bounds", f"the number is not within {type.least:f}..{type.most:f}")
        if cast("int", value.as_tuple().exponent) < -type.places:
            # Zeros behind the last place say nothing, so they go.
            rounded = value.quantize(smallest, context=_EXACT)
            if rounded != value:
                raise BadCell("places", f"the number has more than {type.places} digits after the point")
            return rounded
        return value

    return read


def _as_decimal(raw: object, written: Written) -> Decimal | None:
    if written == "csv":
        text = _as_text(raw)
        return Decimal(text) if len(text) <= MOST_DIGITS and _DECIMAL.fullmatch(text) else None
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        return None
    # `1E+2` and `100` are one number and become one cell.
    return Decimal(format(Decimal(raw), "f"))


def _read_csv_boolean(raw: object) -> Cell:
    value = _BOOLEANS.get(_as_text(raw).lower())
    if value is None:
        raise BadCell("wrong_type", "the cell is neither `true` nor `false`")
    return value


def _read_json_boolean(raw: object) -> Cell:
    if not isinstance(raw, bool):
        raise BadCell("wrong_type", "the cell is neither `true` nor `false`")
    return raw


def _date_reader(type: Date) -> CellReader:
    parse = _formatted(parse_date)
    # A file is judged the same on every day, so `today` bounds nothing here.
    least = type.least if isinstance(type.least, date) else date.min
    most = type.most if isinstance(type.most, date) else date.max

    def read(raw: object) -> Cell:
        day = cast("date", parse(raw))
        if not least <= day <= most:
            raise BadCell("out_of_bounds", "the date is not within the bounds of the column")
        return day

    return read


def _formatted(parse: Callable[[str], Cell]) -> CellReader:
    def read(raw: object) -> Cell:
        try:
            return parse(_as_text(raw))
        except BadFormat as error:
            raise BadCell(error.rule, error.message) from None

    return read


def _as_text(raw: object) -> str:
    if not isinstance(raw, str):
        raise BadCell("wrong_type", "the cell is no text")
    return raw
