"""Literals, expressions and types as text of one line."""

from __future__ import annotations

import re
from typing import Final

from promptspec.syntax import tree
from promptspec.syntax.characters import is_hidden
from promptspec.syntax.words import RESERVED

WIDTH: Final = 100
INDENT: Final = "    "

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}

# How tightly an expression binds: an operand that binds less than its place asks for stands in parentheses.
_OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _UNARY, _POSTFIX = range(1, 9)


def print_string(literal: tree.StringLiteral) -> str:
    """Return *literal* in one line, with escapes."""
    value = literal.value
    parts = [
        _ESCAPES.get(char) or (f"\\u{{{ord(char):X}}}" if is_hidden(value, at) else char)
        for at, char in enumerate(value)
    ]
    return '"' + "".join(parts) + '"'


def print_block(literal: tree.StringLiteral, indent: str, column: int) -> str:
    """Return *literal* as a block whose lines stand at *indent*, or in one line where a block cannot say it.

    *column* is where it begins: a block of one line that fits stays on its line.
    """
    value = literal.value
    if not literal.block or not _fits_block(value):
        return print_string(literal)
    if "\n" not in value and value == value.strip() and value[0] != '"' and value[-1] != '"':
        inline = f'"""{value}"""'
        if column + len(inline) <= WIDTH:
            return inline
    lines = [indent + line if line else "" for line in value.split("\n")]
    return "\n".join(['"""', *lines, f'{indent}"""'])


def _fits_block(value: str) -> bool:
    """Say whether a dedented block says exactly *value*."""
    if not value or '"""' in value or "\t" in value:
        return False
    if any(is_hidden(value, at) for at, char in enumerate(value) if char > "~" or (char < " " and char != "\n")):
        return False
    lines = value.split("\n")
    if any(line and not line.strip(" ") for line in lines):
        return False
    return not any(lines) or any(line and line[0] != " " for line in lines)


def print_regex(literal: tree.RegexLiteral) -> str:
    """Return `/…/` or `/…/i`."""
    return f"/{literal.source}/{'i' if literal.ignore_case else ''}"


def print_key(name: tree.Name) -> str:
    """Return the key of an object: in quotes where it is no name."""
    if _NAME.fullmatch(name.text) and name.text not in RESERVED:
        return name.text
    return print_string(tree.StringLiteral(value=name.text, span=name.span))


def print_literal(literal: tree.Literal_ | tree.EnvCall) -> str:
    """Return *literal* in one line."""
    match literal:
        case tree.StringLiteral():
            return print_string(literal)
        case tree.NumberLiteral() | tree.PercentLiteral() | tree.DurationLiteral() | tree.SizeLiteral():
            return literal.text
        case tree.DateLiteral():
            return literal.value.isoformat()
        case tree.BoolLiteral():
            return "true" if literal.value else "false"
        case tree.NoneLiteral():
            return "none"
        case tree.WordLiteral():
            return literal.name
        case tree.ListLiteral():
            return f"[{', '.join(map(print_literal, literal.items))}]"
        case tree.ObjectLiteral():
            entries = ", ".join(f"{print_key(entry.name)}: {print_literal(entry.value)}" for entry in literal.entries)
            return f"{{ {entries} }}" if entries else "{}"
        case tree.EnvCall():
            return f"env({print_string(literal.name)})"


def print_expression(expression: tree.Expr) -> str:
    """Return *expression* with the parentheses that it needs and no others."""
    return _render(expression)[0]


def _operand(expression: tree.Expr, least: int, *, last: bool = True) -> tuple[str, bool]:
    """Return an operand, and whether it ends in the body of a quantifier, which only the last one may."""
    text, binding, is_open = _render(expression)
    if binding < least or (is_open and not last):
        return f"({text})", False
    return text, is_open


def _render(expression: tree.Expr) -> tuple[str, int, bool]:
    match expression:
        case tree.NameExpr():
            return expression.name, _POSTFIX, False
        case tree.MemberExpr():
            return f"{_operand(expression.target, _POSTFIX)[0]}.{expression.name.text}", _POSTFIX, False
        case tree.LiteralExpr():
            return print_literal(expression.value), _UNARY, False
        case tree.PatternExpr():
            return print_regex(expression.pattern), _POSTFIX, False
        case tree.ListExpr():
            return f"[{', '.join(map(print_expression, expression.items))}]", _POSTFIX, False
        case tree.CallExpr():
            arguments = ", ".join(map(print_expression, expression.arguments))
            return f"{expression.function.text}({arguments})", _POSTFIX, False
        case tree.NegExpr():
            return f"-{_operand(expression.operand, _UNARY)[0]}", _UNARY, False
        case tree.ArithmeticExpr():
            own = _PRODUCT if expression.op == "*" else _SUM
            left, _ = _operand(expression.left, own, last=False)
            right, _ = _operand(expression.right, own + 1, last=False)
            return f"{left} {expression.op} {right}", own, False
        case tree.CompareExpr():
            return _compare(expression.left, expression.op, expression.right)
        case tree.InExpr():
            return _compare(expression.item, "not in" if expression.negated else "in", expression.container)
        case tree.MatchesExpr():
            target, _ = _operand(expression.target, _SUM, last=False)
            return f"{target} matches {print_regex(expression.pattern)}", _COMPARISON, False
        case tree.NotExpr():
            operand, is_open = _operand(expression.operand, _NOT)
            return f"not {operand}", _NOT, is_open
        case tree.LogicExpr():
            own = _OR if expression.op == "or" else _AND
            *front, end = expression.items
            texts = [_operand(item, own + 1, last=False)[0] for item in front]
            text, is_open = _operand(end, own + 1)
            return f" {expression.op} ".join([*texts, text]), own, is_open
        case tree.QuantifiedExpr():
            over, _ = _operand(expression.over, _POSTFIX, last=False)
            body = print_expression(expression.body)
            return f"{expression.quantifier} {expression.variable.text} in {over}: {body}", _NOT, True


