"""The cells of one column at once: what passes a cheap screen is taken as it stands, the rest is read one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias, assert_never, cast

from promptspec.contract.types import Cap, Choice, Enumeration, Field, Integer, Text, Type, Words
from promptspec.sources.cells import CellReader, Written
from promptspec.sources.port import Cell
from promptspec.values.cleaning import beyond_ascii, stands_alone
from promptspec.values.patterns import compile_pattern
from promptspec.values.reading import MOST_INTEGER
from promptspec.values.sinks import is_prose

#: Reads raw cells of one column, just as its CellReader reads each; raises BadCell where that would.
ColumnReader: TypeAlias = Callable[[Sequence[object]], Sequence[Cell]]
#: What cells that hold something become, or None where they have to be read one by one.
_Screen: TypeAlias = Callable[[Sequence[object]], Sequence[Cell] | None]

#: Whole numbers with a comma after each, all of them well within ±2⁵³.
_INTEGERS: Final = re.compile(r"(?:-?(?:0|[1-9][0-9]{0,14}),)*")
#: Cells that are searched for sinks together.
_TOGETHER: Final = 64


def column_reader(
    field: Field, read: CellReader, *, written: Written, enums: Sequence[Enumeration], is_key: bool = False
) -> ColumnReader:
    """Return the reader of the column *field*, whose cells *read* reads one by one."""
    screen = _screen(field.type, read, written, enums, is_key)
    may_be_nothing = not is_key and (field.optional or field.has_default)
    absent = "" if written == "csv" else None
    nothing = cast("Cell", field.default) if field.has_default else None

    def read_column(cells: Sequence[object]) -> Sequence[Cell]:
        screened: Sequence[Cell] | None = None
        if not may_be_nothing or absent not in cells:
            screened = screen(cells)
        elif present := [cell for cell in cells if cell != absent]:
            screened = screen(present)
            if screened is not None:
                left = iter(screened)
                screened = [nothing if cell == absent else next(left) for cell in cells]
        return [read(cell) for cell in cells] if screened is None else screened

    return read_column


def _screen(type: Type, read: CellReader, written: Written, enums: Sequence[Enumeration], is_key: bool) -> _Screen:
    match type:
        case Text():
            return _TextScreen(type, read, is_key=is_key)
        case Words(words=words):
            return _word_screen(words)
        case Choice():
            enum = next(e for e in enums if e.name == type.name and e.origin.file == type.file)
            return _word_screen(tuple(member.name for member in enum.members))
        case Integer():
            return _integer_screen(type, written)
        case _:
            return lambda cells: None


class _TextScreen:
    """Texts that are clean, within their cap and of their pattern, found out for all of them together.

    A text of characters that stand alone is clean. The others are read one by one.
    """

    def __init__(self, type: Text, read: CellReader, *, is_key: bool) -> None:
        self._read = read
        self._is_key = is_key
        cap = type.cap
        self._least = max(cap.least, 1) if is_key else cap.least
        self._most = _most_characters(cap)
        pattern = type.pattern
        self._matches = compile_pattern(pattern.source, pattern.ignore_case).fullmatch if pattern else None
        self._alone: set[str] = set()

    def __call__(self, cells: Sequence[object]) -> Sequence[Cell] | None:
        if set(map(type, cells)) != {str}:
            return None
        texts = cast("Sequence[str]", cells)
        if max(map(len, texts)) > self._most or min(map(len, texts)) < self._least:
            return None
        if self._least and any(map(str.isspace, texts)):
            return None
        if self._is_key and any(map(str.__ne__, texts, map(str.strip, texts))):
            return None
        if self._matches is not None and not all(map(self._matches, texts)):
            return None
        odd = self._odd("".join(texts))
        if not odd:
            return texts
        has_ascii = any(map(str.isascii, odd))
        return [
            text if (text.isascii() and not has_ascii) or odd.isdisjoint(text) else self._read(text) for text in texts
        ]

    def _odd(self, text: str) -> set[str]:
        """Return the characters of *text* that do not stand alone."""
        strange = beyond_ascii(text) - self._alone
        if strange:
            known = set(filter(stands_alone, strange))
            self._alone |= known
            strange -= known
        return strange


def _most_characters(cap: Cap) -> int:
    """Return up to how many characters a text of at least `cap.least` of them is within *cap*; −1 for none.

    A character has at most four bytes, and a text has at most as many words as characters and as many tokens as bytes.
    """
    match cap.unit:
        case "chars":
            return cap.most
        case "words":
            return -1 if cap.least else cap.most
        case "bytes":
            return cap.most // 4
        case "tokens":
            return -1 if cap.least > 1 else cap.most // 4
        case _:
            assert_never(cap.unit)


def _word_screen(words: tuple[str, ...]) -> _Screen:
    allowed = frozenset(words)

    def screen(cells: Sequence[object]) -> Sequence[Cell] | None:
        return cast("Sequence[str]", cells) if set(map(type, cells)) == {str} and allowed.issuperset(cells) else None

    return screen


def _integer_screen(type_: Integer, written: Written) -> _Screen:
    least, most = max(type_.least, -MOST_INTEGER), min(type_.most, MOST_INTEGER)

    def screen(cells: Sequence[object]) -> Sequence[Cell] | None:
        kinds = set(map(type, cells))
        if written == "csv" and kinds == {str}:
            joined = ",".join(cast("Sequence[str]", cells)) + ","
            if joined.count(",") != len(cells) or _INTEGERS.fullmatch(joined) is None:
                return None
            numbers: Sequence[int] = list(map(int, cast("Sequence[str]", cells)))
        elif written == "json" and kinds == {int}:
            numbers = cast("Sequence[int]", cells)
        else:
            return None
        return numbers if least <= min(numbers) and max(numbers) <= most else None

    return screen


def may_hold_sinks(cells: Iterable[Cell]) -> list[str]:
    """Return the texts among *cells* that have to be searched for sinks one by one."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    found = [text for text in texts if not text.isascii()]
    plain = [text for text in texts if text.isascii()] if found else texts
    for at in range(0, len(plain), _TOGETHER):
        part = plain[at : at + _TOGETHER]
        # If they are prose with blanks between them, each of them is.
        if not is_prose(" ".join(part).encode()):
            found += part
    return found
