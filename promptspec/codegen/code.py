"""Pieces of Python text, and the only doors through which anything gets into them.

`code` takes text that stands in this package (pyright refuses anything but a literal), `data` takes values of the
spec and quotes them, `name` takes names and checks that they are names.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import LiteralString, cast

from promptspec.values.untyped import category

#: Longest line of generated text; longer strings and calls are broken.
WIDTH = 110


@dataclass(frozen=True, slots=True)
class Code:
    """Python text that was made by one of the doors."""

    text: str


def code(template: LiteralString, *parts: Code) -> Code:
    """Return *template* with each `$` replaced by the next of *parts*."""
    if template.count("$") != len(parts):
        raise ValueError("as many parts as there are `$`")
    if not parts:
        return Code(template)
    first, *rest = template.split("$")
    return Code(first + "".join([part.text + piece for part, piece in zip(parts, rest, strict=True)]))


def name(text: str) -> Code:
    """Return a name. Raises ValueError where *text* is none."""
    if not text.isidentifier() or keyword.iskeyword(text) or not text.isascii():
        raise ValueError("not a name")
    return Code(text)


def path(names: Iterable[str]) -> Code:
    """Return names joined by dots."""
    return Code(".".join(name(each).text for each in names))


def joined(separator: LiteralString, parts: Iterable[Code]) -> Code:
    """Return *parts* joined by *separator*."""
    return Code(separator.join(part.text for part in parts))


def data(value: object) -> Code:
    """Return the literal of a value of the spec. Raises TypeError for what is no data."""
    match value:
        case None | bool():
            return Code(repr(value))
        case int():
            return Code(_grouped(value))
        case str():
            return Code(_quoted(value))
        case bytes():
            return Code(repr(value))
        case Decimal():
            return Code(f"Decimal({_quoted(str(value))})")
        case date():
            return Code(f"dt.date({value.year}, {value.month}, {value.day})")
        case tuple():
            items = [data(item).text for item in cast("tuple[object, ...]", value)]
            return Code(f"({', '.join(items)}{',' * (len(items) == 1)})")
        case dict():
            given = cast("dict[object, object]", value)
            pairs = [f"{data(key).text}: {data(item).text}" for key, item in given.items()]
            return Code("{" + ", ".join(pairs) + "}")
        case _:
            raise TypeError(type(value).__name__)


def name_of_file(file: str) -> Code:
    """Return the file's name for a comment: nothing of it may end the line."""
    return Code("".join(c if c.isascii() and (c.isalnum() or c in "._-/") else "_" for c in file))


def _grouped(value: int) -> str:
    return f"{value:_}" if abs(value) >= 10_000 else str(value)


#: Categories that show. By the pinned tables, so that every Python writes the same bytes.
_SHOWN = frozenset({"L", "N", "P", "S"})


def _quoted(text: str) -> str:
    quote = "'" if '"' in text and "'" not in text else '"'
    if text.isascii() and text.isprintable() and "\\" not in text and quote not in text:
        return f"{quote}{text}{quote}"
    parts = [quote]
    for character in text:
        if character in (quote, "\\"):
            parts.append("\\" + character)
        elif character == "\n":
            parts.append("\\n")
        elif " " <= character <= "~" or (character > "~" and category(character)[0] in _SHOWN):
            parts.append(character)
        else:
            point = ord(character)
            parts.append(
                f"\\x{point:02x}" if point < 256 else f"\\u{point:04x}" if point < 65536 else f"\\U{point:08x}"
            )
    parts.append(quote)
    return "".join(parts)


def _is_plain(text: str) -> bool:
    """Say whether *text* means itself between three quotes: no quote, no backslash, nothing that does not show."""
    return _quoted(text.replace("\n", "")) == f'"{text.replace(chr(10), "")}"' and not text.endswith(" ") and bool(text)


def _wrapped(text: str, width: int) -> list[str]:
    from textwrap import wrap

    return [piece for line in text.split("\n") for piece in (wrap(line, width, break_on_hyphens=False) or [""])]


def long_string(text: str, indent: int) -> list[Code]:
    """Return *text* as adjacent literals, one a line of the text, broken further where it is long."""
    room = WIDTH - indent
    lines: list[Code] = []
    for line in text.splitlines(keepends=True) or [""]:
        while len(_quoted(line)) > room:
            cut = line.rfind(" ", 1, max(room - 12, 20)) + 1 or max(room // 2, 20)
            lines.append(data(line[:cut]))
            line = line[cut:]
        if line or not lines:
            lines.append(data(line))
    return lines


class Writer:
    """Lines of Python, indented."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._indent = 0

    def line(self, piece: Code) -> None:
        """Add a line."""
        self._lines.append(" " * self._indent + piece.text)

    def blank(self, count: int = 1) -> None:
        """Add empty lines."""
        self._lines.extend([""] * count)

    def indent(self) -> None:
        """Indent what follows by one level."""
        self._indent += 4

    def dedent(self) -> None:
        """End one level."""
        self._indent -= 4

    def call(self, head: Code, arguments: Sequence[Code], tail: LiteralString = "") -> None:
        """Add `head(arguments)tail`, on one line where it fits, else one argument a line."""
        flat = f"{head.text}({', '.join(a.text for a in arguments)}){tail}"
        if "\n" not in flat and self._indent + len(flat) <= WIDTH:
            self.line(Code(flat))
            return
        self.line(Code(f"{head.text}("))
        self.indent()
        for argument in arguments:
            self.line(Code(f"{argument.text},"))
        self.dedent()
        self.line(Code(f"){tail}"))

    def string(self, head: Code, text: str, tail: LiteralString = "") -> None:
        """Add `head"text"tail`, where *head* ends in an opening bracket and *tail* closes it."""
        flat = f"{head.text}{_quoted(text)}{tail}"
        if self._indent + len(flat) <= WIDTH:
            self.line(Code(flat))
            return
        self.line(head)
        self.indent()
        for piece in long_string(text, self._indent):
            self.line(piece)
        self.dedent()
        self.line(Code(tail))

    def docstring(self, text: str) -> None:
        """Add a docstring: in three quotes where nothing in it needs escaping, else as adjacent literals in
        brackets, which are one constant to Python.
        """
        if _is_plain(text):
            first, *rest = _wrapped(text, WIDTH - self._indent - 6)
            if not rest:
                self.line(Code(f'"""{first}"""'))
                return
            self.line(Code(f'"""{first}'))
            for line in rest:
                if line:
                    self.line(Code(line))
                else:
                    self.blank()
            self.line(Code('"""'))
            return
        pieces = long_string(text, self._indent + 4)
        if len(pieces) == 1:
            self.line(pieces[0])
            return
        self.line(Code("("))
        self.indent()
        for piece in pieces:
            self.line(piece)
        self.dedent()
        self.line(Code(")"))

    def text(self) -> str:
        """Return everything, ended by one line break."""
        return "\n".join(self._lines).rstrip("\n") + "\n"
