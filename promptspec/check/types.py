"""Types as written to types as checked: names, records, choices, collections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, cast

from promptspec.check.constants import Fitter
from promptspec.check.desk import Desk
from promptspec.check.images import image_of
from promptspec.check.ranges import lengths
from promptspec.check.scalars import date_of, number_of, url_of
from promptspec.check.scope import Scope, article, field_spelling, pascal
from promptspec.check.texts import text_of, words_of
from promptspec.contract import types as t
from promptspec.contract.expressions import Expression
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree
from promptspec.text import Span

Direction = Literal["input", "output", "record", "column"]

#: Fields of one feature with all its records, and how deep they may nest (rule 4).
MOST_FIELDS = 5_000
MOST_DEPTH = 8

#: Judges a `where`: from the condition, what is chosen, and the fields that stand above, to the checked condition.
Where = Callable[[tree.Expr, t.OneOfSource | t.OneOfItems, tuple[t.Field, ...]], "Expression | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the fields of a feature may refer to; records and columns have nothing around them.

    *where* checks conditions on rows, *lists* are the input lists that `one of` may name, *shortlists* the types of
    what is chosen from shortlists, *unknown* are shortlists and fields that did not check, and *above* are the
    top-level fields that stand above the one being checked.
    """

    where: Where | None = None
    lists: Mapping[str, t.ListOf] = field(default_factory=dict[str, t.ListOf])
    shortlists: Mapping[str, t.OneOfShortlist] = field(default_factory=dict[str, t.OneOfShortlist])
    unknown: frozenset[str] = frozenset()
    above: tuple[t.Field, ...] = ()


_NOTHING = Around()