def _compare(left: tree.Expr, op: str, right: tree.Expr) -> tuple[str, int, bool]:
    texts = [_operand(side, _SUM, last=False)[0] for side in (left, right)]
    return f"{texts[0]} {op} {texts[1]}", _COMPARISON, False


def print_range(bounds: tree.Range | None) -> str:
    """Return `1..5`, or nothing."""
    if bounds is None:
        return ""
    low = "" if bounds.low is None else print_literal(bounds.low)
    high = "" if bounds.high is None else print_literal(bounds.high)
    return f"{low}..{high}"


def print_type(type_: tree.Type) -> str:
    """Return *type_* in one line."""
    front, inner = unwrap_lists(type_)
    if isinstance(inner, tree.RecordType):
        return front + "{ " + "  ".join(print_field(field) for field in inner.fields) + " }"
    return front + _plain_type(inner)


def unwrap_lists(type_: tree.Type) -> tuple[str, tree.Type]:
    """Return the `list(…) of` in front of a type, and the type behind them."""
    front = ""
    while isinstance(type_, tree.ListType | tree.TurnsType):
        kind = type_.kind if isinstance(type_, tree.ListType) else "turns"
        front += f"{kind}{_parentheses(print_range(type_.bounds))} of "
        type_ = type_.item
    return front, type_


def print_field(field: tree.Field) -> str:
    """Return *field* in one line, without its documentation."""
    return field_head(field) + print_type(field.type) + field_tail(field)


def field_head(field: tree.Field) -> str:
    """Return what stands in front of a field's type."""
    header = "" if field.header is None else f"{print_string(field.header)} as "
    return f"{header}{'key ' if field.key else ''}{field.name.text}: "


def field_tail(field: tree.Field) -> str:
    """Return what stands behind a field's type."""
    default = "" if field.default is None else f" = {print_literal(field.default)}"
    return ("?" if field.optional else "") + default


def _plain_type(type_: tree.Type) -> str:
    match type_:
        case tree.TextType():
            return type_.kind + _parentheses(*_text_arguments(type_))
        case tree.WordsType():
            return " | ".join(map(print_string, type_.words))
        case tree.NamedType():
            return type_.name
        case tree.OneOfType():
            where = "" if type_.where is None else f" where {print_expression(type_.where)}"
            return f"one of {type_.name.text}{where}"
        case tree.NumberType():
            places = "" if type_.places is None else type_.places.text
            return type_.kind + _parentheses(print_range(type_.bounds), places)
        case tree.BoolType():
            return "bool"
        case tree.DateType():
            return "date" + _parentheses(print_range(type_.bounds))
        case tree.DateTimeType():
            return "datetime"
        case tree.EmailType():
            return "email"
        case tree.UrlType():
            return "url" + _parentheses("hosts " * bool(type_.hosts) + ", ".join(map(print_string, type_.hosts)))
        case tree.ImageType():
            return "image" + _parentheses(print_range(type_.bounds))
        case tree.SchemaType():
            text = "" if type_.text is None else f"text {print_range(type_.text)}"
            items = "" if type_.items is None else f"items {print_range(type_.items)}"
            return "schema" + _parentheses(print_string(type_.path), text, items)
        case tree.ReservedType():
            of = "" if type_.of is None else f" of {type_.of.text}"
            return f"{type_.word}({type_.arguments}){of}"
        case tree.RecordType() | tree.ListType() | tree.TurnsType():
            return print_type(type_)


def _text_arguments(type_: tree.TextType) -> list[str]:
    unit = "" if type_.unit is None else f" {type_.unit.text}"
    arguments = [print_range(type_.cap) + unit]
    for option in type_.options:
        match option:
            case tree.MatchingOption():
                arguments.append(f"matching {print_regex(option.pattern)}")
            case tree.LinksOption():
                arguments.append(f"links {print_string(option.host)}{' query' if option.query else ''}")
            case tree.WordOption():
                arguments.append(option.word.text)
    return arguments


def _parentheses(*arguments: str) -> str:
    given = ", ".join(argument for argument in arguments if argument)
    return f"({given})" if given else ""
