"""`--field NAME=VALUE` and `--input FILE`: the input of a call as a command line gives it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from promptspec.cli.ending import USAGE, Stop

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.contract.types import Field, Record, Type

Fields: TypeAlias = "dict[str, object]"

_MOST_BYTES: Final = 16 * 1024 * 1024
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_BOOLEANS: Final = {"true": True, "yes": True, "false": False, "no": False}


def given_fields(desk: Desk, record: Record, pairs: Sequence[str], source: str | None) -> Fields:
    """Return the fields of the JSON object that *source* holds, and over them those of `NAME=VALUE` pairs.

    Values are judged by the call, not here: what does not read as its type stays text, for the call to refuse.
    """
    fields = _read_object(desk, source) if source is not None else {}
    named: set[str] = set()
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator:
            raise Stop(USAGE, f"`--field {pair}` has no value", help="write `--field NAME=VALUE`")
        if name in named:
            raise Stop(USAGE, f"field `{name}` is given twice")
        named.add(name)
        field = record.field(name)
        if field is None:
            raise _unknown(record, name)
        fields[name] = value_of(field, value)
    return fields


def value_of(field: Field, text: str) -> object:
    """Return what *text* means for *field*: a number, a bool, JSON for what has parts, else the text itself."""
    if _has_parts(field.type):
        return _read_parts(field.name, text)
    return plain_value(field.type, text)


def plain_value(type: Type, text: str) -> object:
    """Return the number or bool that *text* is, or the image in `@FILE`, where *type* is of that kind, else *text*."""
    from promptspec.contract.types import Boolean, Image, Integer, Number

    match type:
        case Image() if text.startswith("@"):
            return _read_image(text[1:])
        case Integer() | Number() if _NUMBER.fullmatch(text.strip()):
            number = Decimal(text.strip())
            return number if "." in text else int(number)
        case Boolean():
            return _BOOLEANS.get(text.strip().lower(), text)
        case _:
            return text


def _read_image(name: str) -> str:
    """Return the file called *name* as base64, as JSON would bring it; the call judges what it holds."""
    from base64 import b64encode

    from promptspec.project import read_regular
    from promptspec.values.images import MOST_BYTES

    return b64encode(read_regular(Path(name).resolve(), name, most=MOST_BYTES)).decode("ascii")


def _has_parts(type: Type) -> bool:
    from promptspec.contract.types import Group, JsonSchema, ListOf, Turns

    return isinstance(type, Group | ListOf | Turns | JsonSchema)


def _read_parts(name: str, text: str) -> object:
    from promptspec.values.reading import Unreadable, read_json

    try:
        return read_json(text, most_bytes=_MOST_BYTES)
    except Unreadable as error:
        raise Stop(USAGE, f"field `{name}` takes JSON: {error.message}") from None


def _read_object(desk: Desk, source: str) -> Fields:
    from promptspec.project import read_regular
    from promptspec.values.reading import Unreadable, read_json

    if source == "-":
        content, said = desk.read_input(most=_MOST_BYTES), "standard input"
    else:
        content, said = read_regular(Path(source).resolve(), source, most=_MOST_BYTES), f"`{source}`"
    try:
        value = read_json(content, most_bytes=_MOST_BYTES)
    except Unreadable as error:
        raise Stop(USAGE, f"{said} holds no input: {error.message}") from None
    if not isinstance(value, dict):
        raise Stop(USAGE, f"{said} holds no input: it must be a JSON object")
    return dict(value)


def _unknown(record: Record, name: str) -> Stop:
    from promptspec.diagnostics import did_you_mean

    known = [field.name for field in record.fields]
    listed = ", ".join(f"`{field}`" for field in known)
    near = did_you_mean(name, known)
    return Stop(USAGE, f"there is no field `{name}`", help=near[0] if near else f"the fields are {listed}")
