"""Expressions as written to expressions as checked: every name known, every type right, every optional tested."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never, cast

from promptspec.check.comparing import compared, contained
from promptspec.check.desk import Desk
from promptspec.check.failing import Failed, fail
from promptspec.check.functions import FUNCTIONS, fit
from promptspec.check.lookup import field_of_root, value_called
from promptspec.check.names import Names
from promptspec.check.shapes import Facts, Typed, most_open, variable_of
from promptspec.check.steps import step
from promptspec.check.wording import in_words, plural, short, test_first
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.types import Trust
from promptspec.diagnostics import did_you_mean
from promptspec.syntax import tree
from promptspec.values.patterns import BadPattern, check_pattern

#: Steps that one condition may take at the caps of its lists (rule 4).
MOST_STEPS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressions:
    """Checks expressions against the declarations of one feature; those of a *template* get help for templates."""

    desk: Desk
    facts: Facts
    template: bool = False

    def condition(self, written: tree.Expr, names: Names, *, presence: bool = False) -> Typed | None:
        """Return the checked condition, or None after a report; with *presence*, `{% if note %}` tests for a value."""
        try:
            typed = self._check(written, names)
            if typed.kind == "bool" and not typed.optional:
                return typed
            if (
                presence
                and isinstance(written, tree.NameExpr | tree.MemberExpr)
                and (typed.optional or typed.kind in ("text", "list"))
            ):
                return replace(typed, expression=_present(typed), kind="bool", optional=False, content=Trust.CLOSED)
            fail(
                self.desk,
                written.span,
                "PS316",
                f"a condition is true or false, and `{short(written)}` is {in_words(typed.kind)}",
                help=f"write `{short(written)} != none`" if typed.optional else (),
            )
        except Failed:
            return None

    def value(self, written: tree.Expr, names: Names) -> Typed | None:
        """Return the checked expression, or None after a report."""
        try:
            return self._check(written, names)
        except Failed:
            return None

    # What an expression proves of optionals

    def proves(self, written: tree.Expr, names: Names, outcome: bool) -> frozenset[str]:
        """Return the paths that are there where *written* is *outcome*."""
        match written:
            case tree.NotExpr(operand=operand):
                return self.proves(operand, names, not outcome)
            case tree.LogicExpr(op=op, items=items):
                first, *others = (self.proves(item, names, outcome) for item in items)
                together = (op == "and") == outcome
                return first.union(*others) if together else first.intersection(*others)
            case tree.CompareExpr(op="!=" | "==" as op, left=left, right=right):
                if (op == "!=") != outcome:
                    return frozenset()
                for value, other in ((left, right), (right, left)):
                    if isinstance(other, tree.LiteralExpr) and isinstance(other.value, tree.NoneLiteral):
                        path = self._path(value, names)
                        return frozenset((path,)) if path else frozenset()
                return frozenset()
            case tree.NameExpr() | tree.MemberExpr() if outcome:
                path = self._path(written, names)
                return frozenset((path,)) if path else frozenset()
            case _:
                return frozenset()

    def _path(self, written: tree.Expr, names: Names) -> str:
        if not isinstance(written, tree.NameExpr | tree.MemberExpr):
            return ""
        try:
            return self._quiet()._check(written, names).path
        except Failed:
            return ""

    def _quiet(self) -> Expressions:
        from promptspec.diagnostics import Report

        return replace(self, desk=replace(self.desk, report=Report()))

    # The walk

    def _check(self, written: tree.Expr, names: Names) -> Typed:
        match written:
            case tree.NameExpr():
                return value_called(self.desk, self.facts, written, names)
            case tree.MemberExpr():
                return self._member(written, names)
            case tree.LiteralExpr():
                return self._literal(written)
            case tree.PatternExpr():
                fail(
                    self.desk,
                    written.span,
                    "PS318",
                    "no pattern stands here",
                    help="write `contains(x, /…/)` or `x matches /…/`",
                )
            case tree.ListExpr():
                return self._list(written, names)
            case tree.CallExpr():
                return self._call(written, names)
            case tree.NegExpr(operand=operand):
                value = self._number(operand, names)
                return replace(value, expression=e.Negative(operand=value.expression), type=None, path="")
            case tree.ArithmeticExpr():
                left, right = self._number(written.left, names), self._number(written.right, names)
                return Typed(
                    expression=e.Arithmetic(op=written.op, left=left.expression, right=right.expression),
                    kind="number",
                    trust=most_open(left.trust, right.trust),
                )
            case tree.CompareExpr():
                return self._compare(written, names)
            case tree.InExpr():
                return self._in(written, names)
            case tree.MatchesExpr(target=target, pattern=pattern):
                return self._search(self._text(target, names), pattern, full=True)
            case tree.NotExpr(operand=operand):
                value = self._bool(operand, names)
                return replace(value, expression=e.Not(operand=value.expression), path="")  # content stays
            case tree.LogicExpr():
                return self._logic(written, names)
            case tree.QuantifiedExpr():
                return self._quantified(written, names)
            case _:
                assert_never(written)

    def _member(self, written: tree.MemberExpr, names: Names) -> Typed:
        found = field_of_root(self.desk, written, names)
        if found is not None:
            return found
        target = self._check(written.target, names)
        return names.seen(step(self.desk, self.facts, target, written, template=self.template))

    # Values

    def _literal(self, written: tree.LiteralExpr) -> Typed:
        value = written.value
        match value:
            case tree.StringLiteral():
                return Typed(expression=e.Constant(value=value.value), kind="text")
            case tree.NumberLiteral():
                exact = int(value.value) if value.value == int(value.value) else value.value
                return Typed(expression=e.Constant(value=exact), kind="number")
            case tree.PercentLiteral():
                return Typed(expression=e.Constant(value=value.value / 100), kind="number")
            case tree.DateLiteral():
                return Typed(expression=e.Constant(value=value.value), kind="date")
            case tree.BoolLiteral():
                return Typed(expression=e.Constant(value=value.value), kind="bool")
            case tree.NoneLiteral():
                return Typed(expression=e.Constant(value=None), kind="none", optional=True)
            case tree.DurationLiteral():
                fail(self.desk, written.span, "PS316", "a duration does not stand in a condition")
            case _:
                assert_never(value)

    def _sure(self, written: tree.Expr, names: Names) -> Typed:
        value = self._check(written, names)
        if value.optional and value.kind != "none":
            shown = short(written)
            fail(
                self.desk,
                written.span,
                "PS317",
                f"`{shown}` may be missing here",
                help=test_first(shown, template=self.template),
            )
        return value

    def _of(self, kind: e.Kind, written: tree.Expr, names: Names) -> Typed:
        value = self._sure(written, names)
        if value.kind != kind:
            fail(
                self.desk,
                written.span,
                "PS316",
                f"expected {in_words(kind)}, and `{short(written)}` is {in_words(value.kind)}",
            )
        return value

    def _number(self, written: tree.Expr, names: Names) -> Typed:
        return self._of("number", written, names)

    def _text(self, written: tree.Expr, names: Names) -> Typed:
        return self._of("text", written, names)

    def _bool(self, written: tree.Expr, names: Names) -> Typed:
        return self._of("bool", written, names)

    def _list(self, written: tree.ListExpr, names: Names, wanted: Typed | None = None) -> Typed:
        items = [self._against(item, wanted, names) for item in written.items]
        kinds = {item.kind for item in items}
        if len(kinds) > 1:
            fail(self.desk, written.span, "PS316", "the items of a list are of one kind")
        return Typed(
            expression=e.ListOfExpressions(items=tuple(item.expression for item in items)),
            kind="list",
            item=items[0] if items else wanted,
            trust=most_open(*(item.trust for item in items)),
            most=len(items),
        )

    def _against(self, written: tree.Expr, other: Typed | None, names: Names) -> Typed:
        """Check *written* where a bare member of the enum of *other* may stand."""
        if isinstance(written, tree.NameExpr) and other is not None and isinstance(other.type, t.Choice):
            members = self.facts.members(other.type)
            if written.name in members:
                if written.name in names.bare:
                    fail(
                        self.desk,
                        written.span,
                        "PS209",
                        f"`{written.name}` is a member of `{other.type.name}` and a field",
                        help=f'write `input.{written.name}` for the field, or "{written.name}" for the member',
                    )
                return Typed(expression=e.Constant(value=written.name), kind="text", type=other.type)
            if written.name not in names.bare and written.name not in names.whole:
                fail(
                    self.desk,
                    written.span,
                    "PS202",
                    f"`{other.type.name}` has no member `{written.name}`",
                    help=did_you_mean(written.name, members),
                )
        if isinstance(written, tree.ListExpr):
            return self._list(written, names, other)
        value = self._sure(written, names)
        constant = value.expression
        if other is not None and isinstance(constant, e.Constant) and isinstance(constant.value, str):
            words = (
                self.facts.members(other.type)
                if isinstance(other.type, t.Choice)
                else other.type.words
                if isinstance(other.type, t.Words)
                else None
            )
            if words is not None and constant.value not in words:
                fail(
                    self.desk,
                    written.span,
                    "PS316",
                    f'"{constant.value[:40]}" is none of the words on the other side',
                    help=did_you_mean(constant.value, words),
                )
        return value

    # Operators

    def _compare(self, written: tree.CompareExpr, names: Names) -> Typed:
        word = written.left.name if isinstance(written.left, tree.NameExpr) else None
        known = {*names.bare, *names.whole, *names.clashes}
        left_is_word = word is not None and word not in known
        none = [_is_none(written.left), _is_none(written.right)]
        if any(none):
            return self._against_none(written, names, none)
        first, second = (written.right, written.left) if left_is_word else (written.left, written.right)
        one = self._sure(first, names)
        two = self._against(second, one, names)
        left, right = (two, one) if left_is_word else (one, two)
        return compared(self.desk, self.facts, written, left, right)

    def _against_none(self, written: tree.CompareExpr, names: Names, none: list[bool]) -> Typed:
        if written.op not in ("==", "!=") or all(none):
            fail(self.desk, written.span, "PS316", "`none` is compared with a value, by `==` or `!=`")
        value = self._check(written.right if none[0] else written.left, names)
        if not value.optional:
            shown = short(written.right if none[0] else written.left)
            fail(self.desk, written.span, "PS316", f"`{shown}` is always there", help="drop the comparison with `none`")
        return Typed(
            expression=e.Compare(op=written.op, left=value.expression, right=e.Constant(value=None)),
            kind="bool",
            trust=value.trust,
            content=Trust.CLOSED,
        )

    def _in(self, written: tree.InExpr, names: Names) -> Typed:
        if isinstance(written.container, tree.ListExpr):
            item = self._sure(written.item, names)
            container = self._list(written.container, names, item)
        else:
            container = self._sure(written.container, names)
            item = self._against(written.item, container.item, names)
        return contained(self.desk, self.facts, written, item, container)

    def _logic(self, written: tree.LogicExpr, names: Names) -> Typed:
        items: list[Typed] = []
        for item in written.items:
            items.append(self._bool(item, names))
            names = names.knowing(self.proves(item, names, written.op == "and"))
        return Typed(
            expression=e.Logic(op=written.op, items=tuple(item.expression for item in items)),
            kind="bool",
            trust=most_open(*(item.trust for item in items)),
            content=most_open(*(item.reads for item in items)),
        )

    def _quantified(self, written: tree.QuantifiedExpr, names: Names) -> Typed:
        over = self._of("list", written.over, names)
        name = written.variable.text
        if name in names.bare or name in names.roots or name == "today":
            fail(
                self.desk,
                written.variable.span,
                "PS201",
                f"`{name}` already means something here",
                help="choose another name",
            )
        item = over.item
        if item is None:
            fail(
                self.desk,
                written.over.span,
                "PS316",
                "this list is always empty",
                help="name a list of the input or output",
            )
        variable = variable_of(item, name)
        inner = names.having(name, variable, steps=over.most)
        if inner.steps > MOST_STEPS:
            fail(
                self.desk,
                written.span,
                "PS319",
                f"this condition could take {inner.steps:,} steps, and {MOST_STEPS:,} are allowed",
                help="lower the caps of the lists",
            )
        body = self._bool(written.body, inner)
        return Typed(
            expression=e.Quantified(
                quantifier=written.quantifier, variable=name, over=over.expression, body=body.expression
            ),
            kind="bool",
            trust=most_open(over.trust, body.trust),
        )

    def _search(self, text: Typed, pattern: tree.RegexLiteral, *, full: bool) -> Typed:
        try:
            check_pattern(pattern.source, pattern.ignore_case)
        except BadPattern as bad:
            fail(self.desk, pattern.span, "PS303", bad.message)
        return Typed(
            expression=e.Search(
                text=text.expression, pattern=pattern.source, ignore_case=pattern.ignore_case, full=full
            ),
            kind="bool",
            trust=text.trust,
        )

    # Functions

    def _call(self, written: tree.CallExpr, names: Names) -> Typed:
        name = written.function.text
        signature = FUNCTIONS.get(name)
        if signature is None:
            fail(
                self.desk,
                written.function.span,
                "PS318",
                f"there is no function `{name}`",
                help=did_you_mean(name, FUNCTIONS) or f"functions are {', '.join(f'`{each}`' for each in FUNCTIONS)}",
            )
        if len(written.arguments) != signature.arguments:
            count = "one value" if signature.arguments == 1 else "two values"
            fail(self.desk, written.span, "PS318", f"`{name}` takes {count}", help=f"write `{signature.example}`")
        if name == "contains" and isinstance(written.arguments[1], tree.PatternExpr):
            return self._search(self._text(written.arguments[0], names), written.arguments[1].pattern, full=False)
        arguments = [self._sure(argument, names) for argument in written.arguments]
        fit(self.desk, signature, name, arguments, written)
        kind = signature.result
        if name == "contains" and arguments[0].kind == "list":
            item = arguments[0].item
            fail(
                self.desk,
                written.span,
                "PS318",
                f"`contains` searches text, and this is a list of {plural(item.kind if item else 'none')}",
                help="write `x in xs`",
            )
        return Typed(
            expression=e.Call(
                function=cast("e.Function", name),
                arguments=tuple(argument.expression for argument in arguments),
                kinds=tuple(argument.kind for argument in arguments),
            ),
            kind=kind,
            trust=most_open(*(argument.trust for argument in arguments)),
        )


def _present(value: Typed) -> e.Expression:
    if value.kind in ("text", "list"):
        return e.Present(value=value.expression)
    return e.Compare(op="!=", left=value.expression, right=e.Constant(value=None))


def _is_none(written: tree.Expr) -> bool:
    return isinstance(written, tree.LiteralExpr) and isinstance(written.value, tree.NoneLiteral)
