"""Cases as one line of JSON, and back: for failures on disk, corpora, and other tools."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Final, cast, get_args

from promptspec.fuzz.cases import Case, Claim, Json, Lie, Phase, Place
from promptspec.fuzz.lies.findings import is_finding
from promptspec.fuzz.lies.verdicts import is_verdict

#: What JSON has no word for is an object with one of these as its only key.
_DECIMAL: Final = "$decimal"
_FLOAT: Final = "$float"
_INTEGER: Final = "$integer"
#: A text by its code points: half characters that would join when they are read back.
_TEXT: Final = "$text"
#: An object by its entries: one whose keys look like ours, or are half characters.
_OBJECT: Final = "$object"

#: Whole numbers of more bits are written in hexadecimal, which Python reads at any length.
_MOST_BITS: Final = 4_096
_JOINING: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
_FIELDS: Final = frozenset(
    {"given", "claim", "lie", "caller", "seed", "today", "phase", "techniques", "verdict", "finding"}
)
_LIE_FIELDS: Final = frozenset({"liar", "form", "reply", "place", "text"})
_CLAIM_FIELDS: Final = frozenset({"valid", "path", "rules"})


def encode(case: Case) -> str:
    """Return *case* as one line of ASCII JSON; the same case gives the same line.

    Raises ValueError where it holds what no case can: bytes, say, or lists without end.
    """
    found: dict[str, object] = {"given": _plain(case.given)}
    if case.claim is not None:
        found["claim"] = {"valid": case.claim.valid, "path": _plain(case.claim.path), "rules": list(case.claim.rules)}
    found["lie"] = _lie(case.lie)
    found["caller"] = _plain(case.caller)
    found["seed"] = _plain(case.seed)
    if case.today is not None:
        found["today"] = case.today.isoformat()
    found["phase"] = case.phase
    found["techniques"] = list(case.techniques)
    if case.verdict:
        found["verdict"] = case.verdict
    if case.finding:
        found["finding"] = case.finding
    try:
        return json.dumps(found, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise ValueError("a case is nested too deeply to be written") from None


def decode(text: str) -> Case:
    """Return the case that a line of JSON holds. Raises ValueError, with a sentence, for anything else."""
    try:
        read: object = json.loads(
            text, object_pairs_hook=_distinct, parse_float=Decimal, parse_int=_whole, parse_constant=_no_number
        )
        return _case(_object(read, "a case"))
    except json.JSONDecodeError:
        raise ValueError("a case is one JSON object, and this is none") from None
    except RecursionError:
        raise ValueError("a case is nested too deeply to be read") from None


def id_of(case: Case, law: str, feature: str) -> str:
    """Return the 12 hexadecimal digits that name the failure of *law* for *case*, whatever phase brought it up."""
    told = json.dumps([_plain(case.given), _lie(case.lie), _plain(case.caller), _plain(case.seed), str(case.today)])
    told += case.verdict + case.finding
    return sha256(f"{law}\0{feature}\0{told}".encode()).hexdigest()[:12]


def _lie(lie: Lie) -> dict[str, object]:
    return {
        "liar": lie.liar,
        "form": lie.form,
        "reply": _plain(lie.reply),
        "place": list(lie.place),
        "text": _plain(lie.text),
    }


def _plain(value: Json) -> object:
    """Return *value* in the words of JSON."""
    try:
        return _written(value)
    except RecursionError:
        raise ValueError("a case is nested too deeply to be written") from None


def _written(value: Json) -> object:
    match value:
        case None | bool():
            return value
        case str():
            return {_TEXT: list(map(ord, value))} if not value.isascii() and _JOINING.search(value) else value
        case int():
            return {_INTEGER: hex(value)} if value.bit_length() > _MOST_BITS else value
        case Decimal():
            return {_DECIMAL: str(value)}
        case float():
            return {_FLOAT: repr(value)}
        case list() | tuple():
            return [_written(item) for item in cast("list[object]", value)]
        case Mapping():
            return _object_written(cast("Mapping[object, object]", value))
        case _:
            raise ValueError(f"a case holds a {type(value).__name__}, which has no form in JSON")


def _object_written(value: Mapping[object, object]) -> object:
    found: dict[str, object] = {}
    for name, item in value.items():
        if not isinstance(name, str):
            raise ValueError("a case holds an object with a key that is no text")
        found[name] = _written(item)
    if any(name.startswith("$") or _JOINING.search(name) for name in found):
        return {_OBJECT: [[_written(name), item] for name, item in found.items()]}
    return found


# Reading


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object of a case has a key twice")
    return found


def _no_number(written: str) -> object:
    raise ValueError(f'a case writes {written} as {{"{_FLOAT}": "{written.lower()}"}}')


def _whole(digits: str) -> int:
    if len(digits) > _MOST_BITS:
        raise ValueError(f'a case writes a number of so many digits as {{"{_INTEGER}": "0x…"}}')
    return int(digits)


def _case(read: dict[str, object]) -> Case:
    _only(read, _FIELDS, "a case")
    if "given" not in read:
        raise ValueError("a case needs `given`")
    phase = read.get("phase", "search")
    if phase not in _PHASES:
        raise ValueError(f"`phase` of a case is one of {', '.join(_PHASES)}")
    return Case(
        given=_value(read["given"]),
        claim=None if read.get("claim") is None else _claim(_object(read["claim"], "`claim`")),
        lie=_read_lie(_object(read.get("lie", {}), "`lie`")),
        caller=_text(read.get("caller", "reader-1"), "caller"),
        seed=_seed(read.get("seed", 0)),
        today=_day(read.get("today")),
        phase=phase,
        techniques=_texts(read.get("techniques", []), "techniques"),
        verdict=_verdict(read.get("verdict", "")),
        finding=_finding(read.get("finding", "")),
    )


def _verdict(read: object) -> str:
    verdict = _text(read, "verdict")
    if not is_verdict(verdict):
        raise ValueError("`verdict` of a case is what a judge may answer")
    return verdict


def _finding(read: object) -> str:
    finding = _text(read, "finding")
    if not is_finding(finding):
        raise ValueError("`finding` of a case is what moderators may answer")
    return finding


def _claim(read: dict[str, object]) -> Claim:
    _only(read, _CLAIM_FIELDS, "a claim")
    valid = read.get("valid")
    if not isinstance(valid, bool):
        raise ValueError("`valid` of a claim is true or false")
    return Claim(valid=valid, path=_text(read.get("path", ""), "path"), rules=_texts(read.get("rules", []), "rules"))


def _read_lie(read: dict[str, object]) -> Lie:
    _only(read, _LIE_FIELDS, "a lie")
    return Lie(
        liar=_text(read.get("liar", "honest"), "liar"),
        form=_text(read.get("form", ""), "form"),
        reply=_value(read.get("reply")),
        place=_place(read.get("place", [])),
        text=_text(read.get("text", ""), "text"),
    )


def _only(read: Mapping[str, object], names: frozenset[str], what: str) -> None:
    for name in read:
        if name not in names:
            raise ValueError(f"{what} has no `{name[:40]!a}`")


def _object(read: object, what: str) -> dict[str, object]:
    if not isinstance(read, dict):
        raise ValueError(f"{what} is a JSON object")
    return cast("dict[str, object]", read)


def _list(read: object, what: str) -> list[object]:
    if not isinstance(read, list):
        raise ValueError(f"`{what}` is a list")
    return cast("list[object]", read)


def _text(read: object, what: str) -> str:
    value = _value(read)
    if not isinstance(value, str):
        raise ValueError(f"`{what}` is a text")
    return value


def _texts(read: object, what: str) -> tuple[str, ...]:
    return tuple(_text(item, what) for item in _list(read, what))


def _place(read: object) -> Place:
    steps = _list(read, "place")
    if not all(isinstance(step, str | int) and not isinstance(step, bool) for step in steps):
        raise ValueError("`place` is a list of names and indexes")
    return cast("Place", tuple(steps))


def _seed(read: object) -> int:
    value = _value(read)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("`seed` is a whole number")
    return value


def _day(read: object) -> date | None:
    if read is None:
        return None
    try:
        return date.fromisoformat(_text(read, "today"))
    except ValueError:
        raise ValueError("`today` is a day as YYYY-MM-DD") from None


def _value(read: object) -> Json:
    if isinstance(read, list):
        return [_value(item) for item in cast("list[object]", read)]
    if not isinstance(read, dict):
        return read
    entries = cast("dict[str, object]", read)
    if len(entries) == 1:
        ((name, held),) = entries.items()
        if name.startswith("$"):
            return _marked(name, held)
    return {name: _value(item) for name, item in entries.items()}


def _marked(name: str, held: object) -> Json:
    """Return the value that stands behind one of our words."""
    try:
        if name == _DECIMAL and isinstance(held, str):
            return Decimal(held)
        if name == _FLOAT and isinstance(held, str):
            return float(held)
        if name == _INTEGER and isinstance(held, str):
            return int(held, 16)
        if name == _TEXT:
            return "".join(chr(cast("int", point)) for point in _list(held, _TEXT))
        if name == _OBJECT:
            return _entries(_list(held, _OBJECT))
    except (InvalidOperation, OverflowError, TypeError, ValueError):
        pass
    raise ValueError(f"a case holds a `{name[:20]!a}` that cannot be read")


def _entries(pairs: list[object]) -> Json:
    found: dict[str, Json] = {}
    for pair in pairs:
        name, item = cast("tuple[object, object]", pair)
        found[_text(name, _OBJECT)] = _value(item)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found