@dataclass(slots=True, kw_only=True)
class Types:
    """Resolves the types of one file. *anonymous* collects the groups that were written as `{ … }`."""

    desk: Desk
    scope: Scope
    anonymous: list[t.Record] = field(default_factory=list[t.Record])
    _nested: int = 0
    _open: list[str] = field(default_factory=list[str])
    _circular: set[str] = field(default_factory=set[str])
    _written: dict[str, Span] = field(default_factory=dict[str, Span])

    def fields(
        self, written: tuple[tree.Field, ...], direction: Direction, prefix: str, around: Around = _NOTHING
    ) -> tuple[t.Field, ...]:
        """Return the checked fields of a record, an input or an output; *prefix* names groups without a name."""
        checked: list[t.Field] = []
        keys = [each for each in written if each.key]
        seen: dict[str, tree.Name] = {}
        for each in written:
            name = each.name
            if name.text in seen:
                self.desk.add(
                    "PS201",
                    name.span,
                    f"field `{name.text}` is declared twice",
                    note="declared again here",
                    labels=[Label(span=seen[name.text].span, message="first declared here")],
                    help="rename one of them",
                )
                continue
            seen[name.text] = name
            field_spelling(self.desk, name)
            made = self.field(replace(each, key=False) if each in keys[1:] else each, direction, prefix, around)
            if made is not None:
                checked.append(made)
                if self._nested == 0 and direction in ("input", "output"):
                    around = replace(around, above=(*around.above, made))
        for extra in keys[1:]:
            self.desk.add(
                "PS314",
                extra.span,
                "a record has one key",
                labels=[Label(span=keys[0].name.span, message="this is the key already")],
                help="drop the second `key`",
            )
        return tuple(checked)

    def field(self, each: tree.Field, direction: Direction, prefix: str, around: Around) -> t.Field | None:
        """Return one checked field, or None after a report."""
        type = self.type(each.type, direction, f"{prefix}{pascal(each.name.text)}", around)
        if type is None:
            return None
        if each.optional and each.default is not None:
            self.desk.add(
                "PS306",
                each.default.span,
                f"`{each.name.text}` is optional and has a default",
                help="drop the `?`: a field with a default may be left out",
            )
            return None
        if each.key and (each.optional or each.default is not None or not _can_be_key(type)):
            self.desk.add(
                "PS314",
                each.span,
                f"`{each.name.text}` cannot be a key",
                help="a key is a `line`, a `text`, a word, an `int` or a `one of` that is always there",
            )
            return None
        default: t.Constant = None
        if each.default is not None and isinstance(type, t.Image):
            self.desk.add(
                "PS312", each.default.span, "an `image` has no default", help="make it optional: `image(..4mb)?`"
            )
            return None
        if each.default is not None:
            fitter = Fitter(desk=self.desk, scope=self.scope, record=self.record, code="PS307")
            fitted = fitter.value(each.default, type, each.name.text)
            if fitted is None:
                return None
            default = fitted.value
        return t.Field(
            name=each.name.text,
            type=type,
            optional=each.optional,
            default=default,
            has_default=each.default is not None,
            key=each.key,
            doc=each.doc.text if each.doc else "",
            origin=self.desk.origin(each.span),
        )

    def type(self, written: tree.Type, direction: Direction, name: str, around: Around = _NOTHING) -> t.Type | None:
        """Return the checked type, or None after a report. *name* is for a group without one."""
        match written:
            case tree.TextType():
                return text_of(self.desk, written, given=direction in ("input", "column"))
            case tree.WordsType():
                return words_of(self.desk, written)
            case tree.NamedType():
                return self._named(written)
            case tree.RecordType():
                return self._group(written, direction, name, around)
            case tree.OneOfType():
                return self._one_of(written, direction, around)
            case tree.NumberType():
                return number_of(self.desk, written)
            case tree.BoolType():
                return t.Boolean()
            case tree.DateType():
                return date_of(self.desk, written)
            case tree.DateTimeType():
                return t.DateTime()
            case tree.EmailType():
                return t.Email()
            case tree.UrlType():
                return url_of(self.desk, written, replied=direction == "output")
            case tree.ListType():
                return self._list(written, direction, name, around)
            case tree.TurnsType():
                return self._turns(written, direction, around)
            case tree.SchemaType():
                return self._schema(written)
            case tree.ImageType():
                return image_of(self.desk, written, direction)
            case tree.ReservedType():
                self.desk.later(written.span, f"`{written.word}(…)`")
                return None

    # Names

    def _named(self, written: tree.NamedType) -> t.Type | None:
        kind = self.scope.kind(written.name)
        if kind == "enum":
            return t.Choice(name=written.name, file=self.scope.home[written.name])
        if kind == "record":
            return self._record(written)
        if written.name in self.scope.lost:
            return None
        if kind is not None:
            self.desk.add(
                "PS202",
                written.span,
                f"`{written.name}` is {article(kind)}, not a type",
                help=f"write `one of {written.name}`" if kind == "source" else (),
            )
            return None
        known = [n for n in self.scope.declarations if self.scope.kind(n) in ("enum", "record")]
        builtin = ("text", "line", "int", "decimal", "bool", "date", "datetime", "email", "url", "list", "set")
        self.desk.add(
            "PS202",
            written.span,
            f"there is no type `{written.name}`",
            help=did_you_mean(written.name, [*known, *builtin])
            or ("write `text(..200)` for free text",) * (written.name in ("string", "str", "String")),
        )
        return None

    def _record(self, written: tree.NamedType) -> t.Group | None:
        name = written.name
        if name in self._open:
            circle = self._open[self._open.index(name) :]
            if self._circular & set(circle):
                return None
            self._circular |= set(circle)
            first = self.scope.declarations[name]
            self.desk.add(
                "PS308",
                written.span,
                f"record `{name}` holds itself",
                labels=[Label(span=first.name.span, message="the record is declared here")],
                help="records do not recurse in this version",
            )
            return None
        if name not in self.scope.records:
            if self.scope.home[name] != self.desk.file:  # it did not check there, and that has been said
                return None
            declaration = cast("tree.RecordDeclaration", self.scope.declarations[name])
            if any(d.code < "PS2" and d.span.within(declaration.span) for d in self.desk.report.errors):
                return None  # some of its fields could not be read
            self._open.append(name)
            self._nested += 1
            fields = self.fields(declaration.fields, "record", name)
            self._nested -= 1
            self._open.pop()
            if len(fields) != len(declaration.fields):
                return None
            self.scope.records[name] = t.Record(
                name=name,
                fields=fields,
                doc=declaration.doc.text if declaration.doc else "",
                origin=self.desk.origin(declaration.span),
            )
        return t.Group(name=name, file=self.scope.home[name])

    def _group(self, written: tree.RecordType, direction: Direction, name: str, around: Around) -> t.Group | None:
        self._nested += 1
        fields = self.fields(written.fields, direction, name, around)
        self._nested -= 1
        if len(fields) != len(written.fields):
            return None
        if not fields:
            self.desk.add("PS302", written.span, "a record without fields")
            return None
        taken = self._taken(name, written)
        if taken is not None:
            self.desk.add(
                "PS208",
                written.span,
                f"the record that is written here would be `{name}` in Python, like another one",
                labels=[Label(span=taken, message="this is the other one")],
                help="declare it with a name of its own: `record … { … }`",
            )
            return None
        self._written[name] = written.span
        self.anonymous.append(t.Record(name=name, fields=fields, anonymous=True, origin=self.desk.origin(written.span)))
        return t.Group(name=name, file=self.desk.file)

    def _taken(self, name: str, written: tree.RecordType) -> Span | None:
        """Return what has the name that a group without one would get, if that is something else."""
        if self.scope.kind(name) in ("enum", "record"):
            return self.scope.used_at.get(name, self.scope.declarations[name].name.span)
        first = self._written.get(name)
        return first if first != written.span else None

    def record(self, group: t.Group) -> t.Record:
        """Return the record that *group* names."""
        if group.name in self.scope.records and self.scope.home.get(group.name) == group.file:
            return self.scope.records[group.name]
        if group.file != self.desk.file:
            return self.scope.held[group.name, group.file]
        return next(r for r in self.anonymous if r.name == group.name)

    def _one_of(self, written: tree.OneOfType, direction: Direction, around: Around) -> t.Type | None:
        name = written.name.text
        made: t.OneOfSource | t.OneOfItems
        if name in around.shortlists and direction != "input":
            if written.where is None:
                return around.shortlists[name]
            self.desk.add(
                "PS312", written.where.span, "a shortlist has its own `where`", help="move it into the `find` clause"
            )
            return None
        if name in around.lists and direction != "input":
            items = around.lists[name]
            assert isinstance(items.item, t.Group)
            made = t.OneOfItems(field=name, record=items.item.name, file=items.item.file, most=items.most)
        elif self.scope.kind(name) == "source":
            if name not in self.scope.sources:  # it did not check, and that has been said
                return None
            made = t.OneOfSource(source=name, file=self.scope.home[name])
        elif name in self.scope.lost or name in around.unknown:
            return None
        else:
            sources = [n for n in self.scope.declarations if self.scope.kind(n) == "source"]
            known = [*sources, *((*around.lists, *around.shortlists) if direction != "input" else ())]
            kind = self.scope.kind(name)
            given = next((each for each in around.above if each.name == name), None) if direction != "input" else None
            if kind is None and given is not None:
                self._no_choices(written, given)
                return None
            self.desk.add(
                "PS311",
                written.name.span,
                f"there is no source `{name}`" if kind is None else f"`{name}` is {article(kind)}, not a source",
                help=(f"write `{name}`",)
                if kind == "enum"
                else did_you_mean(name, known)
                or ("`one of` takes a source, or in outputs an input list whose record has a `key`",),
            )
            return None
        if written.where is not None:
            if around.where is None:
                self.desk.add(
                    "PS312",
                    written.where.span,
                    "`where` stands in the fields of a feature",
                    help="move the field into the input or output of the feature",
                )
                return None
            condition = around.where(written.where, made, around.above)
            if condition is None:
                return None
            made = replace(made, where=condition)
        return made

    def _no_choices(self, written: tree.OneOfType, given: t.Field) -> None:
        """Report a field of the input from which no reply can choose."""
        is_list = isinstance(given.type, t.ListOf) and isinstance(given.type.item, t.Group)
        self.desk.add(
            "PS311",
            written.name.span,
            f"`{given.name}` may be missing"
            if is_list and given.optional
            else f"the records of `{given.name}` have no `key`"
            if is_list
            else f"`{given.name}` is no list of records",
            help="a list may be empty instead: drop the `?`"
            if is_list and given.optional
            else "`one of` takes a source, or in outputs an input list whose record has a `key`",
        )

    # Collections

    def _list(self, written: tree.ListType, direction: Direction, name: str, around: Around) -> t.ListOf | None:
        bounds = lengths(
            self.desk, written.bounds, span=written.span, what=f"`{written.kind}`", example=f"{written.kind}(..5) of …"
        )
        item = self.type(written.item, direction, f"{name}Item", around)
        if bounds is None or item is None:
            return None
        if isinstance(item, t.Turns):
            self.desk.add(
                "PS312", written.item.span, "a list of conversations", help="`turns` stands as a field of its own"
            )
            return None
        if isinstance(item, t.Image) and written.kind == "set":
            self.desk.add("PS312", written.item.span, "a set of images", help="write `list(..3) of image(..4mb)`")
            return None
        return t.ListOf(item=item, least=bounds[0], most=bounds[1], unique=written.kind == "set")

    def _turns(self, written: tree.TurnsType, direction: Direction, around: Around) -> t.Turns | None:
        if direction != "input":
            self.desk.add("PS312", written.span, "`turns` stands in inputs", help="an output is one answer")
            return None
        bounds = lengths(
            self.desk, written.bounds, span=written.span, what="`turns`", example="turns(..20) of text(..2_000)"
        )
        item = self.type(written.item, direction, "Turn", around)
        if bounds is None or item is None:
            return None
        if self._nested:
            self.desk.add(
                "PS312",
                written.span,
                "a conversation inside a record",
                help="`turns` stands as a field of its own in the input",
            )
            return None
        if not isinstance(item, t.Text):
            self.desk.add("PS312", written.item.span, "turns are text", help="write `turns(..20) of text(..2_000)`")
            return None
        return t.Turns(item=item, least=bounds[0], most=bounds[1])

    def _schema(self, written: tree.SchemaType) -> t.JsonSchema | None:
        from promptspec.schema.closed import close_schema

        data = self.desk.open(written.path.value, written.path.span, most=1024 * 1024)
        if data is None:
            return None
        caps: list[int | None] = []
        for cap in (written.text, written.items):
            high = cap.high if cap else None
            caps.append(int(high.value) if isinstance(high, tree.NumberLiteral) else None)
        closed = close_schema(data, text_cap=caps[0], items_cap=caps[1])
        for problem in closed.problems:
            self.desk.add(
                "PS315",
                written.path.span,
                f"`{_near_end(written.path.value)}` at {problem.pointer or 'the top'}: {problem.message}",
                help='give defaults: `schema("…", text ..500, items ..50)`' if "cap" in problem.message else (),
            )
        if closed.problems:
            return None
        return t.JsonSchema(schema=closed.schema, path=self.desk.beside(written.path.value, written.path.span))


def _near_end(path: str) -> str:
    """Return the last 40 characters of a path."""
    return path if len(path) <= 40 else "…" + path[-39:]


def _can_be_key(type: t.Type) -> bool:
    return isinstance(type, t.Text | t.Words | t.Choice | t.OneOfSource | t.Integer)
