"""Rules of literals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from promptspec.syntax import tree
from promptspec.syntax.build.place import Build
from promptspec.syntax.quoted import read_block, read_date, read_line_string, read_number, read_scaled, shown
from promptspec.syntax.words import RESERVED

_TOO_LONG = "is too long for a number"


class BuildLiterals(Build):
    """Strings, numbers, dates, words, lists and objects."""

    def string(self, c: list[Any]) -> tree.StringLiteral:
        """`"…"` or a block."""
        (token,) = c
        start: int = token.start_pos

        def complain(at: int, end: int, message: str, help: str) -> None:
            self.place.findings.add("PS112", self._at(start + at, start + end), message, help=help)

        block = token.type == "BLOCK"
        value, pieces = read_block(str(token)) if block else read_line_string(str(token), complain)
        locate = self.place.locate
        if locate is None:
            placed = tuple((index, start + offset) for index, offset in pieces)
        else:
            placed = tuple((index, locate(start + offset, start + offset + 1).start) for index, offset in pieces)
        return tree.StringLiteral(value=value, block=block, pieces=placed, span=self._at(start, token.end_pos))

    def regex(self, c: list[Any]) -> tree.RegexLiteral:
        """`/…/` or `/…/i`."""
        text = str(c[0])
        ignore_case = text.endswith("i")
        return tree.RegexLiteral(
            source=text[1 : -2 if ignore_case else -1], ignore_case=ignore_case, span=self._span(c)
        )

    def number(self, c: list[Any]) -> tree.NumberLiteral:
        """A number with its sign."""
        sign, token = c
        value = self._decimal(token, str(token))
        text = str(token)
        if sign is not None:
            value, text = -value, f"-{text}"
        return tree.NumberLiteral(value=value, text=text, span=self._span(c))

    def plain_number(self, c: list[Any]) -> tree.NumberLiteral:
        """A number of an expression."""
        return self.number([None, *c])

    def percent(self, c: list[Any]) -> tree.PercentLiteral:
        """`5%`."""
        text = str(c[0])
        return tree.PercentLiteral(value=self._decimal(c[0], text[:-1]), text=text, span=self._span(c))

    def duration(self, c: list[Any]) -> tree.DurationLiteral:
        """`20s`."""
        return tree.DurationLiteral(milliseconds=self._scaled(c[0]), text=str(c[0]), span=self._span(c))

    def size(self, c: list[Any]) -> tree.SizeLiteral:
        """`4mb`."""
        return tree.SizeLiteral(bytes=self._scaled(c[0]), text=str(c[0]), span=self._span(c))

    def date(self, c: list[Any]) -> tree.DateLiteral:
        """`2026-01-31`."""
        value, exists = read_date(str(c[0]))
        span = self._span(c)
        if not exists:
            self.place.findings.add(
                "PS114", span, f"`{c[0]}` is no date", help="dates are written year-month-day, like `2026-01-31`"
            )
        return tree.DateLiteral(value=value, span=span)

    def true(self, c: list[Any]) -> tree.BoolLiteral:
        """`true`."""
        return tree.BoolLiteral(value=True, span=self._span(c))

    def false(self, c: list[Any]) -> tree.BoolLiteral:
        """`false`."""
        return tree.BoolLiteral(value=False, span=self._span(c))

    def none(self, c: list[Any]) -> tree.NoneLiteral:
        """`none`."""
        return tree.NoneLiteral(span=self._span(c))

    def word(self, c: list[Any]) -> tree.WordLiteral:
        """A bare word."""
        name = self._name(c[0])
        return tree.WordLiteral(name=name.text, span=name.span)

    def list_literal(self, c: list[Any]) -> tree.ListLiteral:
        """`[a, b]`."""
        return tree.ListLiteral(items=c[1] or (), span=self._span(c))

    def literals(self, c: list[Any]) -> tuple[Any, ...]:
        """What stands in a list."""
        return self._nodes(c)

    def object(self, c: list[Any]) -> tree.ObjectLiteral:
        """`{ a: 1 }`."""
        return tree.ObjectLiteral(entries=c[1] or (), span=self._span(c))

    def entries(self, c: list[Any]) -> tuple[Any, ...]:
        """What stands in an object."""
        return self._nodes(c)

    def entry(self, c: list[Any]) -> tree.Entry:
        """`name: value`."""
        key, _, value = c
        if isinstance(key, tree.StringLiteral):
            name = tree.Name(text=key.value, span=key.span)
        else:
            name = self._word(key)
            if name.text in RESERVED:
                self.place.findings.add(
                    "PS115",
                    name.span,
                    f"`{name.text}` is a reserved word and names nothing",
                    help=f'write it in quotes: `"{name.text}": …`',
                )
        return tree.Entry(name=name, value=value, span=self._span(c))

    def _decimal(self, token: Any, text: str) -> Decimal:
        value = read_number(text)
        if value is None:
            self._too_long(token)
            return Decimal(0)
        return value

    def _scaled(self, token: Any) -> int:
        value = read_scaled(str(token))
        if value is None:
            self._too_long(token)
            return 0
        return value

    def _too_long(self, token: Any) -> None:
        span = self._at(token.start_pos, token.end_pos)
        self.place.findings.add("PS114", span, f"`{shown(str(token), most=20)}` {_TOO_LONG}")
