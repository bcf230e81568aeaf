"""Values that a spec writes down, held against their types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import assert_never

from promptspec.check.desk import Desk
from promptspec.check.images import image_file
from promptspec.check.scope import Scope
from promptspec.contract import types as t
from promptspec.diagnostics import did_you_mean
from promptspec.sources.judging import KeysInFile
from promptspec.syntax import tree
from promptspec.text import Span
from promptspec.values.cleaning import Unclean, clean
from promptspec.values.formats import BadFormat, parse_datetime, parse_email, parse_url
from promptspec.values.patterns import compile_pattern
from promptspec.values.units import measure, raw_bound


@dataclass(frozen=True, slots=True)
class Fitted:
    """A value that fits; in a box, because none is a value."""

    value: t.Constant


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitter:
    """Holds literals against types, for one use: *code* is what a misfit is reported under."""

    desk: Desk
    scope: Scope
    record: Callable[[t.Group], t.Record]
    code: str
    #: The line of a file that the value comes from; such values are JSON, whose dates stand in quotes.
    where: str = ""

    def field(self, field: t.Field, written: tree.Literal_) -> Fitted | None:
        """Return the value of *field*, or None after a report."""
        if isinstance(written, tree.NoneLiteral):
            if field.optional:
                return Fitted(None)
            self._misfit(written.span, f"`{field.name}` is not optional")
            return None
        return self.value(written, field.type, field.name)

    def object(
        self, written: tree.Literal_, fields: tuple[t.Field, ...], what: str, *, complete: bool = True
    ) -> t.ObjectConstant | None:
        """Return the record that *written* spells out, or None after a report of everything that is wrong with it."""
        if not isinstance(written, tree.ObjectLiteral):
            self._misfit(written.span, f"{what} is a record", help="write `{ field: value }`")
            return None
        known = {field.name: field for field in fields}
        found: dict[str, t.Constant] = {}
        sound = True
        for entry in written.entries:
            name = entry.name.text
            field = known.get(name)
            if field is None:
                self._misfit(entry.name.span, f"{what} has no field `{name}`", help=did_you_mean(name, known))
                sound = False
                continue
            if name in found:
                self._misfit(entry.name.span, f"`{name}` is given twice")
                sound = False
                continue
            fitted = self.field(field, entry.value)
            if fitted is None:
                sound = False
                found[name] = None
            else:
                found[name] = fitted.value
        for field in fields:
            if complete and field.name not in found and not field.optional and not field.has_default:
                self._misfit(written.span, f"{what} lacks `{field.name}`", help=f"add `{field.name}: …`")
                sound = False
        entries = tuple((field.name, found[field.name]) for field in fields if field.name in found)
        return t.ObjectConstant(entries=entries) if sound else None

    def value(self, written: tree.Literal_, type: t.Type, name: str) -> Fitted | None:
        """Return *written* as a value of *type*, or None after a report."""
        match type:
            case t.Text():
                return self._text(written, type)
            case t.Words():
                return self._choice(written, type.words, name)
            case t.Choice():
                enumeration = self.scope.enums.get(type.name)
                return self._choice(written, tuple(m.name for m in enumeration.members) if enumeration else (), name)
            case t.Group():
                made = self.object(written, self.record(type).fields, f"`{name}`")
                return None if made is None else Fitted(made)
            case t.OneOfSource() | t.OneOfShortlist():
                return self._key(written, type)
            case t.OneOfItems():
                return self._entry(written, type)
            case t.Integer() | t.Number():
                return self._number(written, type)
            case t.Boolean():
                if isinstance(written, tree.BoolLiteral):
                    return Fitted(written.value)
                return self._expected(written, "true or false")
            case t.Date():
                return self._date(written, type)
            case t.DateTime() | t.Email() | t.Url():
                return self._format(written, type)
            case t.ListOf():
                return self._list(written, type, name)
            case t.Turns():
                return self._turns(written, type)
            case t.JsonSchema():
                return self._json(written)
            case t.Image():
                return self._image(written, type)
            case _:
                assert_never(type)

    def _misfit(self, span: Span, message: str, help: str | tuple[str, ...] = ()) -> None:
        self.desk.add(self.code, span, f"{self.where}: {message}" if self.where else message, help=help)

    def _expected(self, written: tree.Literal_, what: str) -> None:
        self._misfit(written.span, f"expected {what}")

    def _text(self, written: tree.Literal_, type: t.Text) -> Fitted | None:
        if not isinstance(written, tree.StringLiteral):
            self._expected(written, "a string in quotes")
            return None
        cap = type.cap
        try:
            cleaned = clean(written.value, kind=type.kind, direction="input", most=raw_bound(cap.most, cap.unit)).text
        except Unclean as unclean:
            self._misfit(written.span, unclean.message)
            return None
        rule = measure(cleaned, least=cap.least, most=cap.most, unit=cap.unit)
        if rule is not None:
            bound = f"more than {cap.most:,}" if rule == "too_long" else f"fewer than {cap.least:,} visible"
            self._misfit(written.span, f"this text has {bound} {cap.unit}")
            return None
        if type.pattern and not compile_pattern(type.pattern.source, type.pattern.ignore_case).fullmatch(cleaned):
            self._misfit(written.span, f"this text does not match `/{type.pattern.source}/`")
            return None
        return Fitted(written.value)

    def _choice(self, written: tree.Literal_, members: tuple[str, ...], name: str) -> Fitted | None:
        if isinstance(written, tree.WordLiteral):
            word = written.name
        elif isinstance(written, tree.StringLiteral):
            word = written.value
        else:
            self._expected(written, "one of " + ", ".join(f"`{m}`" for m in members[:8]))
            return None
        if word not in members:
            self._misfit(
                written.span,
                f"`{word[:40]}` is not among the choices of `{name}`",
                help=did_you_mean(word, members) or f"choices are {', '.join(f'`{m}`' for m in members[:8])}",
            )
            return None
        return Fitted(word)

    def _key(self, written: tree.Literal_, type: t.OneOfSource | t.OneOfShortlist) -> Fitted | None:
        if not isinstance(written, tree.StringLiteral):
            self._misfit(written.span, f"expected a key of `{type.source}`, in quotes")
            return None
        keys = self.scope.keys.get(type.source)
        if self.code != "PS601" and keys is not None and written.value not in keys:
            self._misfit(
                written.span,
                f"`{type.source}` has no key `{written.value[:40]}`",
                help=did_you_mean(written.value, keys.near(written.value) if isinstance(keys, KeysInFile) else keys),
            )
            return None
        return Fitted(written.value)

    def _entry(self, written: tree.Literal_, type: t.OneOfItems) -> Fitted | None:
        """A key of the list; whether it is among those offered is judged by the call itself."""
        if isinstance(written, tree.StringLiteral):
            return Fitted(written.value)
        if isinstance(written, tree.WordLiteral):
            return Fitted(written.name)
        if isinstance(written, tree.NumberLiteral) and written.value == int(written.value):
            return Fitted(int(written.value))
        self._misfit(written.span, f"expected a key of an entry of `{type.field}`")
        return None

    def _number(self, written: tree.Literal_, type: t.Integer | t.Number) -> Fitted | None:
        if not isinstance(written, tree.NumberLiteral):
            self._expected(written, "a number")
            return None
        number = written.value
        if not type.least <= number <= type.most:
            self._misfit(written.span, f"the number lies outside {type.least}..{type.most}")
            return None
        if isinstance(type, t.Integer):
            if number != int(number):
                self._expected(written, "a whole number")
                return None
            return Fitted(int(number))
        if number % Decimal(1).scaleb(-type.places):
            self._misfit(written.span, f"the number has more digits after the point than {type.places}")
            return None
        return Fitted(number)

    def _date(self, written: tree.Literal_, type: t.Date) -> Fitted | None:
        if self.where and isinstance(written, tree.StringLiteral):
            written = _as_date(written)
        if not isinstance(written, tree.DateLiteral):
            self._misfit(written.span, "expected a date", help="write it without quotes, like `2026-01-31`")
            return None
        low, high = type.least, type.most
        if (low is not None and low != "today" and written.value < low) or (
            high is not None and high != "today" and written.value > high
        ):
            self._misfit(written.span, "the date lies outside its bounds")
            return None
        return Fitted(written.value)

    def _format(self, written: tree.Literal_, type: t.DateTime | t.Email | t.Url) -> Fitted | None:
        if not isinstance(written, tree.StringLiteral):
            self._expected(written, "a string in quotes")
            return None
        try:
            match type:
                case t.DateTime():
                    parse_datetime(written.value)
                case t.Email():
                    parse_email(written.value)
                case t.Url():
                    parse_url(written.value, type.hosts or None)
        except BadFormat as bad:
            self._misfit(written.span, bad.message)
            return None
        return Fitted(written.value)

    def _list(self, written: tree.Literal_, type: t.ListOf, name: str) -> Fitted | None:
        if not isinstance(written, tree.ListLiteral):
            self._misfit(written.span, "expected a list", help="write `[a, b]`")
            return None
        if not type.least <= len(written.items) <= type.most:
            self._misfit(written.span, f"the list has {len(written.items)} items, not {type.least:,} to {type.most:,}")
            return None
        items = [self.value(item, type.item, name) for item in written.items]
        fitted = [item.value for item in items if item is not None]
        return Fitted(tuple(fitted)) if len(fitted) == len(items) else None

    def _turns(self, written: tree.Literal_, type: t.Turns) -> Fitted | None:
        if not isinstance(written, tree.ListLiteral):
            self._misfit(written.span, "expected a list of turns", help='write `[{ role: user, text: "…" }]`')
            return None
        if not type.least <= len(written.items) <= type.most:
            self._misfit(
                written.span, f"the conversation has {len(written.items)} turns, not {type.least:,} to {type.most:,}"
            )
            return None
        origin = self.desk.origin(written.span)
        fields = (
            t.Field(name="role", type=t.Words(words=("user", "assistant")), origin=origin),
            t.Field(name="text", type=type.item, origin=origin),
        )
        turns = [self.object(item, fields, "a turn") for item in written.items]
        made = tuple(turn for turn in turns if turn is not None)
        return Fitted(made) if len(made) == len(turns) else None

    def _image(self, written: tree.Literal_, type: t.Image) -> Fitted | None:
        """The name of a file of the project; whether it is an image is judged when the example is tried."""
        if not isinstance(written, tree.StringLiteral):
            self._misfit(written.span, "expected the name of a file, in quotes", help='write `"data/photo.png"`')
            return None
        content = image_file(self.desk, written, most=type.most)
        return None if content is None else Fitted(content)

    def _json(self, written: tree.Literal_) -> Fitted | None:
        """A value by a JSON Schema is judged by the schema itself when the example is tried."""
        match written:
            case tree.StringLiteral():
                return Fitted(written.value)
            case tree.NumberLiteral():
                return Fitted(int(written.value) if written.value == int(written.value) else written.value)
            case tree.BoolLiteral():
                return Fitted(written.value)
            case tree.NoneLiteral():
                return Fitted(None)
            case tree.DateLiteral():
                return Fitted(written.value.isoformat())
            case tree.ListLiteral():
                items = [self._json(item) for item in written.items]
                return Fitted(tuple(i.value for i in items if i)) if all(items) else None
            case tree.ObjectLiteral():
                entries = [(entry.name.text, self._json(entry.value)) for entry in written.entries]
                if not all(value for _, value in entries):
                    return None
                return Fitted(t.ObjectConstant(entries=tuple((n, v.value) for n, v in entries if v)))
            case _:
                self._misfit(written.span, "expected a string, a number, true, false, none, a list or a record")
                return None


def _as_date(written: tree.StringLiteral) -> tree.DateLiteral | tree.StringLiteral:
    """Return a string of JSON as the date that it spells, or as it is."""
    if len(written.value) != len("2026-01-31"):
        return written
    try:
        return tree.DateLiteral(span=written.span, value=date.fromisoformat(written.value))
    except ValueError:
        return written
