"""Types as written to types as checked: caps, bounds, patterns, names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal, cast

from promptspec.check.constants import Fitter
from promptspec.check.desk import Desk
from promptspec.check.ranges import lengths, numbers
from promptspec.check.scope import Scope, article, field_spelling, pascal
from promptspec.contract import types as t
from promptspec.contract.expressions import Expression
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree
from promptspec.syntax.words import TEXT_UNITS
from promptspec.text import Span
from promptspec.values.automaton import shortest
from promptspec.values.patterns import BadPattern, check_pattern

Direction = Literal["input", "output", "record", "column"]

#: Fields of one feature with all its records, and how deep they may nest (rule 4).
MOST_FIELDS = 5_000
MOST_DEPTH = 8

#: Judges `where` once all types are known: (condition, name of the list or source, span) to the checked condition.
Where = Callable[[tree.Expr, t.OneOfSource | t.OneOfItems], "Expression | None"]


@dataclass(slots=True, kw_only=True)
class Types:
    """Resolves the types of one file. *anonymous* collects the groups that were written as `{ … }`.

    For the fields of a feature, *where* checks conditions on rows, *lists* are the input lists that `one of` may
    name, *unknown* are shortlists, which this version does not make, and fields that did not check, and *seen* are
    the top-level fields that stand above the one being checked.
    """

    desk: Desk
    scope: Scope
    anonymous: list[t.Record] = field(default_factory=list[t.Record])
    lists: dict[str, t.ListOf] = field(default_factory=dict[str, t.ListOf])
    unknown: frozenset[str] = frozenset()
    where: Where | None = None
    seen: list[t.Field] = field(default_factory=list[t.Field])
    _nested: int = 0
    _open: list[str] = field(default_factory=list[str])
    _circular: set[str] = field(default_factory=set[str])
    _written: dict[str, Span] = field(default_factory=dict[str, Span])

    def fields(self, written: tuple[tree.Field, ...], direction: Direction, prefix: str) -> tuple[t.Field, ...]:
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
            made = self.field(replace(each, key=False) if each in keys[1:] else each, direction, prefix)
            if made is not None:
                checked.append(made)
                if self._nested == 0 and direction in ("input", "output"):
                    self.seen.append(made)
        for extra in keys[1:]:
            self.desk.add(
                "PS314",
                extra.span,
                "a record has one key",
                labels=[Label(span=keys[0].name.span, message="this is the key already")],
                help="drop the second `key`",
            )
        return tuple(checked)

    def field(self, each: tree.Field, direction: Direction, prefix: str) -> t.Field | None:
        """Return one checked field, or None after a report."""
        type = self.type(each.type, direction, f"{prefix}{pascal(each.name.text)}")
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

    def type(self, written: tree.Type, direction: Direction, name: str) -> t.Type | None:
        """Return the checked type, or None after a report. *name* is for a group without one."""
        match written:
            case tree.TextType():
                return self._text(written)
            case tree.WordsType():
                return self._words(written)
            case tree.NamedType():
                return self._named(written)
            case tree.RecordType():
                return self._group(written, direction, name)
            case tree.OneOfType():
                return self._one_of(written, direction)
            case tree.NumberType():
                return self._number(written)
            case tree.BoolType():
                return t.Boolean()
            case tree.DateType():
                return self._date(written)
            case tree.DateTimeType():
                return t.DateTime()
            case tree.EmailType():
                return t.Email()
            case tree.UrlType():
                return self._url(written, direction)
            case tree.ListType():
                return self._list(written, direction, name)
            case tree.TurnsType():
                return self._turns(written, direction)
            case tree.SchemaType():
                return self._schema(written)
            case tree.ImageType():
                self.later(written.span, "`image(…)`")
                return None
            case tree.ReservedType():
                self.later(written.span, f"`{written.word}(…)`")
                return None

    def later(self, span: Span, what: str) -> None:
        """Refuse what the language has and this version does not enforce."""
        self.desk.add(
            "PS090",
            span,
            f"{what} is not enforced by this version",
            help="nothing is declared and silently not enforced: take it out, or wait for a version that enforces it",
        )

    # Text

    def _text(self, written: tree.TextType) -> t.Text | None:
        if written.kind == "code":
            self.later(written.span, "`code(…)`")
            return None
        unit = written.unit.text if written.unit else "chars"
        if unit not in TEXT_UNITS:  # that has been said
            return None
        bounds = lengths(
            self.desk, written.cap, span=written.span, what=f"`{written.kind}`", example=f"{written.kind}(..200)"
        )
        if bounds is None:
            return None
        pattern: t.Pattern | None = None
        for option in written.options:
            if isinstance(option, tree.MatchingOption):
                pattern = self.pattern(option.pattern)
                if pattern is None:
                    return None
            elif isinstance(option, tree.LinksOption):
                self.later(option.span, "`links`")
                return None
            elif option.word.text == "markdown":
                self.later(option.span, "`markdown`")
                return None
            else:
                self.desk.add(
                    "PS305",
                    option.span,
                    f"`{written.kind}` has no option `{option.word.text}`",
                    help=did_you_mean(option.word.text, ("matching",)) or f"a `{written.kind}` takes `matching /…/`",
                )
                return None
        cap = t.Cap(least=bounds[0], most=bounds[1], unit=unit)
        if pattern is not None and not self._can_match(written, pattern, cap):
            return None
        return t.Text(kind="line" if written.kind == "line" else "text", cap=cap, pattern=pattern)

    def pattern(self, written: tree.RegexLiteral) -> t.Pattern | None:
        """Return the checked pattern, or None after a report."""
        try:
            check_pattern(written.source, written.ignore_case)
        except BadPattern as bad:
            start = min(written.span.start + 1 + (bad.position or 0), written.span.end - 1)
            self.desk.add("PS303", Span(written.span.file, start, written.span.end), bad.message)
            return None
        return t.Pattern(source=written.source, ignore_case=written.ignore_case)

    def _can_match(self, written: tree.TextType, pattern: t.Pattern, cap: t.Cap) -> bool:
        if cap.unit != "chars":
            return True
        found = shortest(pattern.source, pattern.ignore_case, least=cap.least, most=cap.most)
        if found is None:
            place = next(o.span for o in written.options if isinstance(o, tree.MatchingOption))
            self.desk.add(
                "PS304",
                place,
                f"no text of {cap.least:,} to {cap.most:,} characters matches this pattern",
                labels=[Label(span=written.cap.span, message="the cap is here")] if written.cap else [],
                help="widen the cap or the pattern",
            )
            return False
        return True

    def _words(self, written: tree.WordsType) -> t.Words | None:
        words = tuple(word.value for word in written.words)
        for index, word in enumerate(written.words):
            if word.value in words[:index]:
                self.desk.add("PS201", word.span, "this word stands twice", help="drop one of them")
                return None
            if not word.value or len(word.value) > 200:
                self.desk.add("PS302", word.span, "a word has 1 to 200 characters")
                return None
        return t.Words(words=words)

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

    def _group(self, written: tree.RecordType, direction: Direction, name: str) -> t.Group | None:
        self._nested += 1
        fields = self.fields(written.fields, direction, name)
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

    def _one_of(self, written: tree.OneOfType, direction: Direction) -> t.Type | None:
        name = written.name.text
        made: t.OneOfSource | t.OneOfItems
        if name in self.lists and direction != "input":
            items = self.lists[name]
            assert isinstance(items.item, t.Group)
            made = t.OneOfItems(field=name, record=items.item.name, file=items.item.file, most=items.most)
        elif self.scope.kind(name) == "source":
            if name not in self.scope.sources:  # it did not check, and that has been said
                return None
            made = t.OneOfSource(source=name, file=self.scope.home[name])
        elif name in self.scope.lost or name in self.unknown:
            return None
        else:
            sources = [n for n in self.scope.declarations if self.scope.kind(n) == "source"]
            known = [*sources, *(self.lists if direction != "input" else ())]
            kind = self.scope.kind(name)
            given = next((each for each in self.seen if each.name == name), None) if direction != "input" else None
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
            if self.where is None:
                self.desk.add(
                    "PS312",
                    written.where.span,
                    "`where` stands in the fields of a feature",
                    help="move the field into the input or output of the feature",
                )
                return None
            condition = self.where(written.where, made)
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

    # Numbers, dates, addresses

    def _number(self, written: tree.NumberType) -> t.Type | None:
        example = "int(1..5)" if written.kind == "int" else "decimal(0..9_999, 2)"
        bounds = numbers(self.desk, written.bounds, span=written.span, what=f"`{written.kind}`", example=example)
        if bounds is None:
            return None
        least, most = bounds
        if written.kind == "int":
            if least != int(least) or most != int(most) or max(abs(least), abs(most)) > 2**53:
                self.desk.add("PS302", written.span, "the bounds of an `int` are whole numbers within ±2^53")
                return None
            return t.Integer(least=int(least), most=int(most))
        if (
            written.places is None
            or not 0 <= written.places.value <= 18
            or written.places.value != int(written.places.value)
        ):
            self.desk.add(
                "PS301",
                written.places.span if written.places else written.span,
                "a `decimal` says how many digits stand after the point, from 0 to 18",
                help=f"write `{example}`",
            )
            return None
        places = int(written.places.value)
        quantum = Decimal(1).scaleb(-places)
        if any(bound % quantum for bound in (least, most)) or max(abs(least), abs(most)) >= Decimal(10) ** 30:
            self.desk.add(
                "PS302",
                written.span,
                f"the bounds have more than {places} digits after the point, or too many before it",
            )
            return None
        return t.Number(least=least, most=most, places=places)

    def _date(self, written: tree.DateType) -> t.Date | None:
        if written.bounds is None:
            return t.Date()
        ends: list[date | Literal["today"] | None] = []
        for bound in (written.bounds.low, written.bounds.high):
            if bound is None:
                ends.append(None)
            elif isinstance(bound, tree.DateLiteral):
                ends.append(bound.value)
            elif isinstance(bound, tree.WordLiteral) and bound.name == "today":
                ends.append("today")
            else:
                self.desk.add(
                    "PS302",
                    bound.span,
                    "the bounds of a `date` are dates or `today`",
                    help="write `date(2020-01-01..today)`",
                )
                return None
        low, high = ends
        if isinstance(low, date) and isinstance(high, date) and low > high:
            self.desk.add("PS302", written.bounds.span, "no date lies between these bounds")
            return None
        return t.Date(least=low, most=high)

    def _url(self, written: tree.UrlType, direction: Direction) -> t.Url | None:
        if direction == "output" and not written.hosts:
            report_no_hosts(self.desk, written.span)
            return None
        for host in written.hosts:
            if not _is_host(host.value):
                self.desk.add(
                    "PS302", host.span, "this is no host name", help='write it in lower case, like "example.org"'
                )
                return None
        return t.Url(hosts=tuple(host.value for host in written.hosts))

    # Collections

    def _list(self, written: tree.ListType, direction: Direction, name: str) -> t.ListOf | None:
        bounds = lengths(
            self.desk, written.bounds, span=written.span, what=f"`{written.kind}`", example=f"{written.kind}(..5) of …"
        )
        item = self.type(written.item, direction, f"{name}Item")
        if bounds is None or item is None:
            return None
        if isinstance(item, t.Turns):
            self.desk.add(
                "PS312", written.item.span, "a list of conversations", help="`turns` stands as a field of its own"
            )
            return None
        return t.ListOf(item=item, least=bounds[0], most=bounds[1], unique=written.kind == "set")

    def _turns(self, written: tree.TurnsType, direction: Direction) -> t.Turns | None:
        if direction != "input":
            self.desk.add("PS312", written.span, "`turns` stands in inputs", help="an output is one answer")
            return None
        bounds = lengths(
            self.desk, written.bounds, span=written.span, what="`turns`", example="turns(..20) of text(..2_000)"
        )
        item = self.type(written.item, direction, "Turn")
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
                f"`{near_end(written.path.value)}` at {problem.pointer or 'the top'}: {problem.message}",
                help='give defaults: `schema("…", text ..500, items ..50)`' if "cap" in problem.message else (),
            )
        if closed.problems:
            return None
        return t.JsonSchema(schema=closed.schema, path=self.desk.beside(written.path.value))


def report_no_hosts(desk: Desk, span: Span) -> None:
    """Report an address in an output that could lead anywhere."""
    desk.add(
        "PS312",
        span,
        "an output `url` names its hosts",
        help='write `url(hosts "example.org")`: a reply may link to these and no others',
    )


def near_end(path: str) -> str:
    """Return the last 40 characters of a path."""
    return path if len(path) <= 40 else "…" + path[-39:]


def _can_be_key(type: t.Type) -> bool:
    return isinstance(type, t.Text | t.Words | t.Choice | t.OneOfSource | t.Integer)


def _is_host(host: str) -> bool:
    labels = host.split(".")
    return (
        host.isascii()
        and host == host.lower()
        and 0 < len(host) <= 253
        and all(
            0 < len(label) <= 63 and label.replace("-", "a").isalnum() and label.strip("-") == label for label in labels
        )
    )
