"""Examples, tests and attacks, held against the feature that they stand in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, TypeVar, cast

from promptspec.check.constants import Fitter
from promptspec.check.desk import Desk
from promptspec.check.images import MOST_EXAMPLE, image_file
from promptspec.check.scope import Scope, article
from promptspec.check.types import Types
from promptspec.check.wording import short
from promptspec.contract import types as t
from promptspec.contract.feature import Case, Example
from promptspec.diagnostics import did_you_mean
from promptspec.safety.callers import LEVELS
from promptspec.syntax import tree
from promptspec.text import Span
from promptspec.values.reading import Unreadable, read_json

#: The largest file of examples, in bytes, and the most examples that a feature may have.
MOST_BYTES = 16 * 1024 * 1024
MOST_EXAMPLES = 1_000

_Item = TypeVar("_Item", bound=tree.CaseItem)


class Cases:
    """Checks the cases of one feature."""

    def __init__(
        self, *, desk: Desk, scope: Scope, types: Types, input: t.Record, output: t.Record, bare: bool
    ) -> None:
        self._desk = desk
        self._scope = scope
        self._types = types
        self._input = input
        self._output = output
        self._bare = bare

    def example(self, clause: tree.CaseClause, *, asks_today: bool) -> Example | None:
        """Return the checked example, or None after a report; *asks_today* says that the feature reads the date."""
        given = self._one(clause, tree.Given)
        returns = self._one(clause, tree.Returns)
        if given is None or returns is None:
            missing = "given" if given is None else "returns"
            self._desk.add(
                "PS603",
                clause.title.span,
                f"the example has no `{missing}`",
                help="write `given { … }` and `returns …`",
            )
            return None
        self._only(clause, (tree.Given, tree.Returns, tree.On))
        on = self._one(clause, tree.On)
        if asks_today and on is None:
            self._desk.add(
                "PS603",
                clause.title.span,
                "the feature asks what `today` is, and the example does not say it",
                help="add `on 2026-01-31` with the day that the example speaks of",
            )
            return None
        values = self._fitter("PS601").object(given.values, self._input.fields, "the input")
        value = self._reply(returns.value)
        if values is None or value is None:
            return None
        return Example(
            title=clause.title.value,
            given=values,
            returns=value[0],
            today=on.date.value if on else None,
            origin=self._desk.origin(clause.span),
        )

    def case(self, clause: tree.CaseClause) -> Case | None:
        """Return the checked test or attack, or None after a report."""
        kind = cast("Literal['test', 'attack']", clause.kind)
        given = self._one(clause, tree.Given)
        if given is None:
            self._desk.add("PS603", clause.title.span, f"the {kind} has no `given`", help="write `given { … }`")
            return None
        if kind == "attack":
            self._only(clause, (tree.Given, tree.On))
        else:
            self._only(clause, (tree.Given, tree.Returns, tree.Refuses, tree.Replies, tree.Wire, tree.On))
        returns, refuses = self._one(clause, tree.Returns), self._one(clause, tree.Refuses)
        replies, wire, on = self._one(clause, tree.Replies), self._one(clause, tree.Wire), self._one(clause, tree.On)
        if kind == "test" and (returns is None) == (refuses is None):
            self._desk.add(
                "PS603", clause.title.span, "a test says what it `returns` or what it `refuses`, one of them"
            )
            return None
        if replies is not None and wire is not None:
            self._desk.add("PS603", wire.span, "a test has `replies` or `wire`, not both")
            return None
        if given.level is not None and given.level.text not in LEVELS:
            self._desk.add(
                "PS603",
                given.level.span,
                f"there is no caller `{given.level.text}`",
                help=did_you_mean(given.level.text, LEVELS),
            )
            return None
        # A test may break the rules of its own feature, so what it gives is only read, not judged.
        values = self._loose_input(given.values)
        returned = self._reply(returns.value) if returns else None
        if values is None or (returns is not None and returned is None):
            return None
        if refuses is not None and not self._known_path(refuses):
            return None
        return Case(
            kind=kind,
            title=clause.title.value,
            given=values,
            level=given.level.text if given.level else None,
            caller=given.caller.value if given.caller else None,
            today=on.date.value if on else None,
            replies=self._read_reply(replies.value) if replies else None,
            has_replies=replies is not None,
            wire=wire.text.value if wire else None,
            returns=returned[0] if returned else None,
            has_returns=returns is not None,
            refuses=short(refuses.path) if refuses and refuses.path else None,
            has_refuses=refuses is not None,
            origin=self._desk.origin(clause.span),
        )

    def from_file(self, clause: tree.ExamplesFrom) -> tuple[Example, ...]:
        """Return the examples of a JSON Lines file: an object with `given` and `returns` a line."""
        data = self._desk.open(clause.path.value, clause.path.span, most=MOST_BYTES)
        if data is None:
            return ()
        found: list[Example] = []
        for number, line in enumerate(data.splitlines(), 1):
            if not line.strip():
                continue
            example = self._line(clause, number, line)
            if example is None:
                return ()
            found.append(example)
        if not found or len(found) > MOST_EXAMPLES:
            self._desk.add("PS605", clause.path.span, f"a file of examples has 1 to {MOST_EXAMPLES:,} lines")
            return ()
        return tuple(found)

    def _line(self, clause: tree.ExamplesFrom, number: int, line: bytes) -> Example | None:
        where = f"line {number} of `{clause.path.value[-40:]}`"
        try:
            value = read_json(line)
        except Unreadable as bad:
            self._desk.add("PS605", clause.path.span, f"{where}: {bad.message}")
            return None
        given = value.get("given") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(given, dict) or "returns" not in value:
            self._desk.add("PS605", clause.path.span, f"{where} has no `given` and `returns`")
            return None
        fitted = self._fitted(given, value["returns"], clause.path.span, code="PS605", where=where)
        if fitted is None:
            return None
        values, reply = fitted
        return Example(
            title=f"{clause.path.value}:{number}",
            given=values,
            returns=reply,
            today=None,
            origin=self._desk.origin(clause.span),
        )

    def fits(self, given: Mapping[str, object], returns: object, place: Span, *, code: str, where: str) -> bool:
        """Say whether a row of a file fits; what does not is reported at *place*, with *where* it stands."""
        return self._fitted(given, returns, place, code=code, where=where) is not None

    def _fitted(
        self, given: Mapping[str, object], returns: object, place: Span, *, code: str, where: str
    ) -> tuple[t.ObjectConstant, t.Constant] | None:
        before = len(self._desk.report.errors)
        values = self._fitter(code, where).object(as_literal(given, place), self._input.fields, "the input")
        reply = self._reply(as_literal(returns, place), code=code, where=where)
        if values is None or reply is None or len(self._desk.report.errors) > before:
            return None
        return values, reply[0]

    # Parts

    def _fitter(self, code: str, where: str = "") -> Fitter:
        return Fitter(desk=self._desk, scope=self._scope, record=self._types.record, code=code, where=where)

    def _one(self, clause: tree.CaseClause, kind: type[_Item]) -> _Item | None:
        found = [item for item in clause.items if isinstance(item, kind)]
        for extra in found[1:]:
            self._desk.add(
                "PS603", extra.span, f"`{_word(extra)}` stands twice in this {clause.kind}", help="drop one of them"
            )
        return found[0] if found else None

    def _only(self, clause: tree.CaseClause, kinds: tuple[type[tree.CaseItem], ...]) -> None:
        for item in clause.items:
            if not isinstance(item, kinds):
                self._desk.add(
                    "PS603", item.span, f"`{_word(item)}` does not stand in {article(clause.kind)}", help="take it out"
                )

    def _reply(self, written: tree.Literal_, *, code: str = "PS602", where: str = "") -> tuple[t.Constant] | None:
        fitter = self._fitter(code, where)
        if not self._bare:
            made = fitter.object(written, self._output.fields, "the reply")
            return None if made is None else (made,)
        fitted = fitter.field(self._output.fields[0], written)
        return None if fitted is None else (fitted.value,)

    def _loose(self, written: tree.ObjectLiteral) -> t.ObjectConstant | None:
        made = constant(written)
        assert isinstance(made, t.ObjectConstant)
        return made

    def _loose_input(self, written: tree.ObjectLiteral) -> t.ObjectConstant | None:
        """The input of a test: files in place of their names where an image is declared, all else as it is."""
        return self._filled(self._loose(written), written, self._input)

    def _filled(
        self, made: t.ObjectConstant | None, written: tree.ObjectLiteral, record: t.Record
    ) -> t.ObjectConstant | None:
        if made is None:
            return None
        values = {entry.name.text: entry.value for entry in written.entries}
        entries: list[tuple[str, t.Constant]] = []
        for name, value in made.entries:
            field = record.field(name)
            filled = (value,) if field is None else self._with_files(value, values[name], field.type)
            if filled is None:
                return None
            entries.append((name, filled[0]))
        return t.ObjectConstant(entries=tuple(entries))

    def _with_files(self, value: t.Constant, written: tree.Literal_, type: t.Type) -> tuple[t.Constant] | None:
        match type:
            case t.Image() if isinstance(written, tree.StringLiteral):
                content = image_file(self._desk, written, most=MOST_EXAMPLE)
                return None if content is None else (content,)
            case t.ListOf(item=item) if isinstance(written, tree.ListLiteral) and isinstance(value, tuple):
                items = [self._with_files(*pair, item) for pair in zip(value, written.items, strict=True)]
                found = [filled[0] for filled in items if filled is not None]
                return (tuple(found),) if len(found) == len(items) else None
            case t.Group() if isinstance(written, tree.ObjectLiteral) and isinstance(value, t.ObjectConstant):
                filled = self._filled(value, written, self._types.record(type))
                return None if filled is None else (filled,)
            case _:
                return (value,)

    def _read_reply(self, written: tree.Literal_) -> t.Constant:
        """A reply in quotes is JSON where the output is a record or list, and the value itself where it is one text."""
        if isinstance(written, tree.StringLiteral) and not (self._bare and _is_text(self._output.fields[0].type)):
            try:
                return constant(as_literal(read_json(written.value), written.span))
            except Unreadable as bad:
                if self._bare:
                    return written.value
                self._desk.add(
                    "PS603",
                    written.span,
                    f"this reply cannot be read: {bad.message}",
                    help='a reply that does not parse stands in `wire """…"""`',
                )
                return None
        return constant(written)

    def _known_path(self, refuses: tree.Refuses) -> bool:
        """A test may refuse `film`, `lines.sku`, `output.picks`, `caller`, or nothing in particular."""
        if refuses.path is None:
            return True
        steps = short(refuses.path).split(".")
        if steps[0] in ("caller", "reply"):
            return True
        record, rest = (self._output, steps[1:]) if steps[0] == "output" else (self._input, steps)
        if steps[0] == "input":
            rest = steps[1:]
        if steps[0] == "output" and self._bare:
            return True
        if not rest or record.field(rest[0]) is not None:
            return True
        self._desk.add(
            "PS603",
            refuses.span,
            f"there is no field `{rest[0]}` to refuse",
            help=did_you_mean(rest[0], [f.name for f in record.fields]),
        )
        return False


def _word(item: tree.CaseItem) -> str:
    return type(item).__name__.lower()


def _is_text(type: t.Type) -> bool:
    return isinstance(
        type,
        t.Text
        | t.Words
        | t.Choice
        | t.Date
        | t.DateTime
        | t.Email
        | t.Url
        | t.OneOfSource
        | t.OneOfItems
        | t.OneOfShortlist,
    )


def constant(written: tree.Literal_) -> t.Constant:
    """Return a literal as the value that it spells out, whatever its type should be."""
    match written:
        case tree.StringLiteral(value=value) | tree.BoolLiteral(value=value) | tree.DateLiteral(value=value):
            return value
        case tree.NumberLiteral(value=number) | tree.PercentLiteral(value=number):
            return int(number) if number == int(number) and "." not in str(number) else number
        case tree.WordLiteral(name=name):
            return name
        case tree.DurationLiteral(text=text) | tree.SizeLiteral(text=text):
            return text
        case tree.ListLiteral(items=items):
            return tuple(constant(item) for item in items)
        case tree.ObjectLiteral(entries=entries):
            return t.ObjectConstant(entries=tuple((entry.name.text, constant(entry.value)) for entry in entries))
        case tree.NoneLiteral():
            return None


def as_literal(value: object, span: Span) -> tree.Literal_:
    """Return a JSON value as the literal that a spec would have for it, standing at *span*."""
    match value:
        case None:
            return tree.NoneLiteral(span=span)
        case bool():
            return tree.BoolLiteral(span=span, value=value)
        case int() | Decimal():
            return tree.NumberLiteral(
                span=span, value=Decimal(value), text=json.dumps(int(value)) if isinstance(value, int) else str(value)
            )
        case str():
            return tree.StringLiteral(span=span, value=value)
        case list() | tuple():
            items = cast("list[object]", value)
            return tree.ListLiteral(span=span, items=tuple(as_literal(item, span) for item in items))
        case dict():
            entries = cast("dict[str, object]", value)
            return tree.ObjectLiteral(
                span=span,
                entries=tuple(
                    tree.Entry(span=span, name=tree.Name(span=span, text=name), value=as_literal(item, span))
                    for name, item in entries.items()
                ),
            )
        case _:
            raise TypeError(type(value).__name__)
